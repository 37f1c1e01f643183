/**
 * Which page frames hold translated code, and how translations are kept true to what is written
 * there.
 *
 * @module
 */
import * as uc from "./constants.ts";
import { memoryCallback } from "./hooks.ts";
import type { NativeEngine } from "./native_engine.ts";
import type { TranslationSwitch } from "./translation_switch.ts";

const PAGE_SHIFT = 12n;
const PAGE_OFFSET = 0xfffn;

/**
 * The page frames of one engine that hold translations.
 *
 * The library looks for translations under a store only while the TLB entry it goes through says
 * "not dirty". It takes that off an entry at the first store, whatever other mappings the frame
 * has, unless a memory hook covers the physical address. So each frame that holds translations gets
 * a hook of its own. The hook is one for absent memory, and never called, since the memory is
 * there; it only makes every store to the frame, through any mapping, drop the translations that
 * the store changes. All other frames are free of hooks, and stores to them go at full speed.
 */
export class CodeFrames {
  readonly #native: NativeEngine;
  readonly #translation: TranslationSwitch;
  /** Hooks by number of the page frame. */
  readonly #watched = new Map<number, bigint>();
  /** Watched frames whose translations the next run must not see. */
  readonly #stale = new Set<number>();

  /** Watches an engine that has not translated anything yet. */
  constructor(native: NativeEngine, translation: TranslationSwitch) {
    this.#native = native;
    this.#translation = translation;
  }

  /**
   * Code at a physical address has been translated and is about to run. Returns whether its frame
   * had no translations before: the TLB must be emptied then, as other mappings of the frame may be
   * in it without "not dirty".
   */
  add(physical: bigint): boolean {
    const number = physical >> PAGE_SHIFT;
    const frame = Number(number);
    if (this.#watched.has(frame)) return false;
    const begin = number << PAGE_SHIFT;
    const range = { begin, end: begin + PAGE_OFFSET };
    this.#watched.set(
      frame,
      this.#native.addHook(uc.UC_HOOK_MEM_WRITE_UNMAPPED, memoryCallback(), range),
    );
    return true;
  }

  /** Has translations of a physical range, if there are any, dropped before the next run. */
  drop(address: bigint, size: bigint): void {
    if (this.#watched.size === 0) return;
    const first = Number(address >> PAGE_SHIFT);
    const last = Number((address + size - 1n) >> PAGE_SHIFT);
    if (last - first < this.#watched.size) {
      for (let frame = first; frame <= last; frame++) {
        if (this.#watched.has(frame)) this.#stale.add(frame);
      }
    } else {
      for (const frame of this.#watched.keys()) {
        if (frame >= first && frame <= last) this.#stale.add(frame);
      }
    }
  }

  /**
   * Drops every translation. Unlike the library's own control for that, it may be used while one of
   * them runs.
   */
  dropAll(): void {
    for (const frame of this.#watched.keys()) this.#stale.add(frame);
    this.sweep();
  }

  /** Whether {@linkcode sweep} has anything to do. */
  get hasStale(): boolean {
    return this.#stale.size !== 0;
  }

  /** Drops what {@linkcode drop} has asked for, all of it at the price of one. */
  sweep(): void {
    this.#translation.off(() => {
      for (const frame of this.#stale) {
        this.#remove(frame);
        const hook = this.#watched.get(frame);
        if (hook !== undefined) this.#native.removeHook(hook);
        this.#watched.delete(frame);
        this.#stale.delete(frame);
      }
    });
  }

  #remove(frame: number): void {
    const { symbols, handle } = this.#native;
    const begin = BigInt(frame) << PAGE_SHIFT;
    this.#native.check(
      symbols.uc_ctl_range(handle, uc.UC_CTL_TB_REMOVE_CACHE, begin, begin + PAGE_OFFSET + 1n),
      "drop translations",
    );
  }
}
