/**
 * The first thread of an ordered queue, or of run queues, that may run on a CPU.
 *
 * @module
 */
import type { SchedulerView, ThreadId } from "../../policy.ts";
import type { OrderedQueue } from "../../queues/ordered_queue.ts";
import type { RunQueues } from "../../queues/run_queues.ts";

/** Removes and returns that thread, or `null`; those before it keep their places. */
export function firstAllowed(
  queue: OrderedQueue,
  { view, cpu }: { view: SchedulerView; cpu: number },
): ThreadId | null {
  let thread = queue.shift();
  if (thread === null || view.allows(thread, cpu)) return thread;
  const aside: ThreadId[] = [];
  while (thread !== null && !view.allows(thread, cpu)) {
    aside.push(thread);
    thread = queue.shift();
  }
  for (const each of aside) queue.insert(each, queue.key(each), queue.tie(each));
  return thread;
}

/** The same of run queues, from the highest level down. Without a view there is one CPU. */
export function firstQueued(
  queues: RunQueues,
  { view, cpu }: { view: SchedulerView | undefined; cpu: number },
): ThreadId | null {
  if (view === undefined || view.cpus === 1) return queues.shift();
  for (let level = queues.highest; level >= 0; level = queues.below(level)) {
    for (let thread = queues.head(level); thread >= 0; thread = queues.next(thread)) {
      if (!view.allows(thread, cpu)) continue;
      queues.remove(thread);
      return thread;
    }
  }
  return null;
}

/** Whether a thread of run queues, of that level or a higher one, may run on a CPU. */
export function someQueued(
  queues: RunQueues,
  { view, cpu, level }: { view: SchedulerView | undefined; cpu: number; level: number },
): boolean {
  let each = queues.highest;
  if (view === undefined || view.cpus === 1) return each >= level;
  for (; each >= level; each = queues.below(each)) {
    for (let thread = queues.head(each); thread >= 0; thread = queues.next(thread)) {
      if (view.allows(thread, cpu)) return true;
    }
  }
  return false;
}
