/**
 * The quantum of the policies that have one.
 *
 * @module
 */
import { SchedError } from "../../errors.ts";

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
  if (!Number.isSafeInteger(quantum) || quantum <= 0) {
    throw new SchedError("invalid-option", {
      message: `Cannot use a quantum of ${quantum}: it must be a positive integer`,
      value: quantum,
    });
  }
  if (!Number.isSafeInteger(tickInterval) || tickInterval < 0) {
    throw new SchedError("invalid-option", {
      message: `Cannot use a tick interval of ${tickInterval}: it must be an integer, not negative`,
      value: tickInterval,
    });
  }
  return { quantum, due: Math.max(1, quantum - Math.floor(tickInterval / 2)) };
}
