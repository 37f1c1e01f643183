/**
 * Scheduling parameters of the machine's threads.
 *
 * @module
 */

import { SchedError } from "../../sched/errors.ts";
import {
  checkParameters,
  type ParameterOptions,
  type ThreadParameters,
} from "../../sched/parameters.ts";

/** Scheduling parameters as plain data. */
export type ParameterRecord = { readonly [K in keyof ThreadParameters]: ThreadParameters[K] };

/** CPUs of a machine. */
export const CPUS = 1;

/** Latest time to wait for, and longest period: the clock stays exact up to 2^53. */
export const TIME_LIMIT: number = 2 ** 52;

/**
 * Least quantum, budget and period: with less than that between two interrupts or switches the
 * kernel would take all the time there is, and nobody would get anywhere.
 */
export const LEAST_QUANTUM = 250;

/**
 * Checks parameters of a thread and makes the choices left open.
 * @param options the parameters; priority 32 if absent
 * @param thread what to call the thread in messages
 * @throws {SchedError} `invalid-parameter`, naming the thread, the field and what was expected
 */
export function threadParameters(options: ParameterOptions, thread: string): ThreadParameters {
  const checked = checkParameters({ priority: USER_PRIORITY, ...options }, { cpus: CPUS, thread });
  for (const field of ["period", "deadline", "budget"] as const) {
    const value = checked[field];
    const least = field === "deadline" ? 0 : LEAST_QUANTUM;
    if (value === 0 || value >= least && value <= TIME_LIMIT) continue;
    const expected = value < least ? `at least ${least}, or 0 for none` : "at most 2^52";
    throw new SchedError("invalid-parameter", {
      message: `Cannot give ${thread} the ${field} ${value}: expected ${expected}`,
      value,
    });
  }
  return checked;
}

/** Priority of user threads of which nothing else is said. */
export const USER_PRIORITY = 32;

/** Parameters of user threads of which nothing is said. */
export const USER_PARAMETERS: ThreadParameters = threadParameters({}, "user threads");

/**
 * Parameters of the kernel's own threads: what others wait for comes first, under a policy of
 * whatever kind. They run in short bursts, so nobody starves of it.
 */
export const KERNEL_PARAMETERS: ThreadParameters = checkParameters(
  { priority: 255, nice: -20, period: 1, deadline: 1 },
  { cpus: CPUS, thread: "kernel threads" },
);
