/**
 * Mapping memory of JavaScript into an engine.
 *
 * @module
 */
import * as uc from "./constants.ts";
import { memoryCallback } from "./hooks.ts";
import type { NativeEngine } from "./native_engine.ts";
import { RamMap } from "./ram.ts";
import type { TranslationSwitch } from "./translation_switch.ts";

/** The RAM of one engine, and the hooks of the addresses that have none. */
export class GuestRam {
  /** What is mapped. */
  readonly map: RamMap = new RamMap();
  readonly #native: NativeEngine;
  readonly #translation: TranslationSwitch;
  #gaps: bigint[] = [];

  /** None yet. */
  constructor(native: NativeEngine, translation: TranslationSwitch) {
    this.#native = native;
    this.#translation = translation;
    this.#watchGaps();
  }

  /** Maps bytes; see {@linkcode Engine.mapRam}. */
  add(address: bigint, bytes: Uint8Array): void {
    // A view of our own: nobody else can make its length say what is not so.
    const own = this.map.check(address, bytes);
    this.#native.check(
      this.#native.map(address, own),
      `map ${own.length} bytes at 0x${address.toString(16)}`,
    );
    this.map.add(address, own);
    this.#watchGaps();
  }

  /** Takes a mapping away; see {@linkcode Engine.unmapRam}. */
  remove(address: bigint, size: bigint): void {
    this.map.checkMapped(address, size);
    this.#native.flushCode();
    // The library looks for code there, by addresses it takes for virtual ones.
    this.#translation.offKeepingState(() =>
      this.#native.check(
        this.#native.symbols.uc_mem_unmap(this.#native.handle, address, size),
        `unmap ${size} bytes at 0x${address.toString(16)}`,
      )
    );
    this.map.delete(address, size);
    this.#watchGaps();
    this.#native.flushTlb();
  }

  /**
   * Has accesses to addresses without RAM told, and covers no other: see {@linkcode CodeFrames}.
   */
  #watchGaps(): void {
    for (const hook of this.#gaps) this.#native.removeHook(hook);
    this.#gaps = this.map.gaps().map((gap) =>
      this.#native.addHook(uc.UC_HOOK_MEM_UNMAPPED, memoryCallback(), gap)
    );
  }
}
