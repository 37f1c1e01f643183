/**
 * Which function of a unit has an address.
 *
 * @module
 */
import type { Address } from "../../../bytes/mod.ts";
import { DW_TAG } from "../tags.ts";
import { Entry, type Unit } from "./entry.ts";
import { RangeIndex } from "./range_index.ts";
import { EntryScanner } from "./scanner.ts";

/** Entries whose code is part of their parent's. */
const BLOCKS: ReadonlySet<number> = new Set([
  DW_TAG.lexicalBlock,
  DW_TAG.inlinedSubroutine,
  DW_TAG.tryBlock,
  DW_TAG.catchBlock,
  DW_TAG.withStmt,
]);

/** The functions of a unit by their addresses. */
export class FunctionIndex {
  readonly #unit: Unit;
  // Functions inside of others come after them.
  readonly #functions: RangeIndex = new RangeIndex("last");

  /**
   * Goes through all entries of a unit once. What is behind damage is left out.
   * @param report gets the error of damage
   */
  constructor(unit: Unit, report: (error: unknown) => void) {
    this.#unit = unit;
    try {
      const scan = unit.scan();
      while (scan.next()) {
        const { abbreviation } = scan;
        if (abbreviation.tag !== DW_TAG.subprogram) continue;
        if (abbreviation.lowPc < 0 && abbreviation.ranges < 0) continue;
        const { offset } = scan;
        new Entry(unit, scan).eachRange((begin, end) => this.#functions.add(begin, end, offset));
      }
    } catch (error) {
      report(error);
    }
  }

  /** The function that has an address; of several the innermost. */
  at(address: Address): Entry | undefined {
    const offset = this.#functions.at(address);
    return offset === undefined ? undefined : this.#unit.entryAt(offset);
  }
}

/** The blocks of a function that have an address, outermost first. */
export function blocksAt(scope: Entry, address: Address): Entry[] {
  const found: Entry[] = [];
  const scan = new EntryScanner(scope.unit, scope.offset);
  let parent = scope;
  let depth = 1;
  scan.next();
  while (scan.next()) {
    // A block's entries are at `depth`: when they are over nothing else can have the address.
    if (scan.depth < depth) break;
    const { abbreviation } = scan;
    if (BLOCKS.has(abbreviation.tag) && (abbreviation.lowPc >= 0 || abbreviation.ranges >= 0)) {
      const entry = new Entry(scope.unit, scan, parent);
      if (entry.contains(address)) {
        found.push(entry);
        parent = entry;
        depth++;
        continue;
      }
    }
    scan.skipChildren();
  }
  return found;
}
