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
  readonly #words: Uint32Array;
  readonly #bytes: Uint8Array;
  readonly #counter: number;
  readonly #stop: number;

  /** Attaches to an engine that has not run yet. */
  constructor(native: NativeEngine, layout: CommonLayout) {
    const size = Math.max(layout.stopRequest, layout.lastBlock) + 8;
    const structure = viewMemory(addressOf(native.handle), size);
    this.#bytes = new Uint8Array(structure);
    this.#words = new Uint32Array(structure, 0, size >> 2);
    this.#counter = layout.counter >> 2;
    this.#stop = layout.stopRequest;
    // The library tells of a translation only if a block has run before, and shows that one too.
    new BigUint64Array(structure, layout.lastBlock, 1)[0] = addressOfBytes(NO_BLOCK);
  }

  /** Instructions counted in this run, the one that is executed included. */
  get counter(): number {
    const index = this.#counter;
    return (this.#words[index] ?? 0) + (this.#words[index + 1] ?? 0) * HIGH;
  }
  set counter(value: number) {
    this.#words[this.#counter] = value;
    this.#words[this.#counter + 1] = value / HIGH;
  }

  /**
   * Cuts the budget of the run to what has been counted and so many more; the library keeps it
   * behind its counter.
   */
  cutBudget(more: number): void {
    const count = this.counter + more;
    this.#words[this.#counter + 2] = count;
    this.#words[this.#counter + 3] = count / HIGH;
  }

  /** Whether something asked the last run to stop. */
  get stopped(): boolean {
    return this.#bytes[this.#stop] !== 0;
  }
}
