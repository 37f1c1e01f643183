/**
 * What the unwinder needs of a stopped thread: its registers and its memory.
 *
 * @module
 */

import type { TrapFrame } from "../../arch/arch.ts";
import { PAGE_SIZE } from "../../arch/physical_memory.ts";
import { machineRegisters } from "../../unwind/cfi/mod.ts";
import { type MemoryReader, type MemoryWindow, RegisterSet } from "../../unwind/walk/mod.ts";
import type { Kernel } from "../kernel.ts";
import type { Task } from "../thread/task.ts";
import type { Thread } from "../thread/thread.ts";
import { pageFloor } from "../vm/vm_map.ts";

/**
 * DWARF numbers and names of the registers a trap frame holds, without program counter and stack
 * pointer.
 */
function generalRegisters(k: Kernel): readonly (readonly [number, string])[] {
  const registers = machineRegisters(k.arch.elfMachine);
  const special = [registers.programCounter, registers.stackPointer];
  return registers.tracked.flatMap((number) => {
    const name = registers.names[number];
    return name !== undefined && !special.includes(number) && k.arch.registerNames.includes(name)
      ? [[number, name] as const]
      : [];
  });
}

/**
 * The innermost trap frame of a thread's program: in the thread object, or on the stack of a
 * kernel-mode task.
 */
export function programFrame(k: Kernel, thread: Thread): TrapFrame {
  const trap = thread.task.kernelMode ? thread.trap : undefined;
  return trap === undefined ? k.userFrame(thread) : k.trapFrame(thread, trap);
}

/** Registers of the code a trap frame interrupted. */
export function registersOf(k: Kernel, frame: TrapFrame): RegisterSet {
  const set = new RegisterSet(k.arch.elfMachine);
  const { programCounter, stackPointer } = set.numbers;
  for (const [number, name] of generalRegisters(k)) set.set(number, frame.register(name));
  set.set(programCounter, frame.pc);
  set.set(stackPointer, frame.sp);
  return set;
}

/** Writes a register set into a trap frame; registers that are not known stay as they are. */
export function setRegisters(k: Kernel, frame: TrapFrame, registers: RegisterSet): void {
  for (const [number, name] of generalRegisters(k)) {
    const value = registers.get(number);
    if (value !== undefined) frame.setRegister(name, value);
  }
  frame.pc = registers.pc ?? frame.pc;
  frame.sp = registers.sp ?? frame.sp;
}

/**
 * Memory of a task as its pages are now, for reading: pages of its file that are not in memory are
 * read from the file, and pages that it has not touched yet are zeros.
 */
export function taskMemory(k: Kernel, task: Task): MemoryReader {
  const { space } = task;
  return {
    window(address: bigint): MemoryWindow | undefined {
      const start = pageFloor(address);
      if (space === null) {
        const bytes = k.kernelSpace.pageBytes(start);
        return bytes === undefined ? undefined : { start, bytes };
      }
      const page = space.page(address);
      if (page !== undefined) {
        return { start, bytes: k.memory.slice(page.frame, PAGE_SIZE) };
      }
      const entry = space.lookup(address);
      if (entry === undefined || !entry.protection.read) return undefined;
      if (entry.object.kind !== "file") return { start, bytes: new Uint8Array(PAGE_SIZE) };
      const { file, size, offset } = entry.object;
      const at = offset + Number(start - entry.begin);
      const length = Math.min(PAGE_SIZE, size - at);
      return length <= 0 ? undefined : { start, bytes: k.memory.slice(file + BigInt(at), length) };
    },
  };
}

/** Writes a word of a task's memory that is in memory. Returns whether it was. */
export function writeTaskWord(
  k: Kernel,
  target: { task: Task; address: bigint },
  value: bigint,
): boolean {
  const { task, address } = target;
  // What stands for a page that is not in memory must stay as it is.
  if (task.space !== null && task.space.page(address) === undefined) return false;
  const window = taskMemory(k, task).window(address);
  const at = window === undefined ? -1 : Number(address - window.start);
  if (window === undefined || at + 8 > window.bytes.length) return false;
  new DataView(window.bytes.buffer, window.bytes.byteOffset).setBigUint64(at, value, true);
  return true;
}
