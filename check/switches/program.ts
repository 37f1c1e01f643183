/**
 * The program whose switches are verified: its routines by address, its registers and its memory.
 *
 * @module
 */

import type { Arch } from "../../arch/arch.ts";
import { PAGE_SIZE } from "../../arch/physical_memory.ts";
import type { ElfFile } from "../../elf/mod.ts";
import { KernelError } from "../../kernel/errors.ts";
import type { Machine } from "../../kernel/machine.ts";
import { fpStateOf } from "../../kernel/core/fp_state.ts";
import type { Task } from "../../kernel/thread/task.ts";
import { LiveState } from "../../kernel/unwind/live_state.ts";
import { taskMemory } from "../../kernel/unwind/unwind_stack.ts";
import { FrameIterator, type RegisterSet } from "../../unwind/walk/mod.ts";
import { machineRegisters } from "../../unwind/cfi/mod.ts";

/** A function that switches, or a part of one. */
export interface Routine {
  /** Its name. */
  readonly name: string;
  /** Address of its first byte. */
  readonly begin: bigint;
  /** Address after its last byte. */
  readonly end: bigint;
}

/** The contents of pages by their address. */
export type Pages = ReadonlyMap<bigint, Uint8Array>;

/** The routines of the names given. Throws {@linkcode KernelError} (`misuse`) if one is missing. */
export function findRoutines(elf: ElfFile, names: readonly string[]): Routine[] {
  return names.map((name) => {
    const symbol = elf.symbolNamed(name);
    if (symbol === undefined || symbol.section === 0) {
      throw new KernelError("misuse", `Cannot verify ${name}: the program has no such function`);
    }
    const { value: begin, size } = symbol;
    if (size === 0n) {
      throw new KernelError("misuse", `Cannot verify ${name}: its symbol has no size`);
    }
    return { name, begin, end: begin + size };
  });
}

/** The program of a machine's current thread, looked at from outside. */
export class SwitchProgram {
  readonly #machine: Machine;
  readonly #routines: readonly Routine[];
  readonly #kept: readonly number[];

  /** A view of a machine and routines of its program. */
  constructor(machine: Machine, routines: readonly Routine[]) {
    this.#machine = machine;
    this.#routines = routines;
    this.#kept = machineRegisters(this.arch.elfMachine).calleeSaved;
  }

  /** The architecture. */
  get arch(): Arch {
    return this.#machine.kernel.arch;
  }

  /** The task that runs. */
  get task(): Task {
    return this.#thread.task;
  }

  get #thread() {
    const [on] = this.#machine.kernel.cpus;
    if (on === undefined) throw new KernelError("misuse", "Machine has no CPU");
    return on.current;
  }

  /** The routine at an address. */
  routineAt(pc: bigint): Routine | undefined {
    return this.#routines.find(({ begin, end }) => pc >= begin && pc < end);
  }

  /** Registers now, with those floating-point registers that unwind tables speak of. */
  registers(): RegisterSet {
    const { kernel, cpu } = this.#machine;
    const set = new LiveState(kernel, cpu).registers();
    const state = fpStateOf(kernel, this.#thread);
    const view = new DataView(state.buffer, state.byteOffset);
    for (const register of this.#kept) {
      const offset = this.arch.fpStateOffset(register);
      if (offset !== undefined) set.set(register, view.getBigUint64(offset, true));
    }
    return set;
  }

  /** Floating-point control, by name. */
  fpControl(): Readonly<Record<string, bigint>> {
    return this.arch.fpControl(fpStateOf(this.#machine.kernel, this.#thread));
  }

  /** General registers by name. */
  general(): Record<string, bigint> {
    const { cpu } = this.#machine;
    return Object.fromEntries(this.arch.registerNames.map((name) => [name, cpu.register(name)]));
  }

  /** Where the function whose first instruction is next returns to, and with what stack pointer. */
  returnPlace(): { pc: bigint; sp: bigint } {
    const { cpu } = this.#machine;
    const { link, pushed } = this.arch.calling;
    if (link !== undefined) return { pc: cpu.register(link), sp: cpu.sp };
    return { pc: this.#word(cpu.sp), sp: cpu.sp + BigInt(pushed) };
  }

  /** The first arguments of that function. */
  arguments(): bigint[] {
    return this.arch.calling.arguments.map((name) => this.#machine.cpu.register(name));
  }

  /** What the next instruction does to the call stack. */
  flow(): ReturnType<Arch["flow"]> {
    const { cpu, kernel: { memory } } = this.#machine;
    const physical = cpu.translate(cpu.pc);
    return physical === undefined
      ? "other"
      : this.arch.flow(memory.slice(physical, this.arch.maxInstructionSize));
  }

  /** A walk by tables alone. */
  walk(registers: RegisterSet, start: "instruction" | "return-address"): FrameIterator {
    const { task } = this;
    return new FrameIterator({
      registers,
      memory: taskMemory(this.#machine.kernel, task),
      modules: task.code.modules,
    }, { framePointer: false, maxFrames: 1000, start });
  }

  /** A copy of all that the task can write and has in memory. */
  pages(): Pages {
    const { space } = this.task;
    const { memory } = this.#machine.kernel;
    const pages = new Map<bigint, Uint8Array>();
    for (const [address, { frame }] of space?.pages ?? []) {
      if (space?.lookup(address)?.protection.write !== true) continue;
      pages.set(address, memory.slice(frame, PAGE_SIZE).slice());
    }
    return pages;
  }

  #word(address: bigint): bigint {
    const { cpu, kernel: { memory } } = this.#machine;
    const physical = cpu.translate(address);
    if (physical === undefined) {
      throw new KernelError("misuse", "Cannot verify a switch without a stack", { address });
    }
    return memory.readU64(physical);
  }
}

/** Words that differ between two states of the same memory; pages that are new begin as zeros. */
export function* changedWords(
  before: Pages,
  after: Pages,
): Generator<{ address: bigint; before: bigint; after: bigint }> {
  const zeros = new BigUint64Array(PAGE_SIZE / 8);
  const words = (bytes: Uint8Array | undefined) =>
    bytes === undefined ? zeros : new BigUint64Array(bytes.buffer, bytes.byteOffset, PAGE_SIZE / 8);
  for (const [page, bytes] of after) {
    const old = words(before.get(page));
    const now = words(bytes);
    for (let i = 0; i < now.length; i++) {
      if (old[i] === now[i]) continue;
      yield { address: page + BigInt(8 * i), before: old[i] ?? 0n, after: now[i] ?? 0n };
    }
  }
}
