/**
 * What a command of `monitor` is.
 *
 * @module
 */
import type { History } from "../../history/mod.ts";

/** One command. */
export interface Command {
  /** How it is written, with its arguments. */
  readonly usage: string;
  /** What it says or does, in a line. */
  readonly summary: string;
  /**
   * What it prints.
   * @throws {MonitorError} if its arguments make no sense
   */
  run(history: History, args: readonly string[]): string;
}

/** A command that cannot be carried out: the message says which, and what was expected. */
export class MonitorError extends Error {
  /** Class name, for messages. */
  override readonly name = "MonitorError";
}

/**
 * A whole number out of an argument, decimal or hexadecimal with `0x`.
 * @throws {MonitorError} if it is none
 */
export function readNumber(text: string, what: string): bigint {
  if (/^(0x[0-9a-f]{1,16}|\d{1,19})$/i.test(text)) return BigInt(text);
  throw new MonitorError(`Cannot read ${what} ${JSON.stringify(text)}: expected a number`);
}
