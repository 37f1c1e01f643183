/**
 * Walks a stack from the innermost stack frame outwards.
 *
 * The walk ends, in bounded time, on any input: the number of stack frames is limited, the stack
 * must grow in one direction unless a table or a trap says it is another one, and a state that
 * comes back is an error.
 *
 * @module
 */
import {
  type Address,
  addressFromHalves,
  fromBigAddress,
  InputError,
  toBigAddress,
} from "../../bytes/mod.ts";
import {
  type CompiledRule,
  compileRow,
  type OtherRule,
  type PlainRules,
  plainRules,
} from "./compiled_rule.ts";
import { CycleFinder } from "./cycle_finder.ts";
import { WalkError, type WalkErrorKind } from "../errors.ts";
import {
  evaluateExpression,
  type ExpressionContext,
  type ExpressionResult,
  RULE,
} from "../cfi/mod.ts";
import { Frame, type WalkContext } from "./frame.ts";
import { WordReader } from "./memory.ts";
import type { ModuleList } from "./module_list.ts";
import { type ArenaBlock, takeBlock } from "./register_arena.ts";
import { RegisterSet, type SlotMap, slotMap } from "./register_set.ts";
import type { TrapFrameDescription } from "./trap.ts";
import type { WalkEnd, WalkInput, WalkOptions } from "./walk_types.ts";

const NO_WORDS = new Int32Array(0);

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * Walks a stack. A frame that could be found is given even if its caller cannot be; the error comes
 * with the next step.
 */
export class FrameIterator implements IterableIterator<Frame, undefined> {
  /** Why the walk ended; undefined while it goes on, and after an error. */
  end: WalkEnd | undefined;
  #context: WalkContext;
  #slots: SlotMap;
  #modules: ModuleList;
  #reader: WordReader;
  #plain: PlainRules;
  #limit: number;
  #framePointer: boolean;
  #stopAtUser: boolean;
  #redZone: number;
  /** Bits of the high half of an address that are address, not signature. */
  #addressMask: number;

  #block: ArenaBlock = { words: NO_WORDS, base: 0 };
  #words: Int32Array;
  #base: number;
  #knownLow: number;
  #knownHigh: number;
  /** Number of the current frame, −1 before the first. */
  #index = -1;
  #pc: Address = 0;
  #cfa: Address = NaN;
  #interrupted: boolean;
  #rule: CompiledRule;
  #trap: TrapFrameDescription | undefined;
  #finished = false;
  #problem: unknown;
  #cycle: CycleFinder = new CycleFinder();

