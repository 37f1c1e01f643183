/**
 * Traps of floating-point instructions at EL0, for lazy switching of the floating-point state.
 *
 * @module
 */

import { AArch64SystemRegister, type Engine } from "../../unicorn/mod.ts";
import { isFpInstruction } from "./decode.ts";

/** CPACR_EL1.FPEN: both levels may use floating point, or EL0 traps. */
const FPEN_MASK = 3n << 20n;
const FPEN_ALL = 3n << 20n;
const FPEN_KERNEL = 1n << 20n;
/** MDSCR_EL1.SS: software step; KDE: at EL1 too. */
const STEP = 1n;
const KDE = 1n << 13n;
const USER_LAST = (1n << 48n) - 1n;

/** What the trap needs of its CPU. */
export interface FpTrapOptions {
  /** Whether the CPU is at EL0. */
  readonly isUser: () => boolean;
  /** The instruction at an address, or `undefined` if nothing is mapped there. */
  readonly wordAt: (address: bigint) => number | undefined;
}

/**
 * The trap of EL0's floating-point instructions, CPACR_EL1.FPEN, and software step, MDSCR_EL1.SS, which serves it.
 *
 * The engine ignores CPACR_EL1. It has a trap that it forgets when it derives its mode anew: at `eret` and when a system register
 * is written. So while EL0 must not use floating point, software step is on in the engine behind the guest's back. With PSTATE.SS
 * clear, a step exception comes whenever EL0 code begins to run in a newly derived mode, before its first instruction; there the
 * trap is set and stepping is suspended until the mode is derived again. Nothing else of the guest runs slower for it.
 *
 * EL0 code that the guest steps at the same time is watched instruction by instruction.
 */
export class FpTrap {
  readonly #engine: Engine;
  readonly #options: FpTrapOptions;
  #cpacr = FPEN_ALL;
  #mdscr = 0n;
  #watch: Disposable | null = null;

  /** Attaches to an engine; nothing traps yet. */
  constructor(engine: Engine, options: FpTrapOptions) {
    this.#engine = engine;
    this.#options = options;
    this.cpacr = FPEN_ALL;
  }

  /** Whether floating-point instructions of EL0 trap. */
  get enabled(): boolean {
    return (this.#cpacr & FPEN_MASK) !== FPEN_ALL;
  }
  set enabled(value: boolean) {
    if (value === this.enabled) return;
    this.cpacr = (this.#cpacr & ~FPEN_MASK) | (value ? FPEN_KERNEL : FPEN_ALL);
  }

  /** CPACR_EL1 as the host set it. Only what FPEN says of EL0 has an effect. */
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
    if (!this.enabled || this.#stepping) return false;
    const state = this.#engine.aarch64;
    state.softwareStep = false;
    state.floatingPointTrap = true;
    return true;
  }

  /** Whether the watch stopped the CPU before the instruction at an address. */
  stoppedAt(address: bigint): boolean {
    return this.#watch !== null && this.#isTrapped(address);
  }

  get #stepping(): boolean {
    return (this.#mdscr & STEP) !== 0n;
  }

  #prepare(): void {
    const stepping = this.#stepping;
    // Only EL0 is to step for the trap, whatever the guest says of EL1.
    const mdscr = this.enabled && !stepping ? (this.#mdscr & ~KDE) | STEP : this.#mdscr;
    this.#engine.writeSystemRegister(AArch64SystemRegister.MDSCR_EL1, mdscr);
    const watching = this.enabled && stepping;
    if (watching === (this.#watch !== null)) return;
    if (watching) {
      this.#watch = this.#engine.addCodeHook(
        0n,
        USER_LAST,
        (address) => this.#isTrapped(address) ? "stop" : undefined,
      );
    } else {
      this.#watch?.[Symbol.dispose]();
      this.#watch = null;
    }
  }

  #isTrapped(address: bigint): boolean {
    if (!this.#options.isUser()) return false;
    const word = this.#options.wordAt(address);
    return word !== undefined && isFpInstruction(word);
  }
}
