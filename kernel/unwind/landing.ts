/**
 * Landing: giving a thread the registers of another place in its program.
 *
 * @module
 */

import type { TrapFrame } from "../../arch/arch.ts";
import type { RegisterSet } from "../../unwind/walk/register_set.ts";
import type { Kernel } from "../kernel.ts";
import { readKernel, writeKernel } from "../boot/kernel_program.ts";
import { call, type Outcome, RETURN } from "../thread/outcome.ts";
import { setRegisters } from "./unwind_stack.ts";

/**
 * Lands a kernel-mode task: its frame is on the stack that is being left, so the registers go through the thread object, whose user frame
 * nobody else uses.
 */
function landInKernel(k: Kernel, frame: TrapFrame, registers: RegisterSet): Outcome {
  const thread = k.current;
  const target = k.frameAddress(thread);
  const saved = readKernel(k, frame.address, k.arch.image.constant("FRAME_SIZE"));
  if (saved === undefined) return { kind: "halt", reason: "Kernel panic: a trap frame is gone" };
  writeKernel(k, target, saved);
  setRegisters(k, k.arch.trapFrame(k.space, target, { cpu: k.cpu }), registers);
  thread.kernelTraps.length = 0;
  thread.pending.length = 0;
  // The routine does not return.
  return call("land", [thread.address], () => RETURN);
}

/**
 * Lands the current thread: its trap frame takes the registers, and the guest's exit routine loads them. Callee-saved vector registers
 * that frames on the way had saved go to the thread's floating-point state, which is loaded anew at the next use.
 */
export function land(k: Kernel, frame: TrapFrame, registers: RegisterSet): Outcome {
  if (k.current.task.kernelMode) return landInKernel(k, frame, registers);
  setRegisters(k, frame, registers);
  const vectors: [bigint, bigint][] = [];
  for (const [number, value] of registers.entries()) {
    const offset = k.arch.fpStateOffset(number);
    if (offset !== undefined) vectors.push([BigInt(k.layout.fp + offset), value]);
  }
  if (vectors.length === 0) return RETURN;
  const thread = k.current;
  const write = (): Outcome => {
    for (const [offset, value] of vectors) k.space.writeU64(thread.address + offset, value);
    return RETURN;
  };
  if (k.fpOwner !== thread) return write();
  return call("fp_save", [thread.address], () => {
    k.fpOwner = null;
    return write();
  });
}
