/**
 * Exception entry to EL1 (Arm ARM, D1.3.2): from what was raised to the first instruction of its
 * handler.
 *
 * @module
 */

import {
  type AArch64State,
  AArch64SystemRegister,
  type Engine,
  type SystemRegister,
} from "../../unicorn/mod.ts";
import type { CpuExit, ExceptionEntry } from "../arch.ts";
import type { GuestImage } from "../guest_image.ts";
import { hex } from "../physical_memory.ts";
import type { Corrections } from "./corrections.ts";
import { Pstate } from "./refusals.ts";

/** PSTATE: exception level and stack pointer, and EL1h among them. */
export const MODE_MASK = 0xf;
export const MODE_EL1H = 0x5;
/** PSTATE: everything masked. */
export const DAIF = 0x3c0;
/** Kinds of exception, by which the vector table is laid out. */
export const VECTOR_SYNCHRONOUS = 0;
export const VECTOR_IRQ = 1;
/** PSTATE bits an exception entry keeps: the condition flags. */
const NZCV = 0xf000_0000;
/** Address of each slot in the vector table, 0 … 15, from its beginning. */
const VECTOR_SLOTS = Array.from({ length: 16 }, (_, slot) => BigInt(slot) * 0x80n);
/** The reserved bits of VBAR_EL1, of which the engine keeps some. */
const VBAR_RESERVED = 0x7ff;
/** SCTLR_EL1.SPAN: exceptions leave PSTATE.PAN as it is. */
const SCTLR_SPAN = 1 << 23;

/** An exception to be entered. */
export interface RaisedException {
  /** Its syndrome, if it has one. */
  readonly esr?: number;
  /** The address it is about, if it is about one. */
  readonly far?: bigint;
  /** Where it returns to. */
  readonly pc: bigint;
}

/** Enters exceptions on one CPU. */
export class Delivery {
  readonly #state: AArch64State;
  readonly #elr: SystemRegister;
  readonly #spsr: SystemRegister;
  readonly #esr: SystemRegister;
  readonly #far: SystemRegister;
  readonly #vbar: SystemRegister;
  readonly #spEl0: SystemRegister;
  readonly #sctlr: SystemRegister;
  readonly #hasPan: boolean;
  readonly #entryBegin: bigint;
  readonly #entryEnd: bigint;
  readonly #corrections: Corrections;

  /** For the CPU `engine` is. */
  constructor(
    engine: Engine,
    { image, corrections }: { image: GuestImage; corrections: Corrections },
  ) {
    this.#state = engine.aarch64;
    this.#elr = engine.systemRegister(AArch64SystemRegister.ELR_EL1);
    this.#spsr = engine.systemRegister(AArch64SystemRegister.SPSR_EL1);
    this.#esr = engine.systemRegister(AArch64SystemRegister.ESR_EL1);
    this.#far = engine.systemRegister(AArch64SystemRegister.FAR_EL1);
    this.#vbar = engine.systemRegister(AArch64SystemRegister.VBAR_EL1);
    this.#spEl0 = engine.systemRegister(AArch64SystemRegister.SP_EL0);
    this.#sctlr = engine.systemRegister(AArch64SystemRegister.SCTLR_EL1);
    this.#hasPan = (this.#state.ownModeBits & Pstate.PAN) !== 0;
    this.#entryBegin = image.label("vectors");
    this.#entryEnd = image.label("exit_to_user");
    this.#corrections = corrections;
  }

  /**
   * Banks the return state, masks everything, selects SP_EL1 and jumps to the vector's slot; then
   * tells the observer.
   * @returns an exit of the CPU if the kernel's own entry has raised the exception
   */
  deliver(
    kind: number,
    { esr, far, pc }: RaisedException,
    observer: ((entry: ExceptionEntry) => void) | null,
  ): CpuExit | null {
    const state = this.#state;
    const pstate = state.pstate;
    const mode = pstate & MODE_MASK;
    if (mode === MODE_EL1H && pc >= this.#entryBegin && pc < this.#entryEnd) {
      return {
        kind: "shutdown",
        reason: `Exception at ${hex(pc)}, inside the exception entry: syndrome ${
          hex((esr ?? 0) >>> 0)
        }, address ${hex(far ?? 0n)}, SP ${hex(state.sp)}`,
      };
    }
    const slot = (mode === 0 ? 8 : mode === MODE_EL1H ? 4 : 0) + kind;
    this.#elr.write(pc);
    this.#spsr.writeU32(pstate);
    if (esr !== undefined) this.#esr.writeU32(esr);
    if (far !== undefined) this.#far.write(far);
    state.pstate = ((pstate & NZCV) | DAIF | MODE_EL1H | this.#pan(pstate)) >>> 0;
    if (this.#corrections.illegal) this.#corrections.illegal = false;
    const vbar = this.#vbar.read();
    const base = (this.#vbar.readU32() & VBAR_RESERVED) === 0
      ? vbar
      : vbar & ~BigInt(VBAR_RESERVED);
    state.pc = base + (VECTOR_SLOTS[slot] ?? 0n);
    if (observer === null) return null;
    observer({
      vector: slot,
      pc,
      // The entry has selected SP_EL1; EL1h was on it already, all else is on SP_EL0.
      sp: mode === MODE_EL1H ? state.sp : this.#spEl0.read(),
      changed: {},
      code: BigInt((esr ?? 0) >>> 0),
      fromUser: mode === 0,
    });
    return null;
  }
  /** PSTATE.PAN of an exception's handler (Arm ARM, D1.10.4). */
  #pan(pstate: number): number {
    if (!this.#hasPan) return 0;
    return (this.#sctlr.readU32() & SCTLR_SPAN) === 0 ? Pstate.PAN : pstate & Pstate.PAN;
  }
}
