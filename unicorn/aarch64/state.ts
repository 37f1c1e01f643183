/**
 * The AArch64 CPU's own structure, read and patched in place.
 *
 * @module
 */
import { AArch64SystemRegister } from "./constants.ts";
import {
  type AArch64Layout,
  MODE_FP_TRAP,
  MODE_STEP,
  systemOffset,
} from "../layout/layout_aarch64.ts";
import { checkIndex, type StateView } from "../state_view.ts";

/** PSTATE.SP: the stack pointer of the exception level is in use, not SP_EL0. */
const SPSEL = 1;
const SP_INDEX = 31;
/**
 * The bits of PSTATE that the engine keeps in one word: execution state, stack pointer, exception
 * level, IL and SS.
 */
const MODE_MASK = 0x0030_001f;
const MASKS_MASK = 0x3c0;

/**
 * The CPU's state, live: every access reads or writes the engine's own memory, at the cost of a
 * typed-array access. Valid between runs. Values of 64 bits are taken modulo 2^64.
 */
export class AArch64State {
  readonly #view: StateView;
  readonly #layout: AArch64Layout;
  readonly #takeMode: () => void;
  readonly #modeMask: number;
  readonly #spEl0: number;
  readonly #spEl1: number;

  /**
   * Used by {@linkcode Engine} only.
   *
   * @param view The structure.
   * @param layout Its offsets.
   * @param model Bits of PSTATE that the model has beside those that all have.
   * @param takeMode Makes the engine take every mode it has derived from PSTATE anew.
   */
  constructor(
    view: StateView,
    { layout, model, takeMode }: { layout: AArch64Layout; model: number; takeMode: () => void },
  ) {
    this.#view = view;
    this.#layout = layout;
    this.#takeMode = takeMode;
    this.#modeMask = MODE_MASK | model;
    this.#spEl0 = systemOffset(layout, AArch64SystemRegister.SP_EL0);
    this.#spEl1 = systemOffset(layout, AArch64SystemRegister.SP_EL1);
  }

  /** X0 … X30. */
  x(index: number): bigint {
    checkIndex("general register", index, 31);
    return this.#view.get64(this.#layout.x0 + index * 8);
  }

  /** X0 … X30 as a number, exact up to 2^53. */
  xNumber(index: number): number {
    checkIndex("general register", index, 31);
    return this.#view.getNumber(this.#layout.x0 + index * 8);
  }

  /** Sets X0 … X30. */
  setX(index: number, value: bigint): void {
    checkIndex("general register", index, 31);
    this.#view.set64(this.#layout.x0 + index * 8, value);
  }

  /** Program counter. */
  get pc(): bigint {
    return this.#view.get64(this.#layout.pc);
  }
  set pc(value: bigint) {
    this.#view.set64(this.#layout.pc, value);
  }

  /** Whether PC is not a multiple of 4. */
  get misaligned(): boolean {
    return (this.#view.get32(this.#layout.pc) & 3) !== 0;
  }

  /** The stack pointer in use. */
  get sp(): bigint {
    return this.#view.get64(this.#layout.x0 + SP_INDEX * 8);
  }
  set sp(value: bigint) {
    this.#view.set64(this.#layout.x0 + SP_INDEX * 8, value);
  }

  /** ESR of the last exception, as the architecture defines it. */
  get syndrome(): number {
    return this.#view.get32(this.#layout.syndrome);
  }

  /** Virtual address of the last abort or alignment fault; other exceptions leave it. */
  get faultAddress(): bigint {
    return this.#view.get64(this.#layout.faultAddress);
  }

  /** Exception level the last exception is to be taken to. */
  get targetEl(): number {
    return this.#view.get32(this.#layout.targetEl);
  }

  /** The bits of PSTATE that the model has and not every one: PAN, UAO. */
  get ownModeBits(): number {
    return this.#modeMask & ~MODE_MASK;
  }

  /**
   * PSTATE in the format of SPSR_EL1. Setting it changes exception level and stack pointer as the
   * architecture does: the stack pointer in use goes back to its bank (SP_EL0 or SP_EL1) and the
   * new one is taken from its own.
   */
  get pstate(): number {
    const { fields } = this.#view;
    const { negative, zero, carry, overflow, masks, branchType } = this.#layout.flags;
    return ((fields.getUint32(negative, true) & 0x8000_0000) |
      (fields.getUint32(zero, true) === 0 ? 0x4000_0000 : 0) |
      (fields.getUint32(carry, true) << 29) |
      ((fields.getUint32(overflow, true) & 0x8000_0000) >>> 3) |
      (fields.getUint32(branchType, true) << 10) |
      fields.getUint32(masks, true) |
      fields.getUint32(this.#layout.pstate, true)) >>> 0;
  }
  set pstate(value: number) {
    // In one go, as this is on the way of every exception.
    const { fields } = this.#view;
    const { x0, pstate, flags } = this.#layout;
    const sp = x0 + SP_INDEX * 8;
    const from = this.#bank(fields.getUint32(pstate, true));
    const to = this.#bank(value);
    if (from !== to) {
      copy64(fields, from, sp);
      copy64(fields, sp, to);
    }
    fields.setUint32(flags.negative, value, true);
    fields.setUint32(flags.zero, ~value & 0x4000_0000, true);
    fields.setUint32(flags.carry, (value >>> 29) & 1, true);
    fields.setUint32(flags.overflow, value << 3, true);
    fields.setUint32(flags.branchType, (value >>> 10) & 3, true);
    fields.setUint32(flags.masks, value & MASKS_MASK, true);
    fields.setUint32(pstate, value & this.#modeMask, true);
    this.#takeMode();
  }

  /**
   * Whether floating-point and SIMD instructions trap, as CPACR_EL1.FPEN has it on hardware; the
   * engine ignores that register. They exit as {@linkcode AArch64Vector.UNDEFINED} with PC on the
   * instruction and exception class 0x07; the low 20 bits of the syndrome are not the
   * architecture's and are to be ignored.
   *
   * Like {@linkcode softwareStep} this is part of a mode that the engine derives from the rest of
   * its state, and forgets it when it does so: when {@linkcode pstate} is set, when the guest
   * executes `eret` or writes a system register.
   */
  get floatingPointTrap(): boolean {
    return this.#modeBit(MODE_FP_TRAP);
  }
  set floatingPointTrap(value: boolean) {
    this.#setModeBit(MODE_FP_TRAP, value);
  }

  /**
   * Whether software step is active, as MDSCR_EL1.SS has it on hardware. With PSTATE.SS set the
   * guest executes one instruction and exits as {@linkcode AArch64Vector.UNDEFINED} with the
   * syndrome of a step; with PSTATE.SS clear it does so at once.
   */
  get softwareStep(): boolean {
    return this.#modeBit(MODE_STEP);
  }
  set softwareStep(value: boolean) {
    this.#setModeBit(MODE_STEP, value);
  }

  #modeBit(bit: number): boolean {
    return (this.#view.get32(this.#layout.mode) & bit) !== 0;
  }

  #setModeBit(bit: number, value: boolean): void {
    const mode = this.#view.get32(this.#layout.mode);
    this.#view.set32(this.#layout.mode, value ? mode | bit : mode & ~bit);
  }

  #bank(pstate: number): number {
    return (pstate & SPSEL) === 0 ? this.#spEl0 : this.#spEl1;
  }
}

function copy64(fields: DataView, to: number, from: number): void {
  fields.setUint32(to, fields.getUint32(from, true), true);
  fields.setUint32(to + 4, fields.getUint32(from + 4, true), true);
}
