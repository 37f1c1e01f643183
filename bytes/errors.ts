/**
 * What is thrown because of malformed input. Whatever bytes a reader is fed, nothing else is
 * thrown: every problem of the input ends as a subclass of {@linkcode InputError}, which says what
 * kind of problem it is and where the bytes are that caused it. Each room adds its own classes:
 * `elf/errors.ts`, `unwind/errors.ts`.
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

/** Base class of everything that is thrown because of malformed input: files, tables, stacks. */
export class InputError extends Error {
  /** What is wrong, as a short stable word: see the subclasses for their lists. */
  readonly kind: string;
  /** File or section whose bytes are wrong. */
  readonly source: string;
  /** Byte offset inside {@linkcode InputError.source}, where one is known. */
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

/** Where a problem was found, and what sound input would have had there. */
export interface ExpectedPlace extends ErrorPlace {
  /** What sound input would have had at that place. */
  readonly expected: string;
}

/** Base class of the errors that say what sound input would have had. */
export class ExpectationError extends InputError {
  /** What sound input would have had at that place. */
  readonly expected: string;

  /** Builds an error of the given kind; `place` is appended to the message, what is expected first. */
  constructor(kind: string, message: string, place: ExpectedPlace) {
    super(kind, `${message}, expected ${place.expected}`, place);
    this.expected = place.expected;
  }
}

/** What may be wrong with encoded numbers and pointers. */
export type DecodeErrorKind = "truncated" | "leb128" | "range" | "encoding";

/** Thrown where bytes end too soon, a number does not fit, or a pointer encoding does not exist. */
export class DecodeError extends InputError {
  /** What is wrong. */
  declare readonly kind: DecodeErrorKind;

  /** Builds a decoding error. */
  constructor(kind: DecodeErrorKind, message: string, place: ErrorPlace) {
    super(kind, message, place);
  }
}
