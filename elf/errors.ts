/**
 * The error of malformed ELF files.
 *
 * @module
 */
import { ExpectationError } from "../bytes/mod.ts";

/** What may be wrong with an ELF file. */
export type ElfErrorKind =
  | "magic"
  | "class"
  | "encoding"
  | "version"
  | "machine"
  | "type"
  | "truncated"
  | "header"
  | "section"
  | "string"
  | "symbol"
  | "relocation"
  | "compression"
  | "note";

/** Thrown for a malformed, truncated or unsupported ELF file. */
export class ElfError extends ExpectationError {
  /** What is wrong. */
  declare readonly kind: ElfErrorKind;
  /** Name of the file, as given to `parseElf`. */
  readonly file: string;

  /** Builds an ELF error; `expected` says what a well-formed file would have had. */
  constructor(
    kind: ElfErrorKind,
    message: string,
    place: { file: string; offset?: number | undefined; expected: string },
  ) {
    const { file, offset, expected } = place;
    super(kind, message, { source: file, offset, expected });
    this.file = file;
  }
}
