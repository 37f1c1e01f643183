/**
 * The kernel's own threads. Each waits on its queue and works it off; what it is at the moment is
 * its continuation, so that all but one of them need no kernel stack while they wait.
 *
 * @module
 */

import type { GuestLabel } from "../../arch/guest_labels.ts";
import { unloadProgram } from "../memory/program_pages.ts";
import type { Kernel } from "../kernel.ts";
import type { Continuation, FrameResult, QueueName } from "../thread/continuation.ts";
import { blockAt, blockKeepingStack, call, type Outcome, resume } from "../thread/outcome.ts";
import type { Thread } from "../thread/thread.ts";
import { revokeStackReserve } from "../memory/emergency_stack.ts";
import { releaseObject } from "../memory/exception_page.ts";
import { finishPageIn } from "../memory/fault.ts";
import { anyFrame, relieveShortage } from "../memory/supply.ts";
import type { PageRequest } from "../vm/page_io.ts";

/** How many zeroed page frames the page-zero thread keeps ready. */
const ZEROED_TARGET = 16;

/** A kernel thread: the label of its first code, and what it does. */
export interface Daemon {
  /** Where it starts. */
  readonly label: GuestLabel;
  /** What it does. */
  readonly body: Continuation<unknown>;
}

/** The kernel threads in the order they start. */
export const DAEMONS: readonly Daemon[] = [
  { label: "reaper_thread", body: { name: "reaper" } },
  { label: "swapin_thread", body: { name: "swapin" } },
  { label: "task_reaper_thread", body: { name: "task_reaper" } },
  { label: "timeout_thread", body: { name: "timeout" } },
  { label: "pageout_thread", body: { name: "pageout" } },
  { label: "page_zero_thread", body: { name: "page_zero" } },
  { label: "io_done_thread", body: { name: "io_done" } },
];

/** Waits on a queue and goes on as `next`; goes on at once if the queue was signalled meanwhile. */
function waitOn(
  k: Kernel,
  thread: Thread,
  next: { queue: QueueName; label: GuestLabel; body: Continuation<unknown> },
): Outcome {
  const { queue, label, body } = next;
  if (k.queues[queue].takeSignal()) return resume(body, undefined);
  k.waitOn(thread, queue);
  return blockAt(label, body);
}

/** Frees what dead threads held. */
export function reaper(k: Kernel, self: Thread): Outcome {
  for (;;) {
    const thread = k.deadThreads.shift();
    if (thread === undefined) break;
    for (const unwind of thread.unwinds.clear()) releaseObject(k, thread.task, unwind);
    revokeStackReserve(k, thread);
    k.detachStack(thread);
    if (thread.bounce !== null) k.pageFrames.free(thread.bounce);
    thread.giveBounce(null);
    k.zone.free(thread.address);
    const { task } = thread;
    task.removeThread(thread.id);
    if (task.threads.size === 0 && task.status !== null) {
      k.deadTasks.push(task);
      k.wake("taskReaper");
    }
  }
  if (k.queues.memory.size > 0) k.wake("pageout");
  const label = "reaper_thread_continue";
  return waitOn(k, self, { queue: "reaper", label, body: { name: "reaper" } });
}

/** Frees the address spaces and locks of dead tasks. */
export function taskReaper(k: Kernel, self: Thread): Outcome {
  for (;;) {
    const task = k.deadTasks.shift();
    if (task === undefined) break;
    task.becomeReaped();
    k.locks.destroyAll(task);
    task.space?.destroy();
    unloadProgram(k, task);
  }
  if (k.queues.memory.size > 0) k.wake("pageout");
  const label = "task_reaper_thread_continue";
  return waitOn(k, self, { queue: "taskReaper", label, body: { name: "task_reaper" } });
}

/**
 * Lets the threads that found no stack try again: they get a spare one, or this thread's as soon as
 * it blocks.
 */
export function swapin(k: Kernel, self: Thread): Outcome {
  for (const thread of k.stacks.takeWaiting()) k.makeReady(thread);
  const label = "swapin_thread_continue";
  return waitOn(k, self, { queue: "swapin", label, body: { name: "swapin" } });
}

/** Wakes the threads whose sleep or wait is over, in the order of their deadlines. */
export function timeout(k: Kernel, self: Thread): Outcome {
  for (const thread of k.sleepers.takeDue(k.clock.now)) k.expire(k.thread(thread));
  const label = "timeout_thread_continue";
  return waitOn(k, self, { queue: "timeout", label, body: { name: "timeout" } });
}

/**
 * Makes memory free when it runs low, and wakes those who wait for it. The one daemon that keeps
 * its kernel stack while it waits.
 */
export function pageout(k: Kernel, self: Thread): Outcome {
  relieveShortage(k);
  k.queues.pageout.takeSignal();
  k.waitOn(self, "pageout");
  return blockKeepingStack({ name: "pageout" });
}

/** Fills the pool of zeroed page frames; it is woken when the CPU would idle. */
export function pageZero(k: Kernel, self: Thread): Outcome {
  if (k.zeroed.length < ZEROED_TARGET && k.pageFrames.available > k.pageFrames.low) {
    const frame = k.pageFrames.allocate();
    return call("zero_page", [k.kernelSpace.virtual(frame)], { name: "page_zeroed", frame });
  }
  const label = "page_zero_thread_continue";
  return waitOn(k, self, { queue: "pageZero", label, body: { name: "page_zero" } });
}

/** Keeps a page frame that has been zeroed, and goes on with the next. */
export function keepZeroed(k: Kernel, self: Thread, frame: bigint): Outcome {
  k.zeroed.push(frame);
  return pageZero(k, self);
}

/**
 * Finishes page-ins: copies what the device has read into a fresh page frame and wakes the thread
 * that waits for it.
 */
export function ioDone(k: Kernel, self: Thread): Outcome {
  const request = k.pageIo.takeFinished();
  if (request !== undefined) return anyFrame(k, self, { name: "io_frame", request });
  const label = "io_done_thread_continue";
  return waitOn(k, self, { queue: "ioDone", label, body: { name: "io_done" } });
}

/** There is a page frame for a page that was read, or none. */
export function ioFrame(
  k: Kernel,
  self: Thread,
  how: { request: PageRequest; frame: FrameResult },
): Outcome {
  const { request, frame } = how;
  if (frame === null) return ioComplete(k, self, { request, frame });
  return call("zero_page", [k.kernelSpace.virtual(frame)], { name: "io_copy", request, frame });
}

/** Has the guest copy what was read into its page frame. */
export function ioCopy(k: Kernel, how: { request: PageRequest; frame: bigint }): Outcome {
  const { request, frame } = how;
  const { kernelSpace } = k;
  const from = kernelSpace.virtual(request.source);
  const words = [kernelSpace.virtual(frame), from, BigInt(request.size)];
  return call("copyin", words, { name: "io_complete", request, frame });
}

/** The page is complete, or there was no memory for it: goes on with the next. */
export function ioComplete(
  k: Kernel,
  self: Thread,
  how: { request: PageRequest; frame: FrameResult },
): Outcome {
  finishPageIn(k, how.request, how.frame);
  return ioDone(k, self);
}
