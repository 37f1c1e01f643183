/**
 * The error of core files.
 *
 * @module
 */
import { ExpectationError, type ExpectedPlace } from "../../bytes/mod.ts";

/** What may be wrong with a core file. */
export type CoreErrorKind =
  /** It is another kind of ELF file. */
  | "type"
  /** Its program headers are damaged. */
  | "segments"
  /** It ends before what it says it holds. */
  | "truncated"
  /** A note is cut off, or says what cannot be. */
  | "note"
  /** No thread is described. */
  | "registers"
  /** A file is not the one that the process had mapped. */
  | "mismatch";

/** Thrown for a file that is no core file, or one whose notes do not describe a process. */
export class CoreError extends ExpectationError {
  /** What is wrong. */
  declare readonly kind: CoreErrorKind;

  /** Builds a core file error; `expected` says what a sound core file would have had. */
  constructor(kind: CoreErrorKind, message: string, place: ExpectedPlace) {
    super(kind, message, place);
  }
}
