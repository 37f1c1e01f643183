/**
 * Instructions done in place of the engine, which would not do what a processor does. Only they are
 * looked at when they come, and only where they are found; see `refusals.ts`.
 *
 * @module
 */

import {
  type AArch64State,
  AArch64SystemRegister,
  type Engine,
  type SystemRegister,
} from "../../unicorn/mod.ts";
import { INSTRUCTION_SIZE } from "./decode.ts";
import type { FpTrap } from "./fp_trap.ts";
import {
  afterIllegalReturn,
  type Doubtful,
  doubtful,
  followsLoad,
  isIllegalReturn,
  mdccsrTarget,
  Pstate,
} from "./refusals.ts";
import { ExceptionClass, IL, systemInstructionSyndrome } from "./syndrome.ts";

/** An exception to enter. */
export interface Raised {
  /** ESR_EL1. */
  readonly esr: number;
  /** FAR_EL1, if it is set. */
  readonly far?: bigint;
  /** ELR_EL1. */
  readonly pc: bigint;
}

/** What corrections work on. */
export interface CorrectionsOptions {
  /** The floating-point trap, which CPACR_EL1 sets, and MDSCR_EL1. */
  readonly fp: FpTrap;
  /** The instruction at an address. */
  readonly wordAt: (address: bigint) => number | undefined;
  /**
   * Where exception returns are left to the engine: first address, and one past the last. They are
   * on the way of every trap, and what they return to is the frame's, which the kernel has made.
   */
  readonly trusted: { readonly begin: bigint; readonly end: bigint };
}

const LEVEL_MASK = 0xc;
/** Alignment fault of a store, from EL0 and from EL1. */
const ALIGNMENT = IL | (1 << 6) | 0x21;
const ESR_ALIGNMENT_LOWER = (ExceptionClass.DATA_ABORT_LOWER << 26) | ALIGNMENT;
const ESR_ALIGNMENT_SAME = (ExceptionClass.DATA_ABORT_SAME << 26) | ALIGNMENT;
/** MDSCR_EL1.TDCC: EL0 may not use the debug communication channel. */
const TDCC = 1n << 12n;
/** ID_AA64ISAR0_EL1.RNDR: random numbers, which would be the host's. */
const ISAR0_RNDR = 0xfn << 60n;
/** The register that is zero, or the stack pointer as a base. */
const X31 = 31;

/** The instructions of one CPU that are done here. */
export class Corrections {
  /** PSTATE.IL was set, and the exception of the next instruction has not been entered. */
  illegal = false;
  readonly #state: AArch64State;
  readonly #elr: SystemRegister;
  readonly #spsr: SystemRegister;
  readonly #isar0: SystemRegister;
  readonly #options: CorrectionsOptions;

  /** Has the engine show the instructions. */
  constructor(engine: Engine, options: CorrectionsOptions) {
    this.#state = engine.aarch64;
    this.#elr = engine.systemRegister(AArch64SystemRegister.ELR_EL1);
    this.#spsr = engine.systemRegister(AArch64SystemRegister.SPSR_EL1);
    this.#isar0 = engine.systemRegister(AArch64SystemRegister.ID_AA64ISAR0_EL1);
    this.#options = options;
    engine.watchInstructions({
      find: (code, address) => this.#find(code, address),
      refuses: (address) => this.#refuses(address),
    });
  }

