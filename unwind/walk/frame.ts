/**
 * One stack frame of a walk.
 *
 * @module
 */
import {
  type Address,
  addressFromHalves,
  fromBigAddress,
  toBigAddress,
  wordFromHalves,
} from "../../bytes/mod.ts";
import type { Machine } from "../../elf/mod.ts";
import type { Certainty, Doubt, Trust } from "./certainty.ts";
import type { CompiledRule, RuleSource } from "./compiled_rule.ts";
import type { CodeFrame, CodeRegion } from "./kinds/code_kind.ts";
import type { MethodTable } from "./kinds/map/method.ts";
import { contiguousBytes, type MemoryReader, readWord } from "./memory.ts";
import type { Module, NamedOffset } from "./module.ts";
import type { EncodedPointer, PlacedBytes } from "../cfi/mod.ts";
import { inspectAs } from "../../util/inspect.ts";
import { RegisterSet } from "./register_set.ts";
import type { TrapFrameDescription } from "./trap.ts";
import type { WalkState } from "./walk_state.ts";

/**
 * What stands between a stack frame and its caller: a call, a signal, or a trap (exception or
 * interrupt).
 */
export type FrameKind = "call" | "signal" | "trap";

/** What frames need of the walk that found them, which stays the same while it goes on. */
type FrameSource = Pick<WalkState, "slots" | "memory" | "modules" | "reader">;

/** One stack frame (activation): a function that was running, or a trap that interrupted one. */
export class Frame implements CodeFrame {
  /** Number of the stack frame, 0 for the innermost. */
  readonly index: number;
  /**
   * Whether the program counter is that of an instruction that was interrupted, or is yet to run.
   * Otherwise it is a return address, the address *after* a call: tables and names are then looked
   * up one byte before it.
   */
  readonly interrupted: boolean;
  /** How the caller of this frame is found. */
  readonly rule: CompiledRule;
  /** The trap frame this frame stands on, if a describer gave one. */
  readonly trap: TrapFrameDescription | undefined;
  /** Program counter as an internal address. */
  readonly pcAddress: Address;
  /** Canonical frame address as an internal address, NaN if it could not be computed. */
  readonly cfaAddress: Address;
  readonly #walk: FrameSource;
  readonly #words: Int32Array;
  readonly #base: number;
  readonly #knownLow: number;
  readonly #knownHigh: number;
  readonly #trust: Trust;

  /** Made by the frame iterator. */
  constructor(state: WalkState, rule: CompiledRule, trap: TrapFrameDescription | undefined) {
    this.index = state.index;
    this.interrupted = state.interrupted;
    this.rule = rule;
    this.trap = trap;
    this.pcAddress = state.pc;
    this.cfaAddress = state.cfa;
    this.#walk = state;
    this.#words = state.words;
    this.#base = state.base;
    this.#knownLow = state.knownLow;
    this.#knownHigh = state.knownHigh;
    this.#trust = state.trust;
  }

  /** Program counter: the next instruction of this frame to be executed. */
  get pc(): bigint {
    return toBigAddress(this.pcAddress);
  }

  /**
   * Address to look up in tables: the program counter of an interrupted instruction, and of the
   * code a signal handler returns to, which has called nothing; else one byte before the return
   * address.
   */
  get lookupAddress(): bigint {
    const isNext = this.interrupted || this.kind === "signal";
    return toBigAddress(this.pcAddress - (isNext ? 0 : 1));
  }

  /**
   * How sure it is that this frame is there: the weakest of the steps that led to it from the
   * innermost frame.
   */
  get certainty(): Certainty {
    return this.#trust.certainty;
  }

  /** Why the frame is doubtful; undefined if it is not. */
  get doubt(): Doubt | undefined {
    return this.#trust.doubt;
  }

  /**
   * Canonical frame address: the stack pointer of the caller before the call. Undefined if it could
   * not be computed.
   */
  get cfa(): bigint | undefined {
    return this.cfaAddress === this.cfaAddress ? toBigAddress(this.cfaAddress) : undefined;
  }

  /** What stands between this frame and its caller. */
  get kind(): FrameKind {
    if (this.trap !== undefined) return "trap";
    if (!this.rule.isSignalFrame) return "call";
    return this.rule.module?.holdsTrapVectors === true ? "trap" : "signal";
  }

  /** Where the rule that leads to the caller comes from. */
  get source(): RuleSource {
    return this.trap !== undefined ? "trap" : this.rule.source;
  }

  /** The piece of code it is in, where that is known to be of a kind; undefined in native code. */
  get code(): CodeRegion | undefined {
    return this.rule.code;
  }

  /** Module that holds the code, or undefined. */
  get module(): Module | undefined {
    return this.rule.module ?? this.#walk.modules.at(this.lookupAddress);
  }

