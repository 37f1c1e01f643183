/**
 * The error of malformed ELF files.
 *
 * @module
 */
import { InputError } from "../bytes/mod.ts";

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
export class ElfError extends InputError {
  /** What is wrong. */
  declare readonly kind: ElfErrorKind;
  /** Name of the file, as given to `parseElf`. */
  readonly file: string;
  /** What a well-formed file would have had at that place. */
  readonly expected: string;

  /** Builds an ELF error; `expected` says what a well-formed file would have had. */
  constructor(
    kind: ElfErrorKind,
    message: string,
    place: { file: string; offset?: number | undefined; expected: string },
  ) {
    super(kind, `${message}, expected ${place.expected}`, {
      source: place.file,
      offset: place.offset,
    });
    this.file = place.file;
    this.expected = place.expected;
  }
}
