/**
 * Hooks of instructions, by which an engine's user watches code.
 *
 * @module
 */
import * as uc from "./constants.ts";
import { EngineUsageError } from "./errors.ts";
import { codeCallback } from "./hooks.ts";
import type { NativeEngine } from "./native_engine.ts";
import { checkU64 } from "./state_view.ts";
import type { TranslationSwitch } from "./translation_switch.ts";

/** What a code hook's callback gets and may answer. */
export type CodeHookCallback = (address: bigint) => void | "stop";

/** First and last address that a hook watches. */
export interface CodeRange {
  /** First address. */
  readonly begin: bigint;
  /** Last address, inclusive. */
  readonly end: bigint;
}

interface CodeHook {
  readonly native: bigint;
  readonly callback: CodeHookCallback | undefined;
}

/** The code hooks of one engine, by the numbers that native code knows them by. */
export class CodeHooks {
  readonly #native: NativeEngine;
  readonly #translation: TranslationSwitch;
  readonly #hooks = new Map<number, CodeHook>();
  #next = 1;

  /** None yet. */
  constructor(native: NativeEngine, translation: TranslationSwitch) {
    this.#native = native;
    this.#translation = translation;
  }

  /**
   * Adds a hook; code that has been translated does not know of it.
   *
   * @returns its number
   * @throws {EngineUsageError} When the range is none.
   */
  add({ begin, end }: CodeRange, callback: CodeHookCallback | undefined): number {
    checkU64(begin);
    checkU64(end);
    if (end < begin) {
      throw new EngineUsageError(
        "value",
        `Cannot add a code hook: its end 0x${end.toString(16)} is below its begin`,
      );
    }
    const id = this.#next++;
    const range = { begin, end, data: BigInt(id) };
    const native = this.#native.addHook(uc.UC_HOOK_CODE, codeCallback(), range);
    this.#hooks.set(id, { native, callback });
    return id;
  }

  /** Whether there are hooks. */
  get any(): boolean {
    return this.#hooks.size > 0;
  }

  /** Whether there is a hook of a number. */
  has(id: number): boolean {
    return this.#hooks.has(id);
  }

  /** Removes a hook; code that has been translated still asks for it, in vain. */
  remove(id: number): void {
    const hook = this.#hooks.get(id);
    if (hook === undefined) return;
    this.#hooks.delete(id);
    // The library looks for the code the hook is in.
    this.#translation.offKeepingState(() => this.#native.removeHook(hook.native));
  }

  /**
   * Whether a run is to stop before the instruction at an address. Throws what the callback throws.
   */
  stopsAt(id: number, address: bigint): boolean {
    const hook = this.#hooks.get(id);
    return hook !== undefined && (hook.callback === undefined || hook.callback(address) === "stop");
  }

  /** Forgets all hooks, of an engine that is closed. */
  clear(): void {
    this.#hooks.clear();
  }
}
