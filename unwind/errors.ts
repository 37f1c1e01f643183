/**
 * The errors of damaged unwind tables and stacks. What is wrong with the bytes below them, or with
 * the ELF file around them, is a `DecodeError` or an `ElfError`; all are `InputError`s.
 *
 * @module
 */
import { type ErrorPlace, ExpectationError, type ExpectedPlace, InputError } from "../bytes/mod.ts";

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
  | "limit"
  | "not-found";

/** Thrown for malformed call frame information (`.eh_frame`, `.eh_frame_hdr`, `.debug_frame`). */
export class CfiError extends InputError {
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
  | "result"
  | "entry-value"
  | "thread-local";

/** Thrown for a malformed DWARF expression, or one that cannot be evaluated here. */
export class ExpressionError extends InputError {
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
  | "limit"
  | "memory";

/** Thrown for a malformed language-specific data area (`.gcc_except_table`). */
export class LsdaError extends InputError {
  /** What is wrong. */
  declare readonly kind: LsdaErrorKind;

  /** Builds a language-specific data error. */
  constructor(kind: LsdaErrorKind, message: string, place: ErrorPlace) {
    super(kind, message, place);
  }
}

/** What may be wrong with published code: its map, its records, the list it is found by. */
export type CodeMapErrorKind =
  | "magic"
  | "version"
  | "size"
  | "limit"
  | "region"
  | "overlap"
  | "kind"
  | "row"
  | "position"
  | "location"
  | "method"
  | "list"
  | "memory";

/** Thrown for a malformed code map, a record it leads to, or a list of published code. */
export class CodeMapError extends ExpectationError {
  /** What is wrong. */
  declare readonly kind: CodeMapErrorKind;

  /** Builds a code map error; `expected` says what sound input would have had. */
  constructor(kind: CodeMapErrorKind, message: string, place: ExpectedPlace) {
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
  | "trap"
  | "anchor";

/**
 * Thrown when a frame's caller cannot be found because the stack, the registers or a trap
 * description are damaged.
 */
export class WalkError extends InputError {
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
