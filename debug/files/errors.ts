/**
 * The error of files that do not belong together.
 *
 * @module
 */
import { type ErrorPlace, InputError } from "../../bytes/mod.ts";

/** Why a file of debug information is not used. */
export type DebugFileErrorKind =
  | "build-id"
  | "checksum"
  | "split-id"
  | "machine"
  | "link"
  | "missing"
  | "changed"
  | "compression";

/**
 * Thrown for, or told of, a file that belongs to another program or cannot be had; the message says
 * which file, what it is and what was expected.
 */
export class DebugFileError extends InputError {
  /** What is wrong. */
  declare readonly kind: DebugFileErrorKind;

  /** Builds an error of a file. */
  constructor(kind: DebugFileErrorKind, message: string, place: ErrorPlace) {
    super(kind, message, place);
  }
}
