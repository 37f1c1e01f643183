/**
 * Mutexes, semaphores and condition variables at one instant, as plain data.
 *
 * @module
 */

import type { Kernel } from "../kernel.ts";
import type { LockSummary } from "../thread/thread_locks.ts";

/** An object of a task at one instant. */
export interface TaskLockSummary extends LockSummary {
  /** Name of the task it belongs to. */
  readonly task: string;
}

/** The objects of all tasks at this instant, by task, in the order they were made. */
export function summarizeLocks(k: Kernel): TaskLockSummary[] {
  return k.tasks.flatMap(({ name: task, locks }) =>
    Array.from(locks, (object) => ({ task, ...k.locks.summary(object) }))
  );
}
