/**
 * Errors of building programs.
 *
 * @module
 */

/**
 * What went wrong:
 * - `tools`: clang or lld is missing, too old, or may not be run
 * - `sources`: there are none, or one is in no language that can be built
 * - `compile`, `link`: a tool refused its input; the message has its words
 */
export type BuildErrorKind = "tools" | "sources" | "compile" | "link";

/** A program that cannot be built. */
export class BuildError extends Error {
  /** Class name, for messages. */
  override readonly name = "BuildError";
  /** What went wrong. */
  readonly kind: BuildErrorKind;

  /** Makes the error; `message` states the action and the current value. */
  constructor(kind: BuildErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