  /**
   * A walk that has not begun. Throws {@linkcode WalkError} (`registers`) if program counter or
   * stack pointer are not known.
   */
  constructor(input: WalkInput, options: WalkOptions = {}) {
    const slots = this.#slots = slotMap(input.registers.machine);
    this.#context = { slots, memory: input.memory, modules: input.modules };
    this.#modules = input.modules;
    this.#reader = new WordReader(input.memory);
    this.#plain = plainRules(slots);
    this.#rule = this.#plain.none;
    this.#limit = options.maxFrames ?? 4096;
    this.#framePointer = options.framePointer ?? true;
    this.#stopAtUser = options.stopAtUser ?? false;
    this.#redZone = options.redZone ?? Infinity;
    this.#interrupted = options.start !== "return-address";
    const bits = Math.min(55, Math.max(33, options.addressBits ?? 48)) - 32;
    this.#addressMask = 2 ** bits - 1;
    const block = input.registers.block();
    takeBlock(this.#block, 2 * slots.count);
    this.#words = this.#block.words;
    this.#base = this.#block.base;
    input.registers.copyTo(this.#words, this.#base);
    this.#knownLow = block.knownLow;
    this.#knownHigh = block.knownHigh;
    if (input.registers.pc === undefined || input.registers.sp === undefined) {
      throw new WalkError("registers", "PC and SP must be known", {
        frame: 0,
        pc: input.registers.pc ?? 0n,
      });
    }
    this.#pc = this.#value(slots.pc);
    if (this.#pc !== this.#pc) {
      throw this.#error("registers", "PC is no address");
    }
  }

  /** Itself. */
  [Symbol.iterator](): this {
    return this;
  }

  /**
   * The next stack frame outwards.
   *
   * @throws {WalkError | CfiError | DecodeError | ExpressionError} If there should be one and it
   * cannot be found. The walk is then over.
   */
  next(): IteratorResult<Frame, undefined> {
    if (this.#finished) return DONE;
    try {
      if (this.#problem !== undefined) throw this.#problem;
      if (this.#index >= 0 && !this.#advance()) {
        this.#finished = true;
        return DONE;
      }
      if (this.#index + 1 >= this.#limit) {
        this.end = "frame-limit";
        this.#finished = true;
        return DONE;
      }
      this.#index++;
      return { done: false, value: this.#frame() };
    } catch (error) {
      this.#finished = true;
      throw error;
    }
  }

  /** Ends the walk. */
  return(): IteratorResult<Frame, undefined> {
    this.#finished = true;
    return DONE;
  }

  /**
   * The frame of the current state; what is wrong with the way to its caller is kept for the next
   * step.
   */
  #frame(): Frame {
    const before = this.#rule;
    const previous = this.#cfa;
    this.#trap = undefined;
    try {
      this.#findRule();
      this.#findCfa();
      // Another stack is reached only by a trap, or where a table says so.
      if (
        this.#cfa < previous && !before.isSignalFrame &&
        !before.setsStackPointer && this.#rule.cfaSlot >= 0 &&
        this.#trap === undefined
      ) throw this.#error("cfa", "CFA is below that of the frame before");
      if (this.#cycle.returns(this.#index, this.#pc, this.#cfa)) {
        throw this.#error("loop", "Stack leads back to an earlier frame");
      }
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.#problem = error;
    }
    return new Frame(this.#context, {
      index: this.#index,
      pc: this.#pc,
      cfa: this.#cfa,
      interrupted: this.#interrupted,
      rule: this.#rule,
      trap: this.#trap,
      words: this.#words,
      base: this.#base,
      knownLow: this.#knownLow,
      knownHigh: this.#knownHigh,
    });
  }

  #findRule(): void {
    const lookup = this.#pc - (this.#interrupted ? 0 : 1);
    const modules = this.#modules;
    this.#rule = this.#plain.none;
    this.#cfa = NaN;
    if (modules.hasTrapStubs) {
      this.#describeTrap();
      if (this.#trap !== undefined) return;
    }
    this.#rule = modules.rules.get(lookup) ?? this.#learn(lookup) ??
      this.#withoutTable(lookup);
  }

  /** The rule of the tables for an address, or undefined if they have none. */
  #learn(lookup: Address): CompiledRule | undefined {
    const module = this.#modules.find(lookup);
    const found = module?.find(lookup);
    if (module === undefined || found === undefined) return undefined;
    const row = found.table.rowAt(found.fde, lookup - module.bias);
    if (row === undefined) return undefined;
    const rule = compileRow(row, found, { module, slots: this.#slots });
    if (rule === undefined) {
      throw this.#error("registers", "Rule needs a register not kept");
    }
    this.#modules.rules.put(lookup, rule);
    return rule;
  }

  #withoutTable(lookup: Address): CompiledRule {
    const { slots } = this.#context;
    const { entry, framePointer, none } = this.#plain;
    const sp = this.#value(slots.sp);
    if (this.#interrupted && this.#modules.find(lookup) === undefined) {
      // A call or jump to nowhere: believe it if the would-be return address is in code.
      const link = slots.registers.link;
      const back = link !== undefined
        ? this.#value(slots.slotOf[link]!)
        : this.#reader.load(sp)
        ? addressFromHalves(this.#reader.low, this.#reader.high)
        : NaN;
      if (this.#modules.find(back - 1) !== undefined) return entry;
    }
    if (!this.#framePointer || !this.#isKnown(slots.fp)) return none;
    const fp = this.#value(slots.fp);
    return fp !== 0 && fp % 8 === 0 && fp >= sp ? framePointer : none;
  }

  #findCfa(): void {
    const rule = this.#rule;
    if (this.#trap !== undefined || rule.source === "none") return;
    let cfa: Address;
    if (rule.cfaSlot >= 0) {
      if (!this.#isKnown(rule.cfaSlot)) {
        throw this.#error("cfa", "Register of the CFA is not known");
      }
      cfa = this.#value(rule.cfaSlot) + rule.cfaOffset;
    } else {
      const result = this.#evaluate(rule.cfaOffset, undefined);
      cfa = fromBigAddress(
        result.type === "register" ? this.#register(result.register) : result.value,
      );
    }
    if (!Number.isSafeInteger(cfa)) {
      throw this.#error("cfa", "CFA is no address");
    }
    this.#cfa = cfa;
  }

  /** Makes the caller's state the current one; false at the end of the stack. */
  #advance(): boolean {
    const rule = this.#rule;
    const trap = this.#trap;
    if (trap !== undefined) return this.#leaveTrap(trap);
    if (rule.returnSlot < 0) {
      this.end = rule.source === "none" ? "no-rule" : "return-address-undefined";
      return false;
    }
    const from = this.#base;
    const old = this.#words;
    const words = this.#nextBlock();
    const to = this.#base;
    const reader = this.#reader;
    const cfa = this.#cfa;
    const { storedSlots, storedOffsets } = rule;
    const lost = this.#interrupted ? this.#value(this.#slots.sp) - this.#redZone : -Infinity;
    for (let i = 0; i < storedSlots.length; i++) {
      const address = cfa + storedOffsets[i]!;
      if (address < lost && this.#isKnown(storedSlots[i]!)) continue;
      if (!reader.load(address)) throw this.#unreadable(address);
      const at = to + 2 * storedSlots[i]!;
      words[at] = reader.low;
      words[at + 1] = reader.high;
    }
    const oldLow = this.#knownLow;
    const oldHigh = this.#knownHigh;
    let knownLow = oldLow & rule.keepLow | rule.setLow;
    let knownHigh = oldHigh & rule.keepHigh | rule.setHigh;
    if (rule.others.length !== 0) {
      const low = this.#lost;
      this.#applyOthers(rule.others, old, from);
      knownLow &= ~low[0]!;
      knownHigh &= ~low[1]!;
    }
    const { pc, sp } = this.#slots;
    if (!rule.setsStackPointer) {
      words[to + 2 * sp] = cfa | 0;
      words[to + 2 * sp + 1] = Math.floor(cfa / 0x100000000) | 0;
      if (sp < 32) knownLow |= 1 << sp;
      else knownHigh |= 1 << (sp - 32);
    }
    const returnSlot = rule.returnSlot;
    // What the rule gives must be known now; what it does not mention, before.
    const isKnown = returnSlot < 32
      ? (knownLow & rule.setLow | oldLow & ~rule.setLow) >>> returnSlot & 1
      : (knownHigh & rule.setHigh | oldHigh & ~rule.setHigh) >>>
          (returnSlot - 32) & 1;
    if (isKnown === 0) {
      throw this.#error("return-address", "Return address is not known");
    }
    const low = words[to + 2 * returnSlot]!;
    let high = words[to + 2 * returnSlot + 1]!;
    if (rule.raSigned) {
      // Bit 55 says which half of the address space the pointer is in.
      high = (high & 0x800000) !== 0 ? high | ~this.#addressMask : high & this.#addressMask;
    }
    words[to + 2 * pc] = low;
    words[to + 2 * pc + 1] = high;
    if (pc < 32) knownLow |= 1 << pc;
    else knownHigh |= 1 << (pc - 32);
    this.#knownLow = knownLow;
    this.#knownHigh = knownHigh;
    this.#interrupted = rule.isSignalFrame;
    return this.#arrive(addressFromHalves(low, high));
  }

  #lost: [number, number] = [0, 0];

  /** Rules that are not plain stores; slots whose value turns out unknown go into `#lost`. */
  #applyOthers(
    others: readonly OtherRule[],
    old: Int32Array,
    from: number,
  ): void {
    const words = this.#words;
    const lost = this.#lost;
    lost[0] = lost[1] = 0;
    // Every rule speaks of the registers before any of them is applied.
    const to = this.#base;
    this.#words = old;
    this.#base = from;
    try {
      for (const { slot, kind, value } of others) {
        const at = to + 2 * slot;
        const result = this.#otherValue(kind, value);
        if (result === undefined) lost[slot >> 5]! |= 1 << (slot & 31);
        else {
          words[at] = Number(BigInt.asIntN(32, result));
          words[at + 1] = Number(BigInt.asIntN(32, result >> 32n));
        }
      }
    } finally {
      this.#words = words;
      this.#base = to;
    }
  }

  #otherValue(kind: number, value: number): bigint | undefined {
    const cfa = toBigAddress(this.#cfa);
    if (kind === RULE.valOffset) return cfa + BigInt(value);
    if (kind === RULE.register) {
      return value >= 0 && this.#isKnown(value) ? this.#bigValue(value) : undefined;
    }
    const result = this.#evaluate(value, cfa);
    if (result.type === "register") return this.#register(result.register);
    if (kind === RULE.valExpression || result.type === "literal") {
      return result.value;
    }
    const stored = this.#reader.number(result.value, 8);
    if (stored === undefined) throw this.#unreadable(fromBigAddress(result.value));
    return stored;
  }

  /**
   * Evaluates the expression at an offset of the current rule's section; the CFA, if it is known,
   * is on the stack first.
   */
  #evaluate(at: number, cfa: bigint | undefined): ExpressionResult {
    const { table, module } = this.#rule;
    if (table === undefined || module === undefined) {
      throw this.#error("cfa", "Rule has no expression");
    }
    const context: ExpressionContext = {
      register: (register) => this.#register(register),
      memory: (address, size) => this.#reader.number(address, size),
      cfa,
      bias: toBigAddress(module.bias),
      bases: table.bases,
    };
    return evaluateExpression(table.expressionAt(at), context, {
      stack: cfa === undefined ? [] : [cfa],
    });
  }

  #describeTrap(): void {
    const pc = toBigAddress(this.#pc);
    const stub = this.#modules.trapStubAt(pc);
    if (stub === undefined) return;
    const { memory, slots } = this.#context;
    const registers = new RegisterSet(slots.registers.machine, {
      words: this.#words,
      base: this.#base,
      knownLow: this.#knownLow,
      knownHigh: this.#knownHigh,
    });
    const trap = stub.describe({ pc, registers, memory });
    if (trap === undefined) return;
    this.#trap = trap;
    const cfa = fromBigAddress(trap.cfa ?? trap.base);
    if (cfa !== cfa) throw this.#error("trap", "Trap frame is at no address");
    this.#cfa = cfa;
  }

  /**
   * Goes over to the interrupted code: what the trap frame does not hold is still in the registers.
   */
  #leaveTrap(trap: TrapFrameDescription): boolean {
    if (this.#stopAtUser && trap.from === "user") {
      this.end = "user";
      return false;
    }
    const words = this.#nextBlock();
    const next = new RegisterSet(this.#slots.registers.machine, {
      words,
      base: this.#base,
      knownLow: this.#knownLow,
      knownHigh: this.#knownHigh,
    });
    const { programCounter } = this.#slots.registers;
    const fields = [...trap.saved];
    for (const [register, offset] of fields) {
      const address = BigInt.asUintN(64, trap.base + BigInt(offset));
      const value = this.#reader.number(address, 8);
      if (value === undefined) throw this.#unreadable(fromBigAddress(address));
      this.#setTrapRegister(next, register, value);
    }
    for (const [register, value] of trap.values ?? []) {
      this.#setTrapRegister(next, register, value);
    }
    if (
      !trap.saved.has(programCounter) &&
      trap.values?.has(programCounter) !== true
    ) throw this.#error("trap", "Trap frame does not hold the PC");
    const block = next.block();
    this.#knownLow = block.knownLow;
    this.#knownHigh = block.knownHigh;
    this.#interrupted = true;
    // The interrupted code may be on any stack.
    this.#cfa = NaN;
    return this.#arrive(this.#value(this.#slots.pc));
  }

  #setTrapRegister(set: RegisterSet, register: number, value: bigint): void {
    if ((this.#slots.slotOf[register] ?? -1) < 0) {
      throw this.#error("trap", `Trap frame names register ${register}`);
    }
    set.set(register, value);
  }

  #arrive(pc: Address): boolean {
    if (pc === 0) {
      this.end = "return-address-zero";
      return false;
    }
    if (pc !== pc) {
      throw this.#error("return-address", "Return address is no address");
    }
    this.#pc = pc;
    return true;
  }

  /**
   * Copies the current registers to a new block, which becomes the current one; frames given keep
   * theirs.
   */
  #nextBlock(): Int32Array {
    const size = 2 * this.#slots.count;
    const from = this.#base;
    const words = this.#words;
    const block = this.#block;
    takeBlock(block, size);
    const next = block.words;
    const to = block.base;
    if (next === words) words.copyWithin(to, from, from + size);
    else next.set(words.subarray(from, from + size), to);
    this.#words = next;
    this.#base = to;
    return next;
  }

