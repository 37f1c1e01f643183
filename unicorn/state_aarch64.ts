/**
 * The AArch64 CPU's own structure, read and patched in place.
 *
 * @module
 */
import { AArch64SystemRegister } from "./constants_aarch64.ts";
import { type AArch64Layout, systemOffset } from "./layout_aarch64.ts";
import { checkIndex, checkU64, type StateView } from "./state_view.ts";
import type { RegisterBatch } from "./register_batch.ts";

/** PSTATE.SP: the stack pointer of the exception level is in use, not SP_EL0. */
const SPSEL = 1;
const SP_INDEX = 31;

/**
 * The CPU's state, live: every access reads or writes the engine's own memory, at the cost of a typed-array access, except
 * for PSTATE. Valid between runs.
 */
export class AArch64State {
  readonly #view: StateView;
  readonly #layout: AArch64Layout;
  readonly #mode: RegisterBatch;
  readonly #elr: number;
  readonly #spEl0: number;
  readonly #spEl1: number;

  /**
   * Used by {@linkcode Engine} only.
   *
   * @param view The structure.
   * @param layout Its offsets.
   * @param mode A batch of PSTATE and ELR_EL1, in this order: writing it makes a new PSTATE take effect.
   */
  constructor(view: StateView, layout: AArch64Layout, mode: RegisterBatch) {
    this.#view = view;
    this.#layout = layout;
    this.#mode = mode;
    this.#elr = systemOffset(layout, AArch64SystemRegister.ELR_EL1);
    this.#spEl0 = systemOffset(layout, AArch64SystemRegister.SP_EL0);
    this.#spEl1 = systemOffset(layout, AArch64SystemRegister.SP_EL1);
  }

  /** X0 … X30. */
  x(index: number): bigint {
    checkIndex("general register", index, 31);
    return this.#view.get64(this.#layout.x0 + index * 8);
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

  /**
   * PSTATE in the format of SPSR_EL1. Setting it changes exception level and stack pointer as the architecture does: the stack
   * pointer in use goes back to its bank (SP_EL0 or SP_EL1) and the new one is taken from its own.
   */
  get pstate(): number {
    this.#mode.read();
    return this.#mode.words[0] ?? 0;
  }
  set pstate(value: number) {
    checkU64(BigInt(value));
    const view = this.#view;
    const sp = this.#layout.x0 + SP_INDEX * 8;
    view.set64(this.#bank(this.pstate), view.get64(sp));
    view.set64(sp, view.get64(this.#bank(value)));
    this.#mode.words[0] = value;
    this.#mode.words[1] = 0;
    this.#mode.values[1] = view.get64(this.#elr);
    this.#mode.write();
  }

  #bank(pstate: number): number {
    return (pstate & SPSEL) === 0 ? this.#spEl0 : this.#spEl1;
  }
}