  /**
   * Function that was running, and the offset of the program counter into it, in bytes; undefined
   * if no symbol is known.
   */
  get function(): NamedOffset | undefined {
    const lookup = this.lookupAddress;
    const found = this.module?.nameOf(lookup);
    if (found === undefined) return undefined;
    return { name: found.name, offset: found.offset + this.pc - lookup };
  }

  /**
   * First address of the function, or of the part of it that the unwind table describes; undefined
   * without a table.
   */
  get functionStart(): bigint | undefined {
    const { fde, module } = this.rule;
    return fde === undefined || module === undefined
      ? undefined
      : toBigAddress(fde.start + module.bias);
  }

  /**
   * Registers as they are in this frame, as far as they are known. A live view that stays valid.
   */
  get registers(): RegisterSet {
    return new RegisterSet(this.#walk.slots.registers.machine, {
      words: this.#words,
      base: this.#base,
      knownLow: this.#knownLow,
      knownHigh: this.#knownHigh,
    });
  }

  /** Address of the language-specific data area, or undefined if the function has none. */
  get lsdaAddress(): bigint | undefined {
    return this.#resolve(this.rule.fde?.lsda);
  }

  /** Address of the personality routine, or undefined if the function has none. */
  get personality(): bigint | undefined {
    return this.#resolve(this.rule.fde?.cie.personality);
  }

  /**
   * The bytes that hold an address of this frame's program: the section of its module if it has
   * them, else up to 64 KiB of memory from the address on. Undefined if neither can be read.
   */
  bytesAt(address: bigint): PlacedBytes | undefined {
    const section = this.module?.bytesAt(fromBigAddress(address));
    if (section !== undefined) return section;
    const window = contiguousBytes(this.#walk.memory, address);
    return window === undefined
      ? undefined
      : { bytes: window.bytes, address: fromBigAddress(window.start) };
  }

  /** Loads the 64-bit word at `address`, or gives undefined if it cannot be read. */
  word(address: bigint): bigint | undefined {
    return readWord(this.#walk.memory, address);
  }

  /** Machine of the code. */
  get machine(): Machine {
    return this.#walk.slots.registers.machine;
  }

  /** Memory of the program. */
  get memory(): MemoryReader {
    return this.#walk.memory;
  }

  /** Records of methods of the program. */
  get methods(): MethodTable {
    return this.#walk.modules.code.methods;
  }

  /** Value of a DWARF register, 0 to 2^64 − 1, or undefined if it is not known. */
  register(number: number): bigint | undefined {
    const at = this.#indexOf(number);
    return at < 0 ? undefined : wordFromHalves(this.#words[at]!, this.#words[at + 1]!);
  }

  /** As {@linkcode Frame.register}, as an internal address; NaN if it is not known or none. */
  addressIn(register: number): Address {
    const at = this.#indexOf(register);
    return at < 0 ? NaN : addressFromHalves(this.#words[at]!, this.#words[at + 1]!);
  }

  /** As {@linkcode Frame.word}, by an internal address. */
  wordAt(address: Address): bigint | undefined {
    const { reader } = this.#walk;
    return reader.load(address) ? wordFromHalves(reader.low, reader.high) : undefined;
  }

  /** The 64-bit word at `address` as an internal address; NaN if it cannot be read or is none. */
  addressAt(address: Address): Address {
    const { reader } = this.#walk;
    return reader.load(address) ? addressFromHalves(reader.low, reader.high) : NaN;
  }

  /** Index of a register's lower half, −1 if it is not known. */
  #indexOf(register: number): number {
    const slot = this.#walk.slots.slotOf[register] ?? -1;
    if (slot < 0) return -1;
    const known = slot < 32 ? this.#knownLow >>> slot : this.#knownHigh >>> (slot - 32);
    return (known & 1) !== 0 ? this.#base + 2 * slot : -1;
  }

  #resolve(pointer: EncodedPointer | undefined): bigint | undefined {
    const { module } = this.rule;
    if (pointer === undefined || module === undefined) return undefined;
    const address = toBigAddress(pointer.address + module.bias);
    if (!pointer.indirect) return address;
    return this.word(address);
  }
}

inspectAs(Frame, (frame) => {
  const hex = (value: bigint): string => `0x${value.toString(16)}`;
  const { index, pc, cfa, function: named, module, kind, source, certainty, doubt } = frame;
  const name = named === undefined ? "" : ` ${named.name}+${hex(named.offset)}`;
  const from = module === undefined ? "" : ` of ${module.name}`;
  const sure = certainty === "exact"
    ? ""
    : `, ${certainty}${doubt === undefined ? "" : `: ${doubt}`}`;
  return `#${index} ${hex(pc)}${name}${from}${sure}, CFA ${
    cfa === undefined ? "unknown" : hex(cfa)
  }, ${kind} frame by ${source}`;
});
