/**
 * Address translation of the guest, switched off for what the library does by virtual addresses.
 *
 * @module
 */
import type { NativeEngine } from "./native_engine.ts";

/**
 * Where the CPU's state has the bit that switches address translation on: CR0.PG or SCTLR_EL1.M.
 */
export interface TranslationBit {
  /** The CPU's state. */
  readonly words: BigUint64Array;
  /** Index of the word. */
  readonly index: number;
  /** The bit in it. */
  readonly bit: bigint;
}

/**
 * Some of the library's controls find translated code by virtual address, as if the guest fetched
 * it: where an address is not mapped now they pass it over, but leave a page fault in the CPU's
 * state (x86-64: CR2, error code; AArch64: syndrome, fault address) and accessed bits in the
 * guest's tables. With translation off no table is looked at, and addresses mean physical ones.
 */
export class TranslationSwitch {
  readonly #native: NativeEngine;
  readonly #place: TranslationBit;

  /** For an engine whose CPU state has the bit at a place. */
  constructor(native: NativeEngine, place: TranslationBit) {
    this.#native = native;
    this.#place = place;
  }

  /** Does something with translation off. The TLB is empty before and after. */
  off(action: () => void): void {
    const { words, index, bit } = this.#place;
    const before = words[index] ?? 0n;
    if ((before & bit) === 0n) return action();
    words[index] = before & ~bit;
    try {
      this.#native.flushTlb();
      action();
    } finally {
      words[index] = before;
      this.#native.flushTlb();
    }
  }

  /**
   * The same, with the CPU's state put back as it was: for controls that may be about any address.
   * AArch64 faults on those beyond its physical ones, translation or not.
   */
  offKeepingState(action: () => void): void {
    const { words } = this.#place;
    const before = words.slice();
    try {
      this.off(action);
    } finally {
      words.set(before);
    }
  }
}
