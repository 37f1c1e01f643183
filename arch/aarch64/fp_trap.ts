/**
 * Traps of floating-point instructions at EL0, for lazy switching of the floating-point state.
 *
 * @module
 */

import { AArch64SystemRegister, type Engine } from "../../unicorn/mod.ts";

/** CPACR_EL1.FPEN: both levels may use floating point, or EL0 traps; otherwise both do. */
const FPEN_MASK = 3n << 20n;
const FPEN_ALL = 3n << 20n;
const FPEN_KERNEL = 1n << 20n;
/** MDSCR_EL1.SS: software step; KDE: at EL1 too. */
const STEP = 1n;
const KDE = 1n << 13n;
/** KDE and MDE: breakpoints at EL1. */
const EL1_DEBUG = KDE | 1n << 15n;

/**
 * The trap of EL0's floating-point instructions, CPACR_EL1.FPEN, and software step, MDSCR_EL1.SS,
 * which serves it.
 *
 * The engine ignores CPACR_EL1. It has a trap that it forgets when it derives its mode anew: at
 * `eret` and when a system register is written. So while EL0 must not use floating point, software
 * step is on in the engine behind the guest's back. With PSTATE.SS clear, a step exception comes
 * whenever EL0 code begins to run in a newly derived mode, before its first instruction; there the
 * trap is set and stepping is suspended until the mode is derived again. Nothing else of the guest
 * runs slower for it.
 *
 * EL0 code that the guest steps at the same time, or while it has breakpoints at EL1, is watched
 * instruction by instruction, by running one at a time: a code hook would have to be added and
 * removed, which drops every translation. So is all code while EL1 must not use floating point
 * either, which only the guest itself can ask for.
 */
export class FpTrap {
  /**
   * Whether instructions are to be watched, as the engine's own trap excludes the guest's stepping,
   * and its breakpoints at EL1, and is not for EL1. A plain property, as each run asks for it.
   */
  watching = false;
  readonly #engine: Engine;
  #cpacr = FPEN_ALL;
  #mdscr = 0n;
  /** What follows from these, as it is asked for at every run. */
  #enabled = false;
  #debugging = false;
  #kernel = false;

  /** Attaches to an engine; nothing traps yet. */
  constructor(engine: Engine) {
    this.#engine = engine;
    this.cpacr = FPEN_ALL;
  }

  /** Whether floating-point instructions of EL0 trap. */
  get enabled(): boolean {
    return this.#enabled;
  }
  set enabled(value: boolean) {
    if (value === this.#enabled) return;
    this.cpacr = (this.#cpacr & ~FPEN_MASK) | (value ? FPEN_KERNEL : FPEN_ALL);
  }

  /** CPACR_EL1. Only FPEN has an effect. */
  get cpacr(): bigint {
    return this.#cpacr;
  }
  set cpacr(value: bigint) {
    this.#engine.writeSystemRegister(AArch64SystemRegister.CPACR_EL1, value);
    this.#cpacr = value;
    this.#prepare();
  }

  /** MDSCR_EL1 as the host set it for the guest. */
  get mdscr(): bigint {
    return this.#mdscr;
  }
  set mdscr(value: bigint) {
    this.#mdscr = value;
    this.#prepare();
  }

  /** Takes a step exception if it is not the guest's: sets the trap. */
  takeStep(): boolean {
    if (!this.#enabled || this.#debugging) return false;
    const state = this.#engine.aarch64;
    state.softwareStep = false;
    state.floatingPointTrap = true;
    return true;
  }

  /** Whether floating-point instructions of EL1 trap. */
  get kernel(): boolean {
    return this.#kernel;
  }

  /** Whether the guest steps, by MDSCR_EL1.SS. */
  get stepping(): boolean {
    return (this.#mdscr & STEP) !== 0n;
  }

  /** Takes over what was saved, as the engine's registers have their values already. */
  restore({ cpacr, mdscr }: { cpacr: bigint; mdscr: bigint }): void {
    this.#cpacr = cpacr;
    this.#mdscr = mdscr;
    this.#derive();
  }

  #derive(): void {
    const fpen = this.#cpacr & FPEN_MASK;
    this.#enabled = fpen !== FPEN_ALL;
    this.#kernel = this.#enabled && fpen !== FPEN_KERNEL;
    this.#debugging = this.stepping || (this.#mdscr & EL1_DEBUG) === EL1_DEBUG;
    this.watching = this.#enabled && (this.#debugging || this.#kernel);
  }

  #prepare(): void {
    this.#derive();
    // Only EL0 is to step for the trap, whatever the guest says of EL1.
    const mdscr = this.#enabled && !this.#debugging ? (this.#mdscr & ~KDE) | STEP : this.#mdscr;
    this.#engine.writeSystemRegister(AArch64SystemRegister.MDSCR_EL1, mdscr);
  }
}
