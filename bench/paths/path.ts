/**
 * What a measured path is.
 *
 * @module
 */
import type { Arch } from "../../arch/arch.ts";

/** Something the kernel or its guest code does, to be measured. */
export interface Path {
  /** Short name, unique. */
  readonly name: string;
  /** What one round of it is, in a line. */
  readonly round: string;
  /**
   * Prepares the path on a machine of its own, and makes sure that it does what its name says.
   * @param options.rounds rounds of a sample, where a path can have another number than its own
   * @throws {PathError} if it does not
   */
  open(arch: Arch, options?: { readonly rounds?: number }): PathRun;
}

/**
 * A path that has been prepared. A sample is {@linkcode prepare}, which is not timed, and then
 * {@linkcode run}, which is.
 */
export interface PathRun extends Disposable {
  /** Guest instructions of one round; exact. 0 if the path executes none. */
  readonly instructions: number;
  /**
   * Guest instructions of a sample that belong to no round: the way into its loop and out of it.
   */
  readonly extra: number;
  /** Rounds of one sample. */
  readonly rounds: number;
  /** Samples it is still good for: some paths use memory up. */
  readonly left: number;
  /** What else there is to say of the path on this architecture. */
  readonly note?: string | undefined;
  /** Guest instructions executed so far by what {@linkcode run} runs. */
  readonly executed: number;
  /** Gets ready for the next sample. */
  prepare(): void;
  /** Goes the path, as many times as {@linkcode rounds} says. */
  run(): void;
}

/** A path did not do what its name says. */
export class PathError extends Error {
  /** Name of the error. */
  override readonly name = "PathError";

  /**
   * @param path Name of the path.
   * @param why What it did instead.
   */
  constructor(readonly path: string, why: string) {
    super(`Cannot measure "${path}": ${why}`);
  }
}
