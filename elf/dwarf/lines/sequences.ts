/**
 * Sequences of rows by the addresses they cover.
 *
 * @module
 */
import { type Address, partitionPoint } from "../../../bytes/mod.ts";

/** What a sequence covers, without a gap. */
export interface Covering {
  /** Address of its first instruction. */
  readonly begin: Address;
  /** Address behind its last byte. */
  readonly end: Address;
}

/** Sequences in the order of their addresses. */
export class Sequences<T extends Covering> {
  /** All of them; of those that begin at one address, the first of the program comes last. */
  readonly all: readonly T[];
  /** Largest end of each one and of all that begin before. */
  readonly #reach: number[];

  /** @param found in the order of the program; it is sorted */
  constructor(found: T[]) {
    // Of functions that several objects have, linkers keep the first, and give the rows of all its
    // address: so of those that begin at one address the first comes last, where the search begins.
    this.all = found.reverse().sort((a, b) => a.begin - b.begin);
    let reach = -Infinity;
    this.#reach = this.all.map(({ end }) => reach = Math.max(reach, end));
  }

  /**
   * What `use` gives for the sequence that covers an address: the one that begins last and, of
   * those that begin there, the first of the program; if it gives nothing, for the one before.
   */
  find<R>(address: Address, use: (sequence: T) => R | undefined): R | undefined {
    const { all } = this;
    const reach = this.#reach;
    let i = partitionPoint(all.length, (i) => all[i]!.begin <= address) - 1;
    for (; i >= 0 && reach[i]! > address; i--) {
      const found = all[i]!.end > address ? use(all[i]!) : undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
