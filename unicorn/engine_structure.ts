/**
 * The library's own structure of an engine, in place: its count of instructions, and what ends a
 * run by it.
 *
 * @module
 */
import type { CommonLayout } from "./layout/layout.ts";
import type { NativeEngine } from "./native_engine.ts";
import { addressOf, addressOfBytes, viewMemory } from "./native_memory.ts";

/** Stands for the block that ran last where none has; the library reads its first fields. */
const NO_BLOCK = new Uint8Array(256);
const HIGH = 2 ** 32;

/** The counter of one engine. Valid until that is closed. */
export class EngineStructure {
  /** Two halves of the counter, and two of the budget. */
  readonly #words: Uint32Array;
  readonly #stop: Uint8Array;

  /** Attaches to an engine that has not run yet. */
  constructor(native: NativeEngine, layout: CommonLayout) {
    const size = Math.max(layout.counter + 16, layout.stopRequest + 1, layout.lastBlock + 8);
    const structure = viewMemory(addressOf(native.handle), size);
    this.#words = new Uint32Array(structure, layout.counter, 4);
    this.#stop = new Uint8Array(structure, layout.stopRequest, 1);
    // The library tells of a translation only if a block has run before, and shows that one too.
    new BigUint64Array(structure, layout.lastBlock, 1)[0] = addressOfBytes(NO_BLOCK);
  }

  /** Instructions counted in this run, the one that is executed included. */
  get counter(): number {
    return (this.#words[0] ?? 0) + (this.#words[1] ?? 0) * HIGH;
  }
  set counter(value: number) {
    this.#words[0] = value;
    this.#words[1] = value / HIGH;
  }

  /**
   * Cuts the budget of the run to what has been counted and so many more; the library keeps it
   * behind its counter.
   */
  cutBudget(more: number): void {
    const count = this.counter + more;
    this.#words[2] = count;
    this.#words[3] = count / HIGH;
  }

  /** Whether something asked the last run to stop. */
  get stopped(): boolean {
    return this.#stop[0] !== 0;
  }
}