  /** Offsets of the instructions of a block that are to be shown. */
  #find(code: Uint8Array, address: bigint): number[] {
    const view = new DataView(code.buffer, code.byteOffset, code.length);
    const { wordAt, trusted } = this.#options;
    const found: number[] = [];
    for (let at = 0; at + INSTRUCTION_SIZE <= code.length; at += INSTRUCTION_SIZE) {
      const word = view.getUint32(at, true);
      const what = doubtful(word);
      if (what === undefined) continue;
      const begin = address + BigInt(at);
      const isTrusted = begin >= trusted.begin && begin < trusted.end;
      if (what.kind === "exception-return" && isTrusted) continue;
      const before = (distance: number): number | undefined =>
        wordAt(begin - BigInt(distance * INSTRUCTION_SIZE));
      if (what.kind === "store-exclusive" && followsLoad(word, before)) continue;
      found.push(at);
    }
    return found;
  }

  /** Whether the next instruction is to be done here. */
  #refuses(address: bigint): boolean {
    const what = this.#at(address);
    if (what === undefined) return false;
    if (what.kind === "store-exclusive") {
      return (this.#base(what.base) & BigInt(what.size - 1)) !== 0n;
    }
    if (what.kind === "get-random") return true;
    if (this.#isUser) return false;
    if (what.kind !== "exception-return") return true;
    const spsr = Number(this.#spsr.read());
    return isIllegalReturn(spsr) || (spsr & Pstate.IL) !== 0;
  }

  /** Does the instruction that was refused; returns what it raises, if it does. */
  execute(): Raised | null {
    const state = this.#state;
    const { pc } = state;
    const what = this.#at(pc);
    switch (what?.kind) {
      case "store-exclusive": {
        const esr = this.#isUser ? ESR_ALIGNMENT_LOWER : ESR_ALIGNMENT_SAME;
        return { esr, pc, far: this.#base(what.base) };
      }
      case "exception-return":
        this.#return();
        return null;
      case "set-cpacr":
        this.#options.fp.cpacr = what.source === X31 ? 0n : state.x(what.source);
        break;
      case "get-random":
        return { esr: IL, pc };
      case "get-isar0":
        this.#setX(what.target, this.#isar0.read() & ~ISAR0_RNDR);
        break;
      case "get-osdlr":
        this.#setX(what.target, 0n);
        break;
    }
    this.#goBehind(pc);
    return null;
  }

  /**
   * Does an undefined instruction that is only unknown to the engine: MDCCSR_EL0, which says that
   * nothing was received and nothing is to be sent. Returns what it raises, `null` for nothing, or
   * `undefined` if it is another instruction.
   */
  executeUnknown(): Raised | null | undefined {
    const { pc } = this.#state;
    const word = this.#options.wordAt(pc);
    const target = word === undefined ? undefined : mdccsrTarget(word);
    if (word === undefined || target === undefined) return undefined;
    if (this.#isUser && (this.#options.fp.mdscr & TDCC) !== 0n) {
      return { esr: systemInstructionSyndrome(word), pc };
    }
    this.#setX(target, 0n);
    this.#goBehind(pc);
    return null;
  }

  /** An exception return that leads to a state with PSTATE.IL set. */
  #return(): void {
    const state = this.#state;
    const spsr = Number(this.#spsr.read());
    const legal = this.#options.fp.stepping ? spsr : spsr & ~Pstate.SS;
    state.pstate = isIllegalReturn(spsr) ? afterIllegalReturn(state.pstate, spsr) : legal;
    state.pc = this.#elr.read();
    this.illegal = true;
  }

  /** Goes on behind an instruction; a step of the guest has been taken. */
  #goBehind(pc: bigint): void {
    const state = this.#state;
    state.pc = pc + BigInt(INSTRUCTION_SIZE);
    const { pstate } = state;
    if ((pstate & Pstate.SS) !== 0) state.pstate = pstate & ~Pstate.SS;
  }

  #at(address: bigint): Doubtful | undefined {
    const word = this.#options.wordAt(address);
    return word === undefined ? undefined : doubtful(word);
  }

  get #isUser(): boolean {
    return (this.#state.pstate & LEVEL_MASK) === 0;
  }

  #setX(index: number, value: bigint): void {
    if (index !== X31) this.#state.setX(index, value);
  }

  #base(index: number): bigint {
    return index === X31 ? this.#state.sp : this.#state.x(index);
  }
}
