/**
 * How commands say that they were called wrongly.
 *
 * @module
 */

/** The command line cannot be understood. */
export class UsageError extends Error {
  /** Class name, for messages. */
  override readonly name = "UsageError";
}
