/**
 * Which function of a unit has an address, and which of its blocks.
 *
 * @module
 */
import type { Address } from "../../../bytes/mod.ts";
import { DW_TAG } from "../tags.ts";
import { type ListBudget, listBudget } from "../lists/ranges.ts";
import { Entry, type Unit } from "./entry.ts";
import { RangeIndex } from "./range_index.ts";
import { EntryScanner } from "./scanner.ts";

/**
 * The functions of a unit by their addresses, and the blocks of those that are asked for. What is
 * behind damage is left out.
 */
export class ScopeIndex {
  readonly #unit: Unit;
  readonly #report: (error: unknown) => void;
  // Functions inside of others come after them.
  readonly #ranges: RangeIndex = new RangeIndex("last");
  readonly #offsets: number[] = [];
  readonly #blocks: Map<number, BlockIndex> = new Map();

  /**
   * Goes through all entries of a unit once.
   * @param report gets the errors of damage
   */
  constructor(unit: Unit, report: (error: unknown) => void) {
    this.#unit = unit;
    this.#report = report;
    try {
      this.#scan();
    } catch (error) {
      report(error);
    }
  }

  #scan(): void {
    const unit = this.#unit;
    const scan = unit.scan();
    const budget = budgetOf(unit);
    while (scan.next()) {
      if (scan.abbreviation.tag !== DW_TAG.subprogram || !scan.abbreviation.hasCode) continue;
      const number = this.#offsets.length;
      this.#offsets.push(scan.offset);
      new Entry(unit, scan).eachRange(
        (begin, end) => this.#ranges.add(begin, end, number),
        budget,
      );
    }
  }

  /** The function that has an address; of several the innermost. */
  functionAt(address: Address): Entry | undefined {
    const number = this.#ranges.at(address);
    return number === undefined ? undefined : this.#unit.entryAt(this.#offsets[number]!);
  }

  /** The function that has an address, and its blocks that do, outermost first. */
  at(address: Address): Entry[] {
    const number = this.#ranges.at(address);
    if (number === undefined) return [];
    let blocks = this.#blocks.get(number);
    if (blocks === undefined) {
      const scope = this.#unit.entryAt(this.#offsets[number]!);
      blocks = new BlockIndex(scope, this.#report);
      this.#blocks.set(number, blocks);
    }
    return blocks.at(address);
  }
}

/** Before DWARF 5 the lists of split units are with their skeletons. */
function budgetOf({ sections, skeleton }: Unit): ListBudget {
  return listBudget(skeleton?.sections ?? sections, sections);
}

/** The blocks of a function by their addresses. */
class BlockIndex {
  readonly #scope: Entry;
  // Blocks come after what they are in.
  readonly #ranges: RangeIndex = new RangeIndex("last");
  /** Offset of each block, */
  readonly #offsets: number[] = [];
  /** which of them it is in, or −1, */
  readonly #parents: number[] = [];
  /** and its entry, if it has been asked for. */
  readonly #entries: (Entry | undefined)[] = [];

  constructor(scope: Entry, report: (error: unknown) => void) {
    this.#scope = scope;
    try {
      this.#scan();
    } catch (error) {
      report(error);
    }
  }

  #scan(): void {
    const { unit, offset } = this.#scope;
    const scan = new EntryScanner(unit, offset);
    const budget = budgetOf(unit);
    /** Blocks that the scan is in, and their depths. */
    const open: number[] = [];
    const depths: number[] = [];
    scan.next();
    while (scan.next()) {
      const { abbreviation, depth } = scan;
      if (!abbreviation.isBlock) {
        // What a function inside has is its own.
        if (abbreviation.tag === DW_TAG.subprogram) scan.skipChildren();
        continue;
      }
      while (depths.length > 0 && depths[depths.length - 1]! >= depth) {
        depths.pop();
        open.pop();
      }
      const block = this.#offsets.length;
      this.#offsets.push(scan.offset);
      this.#parents.push(open.length === 0 ? -1 : open[open.length - 1]!);
      open.push(block);
      depths.push(depth);
      new Entry(unit, scan).eachRange(
        (begin, end) => this.#ranges.add(begin, end, block),
        budget,
      );
    }
  }

  /** The function, and its blocks that have an address, outermost first. */
  at(address: Address): Entry[] {
    const blocks: number[] = [];
    let block = this.#ranges.at(address) ?? -1;
    for (; block >= 0; block = this.#parents[block]!) blocks.push(block);
    let entry = this.#scope;
    const found = [entry];
    for (let i = blocks.length - 1; i >= 0; i--) {
      const number = blocks[i]!;
      entry = this.#entries[number] ??= entry.unit.entryAt(this.#offsets[number]!, entry);
      found.push(entry);
    }
    return found;
  }
}
