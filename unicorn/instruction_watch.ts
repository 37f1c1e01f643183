/**
 * Instructions that are looked at each time before they are executed, because the library would
 * not do what the processor does.
 *
 * @module
 */
import * as uc from "./constants.ts";
import { instructionCallback } from "./hooks.ts";
import type { NativeEngine } from "./native_engine.ts";

/** Who looks at them. */
export interface InstructionWatcher {
  /**
   * Offsets, in a block of code that has been translated, of the instructions to look at.
   * @param code the block, first instruction first
   * @param address virtual address of the block
   */
  find(code: Uint8Array, address: bigint): readonly number[];
  /**
   * Whether the run is to end before the instruction at an address, which was found there once; now
   * there may be another.
   */
  refuses(address: bigint): boolean;
}

/**
 * Hooks the instructions that a watcher finds, one by one: blocks are looked at when they are
 * translated, and translated again if something was found. While none was found the others cost
 * nothing; from the first on, the library calls its hooks through a list in all code that it then
 * translates, some 9 ns more for each instruction.
 */
export class InstructionWatch {
  readonly #native: NativeEngine;
  readonly #watcher: InstructionWatcher;
  readonly #hooked = new Set<bigint>();

  /** Watches an engine. */
  constructor(native: NativeEngine, watcher: InstructionWatcher) {
    this.#native = native;
    this.#watcher = watcher;
  }

  /** Looks at a translated block, whose bytes are `code`. */
  onTranslation(address: bigint, code: Uint8Array): void {
    let added = false;
    for (const offset of this.#watcher.find(code, address)) {
      const begin = address + BigInt(offset);
      if (this.#hooked.has(begin)) continue;
      this.#hooked.add(begin);
      this.#native.addHook(uc.UC_HOOK_CODE, instructionCallback(), { begin, end: begin });
      added = true;
    }
    if (added) this.#native.translateAgain(address, code.length);
  }

  /** Whether the run is to end before a hooked instruction, which comes next. */
  refuses(address: bigint): boolean {
    return this.#watcher.refuses(address);
  }
}
