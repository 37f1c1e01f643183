/**
 * Where the floating-point state of a thread is: in its object, or on the CPU.
 *
 * @module
 */

import type { Kernel } from "../kernel.ts";
import type { PerCpu } from "../per_cpu.ts";
import type { Thread } from "../thread/thread.ts";

/** The floating-point state of a thread's program, in the layout of TH_FP. */
export function fpStateOf(k: Kernel, thread: Thread): Uint8Array {
  const on = k.cpus.find(({ fpOwner }) => fpOwner === thread);
  if (on !== undefined && isOnCpu(k, on)) return on.cpu.fpState();
  const { fpSize } = k.arch.core;
  const at = k.kernelSpace.offset(thread.address + BigInt(k.layout.fp), fpSize);
  return k.memory.bytes.slice(at, at + fpSize);
}

/**
 * Whether a CPU still holds its owner's state: while the guest changes owners, `fp_swap` first
 * saves it and then loads another's, and only when it has returned is the owner another one.
 */
function isOnCpu(k: Kernel, { current, cpu }: PerCpu): boolean {
  if (current.calls.at(-1)?.name !== "fp_given") return true;
  const { image, maxInstructionSize } = k.arch;
  const within = (name: string) => {
    const { begin, end } = image.range(name);
    return cpu.pc >= begin && cpu.pc < end;
  };
  if (within("fp_save")) return true;
  const physical = cpu.translate(cpu.pc);
  const flow = physical === undefined
    ? "other"
    : k.arch.flow(k.memory.slice(physical, maxInstructionSize));
  // Outside of it the kernel's loop is about to call it, or has come back.
  return within("fp_swap") ? flow !== "return" : flow === "call";
}
