/**
 * Breakpoints in the debug registers (SDM vol. 3, 17.2 and 17.3.1). The engine has those of
 * instructions, and of ports whatever CR4.DE says; those of data it leaves to others.
 *
 * @module
 */

import { type Engine, X86Register } from "../../unicorn/mod.ts";
import type { WatchRange } from "../arch.ts";
import { Rflags } from "./registers.ts";

/** Number of the breakpoints, DR0 to DR3. */
const BREAKPOINT_COUNT = 4;
const CR4_DE = 1n << 3n;
/** DR6.B0 to B3: breakpoints; BS: a single step. */
const DR6_B = 0xfn;
const DR6_BS = 1n << 14n;
/** DR7.R/W: what a breakpoint is about. */
const EXECUTE = 0;
const WRITE = 1;
const PORT = 2;
const ACCESS = 3;
/** Bytes by DR7.LEN. */
const LENGTHS = [1, 2, 8, 4] as const;

/** One of DR0 to DR3 with what DR7 says of it. */
interface Breakpoint {
  readonly index: number;
  readonly kind: number;
  readonly size: number;
}

/** The breakpoints that DR7 enables, locally or globally. */
function enabled(dr7: number): Breakpoint[] {
  return Array.from({ length: BREAKPOINT_COUNT }, (_, index) => index)
    .filter((index) => ((dr7 >>> (2 * index)) & 3) !== 0)
    .map((index) => ({
      index,
      kind: (dr7 >>> (16 + 4 * index)) & 3,
      size: LENGTHS[(dr7 >>> (18 + 4 * index)) & 3] ?? 1,
    }));
}

/** A range of bytes, and the number of its debug register. */
export interface DataBreakpoint extends WatchRange {
  /** 0 to 3. */
  readonly index: number;
}

/**
 * The bytes that breakpoints of data are about. Low bits of an address that its length leaves over
 * are not compared.
 *
 * @param address reads DR0 to DR3
 */
function dataBreakpoints(
  dr7: number,
  address: (index: number) => bigint,
): DataBreakpoint[] {
  return enabled(dr7)
    .filter(({ kind }) => kind === WRITE || kind === ACCESS)
    .map(({ index, kind, size }) => ({
      index,
      address: address(index) & ~BigInt(size - 1),
      size,
      reads: kind === ACCESS,
      writes: true,
    }));
}

/** The bits of DR6 that are about ports. */
function portBits(dr7: number): number {
  return enabled(dr7).filter(({ kind }) => kind === PORT)
    .reduce((bits, { index }) => bits | (1 << index), 0);
}

/** The breakpoints of one CPU. */
export class Breakpoints {
  readonly #engine: Engine;
  /** DR6 bits of breakpoints behind a load of SS: they are due behind the next instruction. */
  held = 0;
  #due = 0;

  /** Those of the CPU that `engine` is. */
  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** The breakpoints of data. */
  ranges(): readonly DataBreakpoint[] {
    return dataBreakpoints(
      this.#dr7,
      (index) => this.#engine.readRegister(X86Register.DR0 + index),
    );
  }

  /**
   * Sets DR6.B0 to B3.
   *
   * @param options.more whether those that are set are of the same exception
   */
  report(bits: number, { more = false } = {}): void {
    const dr6 = this.#engine.readRegister(X86Register.DR6);
    this.#engine.writeRegister(X86Register.DR6, (more ? dr6 : dr6 & ~DR6_B) | BigInt(bits));
  }

  /** Behind an instruction that loads SS they wait for the next one (6.8.3). Returns whether so. */
  hold(bits: number): boolean {
    if (!this.#engine.x86.interruptShadow) return false;
    this.held |= bits;
    return true;
  }

  /** Another run begins. Returns whether it is to be of one instruction, for those that wait. */
  prepareRun(): boolean {
    this.#due = this.held;
    return this.#due !== 0;
  }

  /** Whether the run has ended that some have waited for; DR6 says which. */
  takeDue(): boolean {
    const bits = this.#due;
    if (bits === 0) return false;
    this.#due = 0;
    this.held &= ~bits;
    this.report(bits);
    return true;
  }

  /** Whether a #DB is of ports only, for which there are no breakpoints unless CR4.DE is set. */
  isPortOnly(): boolean {
    const engine = this.#engine;
    if ((engine.x86.cr4 & CR4_DE) !== 0n) return false;
    const bits = BigInt(portBits(this.#dr7));
    const dr6 = engine.readRegister(X86Register.DR6);
    if ((dr6 & bits) === 0n) return false;
    engine.writeRegister(X86Register.DR6, dr6 & ~bits);
    return (dr6 & DR6_B) === (dr6 & bits) && !this.#stepping;
  }

  /** Whether a #DB is an instruction breakpoint's, a fault, and not a trap behind it (17.3.1). */
  atInstruction(): boolean {
    const engine = this.#engine;
    if (this.#stepping && (engine.readRegister(X86Register.DR6) & DR6_BS) !== 0n) return false;
    const { rip } = engine.x86;
    return enabled(this.#dr7).some(({ index, kind }) =>
      kind === EXECUTE && engine.readRegister(X86Register.DR0 + index) === rip
    );
  }

  /** RFLAGS.TF. */
  get #stepping(): boolean {
    return (this.#engine.readRegister(X86Register.RFLAGS) & Rflags.TF) !== 0n;
  }

  get #dr7(): number {
    return Number(this.#engine.readRegister(X86Register.DR7));
  }
}
