/**
 * What a walk holds at one stack frame: the registers, and what is known about them.
 *
 * @module
 */
import { type Address, addressFromHalves, toBigAddress, wordFromHalves } from "../../bytes/mod.ts";
import { EXACT, type Trust } from "./certainty.ts";
import { CodeBytes } from "./code_bytes.ts";
import { WalkError, type WalkErrorKind } from "../errors.ts";
import { type MemoryReader, WordReader } from "./memory.ts";
import type { ModuleList } from "./module_list.ts";
import { type ArenaBlock, takeBlock } from "./register_arena.ts";
import { type RegisterBlock, RegisterSet, type SlotMap, slotMap } from "./register_set.ts";
import type { WalkInput } from "./walk_types.ts";

const NO_WORDS = new Int32Array(0);

/** The state of a walk. Its fields are changed by the functions that take a step. */
export class WalkState implements RegisterBlock {
  /** Slots of the machine's registers. */
  readonly slots: SlotMap;
  /** Memory of the program. */
  readonly memory: MemoryReader;
  /** Code of the program. */
  readonly modules: ModuleList;
  /** Reads words of the memory. */
  readonly reader: WordReader;
  /** Number of the current stack frame, −1 before the first. */
  index = -1;
  /** Program counter. */
  pc: Address = NaN;
  /** Canonical frame address, NaN while it is not known. */
  cfa: Address = NaN;
  /** Whether the program counter is that of an instruction that has not run. */
  interrupted: boolean;
  /** How sure it is that the stack frame is there. */
  trust: Trust = EXACT;
  /** The array that holds the registers. */
  words: Int32Array;
  /** Index of the first half of slot 0. */
  base: number;
  /** Known slots 0 to 31. */
  knownLow: number;
  /** Known slots 32 to 63. */
  knownHigh: number;
  #block: ArenaBlock = { words: NO_WORDS, base: 0 };
  #code: CodeBytes | undefined;

  /** The state before the first stack frame. Throws {@linkcode WalkError} (`registers`). */
  constructor(input: WalkInput, interrupted: boolean) {
    const { registers } = input;
    this.slots = slotMap(registers.machine);
    this.memory = input.memory;
    this.modules = input.modules;
    this.reader = new WordReader(input.memory);
    this.interrupted = interrupted;
    takeBlock(this.#block, 2 * this.slots.count);
    this.words = this.#block.words;
    this.base = this.#block.base;
    registers.copyTo(this.words, this.base);
    const { knownLow, knownHigh } = registers.block();
    this.knownLow = knownLow;
    this.knownHigh = knownHigh;
    if (registers.pc === undefined || registers.sp === undefined) {
      throw new WalkError("registers", "PC and SP must be known", {
        frame: 0,
        pc: registers.pc ?? 0n,
      });
    }
    this.pc = this.value(this.slots.pc);
    if (this.pc !== this.pc) throw this.error("registers", "PC is no address");
  }

  /** The instructions around the program counter. */
  code(): CodeBytes {
    return (this.#code ??= new CodeBytes(this)).moveTo(this.pc);
  }

  /** Whether the value of a slot is known. */
  isKnown(slot: number): boolean {
    return (slot < 32 ? this.knownLow >>> slot & 1 : this.knownHigh >>> (slot - 32) & 1) !== 0;
  }

  /** Value of a slot as an address, NaN if it is none. */
  value(slot: number): Address {
    const at = this.base + 2 * slot;
    return addressFromHalves(this.words[at]!, this.words[at + 1]!);
  }

  /** Value of a slot. */
  bigValue(slot: number): bigint {
    const at = this.base + 2 * slot;
    return wordFromHalves(this.words[at]!, this.words[at + 1]!);
  }

  /** Value of a DWARF register. Throws {@linkcode WalkError} (`registers`) if it is not known. */
  register(register: number): bigint {
    const slot = this.slots.slotOf[register] ?? -1;
    if (slot < 0 || !this.isKnown(slot)) {
      throw this.error("registers", `Register ${register} is not known`);
    }
    return this.bigValue(slot);
  }

  /**
   * Copies the registers to a new block, which becomes the current one; stack frames given keep
   * theirs.
   */
  nextBlock(): void {
    const size = 2 * this.slots.count;
    const from = this.base;
    const words = this.words;
    const block = this.#block;
    takeBlock(block, size);
    const next = block.words;
    const to = block.base;
    if (next === words) words.copyWithin(to, from, from + size);
    else next.set(words.subarray(from, from + size), to);
    this.words = next;
    this.base = to;
  }

  /** Goes to a frame of which nothing is known but its stack pointer and its return address. */
  goTo(
    { sp, pc, trust }: { readonly sp: Address; readonly pc: Address; readonly trust: Trust },
  ): void {
    this.nextBlock();
    this.knownLow = 0;
    this.knownHigh = 0;
    this.#set(this.slots.sp, sp);
    this.#set(this.slots.pc, pc);
    this.interrupted = false;
    this.trust = trust;
    this.pc = pc;
    this.cfa = NaN;
  }

  #set(slot: number, value: Address): void {
    const at = this.base + 2 * slot;
    this.words[at] = value | 0;
    this.words[at + 1] = Math.floor(value / 0x100000000) | 0;
    if (slot < 32) this.knownLow |= 1 << slot;
    else this.knownHigh |= 1 << (slot - 32);
  }

  /** The registers as a set that shows the current block. */
  registers(): RegisterSet {
    return new RegisterSet(this.slots.registers.machine, this);
  }

  /** An error of the current stack frame: a saved register cannot be read. */
  unreadable(address: Address): WalkError {
    const at = Number.isSafeInteger(address)
      ? `0x${toBigAddress(address).toString(16)}`
      : "no address";
    return this.error("memory", `Cannot read a saved register at ${at}`);
  }

  /** An error of the current stack frame. */
  error(kind: WalkErrorKind, message: string): WalkError {
    return new WalkError(kind, message, {
      frame: Math.max(0, this.index),
      pc: this.pc === this.pc ? toBigAddress(this.pc) : 0n,
    });
  }
}
