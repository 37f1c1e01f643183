/**
 * Which entry each entry of a unit is a child of.
 *
 * @module
 */
import type { EntryScanner } from "./scanner.ts";

/** Entries of a unit by their offsets, with their parents'. */
export class ParentIndex {
  /** Offsets of the entries that have children, */
  readonly #offsets: number[] = [];
  /** and where the next entry is that is not below each; grows as the scan goes on. */
  readonly #ends: number[] = [];
  /** Number of the parent among them, or −1. */
  readonly #parents: number[] = [];

  /** Goes through all entries. Throws `InputError` where one is damaged. */
  constructor(scan: EntryScanner) {
    const open: number[] = [];
    while (scan.next()) {
      const { offset, depth } = scan;
      while (open.length > depth) this.#ends[open.pop()!] = offset;
      if (!scan.abbreviation.hasChildren) continue;
      this.#parents.push(open.at(-1) ?? -1);
      open.push(this.#offsets.length);
      this.#offsets.push(offset);
      this.#ends.push(Infinity);
    }
  }

  /** Offset of the parent of the entry at an offset; undefined for a root. */
  of(offset: number): number | undefined {
    let low = 0;
    let high = this.#offsets.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#offsets[middle]! < offset) low = middle + 1;
      else high = middle;
    }
    // The last one before it that is still open there.
    for (let i = low - 1; i >= 0; i = this.#parents[i]!) {
      if (this.#ends[i]! > offset) return this.#offsets[i];
    }
    return undefined;
  }
}
