/**
 * Registers by name: a CPU's, and those of a thread's program.
 *
 * @module
 */

import type { Cpu } from "../../arch/arch.ts";
import { inspectAs, wordTable } from "../../util/inspect.ts";
import { KernelError } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import type { Thread } from "../thread/thread.ts";
import { interruptedProgram } from "../unwind/interrupted.ts";
import { programFrame } from "../unwind/unwind_stack.ts";

/** Values by name, in the order of a register dump. */
export type Registers = Readonly<Record<string, bigint>>;

/** A register of a thread's program by its name in a dump or a trap frame. */
export type ReadRegister = (name: string) => bigint;

/** The general registers of a CPU as they are now, in whatever mode it is. */
export function cpuRegisters(k: Kernel, cpu: Cpu): Registers {
  return named(k, (name) => cpu.register(name));
}

/**
 * The general registers of a thread's program: what the CPU holds while the program runs, else what
 * the trap frame holds that it will go on from.
 * @throws {KernelError} of kind `misuse` if it runs no program
 */
export function programRegisters(k: Kernel, thread: Thread): Registers {
  if (thread.state === "dead") throw noProgram(thread);
  return named(k, programRegister(k, thread));
}

/**
 * What reads a register of a thread's program, as {@linkcode programRegisters}, of one that is dead
 * too while its object is there.
 * @throws {KernelError} of kind `misuse` if it runs no program
 */
export function programRegister(k: Kernel, thread: Thread): ReadRegister {
  if (thread.cpu !== null && thread.state !== "dead") {
    const { cpu } = k.cpuOf(thread);
    if (cpu.userMode || runsProgram(k, thread, cpu)) return (name) => cpu.register(name);
    const interrupted = interruptedProgram(k, thread, cpu);
    if (interrupted !== undefined) return interrupted;
  }
  if (!thread.userReady) throw noProgram(thread);
  const frame = programFrame(k, thread);
  return (name) => frame.register(name);
}

/**
 * Sets a general register of the CPU, or of a thread's program, by its name in a dump.
 * @throws {KernelError} of kind `misuse` if there is none of that name, the thread runs no program,
 *   or the guest is in the midst of saving what that has
 */
export function setRegister(
  k: Kernel,
  on: { readonly cpu: Cpu; readonly thread?: Thread },
  { name, value }: { readonly name: string; readonly value: bigint },
): void {
  const { cpu, thread } = on;
  if (!k.arch.registerNames.includes(name)) {
    throw new KernelError(
      "misuse",
      `Cannot set register "${name}": expected ${k.arch.registerNames.join(", ")}`,
    );
  }
  if (thread === undefined) return cpu.setRegister(name, value);
  if (thread.state === "dead") throw noProgram(thread, "set");
  if (thread.cpu !== null) {
    const own = k.cpuOf(thread).cpu;
    if (own.userMode || runsProgram(k, thread, own)) return own.setRegister(name, value);
    if (interruptedProgram(k, thread, own) !== undefined) {
      throw new KernelError(
        "misuse",
        `Cannot set ${name} of thread ${thread.id} of ${thread.task.name}: its registers are ` +
          "being saved",
      );
    }
  }
  if (!thread.userReady) throw noProgram(thread, "set");
  programFrame(k, thread).setRegister(name, value);
}

function noProgram(thread: Thread, action: "read" | "set" = "read"): KernelError {
  return new KernelError(
    "misuse",
    `Cannot ${action} the registers of thread ${thread.id} of ${thread.task.name}: it ` +
      (thread.state === "dead" ? "is dead" : "has no program to run"),
  );
}

/** Whether a CPU in kernel mode executes the program of a kernel-mode task. */
function runsProgram(k: Kernel, { task }: Thread, { pc }: Cpu): boolean {
  const { programRegion } = k.arch;
  return task.kernelMode && pc >= programRegion && pc < programRegion + (1n << 30n);
}

function named(k: Kernel, value: ReadRegister): Registers {
  const registers = Object.fromEntries(k.arch.registerNames.map((name) => [name, value(name)]));
  inspectAs({ prototype: registers }, (all) => `Registers\n${wordTable(Object.entries(all))}`);
  return registers;
}
