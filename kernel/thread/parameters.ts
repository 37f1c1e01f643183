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
 * Checks parameters of a thread and makes the choices left open.
 * @param options the parameters; priority 32 if absent
 * @param thread what to call the thread in messages
 * @throws {SchedError} `invalid-parameter`, naming the thread, the field and what was expected
 */
export function threadParameters(options: ParameterOptions, thread: string): ThreadParameters {
  const checked = checkParameters({ priority: USER_PRIORITY, ...options }, { cpus: CPUS, thread });
  for (const field of ["period", "deadline", "budget"] as const) {
    if (checked[field] <= TIME_LIMIT) continue;
    throw new SchedError("invalid-parameter", {
      message: `Cannot give ${thread} the ${field} ${checked[field]}: expected at most 2^52`,
      value: checked[field],
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
export const KERNEL_PARAMETERS: ThreadParameters = threadParameters(
  { priority: 255, nice: -20, period: 1, deadline: 1 },
  "kernel threads",
);
