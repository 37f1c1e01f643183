/**
 * What threads of the kernel wait on.
 *
 * @module
 */

import type { QueueName } from "./continuation.ts";
import { WaitQueue } from "./wait_queue.ts";

/** What threads of the kernel wait on, by name. */
export type KernelQueues = Readonly<Record<QueueName, WaitQueue>>;

/** Names of the queues, in the order a snapshot lists them. */
export const QUEUES: readonly QueueName[] = [
  "reaper",
  "swapin",
  "taskReaper",
  "timeout",
  "pageout",
  "pageZero",
  "ioDone",
  "startup",
  "memory",
];

/** Queues without threads. */
export function makeQueues(): KernelQueues {
  return {
    reaper: new WaitQueue(),
    swapin: new WaitQueue(),
    taskReaper: new WaitQueue(),
    timeout: new WaitQueue(),
    pageout: new WaitQueue(),
    pageZero: new WaitQueue(),
    ioDone: new WaitQueue(),
    startup: new WaitQueue(),
    memory: new WaitQueue(),
  };
}
