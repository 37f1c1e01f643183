/**
 * Where the floating-point state of a thread is: in its object, or on the CPU.
 *
 * @module
 */

import type { Cpu } from "../../arch/arch.ts";
import type { Kernel } from "../kernel.ts";
import type { PerCpu } from "../per_cpu.ts";
import type { Thread } from "../thread/thread.ts";

/** The floating-point state of a thread's program, in the layout of TH_FP. */
export function fpStateOf(k: Kernel, thread: Thread): Uint8Array {
  return cpuThatHolds(k, thread)?.fpState() ?? saved(k, thread).slice();
}

/** Sets the floating-point state of a thread's program, where it is now. */
export function setFpStateOf(k: Kernel, thread: Thread, state: Uint8Array): void {
  const cpu = cpuThatHolds(k, thread);
  if (cpu === undefined) saved(k, thread).set(state);
  else cpu.setFpState(state);
}

function saved(k: Kernel, { address }: Thread): Uint8Array {
  const { fpSize } = k.arch.core;
  const at = k.kernelSpace.offset(address + BigInt(k.layout.fp), fpSize);
  return k.memory.bytes.subarray(at, at + fpSize);
}

function cpuThatHolds(k: Kernel, thread: Thread): Cpu | undefined {
  const on = k.cpus.find(({ fpOwner }) => fpOwner === thread);
  return on !== undefined && isOnCpu(k, on) ? on.cpu : undefined;
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
