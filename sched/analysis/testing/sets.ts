/**
 * Sets of tasks, shortly written.
 *
 * @module
 */
import type { RecurringTask } from "../task.ts";

/** Tasks by C, T, and D if it is not T. */
export function set(...tasks: readonly (readonly [number, number, number?])[]): RecurringTask[] {
  return tasks.map(([time, period, deadline = period]) => ({ time, period, deadline }));
}
