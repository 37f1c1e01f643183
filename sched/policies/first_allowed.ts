/**
 * The first thread of an ordered queue that may run on a CPU.
 *
 * @module
 */
import type { SchedulerView, ThreadId } from "../policy.ts";
import type { OrderedQueue } from "../queues/ordered_queue.ts";

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
