/**
 * Sequences of rows by the addresses they cover.
 *
 * @module
 */
import { type Address, countNotAbove } from "../../../bytes/mod.ts";

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
  readonly #begins: number[] = [];
  /** Largest end of each one and of all that begin before. */
  readonly #reach: number[] = [];

  /** @param found in the order of the program; it is sorted */
  constructor(found: T[]) {
    let before = -Infinity;
    let ascends = true;
    for (const { begin } of found) {
      ascends &&= before < begin;
      before = begin;
    }
    // Of functions that several objects have, linkers keep the first, and give the rows of all its
    // address: so of those that begin at one address the first comes last, where the search begins.
    if (!ascends) found.reverse().sort((a, b) => a.begin - b.begin);
    this.all = found;
    let reach = -Infinity;
    for (const { begin, end } of found) {
      if (end > reach) reach = end;
      this.#begins.push(begin);
      this.#reach.push(reach);
    }
  }

  /**
   * What `use` gives for the sequence that covers an address: the one that begins last and, of
   * those that begin there, the first of the program; if it gives nothing, for the one before.
   */
  find<R>(address: Address, use: (sequence: T) => R | undefined): R | undefined {
    const { all } = this;
    const reach = this.#reach;
    let i = countNotAbove(this.#begins, address) - 1;
    for (; i >= 0 && reach[i]! > address; i--) {
      const found = all[i]!.end > address ? use(all[i]!) : undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
