/**
 * Which function of a unit has an address, and which of its blocks.
 *
 * @module
 */
import type { Address } from "../../../bytes/mod.ts";
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
  readonly #outside: FunctionIndex;
  /** Functions inside of functions and types, which hardly any program has. */
  #inside: FunctionIndex | undefined;
  readonly #blocks: Map<number, BlockIndex> = new Map();

  /**
   * Goes through the entries of a unit once, but past what is inside of functions and types.
   * @param report gets the errors of damage
   */
  constructor(unit: Unit, report: (error: unknown) => void) {
    this.#unit = unit;
    this.#report = report;
    this.#outside = new FunctionIndex(unit, "outside", report);
  }

  /** Offset of the function that has an address. */
  #find(address: Address): number | undefined {
    const outside = this.#outside;
    const found = outside.ranges.at(address);
    if (found !== undefined || outside.isWhole) return found;
    this.#inside ??= new FunctionIndex(this.#unit, "inside", (error) => {
      // Of damage outside it has been told already.
      if (String(error) !== outside.error) this.#report(error);
    });
    return this.#inside.ranges.at(address);
  }

  /** The function that has an address; of several the innermost. */
  functionAt(address: Address): Entry | undefined {
    const offset = this.#find(address);
    return offset === undefined ? undefined : this.#unit.entryAt(offset);
  }

  /** The function that has an address, and its blocks that do, outermost first. */
  at(address: Address): Entry[] {
    const offset = this.#find(address);
    if (offset === undefined) return [];
    let blocks = this.#blocks.get(offset);
    if (blocks === undefined) {
      blocks = new BlockIndex(this.#unit.entryAt(offset), this.#report);
      this.#blocks.set(offset, blocks);
    }
    return blocks.at(address);
  }
}

/** Where the functions of a unit are. */
class FunctionIndex {
  /** Owners are offsets of functions; those inside of others come after them. */
  readonly ranges: RangeIndex = new RangeIndex("last");
  /** Whether nothing was gone past. */
  isWhole: boolean = false;
  /** What was damaged. */
  error: string | undefined;

  constructor(unit: Unit, where: "outside" | "inside", report: (error: unknown) => void) {
    try {
      this.#scan(unit, where);
    } catch (error) {
      this.error = String(error);
      report(error);
    }
  }

  #scan(unit: Unit, where: "outside" | "inside"): void {
    const scan = unit.scan();
    const budget = budgetOf(unit);
    const add = (begin: Address, end: Address) => this.ranges.add(begin, end, scan.offset);
    while (scan.nextFunction(where)) {
      new Entry(unit, scan).eachRange(add, budget);
      if (where === "outside") scan.skipToSibling();
    }
    this.isWhole = !scan.hasPassed;
  }
}

/** Before DWARF 5 the lists of split units are with their skeletons. */
function budgetOf({ sections, skeleton }: Unit): ListBudget {
  return listBudget(skeleton?.sections ?? sections, sections);
}

/** Numbers of a block: its offset, and which block it is in, or −1. */
const BLOCK = 2;

/** Blocks by their addresses. */
interface Blocks {
  // Blocks come after what they are in.
  readonly ranges: RangeIndex;
  readonly blocks: number[];
  /** Entries of those that have been asked for. */
  readonly entries: (Entry | undefined)[];
}

/** The blocks of a function by their addresses. */
class BlockIndex {
  readonly #scope: Entry;
  /** None of many small functions. */
  #found: Blocks | undefined;

  constructor(scope: Entry, report: (error: unknown) => void) {
    this.#scope = scope;
    try {
      if (scope.hasChildren) this.#scan();
    } catch (error) {
      report(error);
    }
  }

  #scan(): void {
    const { unit, offset } = this.#scope;
    const scan = new EntryScanner(unit, offset);
    scan.next();
    if (!scan.nextBlock()) return;
    const budget = budgetOf(unit);
    const ranges = new RangeIndex("last");
    const blocks: number[] = [];
    this.#found = { ranges, blocks, entries: [] };
    /** The block that the scan is in, and how deep that is. */
    let open = -1;
    const depths: number[] = [];
    const add = (begin: Address, end: Address) => ranges.add(begin, end, open);
    do {
      const { depth } = scan;
      while (open >= 0 && depths[open]! >= depth) open = blocks[BLOCK * open + 1]!;
      blocks.push(scan.offset, open);
      open = depths.length;
      depths.push(depth);
      new Entry(unit, scan).eachRange(add, budget);
    } while (scan.nextBlock());
  }

  /** The function, and its blocks that have an address, outermost first. */
  at(address: Address): Entry[] {
    let entry = this.#scope;
    const found = [entry];
    let number = this.#found?.ranges.at(address) ?? -1;
    if (number < 0) return found;
    const { blocks, entries } = this.#found!;
    const numbers: number[] = [];
    for (; number >= 0; number = blocks[BLOCK * number + 1]!) numbers.push(number);
    for (let i = numbers.length - 1; i >= 0; i--) {
      number = numbers[i]!;
      entry = entries[number] ??= entry.unit.entryAt(blocks[BLOCK * number]!, entry);
      found.push(entry);
    }
    return found;
  }
}
