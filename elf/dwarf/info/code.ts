/**
 * Where the code of entries is, without an object for each.
 *
 * @module
 */
import { type Address, addressFromHalves } from "../../../bytes/mod.ts";
import { DW_FORM } from "../constants.ts";
import { DwarfError } from "../errors.ts";
import { isDropped } from "../lists/ranges.ts";
import { Entry, type Unit } from "./entry.ts";
import { RANGE_LIMIT } from "./range_index.ts";
import type { EntryScanner } from "./scanner.ts";
import { u32At } from "./skip.ts";

/** Reads ranges of the entries of one unit. */
export class CodeReader {
  readonly #unit: Unit;
  /** How many entries of lists have been read. */
  #read = 0;

  /** A reader of a unit's entries. */
  constructor(unit: Unit) {
    this.#unit = unit;
  }

  /**
   * Calls `visit` with the ranges of the entry that a scan is at.
   *
   * @throws {DwarfError | DecodeError | ElfError}
   */
  eachRange(scan: EntryScanner, visit: (begin: Address, end: Address) => void): void {
    const { abbreviation } = scan;
    if (abbreviation.ranges < 0) {
      if (abbreviation.lowPc < 0 || abbreviation.highPc < 0) return;
      const begin = this.#begin(scan);
      const size = begin === undefined ? undefined : this.#size(scan);
      if (begin !== undefined && size !== undefined) {
        if (size > 0 && !isDropped(begin)) visit(begin, begin + size);
        return;
      }
    }
    this.#read += new Entry(this.#unit, scan).eachRange(visit);
    if (this.#read <= RANGE_LIMIT) return;
    const message = `Entries of a unit have over ${RANGE_LIMIT} ranges, expected fewer`;
    throw new DwarfError("index", message, { source: this.#unit.source, offset: scan.offset });
  }

  /** Address of a usual form, or undefined. */
  #begin(scan: EntryScanner): Address | undefined {
    const { lowPc, forms } = scan.abbreviation;
    const { bytes } = this.#unit;
    const place = scan.placeOf(lowPc);
    switch (forms[lowPc]) {
      case DW_FORM.addr: {
        const address = addressFromHalves(u32At(bytes, place), u32At(bytes, place + 4));
        return Number.isNaN(address) ? undefined : address;
      }
      case DW_FORM.addrx:
        return bytes[place]! < 0x80 ? this.#unit.addressAt(bytes[place]!) : undefined;
    }
    return undefined;
  }

  /** Size of code in a usual form, or undefined. */
  #size(scan: EntryScanner): number | undefined {
    const { highPc, forms } = scan.abbreviation;
    const { bytes } = this.#unit;
    const place = scan.placeOf(highPc);
    switch (forms[highPc]) {
      case DW_FORM.data1:
        return bytes[place];
      case DW_FORM.data2:
        return bytes[place]! | bytes[place + 1]! << 8;
      case DW_FORM.data4:
        return u32At(bytes, place);
      case DW_FORM.data8:
        return u32At(bytes, place + 4) === 0 ? u32At(bytes, place) : undefined;
      case DW_FORM.udata:
        return bytes[place]! < 0x80 ? bytes[place] : undefined;
    }
    return undefined;
  }
}
