/**
 * Frames for threads that can wait for them. Below the low watermark the page-out daemon takes clean file pages back; if that does
 * not bring enough, the task that holds the most memory ends, and those who waited go on.
 *
 * @module
 */

import { PAGE_SIZE } from "../../arch/physical_memory.ts";
import type { Kernel } from "../kernel.ts";
import { retire } from "../thread/lifecycle.ts";
import { blockKeepingStack, call, type Outcome } from "../thread/outcome.ts";
import type { Task } from "../thread/task.ts";

const PAGE = BigInt(PAGE_SIZE);

/**
 * Clean pages that are never dropped, the last to have come: what threads have just waited for, and need together to execute a single
 * instruction. Without them, memory full of other pages would have threads take each other's last page in turn for ever.
 */
const YOUNG_PAGES = 64;

/** Whether only the kernel itself may still allocate. */
export function isShort(k: Kernel): boolean {
  return k.frames.available <= k.frames.minimum;
}

/** Whether dead threads or tasks hold memory that will be free soon. */
function isReaping(k: Kernel): boolean {
  return k.deadThreads.length > 0 || k.deadTasks.length > 0;
}

/** Goes on with a frame full of zeros, or `null` if there is no memory. */
export function zeroedFrame(k: Kernel, then: (frame: bigint | null) => Outcome): Outcome {
  const ready = k.zeroed.pop();
  if (ready !== undefined) return then(ready);
  return anyFrame(k, (frame) => {
    if (frame === null) return then(null);
    return call("zero_page", [k.space.virtual(frame)], () => then(frame));
  });
}

/** Goes on with a frame of undefined contents, or `null` if there is no memory; waits while some may become free. */
export function anyFrame(k: Kernel, then: (frame: bigint | null) => Outcome): Outcome {
  if (k.frames.available < k.frames.low) k.queues.pageout.wakeAll();
  if (!isShort(k)) return then(k.frames.allocate());
  k.queues.memory.add(k.current);
  return blockKeepingStack(() => {
    if (!isShort(k)) return then(k.frames.allocate());
    return isReaping(k) ? anyFrame(k, then) : then(null);
  });
}

/** What the page-out daemon does when it is woken: makes memory free, and wakes those who wait for it if there is any. */
export function relieveShortage(k: Kernel): void {
  if (k.frames.available < k.frames.low) dropCleanPages(k, k.frames.high);
  if (isShort(k) && k.queues.memory.size > 0 && !isReaping(k)) endLargestTask(k);
  // The task reaper wakes the daemon again when it has freed what dead tasks held.
  if (!isShort(k) || !isReaping(k)) k.queues.memory.wakeAll();
}

/** Drops clean file pages, oldest first, until `enough` frames are free or only the youngest are left. */
function dropCleanPages(k: Kernel, enough: number): void {
  let droppable = k.cleanPages.size - YOUNG_PAGES;
  for (const { space, address } of k.cleanPages) {
    if (k.frames.available >= enough || droppable <= 0) return;
    space.remove(address, address + PAGE);
    droppable--;
  }
}

/** Ends the task with the most resident pages, the first of them if there are several. There is no memory to unwind it with. */
function endLargestTask(k: Kernel): void {
  let largest: Task | null = null;
  for (const task of k.tasks) {
    if (task.status !== null || residentPages(task) === 0) continue;
    if (largest === null || residentPages(task) > residentPages(largest)) largest = task;
  }
  if (largest === null) return;
  const reason = `no memory left, and no task has more than its ${residentPages(largest)} pages`;
  largest.ending ??= { kind: "killed", reason };
  for (const thread of largest.threads) retire(k, thread);
}

function residentPages(task: Task): number {
  return task.space?.residentCount ?? 0;
}
