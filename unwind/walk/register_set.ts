/**
 * Values of a machine's registers in one stack frame. A value may be unknown: a function need not
 * keep every register for its caller.
 *
 * @module
 */
import { wordFromHalves } from "../../bytes/mod.ts";
import type { Machine } from "../../elf/mod.ts";
import { inspectAs, wordTable } from "../../util/inspect.ts";
import { type MachineRegisters, machineRegisters, REGISTER_LIMIT } from "../cfi/mod.ts";

/** Where each tracked register of a machine is kept: slot numbers and masks over them. */
export interface SlotMap {
  /** The machine. */
  readonly registers: MachineRegisters;
  /** Slot by DWARF number, −1 if the register is not tracked. */
  readonly slotOf: Int16Array;
  /** Number of slots, at most 64. */
  readonly count: number;
  /** Slots 0 to 31 that survive a call. */
  readonly savedLow: number;
  /** Slots 32 to 63 that survive a call. */
  readonly savedHigh: number;
  /** Slot of the program counter. */
  readonly pc: number;
  /** Slot of the stack pointer. */
  readonly sp: number;
  /** Slot of the frame pointer. */
  readonly fp: number;
}

const MAPS = new Map<Machine, SlotMap>();

/** The slots of a machine. */
export function slotMap(machine: Machine): SlotMap {
  const known = MAPS.get(machine);
  if (known !== undefined) return known;
  const registers = machineRegisters(machine);
  const slotOf = new Int16Array(REGISTER_LIMIT).fill(-1);
  registers.tracked.forEach((register, slot) => slotOf[register] = slot);
  let savedLow = 0;
  let savedHigh = 0;
  for (const register of registers.calleeSaved) {
    const slot = slotOf[register]!;
    if (slot < 32) savedLow |= 1 << slot;
    else savedHigh |= 1 << (slot - 32);
  }
  const map: SlotMap = {
    registers,
    slotOf,
    count: registers.tracked.length,
    savedLow,
    savedHigh,
    pc: slotOf[registers.programCounter]!,
    sp: slotOf[registers.stackPointer]!,
    fp: slotOf[registers.framePointer]!,
  };
  MAPS.set(machine, map);
  return map;
}

/**
 * A block of register values somewhere in an array: two 32-bit halves per slot, and which slots are
 * known.
 */
export interface RegisterBlock {
  /** The array. */
  readonly words: Int32Array;
  /** Index of the first half of slot 0. */
  readonly base: number;
  /** Known slots 0 to 31. */
  readonly knownLow: number;
  /** Known slots 32 to 63. */
  readonly knownHigh: number;
}

/** Registers of one frame. */
export class RegisterSet {
  /** The machine. */
  readonly machine: Machine;
  #map: SlotMap;
  #words: Int32Array;
  #base: number;
  #knownLow: number;
  #knownHigh: number;

  /** A set with nothing known, or one that shows a block kept elsewhere. */
  constructor(machine: Machine, block?: RegisterBlock) {
    this.machine = machine;
    this.#map = slotMap(machine);
    this.#words = block?.words ?? new Int32Array(2 * this.#map.count);
    this.#base = block?.base ?? 0;
    this.#knownLow = block?.knownLow ?? 0;
    this.#knownHigh = block?.knownHigh ?? 0;
  }

  /** A set from DWARF numbers and values. Throws `RangeError` as {@linkcode RegisterSet.set}. */
  static of(
    machine: Machine,
    values: Iterable<readonly [register: number, value: bigint]>,
  ): RegisterSet {
    const set = new RegisterSet(machine);
    for (const [register, value] of values) set.set(register, value);
    return set;
  }

  /**
   * A set from architectural names and values, such as `Machine.registers()` of the kernel gives;
   * names that the machine does not track are passed over.
   */
  static named(machine: Machine, values: Readonly<Record<string, bigint>>): RegisterSet {
    const set = new RegisterSet(machine);
    const { names, tracked, programCounter } = set.numbers;
    for (const register of tracked) {
      const value = values[names[register] ?? ""] ??
        (register === programCounter ? values["pc"] : undefined);
      if (value !== undefined) set.set(register, value);
    }
    return set;
  }

  /** Value of a DWARF register, 0 to 2^64 − 1, or undefined if it is not known or not tracked. */
  get(register: number): bigint | undefined {
    const slot = this.#map.slotOf[register] ?? -1;
    if (slot < 0 || !this.#isKnown(slot)) return undefined;
    const at = this.#base + 2 * slot;
    return wordFromHalves(this.#words[at]!, this.#words[at + 1]!);
  }

  /** Sets a register, modulo 2^64. Throws `RangeError` for a DWARF number that is not tracked. */
  set(register: number, value: bigint): void {
    const slot = this.#map.slotOf[register] ?? -1;
    if (slot < 0) {
      throw new RangeError(
        `Cannot keep register ${register} of ${this.machine}`,
      );
    }
    const at = this.#base + 2 * slot;
    this.#words[at] = Number(BigInt.asIntN(32, value));
    this.#words[at + 1] = Number(BigInt.asIntN(32, value >> 32n));
    if (slot < 32) this.#knownLow |= 1 << slot;
    else this.#knownHigh |= 1 << (slot - 32);
  }

  /** DWARF numbers of the machine's special registers. */
  get numbers(): MachineRegisters {
    return this.#map.registers;
  }

  /** Program counter, or undefined if it is not known. */
  get pc(): bigint | undefined {
    return this.get(this.#map.registers.programCounter);
  }

  /** Stack pointer, or undefined if it is not known. */
  get sp(): bigint | undefined {
    return this.get(this.#map.registers.stackPointer);
  }

  /** Known registers by DWARF number, in ascending order of slots. */
  *entries(): Generator<[register: number, value: bigint]> {
    for (const register of this.#map.registers.tracked) {
      const value = this.get(register);
      if (value !== undefined) yield [register, value];
    }
  }

  /** An independent copy. */
  clone(): RegisterSet {
    return new RegisterSet(this.machine, {
      words: this.#words.slice(this.#base, this.#base + 2 * this.#map.count),
      base: 0,
      knownLow: this.#knownLow,
      knownHigh: this.#knownHigh,
    });
  }

  /** The block this set shows. */
  block(): RegisterBlock {
    return {
      words: this.#words,
      base: this.#base,
      knownLow: this.#knownLow,
      knownHigh: this.#knownHigh,
    };
  }

  /** Copies every slot, known or not, to `words` from `at` on. */
  copyTo(words: Int32Array, at: number): void {
    const from = this.#base;
    const size = 2 * this.#map.count;
    for (let i = 0; i < size; i++) words[at + i] = this.#words[from + i]!;
  }

  #isKnown(slot: number): boolean {
    return slot < 32
      ? (this.#knownLow >>> slot & 1) !== 0
      : (this.#knownHigh >>> (slot - 32) & 1) !== 0;
  }
}

inspectAs(RegisterSet, (set) => {
  const { names, programCounter } = set.numbers;
  const named = (register: number): string =>
    names[register] ?? (register === programCounter ? "pc" : `r${register}`);
  const words = Array.from(set.entries(), ([number, value]) => [named(number), value] as const);
  return `Registers ${set.machine}, ${words.length} known\n${wordTable(words)}`;
});
