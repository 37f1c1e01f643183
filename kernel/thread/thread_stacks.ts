/**
 * Which threads have kernel stacks. The kernel's own threads are few and always get one; user threads share a limited number, and
 * those that find none wait for the swap-in thread. So no number of user threads that block in the kernel can keep the threads they
 * wait for from running.
 *
 * @module
 */

import type { Kernel } from "../kernel.ts";
import { STACK_PAGES } from "./stack_pool.ts";
import type { Thread } from "./thread.ts";

function isUser(thread: Thread): boolean {
  return thread.task.space !== null;
}

/** Whether one more user thread may have a stack. */
function isOneLeft(k: Kernel): boolean {
  return k.userStacks < k.stackLimit;
}

/**
 * Gives a thread a kernel stack on which it will start at its continuation.
 * @returns whether there was one; a kernel thread always gets one
 * @throws {KernelError} of kind `memory` if there are no frames for a kernel thread's stack
 */
export function attachStack(k: Kernel, thread: Thread): boolean {
  if (isUser(thread)) {
    const affordable = k.stacks.spare > 0 || k.frames.available > k.frames.minimum + STACK_PAGES;
    if (!isOneLeft(k) || !affordable) return false;
    k.userStacks++;
  }
  const stack = k.stacks.allocate();
  const { layout } = k;
  const top = k.stacks.top(stack);
  const frame = top - BigInt(k.arch.switchFrameSize);
  k.arch.writeSwitchFrame(k.space, frame, { resume: k.label("thread_start") });
  k.setThreadWord(thread, layout.stackBase, k.stacks.base(stack));
  k.setThreadWord(thread, layout.stackTop, top);
  k.setThreadWord(thread, layout.ksp, frame);
  thread.stack = stack;
  return true;
}

/** Takes the kernel stack of a thread that will not resume it. */
export function detachStack(k: Kernel, thread: Thread): void {
  if (thread.stack === null) return;
  k.stacks.free(thread.stack);
  thread.stack = null;
  k.setThreadWord(thread, k.layout.stackBase, 0n);
  k.setThreadWord(thread, k.layout.stackTop, 0n);
  if (isUser(thread)) k.userStacks--;
  offerStacks(k);
}

/** Whether `next` may take over the stack `old` is about to give up. */
export function mayTakeOver(k: Kernel, threads: { old: Thread; next: Thread }): boolean {
  const { old, next } = threads;
  return old.stack !== null && (!isUser(next) || isUser(old) || isOneLeft(k));
}

/** Records that `next` has taken over the stack of `old`; the guest moves its bounds. */
export function takeOver(k: Kernel, threads: { old: Thread; next: Thread }): void {
  const { old, next } = threads;
  next.stack = old.stack;
  old.stack = null;
  if (isUser(next)) k.userStacks++;
  if (isUser(old)) k.userStacks--;
  offerStacks(k);
}

/** Wakes the swap-in thread if somebody waits for a stack and could have one. */
function offerStacks(k: Kernel): void {
  if (k.stackless.length > 0 && isOneLeft(k)) k.queues.swapin.wakeAll();
}
