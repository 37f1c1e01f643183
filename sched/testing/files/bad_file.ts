/**
 * A file with a mistake.
 *
 * @module
 */

/** A file that is wrong. */
export interface BadFile {
  /** JSON path of what is wrong. */
  readonly path: string;
  /** The file. */
  readonly file: unknown;
  /** What its message says was expected, or a part of it. */
  readonly expected: string;
  /** Whether no schema can tell. */
  readonly beyondSchema?: boolean;
}
