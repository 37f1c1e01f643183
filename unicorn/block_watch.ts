/**
 * Following the guest from block to block.
 *
 * @module
 */
import * as uc from "./constants.ts";
import type { CodeRange } from "./code_hooks.ts";
import { EngineUsageError } from "./errors.ts";
import { blockCallback } from "./hooks.ts";
import type { NativeEngine } from "./native_engine.ts";
import { checkU64 } from "./state_view.ts";
import type { TranslationSwitch } from "./translation_switch.ts";

/**
 * What a watcher of blocks is told: the block's first address and the stack pointer there, both
 * exact below 2^53.
 */
export type BlockWatcher = (pc: number, sp: number) => void;

/** What {@linkcode BlockWatch} needs of its engine. */
export interface BlockWatchOptions {
  /** The switch of address translation. */
  readonly translation: TranslationSwitch;
  /** The CPU's state. */
  readonly words: BigUint64Array;
  /** Where PC is in it. */
  readonly pcIndex: number;
}

/** Index of RSP; that of AArch64's SP is the one before PC. */
const RSP = 4;
const HIGH = 2 ** 32;

/**
 * Tells a watcher of each block that begins in a range of addresses.
 *
 * The library calls the hook by a call compiled into the block as long as it is the only one of its
 * kind, so there is one at most. Both words are read from the CPU's structure, in halves: as
 * arguments they would come as bigints, which cost more than the rest of the call.
 */
export class BlockWatch {
  readonly #native: NativeEngine;
  readonly #translation: TranslationSwitch;
  /** The CPU's state in halves of words. */
  readonly #halves: Uint32Array;
  readonly #pc: number;
  readonly #sp: number;
  #hook: bigint | undefined;
  #watcher: BlockWatcher | undefined;

  /** Watches nothing yet. */
  constructor(native: NativeEngine, { translation, words, pcIndex }: BlockWatchOptions) {
    this.#native = native;
    this.#translation = translation;
    this.#halves = new Uint32Array(words.buffer, words.byteOffset, 2 * words.length);
    this.#pc = 2 * pcIndex;
    this.#sp = 2 * (native.arch === "x86_64" ? RSP : pcIndex - 1);
  }

  /** Whether there is a watcher. */
  get isActive(): boolean {
    return this.#watcher !== undefined;
  }

  /**
   * Watches a range; code that has been translated does not know of it.
   *
   * @throws {EngineUsageError} When the range is none, or there is a watcher.
   */
  watch({ begin, end }: CodeRange, watcher: BlockWatcher): void {
    checkU64(begin);
    checkU64(end);
    if (end < begin) {
      throw new EngineUsageError(
        "value",
        `Cannot watch blocks: the end 0x${end.toString(16)} of their range is below its begin`,
      );
    }
    if (this.#watcher !== undefined) {
      throw new EngineUsageError("value", "Cannot watch blocks: they are watched already");
    }
    this.#hook = this.#native.addHook(uc.UC_HOOK_BLOCK, blockCallback(), { begin, end });
    this.#watcher = watcher;
  }

  /** Ends it. */
  end(): void {
    const hook = this.#hook;
    this.#hook = undefined;
    this.#watcher = undefined;
    if (hook === undefined) return;
    // The library looks for the code the hook is in.
    this.#translation.offKeepingState(() => this.#native.removeHook(hook));
  }

  /** A block begins. Throws what the watcher throws. */
  onBlock(): void {
    const halves = this.#halves;
    const pc = (halves[this.#pc] ?? 0) + (halves[this.#pc + 1] ?? 0) * HIGH;
    const sp = (halves[this.#sp] ?? 0) + (halves[this.#sp + 1] ?? 0) * HIGH;
    this.#watcher?.(pc, sp);
  }
}
