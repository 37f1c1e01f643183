/**
 * What there is to debug of the kernel itself: the CPU, and the kernel's side of each thread.
 *
 * @module
 */

import type { Cpu } from "../../arch/arch.ts";
import { RegisterSet } from "../../unwind/walk/mod.ts";
import type { Kernel } from "../kernel.ts";
import { describeWait } from "../thread/describe.ts";
import type { Thread } from "../thread/thread.ts";
import { cpuRegisters } from "./registers.ts";

/** The number under which debuggers know the first CPU, as a thread of the kernel. */
export const CPU_CONTEXT = 1;
/** What is added to the number of a thread for the kernel's side of it. */
export const KERNEL_SIDE = 1_000;

/** Something that executes the kernel's code, or will. */
export interface KernelContext {
  /** Its number. */
  readonly id: number;
  /** The CPU, of one that executes now. */
  readonly cpu: Cpu | null;
  /** The thread, which runs on that CPU or not at all. */
  readonly thread: Thread;
  /** Name for lists: of a CPU, or a thread and its task. */
  readonly name: string;
  /** What it is doing, in words. */
  readonly state: string;
  /**
   * General registers by name. Of a thread that does not run those it will go on with: what its
   * switch frame has, or the label it starts at, without a stack. Others are not known.
   */
  readonly registers: Readonly<Record<string, bigint>>;
}

/** The CPUs, and all threads that do not run, those of tasks too. */
export function kernelContexts(k: Kernel): KernelContext[] {
  const cpus = k.cpus.map(({ id, cpu, current }): KernelContext => ({
    id: CPU_CONTEXT + id,
    cpu,
    thread: current,
    name: `CPU ${id}`,
    state: `runs thread ${current.id} of ${current.task.name}${
      cpu.userMode ? ", in user mode" : ""
    }`,
    registers: cpuRegisters(k, cpu),
  }));
  const parked = k.tasks.flatMap((task) => k.threadsOf(task))
    .filter(({ state, cpu }) => state !== "dead" && cpu === null)
    .map((thread): KernelContext => ({
      id: KERNEL_SIDE + thread.id,
      cpu: null,
      thread,
      name: `thread ${thread.id} of ${thread.task.name}`,
      state: stateOf(thread),
      registers: parkedRegisters(k, thread),
    }));
  return [...cpus, ...parked];
}

/** What a thread is doing: a few words. */
export function stateOf({ cpu, state, wait, resume }: Thread): string {
  if (cpu !== null) return `runs on CPU ${cpu}`;
  const what = wait === null ? state : `waits for ${describeWait(wait)}`;
  return resume === null ? what : `${what}, goes on with ${resume.name}`;
}

/** What the kernel's side of a thread that does not run will go on with. */
export function parkedRegisters(k: Kernel, thread: Thread): Readonly<Record<string, bigint>> {
  const { arch, kernelSpace, layout } = k;
  if (thread.stack !== null) {
    const frame = kernelSpace.readU64(thread.address + BigInt(layout.ksp));
    return arch.readSwitchFrame(kernelSpace, frame);
  }
  const pc = thread.label === null ? 0n : k.label(thread.label);
  const { names, programCounter, stackPointer } = new RegisterSet(arch.elfMachine).numbers;
  return { [names[programCounter] ?? "pc"]: pc, [names[stackPointer] ?? "sp"]: 0n };
}
