/**
 * The quantum of the policies that have one.
 *
 * @module
 */
import { refuseOption } from "../../errors.ts";
import { isInteger } from "../../../util/integer.ts";

/** Quantum used when none is given. */
export const DEFAULT_QUANTUM = 10_000;

/** Options of the policies that have a quantum. */
export interface QuantumOptions {
  /**
   * Time a thread may run before an equal takes over; a positive integer,
   * {@linkcode DEFAULT_QUANTUM} if absent.
   */
  readonly quantum?: number;
  /** Time between two calls of `tick`, where they are periodic; 0, the default, where exact. */
  readonly tickInterval?: number;
}

/**
 * Checks the options.
 * @returns the quantum, and what a thread must have used for its quantum to end at a tick
 * @throws {SchedError} `invalid-option` if the quantum is not a positive safe integer
 */
export function checkQuantum(options: QuantumOptions): { quantum: number; due: number } {
  const { quantum = DEFAULT_QUANTUM, tickInterval = 0 } = options;
  checkPositive("a quantum of", quantum);
  if (!isInteger(tickInterval, 0)) {
    refuseOption("a tick interval of", tickInterval, "an integer, not negative");
  }
  return { quantum, due: Math.max(1, quantum - Math.floor(tickInterval / 2)) };
}

/** Checks an option. @throws {SchedError} `invalid-option` if it is not a positive safe integer */
export function checkPositive(option: string, value: number): void {
  if (!isInteger(value, 1)) refuseOption(option, value, "a positive integer");
}
