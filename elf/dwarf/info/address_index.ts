/**
 * Which unit of a file has an address.
 *
 * @module
 */
import { type Address, addressFromHalves, type Cursor } from "../../../bytes/mod.ts";
import { DwarfError } from "../errors.ts";
import { readOffset, readUnitLength } from "../form.ts";
import { isDropped, listBudget } from "../lists/ranges.ts";
import type { DwarfSections } from "../sections.ts";
import type { Unit } from "./entry.ts";
import { RangeIndex } from "./range_index.ts";
import { u32At } from "./skip.ts";

/**
 * Units by the addresses of their code: as `.debug_aranges` has it, and as units say themselves
 * that it does not have.
 */
export class AddressIndex {
  // Of functions that several objects have, linkers keep the first, and give all its address.
  readonly #ranges: RangeIndex = new RangeIndex("first");

  /** @param report gets the errors of what is damaged and left out; false for no more of them */
  constructor(
    sections: DwarfSections,
    units: readonly Unit[],
    report: (error: unknown) => boolean,
  ) {
    const numbers = new Map<number, number>();
    for (const [i, unit] of units.entries()) {
      if (unit.source === ".debug_info") numbers.set(unit.offset, i);
    }
    const told = this.#readTable(sections, numbers, report);
    const budget = listBudget(sections);
    for (const number of numbers.values()) {
      if (told.has(number)) continue;
      try {
        units[number]!.root.eachRange(
          (begin, end) => this.#ranges.add(begin, end, number),
          budget,
        );
      } catch (error) {
        if (!report(error)) break;
      }
    }
  }

  /** Number of the unit that has an address. */
  at(address: Address): number | undefined {
    return this.#ranges.at(address);
  }

  /** Reads `.debug_aranges`; the units that it tells of. */
  #readTable(
    sections: DwarfSections,
    numbers: ReadonlyMap<number, number>,
    report: (error: unknown) => boolean,
  ): ReadonlySet<number> {
    const told = new Set<number>();
    const cursor = sections.cursor(".debug_aranges");
    const end = cursor.end;
    try {
      while (cursor.at < end) {
        const set = readUnitLength(cursor);
        cursor.end = set.end;
        try {
          const number = this.#readSet(cursor, set.offsetSize, numbers);
          if (number !== undefined) told.add(number);
        } catch (error) {
          if (!report(error)) break;
        }
        cursor.at = set.end;
        cursor.end = end;
      }
    } catch (error) {
      report(error);
    }
    return told;
  }

  /** Reads one set (section 6.1.2); the number of its unit if it has any range of one. */
  #readSet(
    cursor: Cursor,
    offsetSize: 4 | 8,
    numbers: ReadonlyMap<number, number>,
  ): number | undefined {
    const start = cursor.at - (offsetSize === 4 ? 4 : 12);
    const fail = (what: string, expected: string) =>
      new DwarfError("index", `Address table's ${what}, expected ${expected}`, {
        source: cursor.source,
        offset: start,
      });
    const version = cursor.u16();
    if (version !== 2) throw fail(`version is ${version}`, "2");
    const unit = readOffset(cursor, { offsetSize });
    const number = numbers.get(unit);
    if (number === undefined) throw fail(`unit is at 0x${unit.toString(16)}`, "one of .debug_info");
    const addressSize = cursor.u8();
    if (addressSize !== 8) throw fail(`address size is ${addressSize}`, "8");
    const segmentSize = cursor.u8();
    if (segmentSize !== 0) throw fail(`segment size is ${segmentSize}`, "0");
    // Pairs begin at a multiple of their size.
    cursor.skip((16 - (cursor.at - start) % 16) % 16);
    let hasRange = false;
    const { bytes, end } = cursor;
    // There are very many.
    for (let at = cursor.at; at + 16 <= end; at += 16) {
      let begin = addressFromHalves(u32At(bytes, at), u32At(bytes, at + 4));
      let size = addressFromHalves(u32At(bytes, at + 8), u32At(bytes, at + 12));
      if (Number.isNaN(begin + size)) {
        cursor.at = at;
        begin = cursor.address64();
        size = cursor.address64();
      }
      if (begin === 0 && size === 0) break;
      if (size <= 0 || isDropped(begin)) continue;
      hasRange = true;
      this.#ranges.add(begin, begin + size, number);
    }
    return hasRange ? number : undefined;
  }
}
