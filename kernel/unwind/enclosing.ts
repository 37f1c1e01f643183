/**
 * Which unwinding a thread is inside of. Stacks that are linked may each have one whose cleanup is
 * suspended, so it is asked of the stack frames and not of addresses.
 *
 * @module
 */

import type { TrapFrame } from "../../arch/arch.ts";
import { InputError } from "../../bytes/mod.ts";
import { type Frame, FrameIterator } from "../../unwind/walk/mod.ts";
import type { Kernel } from "../kernel.ts";
import type { Thread } from "../thread/thread.ts";
import type { Unwind } from "../thread/unwinds.ts";
import { programFrame, registersOf, taskMemory } from "./unwind_stack.ts";

/** Most stack frames of one walk: enough for a stack full of the smallest. */
const FRAME_LIMIT = 65_536;

/** The stack frames of a thread from a trap frame outwards. */
export function framesOf(k: Kernel, thread: Thread, frame: TrapFrame): FrameIterator {
  const { task } = thread;
  return new FrameIterator({
    registers: registersOf(k, frame),
    memory: taskMemory(k, task),
    modules: task.code.modules,
    // Interrupts push on the stacks of kernel-mode tasks.
  }, { maxFrames: FRAME_LIMIT, ...(task.kernelMode ? { redZone: 0 } : {}) });
}

/** Whether a stack frame is the one an unwinding has landed in, and whose cleanup it runs. */
export function isLandedIn(unwind: Unwind, frame: Frame): boolean {
  return frame.cfa !== undefined && frame.cfa === unwind.landingCfa;
}

/**
 * The innermost unwinding whose cleanup is being run by the code at a trap frame, or by a caller of
 * it. If the stack cannot be walked, that is the latest.
 */
export function enclosingUnwind(
  k: Kernel,
  thread: Thread,
  frame: TrapFrame = programFrame(k, thread),
): Unwind | undefined {
  const { running } = thread.unwinds;
  if (running.length === 0) return undefined;
  try {
    for (const each of framesOf(k, thread, frame)) {
      const found = running.findLast((unwind) => isLandedIn(unwind, each));
      if (found !== undefined) return found;
    }
    return undefined;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return running.at(-1);
  }
}

/**
 * The unwinding of an object that a thread goes on with after a cleanup: its own, or one that came
 * with a stack that another thread of the task has left. Makes it the thread's innermost.
 */
export function takeRunning(k: Kernel, thread: Thread, object: bigint): Unwind | undefined {
  for (const each of [thread, ...k.threadsOf(thread.task)]) {
    const unwind = each.unwinds.takeRunning(object);
    if (unwind === undefined) continue;
    thread.unwinds.begin(unwind);
    return unwind;
  }
  return undefined;
}

/** Forgets and returns an exception that a handler of the task holds, or that was forced. */
export function takeReleased(k: Kernel, thread: Thread, object: bigint): Unwind | undefined {
  for (const each of [thread, ...k.threadsOf(thread.task)]) {
    const unwind = each.unwinds.release(object);
    if (unwind !== undefined) return unwind;
  }
  return undefined;
}
