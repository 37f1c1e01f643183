/**
 * Which entry each entry of a unit is a child of.
 *
 * @module
 */
import { partitionPoint } from "../../../bytes/mod.ts";
import { uint32List } from "./numbers.ts";
import type { EntryScanner } from "./scanner.ts";

/** Entries of a unit by their offsets, with their parents': eight bytes for each. */
export class ParentIndex {
  /** Offset of the root, from which the others count. */
  readonly #start: number;
  /** Offsets of all entries, */
  readonly #offsets = uint32List();
  /** and the number of each one's parent among them, plus 1. */
  readonly #parents = uint32List();

  /** Goes through all entries. Throws `InputError` where one is damaged. */
  constructor(scan: EntryScanner) {
    /** Numbers of the entries that the scan is in, one for each depth, plus 1. */
    const open: number[] = [];
    let start: number | undefined;
    while (scan.next()) {
      const { depth, offset } = scan;
      start ??= offset;
      open.length = depth;
      this.#parents.push(depth === 0 ? 0 : open[depth - 1]!);
      this.#offsets.push(offset - start);
      open.push(this.#offsets.count);
    }
    this.#start = start ?? 0;
  }

  /** Offset of the parent of the entry at an offset; undefined for a root. */
  of(offset: number): number | undefined {
    const { values: offsets, count } = this.#offsets;
    const wanted = offset - this.#start;
    const at = partitionPoint(count, (i) => offsets[i]! < wanted);
    if (at === count || offsets[at] !== wanted) return undefined;
    const parent = this.#parents.values[at]!;
    return parent === 0 ? undefined : this.#start + offsets[parent - 1]!;
  }
}
