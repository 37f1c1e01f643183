/**
 * Page frames for threads that can wait for them. Below the low watermark the page-out daemon takes
 * clean file pages back; if that does not bring enough, the task that holds the most memory ends,
 * and those who waited go on.
 *
 * @module
 */

import type { Kernel } from "../kernel.ts";
import type { Continuation, FrameResult } from "../thread/continuation.ts";
import { retire } from "../lifecycle.ts";
import { blockKeepingStack, call, type Outcome, resume } from "../thread/outcome.ts";
import type { Task } from "../thread/task.ts";
import type { Thread } from "../thread/thread.ts";

/**
 * Clean pages that are never dropped, the last to have come: what threads have just waited for, and
 * need together to execute a single instruction. Without them, memory full of other pages would
 * have threads take each other's last page in turn for ever.
 */
const YOUNG_PAGES = 64;

/** Whether only the kernel itself may still allocate. */
export function isShort(k: Kernel): boolean {
  return k.pageFrames.available <= k.pageFrames.minimum;
}

/** Whether dead threads or tasks hold memory that will be free soon. */
function isReaping(k: Kernel): boolean {
  return k.deadThreads.length > 0 || k.deadTasks.length > 0;
}

/**
 * Goes on with a page frame that the guest has filled with zeros, or `null` if there is no memory.
 */
export function zeroedFrame(
  k: Kernel,
  thread: Thread,
  then: Continuation<FrameResult>,
): Outcome {
  const ready = k.zeroed.pop();
  if (ready !== undefined) return resume(then, ready);
  return anyFrame(k, thread, { name: "frame_zero", then });
}

/** Has the guest fill a page frame with zeros. */
export function zeroFrame(
  k: Kernel,
  then: Continuation<FrameResult>,
  frame: FrameResult,
): Outcome {
  if (frame === null) return resume(then, null);
  return call("zero_page", [k.kernelSpace.virtual(frame)], { name: "frame_ready", frame, then });
}

/** Goes on with a page frame, or `null` if there is no memory; waits while some may become free. */
export function anyFrame(k: Kernel, thread: Thread, then: Continuation<FrameResult>): Outcome {
  if (k.pageFrames.available < k.pageFrames.low) k.wake("pageout");
  if (!isShort(k)) return resume(then, k.pageFrames.allocate());
  k.waitOn(thread, "memory");
  return blockKeepingStack({ name: "frame_wait", then });
}

/** A thread that waited for memory tries again. */
export function retryFrame(
  k: Kernel,
  thread: Thread,
  then: Continuation<FrameResult>,
): Outcome {
  if (!isShort(k)) return resume(then, k.pageFrames.allocate());
  return isReaping(k) ? anyFrame(k, thread, then) : resume(then, null);
}

/**
 * What the page-out daemon does when it is woken: makes memory free, and wakes those who wait for
 * it if there is any.
 */
export function relieveShortage(k: Kernel): void {
  if (k.pageFrames.available < k.pageFrames.low) dropCleanPages(k, k.pageFrames.high);
  if (isShort(k) && k.queues.memory.size > 0 && !isReaping(k)) endLargestTask(k);
  // The task reaper wakes the daemon again when it has freed what dead tasks held.
  if (!isShort(k) || !isReaping(k)) k.wake("memory");
}

/**
 * Drops clean file pages, oldest first, until `enough` page frames are free or only the youngest
 * are left.
 */
function dropCleanPages(k: Kernel, enough: number): void {
  let droppable = k.cleanPages.size - YOUNG_PAGES;
  for (const { space, address } of k.cleanPages) {
    if (k.pageFrames.available >= enough || droppable <= 0) return;
    space.dropPage(address);
    droppable--;
  }
}

/**
 * Ends the task with the most resident pages, the first of them if there are several. There is no
 * memory to unwind it with.
 */
function endLargestTask(k: Kernel): void {
  let largest: Task | null = null;
  for (const task of k.tasks) {
    if (task.status !== null || residentPages(task) === 0) continue;
    if (largest === null || residentPages(task) > residentPages(largest)) largest = task;
  }
  if (largest === null) return;
  const reason = `no memory left, and no task has more than its ${residentPages(largest)} pages`;
  largest.end({ kind: "killed", reason });
  for (const thread of k.threadsOf(largest)) retire(k, thread);
}

function residentPages(task: Task): number {
  return task.space?.residentCount ?? 0;
}
