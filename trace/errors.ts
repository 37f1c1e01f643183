/**
 * What can go wrong when a written event stream is read back.
 *
 * @module
 */

/** What is wrong: not JSON, not the shape of its event, an event nobody knows, or out of order. */
export type TraceErrorKind = "syntax" | "shape" | "unknown-type" | "order";

/** Malformed input; names the line and, where there is one, the field. */
export class TraceError extends Error {
  /** Always `TraceError`. */
  override readonly name: string = "TraceError";
  /** What is wrong. */
  readonly kind: TraceErrorKind;
  /** Line of the input, from 1. */
  readonly line: number;
  /** Field with the wrong value, such as `from.address`; empty if the whole line is wrong. */
  readonly field: string;

  /**
   * Describes malformed input.
   * @param kind what is wrong
   * @param options where, and the value found there
   */
  constructor(kind: TraceErrorKind, options: { line: number; field?: string; message: string }) {
    super(`Cannot read line ${options.line}: ${options.message}`);
    this.kind = kind;
    this.line = options.line;
    this.field = options.field ?? "";
  }
}
