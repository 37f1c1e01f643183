/**
 * The error of methods that are not well-formed.
 *
 * @module
 */
import { InputError } from "../bytes/mod.ts";

/** What may be wrong with a method, or the text it is written as. */
export type BytecodeErrorKind =
  | "syntax"
  | "name"
  | "limit"
  | "opcode"
  | "truncated"
  | "branch"
  | "depth"
  | "type"
  | "join"
  | "unreachable"
  | "fall-through"
  | "handler";

/** Thrown for a method that the assembler or the verifier refuses. */
export class BytecodeError extends InputError {
  /** What is wrong. */
  declare readonly kind: BytecodeErrorKind;
  /** Line of the text, from 1, where one is known. */
  readonly line: number | undefined;

  /** Builds an error; `source` is the method's name, `offset` the bytecode's. */
  constructor(
    kind: BytecodeErrorKind,
    message: string,
    place: {
      readonly source: string;
      readonly offset?: number | undefined;
      readonly line?: number | undefined;
    },
  ) {
    const { line } = place;
    super(kind, line === undefined ? message : `${message}, line ${line}`, place);
    this.line = line;
  }
}
