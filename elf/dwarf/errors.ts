/**
 * The error of damaged debug information. What is wrong with the bytes below it, or with the ELF
 * file around it, is a `DecodeError` or an `ElfError`; all are `InputError`s.
 *
 * @module
 */
import { type ErrorPlace, InputError } from "../../bytes/mod.ts";

/** What may be wrong with debug information. */
export type DwarfErrorKind =
  | "length"
  | "version"
  | "address-size"
  | "header"
  | "form"
  | "opcode"
  | "abbreviation"
  | "address"
  | "file"
  | "string"
  | "attribute"
  | "entry"
  | "reference"
  | "list"
  | "index";

/** Thrown for malformed debug information; the message says what would have been well-formed. */
export class DwarfError extends InputError {
  /** What is wrong. */
  declare readonly kind: DwarfErrorKind;

  /** Builds a debug information error. */
  constructor(kind: DwarfErrorKind, message: string, place: ErrorPlace) {
    super(kind, message, place);
  }
}
