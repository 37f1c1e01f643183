/**
 * What a walk of stack frames needs of a running machine: the CPU's registers by name, memory
 * through the tables of the address space the stack frames are in, and the code there.
 *
 * @module
 */

import type { Cpu } from "../../arch/arch.ts";
import { UPPER_HALF } from "../../arch/page_tables.ts";
import { PAGE_SIZE } from "../../arch/physical_memory.ts";
import type { Kernel } from "../kernel.ts";
import type { Task } from "../thread/task.ts";
import { taskMemory } from "./unwind_stack.ts";
import {
  type MemoryReader,
  type MemoryWindow,
  type Module,
  moduleFromElf,
  ModuleList,
  RegisterSet,
} from "../../unwind/walk/mod.ts";
import { machineRegisters } from "../../unwind/cfi/mod.ts";
import { liveTrapStubs } from "./live_traps.ts";

const PAGE_MASK = ~BigInt(PAGE_SIZE - 1);

/** A view of one machine; what it has read of memory is kept until {@linkcode LiveState.forget}. */
export class LiveState {
  readonly #k: Kernel;
  readonly #cpu: Cpu;
  readonly #kernelModule: Module;
  /** The kernel's code before translation is on. */
  readonly #boot: ModuleList;
  readonly #modules = new Map<Task, ModuleList>();
  readonly #pages = new Map<Task, Map<bigint, MemoryWindow | undefined>>();
  readonly #general: readonly (readonly [number: number, name: string])[];
  readonly #banked: readonly (readonly [number: number, name: string])[];

  /** A view of one CPU of the machine a kernel runs on. */
  constructor(k: Kernel, cpu: Cpu) {
    this.#k = k;
    this.#cpu = cpu;
    const { elf } = k.arch.image;
    this.#kernelModule = moduleFromElf(elf, { trapVectors: true });
    this.#boot = new ModuleList([moduleFromElf(elf, { bias: -k.arch.directMap })]);
    const { names, tracked } = machineRegisters(k.arch.elfMachine);
    this.#general = tracked.map((number) => [number, names[number] ?? ""] as const)
      .filter(([, name]) => k.arch.registerNames.includes(name));
    this.#banked = Object.entries(k.arch.bankedRegisters).map(([name, cpuName]) =>
      [names.indexOf(name), cpuName] as const
    );
  }

  /**
   * The CPU's general registers, program counter and stack pointer now; those in `other`, by name,
   * are as it says.
   */
  registers(other: Readonly<Record<string, bigint>> = {}): RegisterSet {
    const cpu = this.#cpu;
    const { arch } = this.#k;
    const set = new RegisterSet(arch.elfMachine);
    for (const [number, name] of this.#general) {
      set.set(number, other[name] ?? cpu.register(name));
    }
    set.set(set.numbers.programCounter, cpu.pc);
    set.set(set.numbers.stackPointer, cpu.sp);
    return set;
  }

  /**
   * What a walk begins with: the same, and in kernel mode what the CPU has banked of the
   * interrupted state.
   */
  walkRegisters(general: RegisterSet): RegisterSet {
    const cpu = this.#cpu;
    if (cpu.userMode || this.#banked.length === 0) return general;
    const set = general.clone();
    for (const [number, name] of this.#banked) set.set(number, cpu.register(name));
    return set;
  }

  /**
   * Code of the kernel and of a task's program; while the kernel runs at physical addresses, the
   * kernel there.
   */
  modules(task: Task): ModuleList {
    const cpu = this.#cpu;
    if (!cpu.userMode && (cpu.pc & UPPER_HALF) === 0n) return this.#boot;
    let list = this.#modules.get(task);
    if (list === undefined) {
      const traps = { cpu: this.#cpu, kernel: this.#kernelModule };
      list = new ModuleList([this.#kernelModule, ...task.code.modules.modules]);
      for (const stub of liveTrapStubs(this.#k, traps)) list.addTrapStub(stub);
      this.#modules.set(task, list);
    }
    return list;
  }

  /**
   * Memory as a task in the kernel sees it: its own in the lower half, the kernel's in the upper.
   */
  memory(task: Task): MemoryReader {
    let pages = this.#pages.get(task);
    if (pages === undefined) {
      pages = new Map();
      this.#pages.set(task, pages);
    }
    const known = pages;
    const own = taskMemory(this.#k, task);
    return {
      window: (address) => {
        const start = address & PAGE_MASK;
        if (!known.has(start)) {
          const isKernel = (address & UPPER_HALF) !== 0n;
          known.set(start, isKernel ? this.#kernelPage(start) : own.window(start));
        }
        return known.get(start);
      },
    };
  }

  /** The host may have changed mappings: what was read is not believed any more. */
  forget(): void {
    this.#pages.clear();
  }

  #kernelPage(start: bigint): MemoryWindow | undefined {
    const bytes = this.#k.kernelSpace.pageBytes(start);
    return bytes === undefined ? undefined : { start, bytes };
  }
}
