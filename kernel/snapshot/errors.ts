/**
 * What can be wrong with a snapshot.
 *
 * @module
 */

/**
 * What went wrong:
 * - `file`: the bytes are no snapshot, or damaged, or of another version
 * - `library`: it was taken with another version of the engine, or another layout of its CPU
 * - `image`: it was taken with another guest kernel
 * - `machine`: it is of a machine that was built otherwise
 * - `policy`: the user's own scheduling policy is missing, or keeps what is no plain data
 * - `moment`: no snapshot can be taken or restored now
 */
export type SnapshotErrorKind = "file" | "library" | "image" | "machine" | "policy" | "moment";

/** Thrown when a snapshot cannot be taken, restored or read. */
export class SnapshotError extends Error {
  /** Class name, for messages. */
  override readonly name = "SnapshotError";
  /** What went wrong. */
  readonly kind: SnapshotErrorKind;

  /** Makes the error; `message` states the action and the current value. */
  constructor(kind: SnapshotErrorKind, message: string, options: { cause?: unknown } = {}) {
    super(message, "cause" in options ? { cause: options.cause } : {});
    this.kind = kind;
  }
}
