/**
 * The errors of this library. Whatever bytes it is fed, nothing else is thrown: every problem of the input ends as one of these
 * classes, each of which says what kind of problem it is and where the bytes are that caused it.
 *
 * @module
 */

/** Where a problem was found. */
export interface ErrorPlace {
  /** File or section whose bytes are wrong, for example `.eh_frame` or `libc.so.6`. */
  readonly source: string;
  /** Byte offset inside `source`, where one is known. */
  readonly offset?: number | undefined;
  /** Address in the running program, where one is known. */
  readonly address?: bigint | undefined;
}

/** Base class of every error this library throws because of its input. */
export class UnwindError extends Error {
  /** What is wrong, as a short stable word: see the subclasses for their lists. */
  readonly kind: string;
  /** File or section whose bytes are wrong. */
  readonly source: string;
  /** Byte offset inside {@linkcode UnwindError.source}, where one is known. */
  readonly offset: number | undefined;
  /** Address in the running program, where one is known. */
  readonly address: bigint | undefined;

  /** Builds an error of the given kind; `place` is appended to the message. */
  constructor(kind: string, message: string, place: ErrorPlace) {
    const offset = place.offset === undefined ? "" : `+0x${place.offset.toString(16)}`;
    const address = place.address === undefined ? "" : ` at 0x${place.address.toString(16)}`;
    super(`${message} (${place.source}${offset}${address})`);
    this.name = new.target.name;
    this.kind = kind;
    this.source = place.source;
    this.offset = place.offset;
    this.address = place.address;
  }
}

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
  | "compression";

/** Thrown for a malformed, truncated or unsupported ELF file. */
export class ElfError extends UnwindError {
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

/** What may be wrong with encoded numbers and pointers. */
export type DecodeErrorKind = "truncated" | "leb128" | "range" | "encoding";

/** Thrown where bytes end too soon, a number does not fit, or a pointer encoding does not exist. */
export class DecodeError extends UnwindError {
  /** What is wrong. */
  declare readonly kind: DecodeErrorKind;

  /** Builds a decoding error. */
  constructor(kind: DecodeErrorKind, message: string, place: ErrorPlace) {
    super(kind, message, place);
  }
}

/** What may be wrong with call frame information. */
export type CfiErrorKind =
  | "length"
  | "version"
  | "address-size"
  | "cie-pointer"
  | "augmentation"
  | "instruction"
  | "register"
  | "state-stack"
  | "cfa"
  | "location"
  | "header"
  | "not-found";

/** Thrown for malformed call frame information (`.eh_frame`, `.eh_frame_hdr`, `.debug_frame`). */
export class CfiError extends UnwindError {
  /** What is wrong. */
  declare readonly kind: CfiErrorKind;

  /** Builds a call frame information error. */
  constructor(kind: CfiErrorKind, message: string, place: ErrorPlace) {
    super(kind, message, place);
  }
}

/** What may be wrong with a DWARF expression or its evaluation. */
export type ExpressionErrorKind =
  | "operator"
  | "stack"
  | "steps"
  | "branch"
  | "division"
  | "register"
  | "memory"
  | "result";

/** Thrown for a malformed DWARF expression, or one that cannot be evaluated here. */
export class ExpressionError extends UnwindError {
  /** What is wrong. */
  declare readonly kind: ExpressionErrorKind;

  /** Builds an expression error. */
  constructor(kind: ExpressionErrorKind, message: string, place: ErrorPlace) {
    super(kind, message, place);
  }
}

/** What may be wrong with language-specific data. */
export type LsdaErrorKind =
  | "encoding"
  | "length"
  | "order"
  | "action"
  | "type"
  | "no-call-site"
  | "memory";

/** Thrown for a malformed language-specific data area (`.gcc_except_table`). */
export class LsdaError extends UnwindError {
  /** What is wrong. */
  declare readonly kind: LsdaErrorKind;

  /** Builds a language-specific data error. */
  constructor(kind: LsdaErrorKind, message: string, place: ErrorPlace) {
    super(kind, message, place);
  }
}

/** Why a walk cannot go on. */
export type WalkErrorKind =
  | "registers"
  | "cfa"
  | "memory"
  | "return-address"
  | "loop"
  | "trap";

/** Thrown when a frame's caller cannot be found because the stack, the registers or a trap description are damaged. */
export class WalkError extends UnwindError {
  /** What is wrong. */
  declare readonly kind: WalkErrorKind;
  /** Number of the frame whose caller was looked for, 0 for the innermost. */
  readonly frame: number;

  /** Builds a walk error; `pc` is the program counter of frame number `frame`. */
  constructor(
    kind: WalkErrorKind,
    message: string,
    place: { readonly frame: number; readonly pc: bigint },
  ) {
    super(kind, message, {
      source: `frame ${place.frame}`,
      address: place.pc,
    });
    this.frame = place.frame;
  }
}
