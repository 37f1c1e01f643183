/**
 * Kernel-mode tasks whose kernel stack is full: such a task runs on its own kernel stack, and the
 * kernel works on what is left of it.
 *
 * A trap that leaves the kernel too little room, or has found none and runs on the emergency stack,
 * is the overflow of that stack, whatever it came for. The task is unwound on a reserve that its
 * stack is lent; where there is none, or the kernel itself was interrupted for it, it ends at once.
 * The machine goes on.
 *
 * @module
 */

import type { TrapFrame } from "../../arch/arch.ts";
import type { Kernel } from "../kernel.ts";
import { killCurrent } from "../lifecycle.ts";
import {
  grantStackReserve,
  isNearStackEnd,
  isOnEmergencyStack,
  lacksKernelRoom,
} from "../memory/emergency_stack.ts";
import { isShort } from "../memory/supply.ts";
import type { Outcome } from "../thread/outcome.ts";
import type { Thread } from "../thread/thread.ts";
import { raiseException } from "../unwind/exceptions.ts";

/** Whether a trap from kernel mode has found the stack of a kernel-mode task full. */
export function findsFullStack(k: Kernel, thread: Thread, frame: TrapFrame): boolean {
  if (!thread.task.kernelMode) return false;
  if (!isInKernel(k, frame)) return lacksKernelRoom(k, thread, frame.address);
  // Routines of the kernel may use the room that is kept for them.
  return isOnEmergencyStack(k, frame.address) && isNearStackEnd(k, thread, frame.sp);
}

/** Whether code of the kernel was interrupted, and not of a program. */
export function isInKernel(k: Kernel, { pc }: TrapFrame): boolean {
  const { image } = k.arch;
  return pc >= image.begin && pc < image.end;
}

/** Ends the task of a thread whose stack was found full, by unwinding it if that can be done. */
export function endOnFullStack(
  k: Kernel,
  thread: Thread,
  how: { frame: TrapFrame; reason: string },
): Outcome {
  const { frame } = how;
  const reason = `stack overflow: ${how.reason}`;
  noticeLostInterrupts(k);
  const inKernel = isInKernel(k, frame);
  // Nobody may wait on the emergency stack: the next one who needs it would overwrite it.
  const mayWait = k.zeroed.length === 0 && isShort(k);
  if (!inKernel && !mayWait && grantStackReserve(k, thread, frame.sp)) {
    return raiseException(k, thread, { frame, reason });
  }
  dropWork(k, thread);
  return killCurrent(k, thread, reason);
}

/**
 * On x86-64 an interrupt that finds no room is lost in a double fault: what it would have done is
 * done now.
 */
function noticeLostInterrupts(k: Kernel): void {
  k.wake("ioDone");
  if ((k.sleepers.next ?? Infinity) <= k.clock.now) k.wake("timeout");
}

/** Frees what a routine of the kernel was working on that will not go on. */
function dropWork(k: Kernel, thread: Thread): void {
  for (const call of thread.calls) {
    if (call.name === "frame_ready" && call.frame !== null) k.pageFrames.free(call.frame);
  }
  thread.discardCalls();
}
