/**
 * Landing: giving a thread the registers of another place in its program.
 *
 * @module
 */

import type { TrapFrame } from "../../arch/arch.ts";
import type { RegisterSet } from "../../unwind/walk/mod.ts";
import type { Kernel } from "../kernel.ts";
import { call, type Outcome, panicKernel, RETURN } from "../thread/outcome.ts";
import type { Thread } from "../thread/thread.ts";
import { readKernel, writeKernel } from "../memory/kernel_memory.ts";
import { moveFpRegisters } from "./fp_registers.ts";
import { setRegisters } from "./unwind_stack.ts";

/**
 * Lands a kernel-mode task: its trap frame is on the stack that is being left, so the registers go
 * through the thread object, whose user frame nobody else uses.
 */
function landInKernel(
  k: Kernel,
  thread: Thread,
  to: { frame: TrapFrame; registers: RegisterSet },
): Outcome {
  const target = thread.address + BigInt(k.layout.frame);
  const saved = readKernel(k, to.frame.address, k.arch.image.constant("FRAME_SIZE"));
  if (saved === undefined) return panicKernel("a trap frame is gone");
  writeKernel(k, target, saved);
  setRegisters(k, k.userFrame(thread), to.registers);
  thread.discardStack();
  // The routine does not return.
  return call("land", [thread.address], { name: "return" });
}

/**
 * Lands a thread: its trap frame takes the registers, and the guest's exit routine loads them.
 * Callee-saved vector registers that frames on the way had saved go to the thread's floating-point
 * state, which is loaded anew at the next use.
 */
export function land(
  k: Kernel,
  thread: Thread,
  to: { frame: TrapFrame; registers: RegisterSet },
): Outcome {
  const { frame, registers } = to;
  if (thread.task.kernelMode) return landInKernel(k, thread, to);
  setRegisters(k, frame, registers);
  const vectors: [bigint, bigint][] = [];
  for (const [number, value] of registers.entries()) {
    const offset = k.arch.fpStateOffset(number);
    if (offset !== undefined) vectors.push([BigInt(k.layout.fp + offset), value]);
  }
  if (vectors.length === 0) return RETURN;
  const then = { name: "land_vectors", vectors } as const;
  return moveFpRegisters(k, thread, { routine: "fp_save", then });
}

/** Changes the floating-point state in the thread object, where all of it is. */
export function landVectors(
  k: Kernel,
  thread: Thread,
  vectors: readonly (readonly [bigint, bigint])[],
): Outcome {
  const on = k.cpuOf(thread);
  if (on.fpOwner === thread) on.giveFp(null);
  for (const [offset, value] of vectors) k.kernelSpace.writeU64(thread.address + offset, value);
  return RETURN;
}
