/**
 * The check of the program counter's alignment on AArch64, which the library leaves out.
 *
 * @module
 */
import { AArch64Vector } from "./constants.ts";
import type { TrapExit } from "../exit.ts";
import type { NativeEngine } from "../native_engine.ts";
import type { AArch64State } from "./state.ts";

/**
 * Stops an engine before the first instruction at an address that is not a multiple of 4. Only a
 * jump can lead there, and only to code that has not been translated yet, since no translation of
 * such code is kept: it is enough to look when code is translated, which costs nothing where it
 * runs.
 */
export class PcAlignment {
  readonly #native: NativeEngine;
  readonly #state: AArch64State;
  #found = false;

  /** Watches an engine. */
  constructor(native: NativeEngine, state: AArch64State) {
    this.#native = native;
    this.#state = state;
  }

  /** Looks at the address of code that has been translated and is about to run. */
  onTranslation(address: bigint): void {
    if ((address & 3n) === 0n) return;
    this.#found = true;
    this.#native.symbols.uc_emu_stop(this.#native.handle);
  }

  /** The exit of a run that would begin at a misaligned address. */
  beforeRun(): TrapExit | undefined {
    return this.#state.misaligned ? exit(0) : undefined;
  }

  /** The exit of a run that was stopped, after so many instructions. */
  afterRun(instructions: number): TrapExit | undefined {
    if (!this.#found) return undefined;
    this.#found = false;
    this.#native.flushCode();
    return exit(instructions);
  }
}

function exit(instructions: number): TrapExit {
  return { kind: "trap", instructions, vector: AArch64Vector.PC_ALIGNMENT };
}