  #isKnown(slot: number): boolean {
    return (slot < 32 ? this.#knownLow >>> slot & 1 : this.#knownHigh >>> (slot - 32) & 1) !== 0;
  }

  /** Value of a slot as an address, NaN if it is none. */
  #value(slot: number): Address {
    const at = this.#base + 2 * slot;
    return addressFromHalves(this.#words[at]!, this.#words[at + 1]!);
  }

  #bigValue(slot: number): bigint {
    const at = this.#base + 2 * slot;
    return BigInt(this.#words[at + 1]! >>> 0) << 32n |
      BigInt(this.#words[at]! >>> 0);
  }

  #register(register: number): bigint {
    const slot = this.#slots.slotOf[register] ?? -1;
    if (slot < 0 || !this.#isKnown(slot)) {
      throw this.#error("registers", `Register ${register} is not known`);
    }
    return this.#bigValue(slot);
  }

  #unreadable(address: Address): WalkError {
    const at = Number.isSafeInteger(address)
      ? `0x${toBigAddress(address).toString(16)}`
      : "no address";
    return this.#error("memory", `Cannot read a saved register at ${at}`);
  }

  #error(kind: WalkErrorKind, message: string): WalkError {
    return new WalkError(kind, message, {
      frame: Math.max(0, this.#index),
      pc: this.#pc === this.#pc ? toBigAddress(this.#pc) : 0n,
    });
  }
}
