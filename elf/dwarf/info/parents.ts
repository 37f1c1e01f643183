/**
 * Which entry each entry of a unit is a child of.
 *
 * @module
 */
import type { EntryScanner } from "./scanner.ts";

/** Entries of a unit by their offsets, with their parents'. */
export class ParentIndex {
  /** Offsets of all entries, */
  readonly #offsets: number[] = [];
  /** and the number of each one's parent among them, or −1. */
  readonly #parents: number[] = [];

  /** Goes through all entries. Throws `InputError` where one is damaged. */
  constructor(scan: EntryScanner) {
    /** Numbers of the entries that the scan is in, one for each depth. */
    const open: number[] = [];
    while (scan.next()) {
      const { depth } = scan;
      open.length = depth;
      this.#parents.push(depth === 0 ? -1 : open[depth - 1]!);
      open.push(this.#offsets.length);
      this.#offsets.push(scan.offset);
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
    if (this.#offsets[low] !== offset) return undefined;
    return this.#offsets[this.#parents[low]!];
  }
}
