/**
 * The kernel's own threads. Each waits on its queue and works it off; what it is at the moment is its continuation, so that all but
 * one of them need no kernel stack while they wait.
 *
 * @module
 */

import { revokeStackReserve } from "../vm/emergency_stack.ts";
import { unloadKernelProgram } from "../boot/kernel_program.ts";
import type { Kernel } from "../kernel.ts";
import { anyFrame, relieveShortage } from "../vm/memory.ts";
import { blockKeepingStack, blockWith, call, type Outcome } from "./outcome.ts";
import { detachStack } from "./thread_stacks.ts";
import type { WaitQueue } from "./wait_queue.ts";

/** How many zeroed frames the page-zero thread keeps ready. */
const ZEROED_TARGET = 16;

/** Names of the kernel threads in the order they start; each is the label of its first code. */
export const DAEMONS: readonly string[] = [
  "reaper_thread",
  "swapin_thread",
  "task_reaper_thread",
  "timeout_thread",
  "pageout_thread",
  "page_zero_thread",
  "io_done_thread",
];

/** Waits on a queue and starts again at `continuation`; goes on at once if the queue was signalled meanwhile. */
function waitOn(
  k: Kernel,
  queue: WaitQueue,
  continuation: string,
): Outcome {
  if (queue.takeSignal()) return daemonBody(k, continuation);
  queue.add(k.current);
  return blockWith(continuation);
}

/** Frees what dead threads held. */
function reaper(k: Kernel): Outcome {
  for (;;) {
    const thread = k.deadThreads.shift();
    if (thread === undefined) break;
    revokeStackReserve(k, thread);
    detachStack(k, thread);
    if (thread.bounce !== null) k.frames.free(thread.bounce);
    thread.bounce = null;
    k.zone.free(thread.address);
    const { task } = thread;
    task.threads.delete(thread);
    if (task.threads.size === 0 && task.status !== null) {
      k.deadTasks.push(task);
      k.queues.taskReaper.wakeAll();
    }
  }
  if (k.queues.memory.size > 0) k.queues.pageout.wakeAll();
  return waitOn(k, k.queues.reaper, "reaper_thread_continue");
}

/** Frees the address spaces of dead tasks. */
function taskReaper(k: Kernel): Outcome {
  for (;;) {
    const task = k.deadTasks.shift();
    if (task === undefined) break;
    task.reaped = true;
    task.space?.destroy();
    unloadKernelProgram(k, task);
  }
  if (k.queues.memory.size > 0) k.queues.pageout.wakeAll();
  return waitOn(k, k.queues.taskReaper, "task_reaper_thread_continue");
}

/** Lets the threads that found no stack try again: they get a spare one, or this thread's as soon as it blocks. */
function swapin(k: Kernel): Outcome {
  for (const thread of k.stackless.splice(0)) k.makeReady(thread);
  return waitOn(k, k.queues.swapin, "swapin_thread_continue");
}

/** Wakes the threads whose sleep is over, in the order of their deadlines. */
function timeout(k: Kernel): Outcome {
  const { now } = k.clock;
  k.sleepers.sort((a, b) => a.until - b.until);
  const due = k.sleepers.findIndex((sleeper) => sleeper.until > now);
  for (const { thread } of k.sleepers.splice(0, due < 0 ? Infinity : due)) k.makeReady(thread);
  return waitOn(k, k.queues.timeout, "timeout_thread_continue");
}

/**
 * Makes memory free when it runs low, and wakes those who wait for it. The one daemon that keeps its kernel stack while it waits.
 */
function pageout(k: Kernel): Outcome {
  relieveShortage(k);
  k.queues.pageout.takeSignal();
  k.queues.pageout.add(k.current);
  return blockKeepingStack(() => pageout(k));
}

/** Fills the pool of zeroed frames; it is woken when the CPU would idle. */
function pageZero(k: Kernel): Outcome {
  if (k.zeroed.length < ZEROED_TARGET && k.frames.available > k.frames.low) {
    const frame = k.frames.allocate();
    return call("zero_page", [k.space.virtual(frame)], () => {
      k.zeroed.push(frame);
      return pageZero(k);
    });
  }
  return waitOn(k, k.queues.pageZero, "page_zero_thread_continue");
}

/** Finishes page-ins: copies what the device has read into a fresh frame and wakes the thread that waits for it. */
function ioDone(k: Kernel): Outcome {
  const request = k.pageIo.takeFinished();
  if (request === undefined) return waitOn(k, k.queues.ioDone, "io_done_thread_continue");
  return anyFrame(k, (frame) => {
    if (frame === null) {
      request.done(null);
      return ioDone(k);
    }
    const target = k.space.virtual(frame);
    const words = [target, k.space.virtual(request.source), BigInt(request.size)];
    return call("zero_page", [target], () =>
      call("copyin", words, () => {
        request.done(frame);
        return ioDone(k);
      }));
  });
}

const BODIES: Readonly<Record<string, (k: Kernel) => Outcome>> = {
  reaper_thread: reaper,
  reaper_thread_continue: reaper,
  swapin_thread: swapin,
  swapin_thread_continue: swapin,
  task_reaper_thread: taskReaper,
  task_reaper_thread_continue: taskReaper,
  timeout_thread: timeout,
  timeout_thread_continue: timeout,
  pageout_thread: pageout,
  page_zero_thread: pageZero,
  page_zero_thread_continue: pageZero,
  io_done_thread: ioDone,
  io_done_thread_continue: ioDone,
};

/** Whether a label is the code of a kernel thread. */
export function isDaemon(label: string): boolean {
  return Object.hasOwn(BODIES, label);
}

/** Runs the code of a kernel thread. */
export function daemonBody(k: Kernel, label: string): Outcome {
  const body = BODIES[label];
  if (body === undefined) return { kind: "halt", reason: `Kernel panic: no thread ${label}` };
  return body(k);
}
