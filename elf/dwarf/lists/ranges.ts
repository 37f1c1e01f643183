/**
 * Range lists: `.debug_ranges` (DWARF 4, section 2.17.3) and `.debug_rnglists` (DWARF 5, section
 * 7.25).
 *
 * @module
 */
import type { Address, Cursor } from "../../../bytes/mod.ts";
import { DW_RLE } from "../constants.ts";
import { DwarfError } from "../errors.ts";

/** Addresses from `begin` up to, and without, `end`. */
export interface AddressRange {
  /** First address. */
  readonly begin: Address;
  /** Address behind the last byte. */
  readonly end: Address;
}

/** What a list needs of its unit. */
export interface ListUnit {
  /** DWARF version. */
  readonly version: number;
  /** What offsets are added to until the list itself says: where the unit's code begins. */
  readonly baseAddress: Address;
  /** Address by its index in `.debug_addr`; throws `InputError`. */
  readonly addressAt: (index: number) => Address;
}

/** Entries that one list may have. */
export const LIST_LIMIT: number = 2 ** 20;

/** Whether linkers put this where code was that they have dropped. */
export function isDropped(address: Address): boolean {
  return address === -1 || address === -2;
}

/** Counts the entries of a list; throws {@linkcode DwarfError} (`list`) if there are too many. */
export function countEntry(cursor: Cursor, count: number): void {
  if (count <= LIST_LIMIT) return;
  const message = `List has over ${LIST_LIMIT} entries, expected fewer`;
  throw new DwarfError("list", message, { source: cursor.source, offset: cursor.at });
}

/** Error of an entry whose kind does not exist. */
export function unknownEntry(cursor: Cursor, kind: number, most: number): DwarfError {
  const message = `List entry's kind is ${kind}, expected at most ${most}`;
  return new DwarfError("list", message, { source: cursor.source, offset: cursor.at - 1 });
}

/**
 * Ranges of the list at the cursor's position, in its order, without empty ones and those of code
 * that the linker has dropped; until `visit` says that it wants no more.
 *
 * @returns how many entries have been read
 * @throws {DwarfError | DecodeError | ElfError}
 */
export function eachRange(
  cursor: Cursor,
  unit: ListUnit,
  visit: (begin: Address, end: Address) => boolean | void,
): number {
  return unit.version >= 5 ? eachOfRnglist(cursor, unit, visit) : eachOfPairs(cursor, unit, visit);
}

function eachOfPairs(
  cursor: Cursor,
  unit: ListUnit,
  visit: (begin: Address, end: Address) => boolean | void,
): number {
  let base = unit.baseAddress;
  for (let count = 1;; count++) {
    countEntry(cursor, count);
    const begin = cursor.address64();
    const end = cursor.address64();
    if (begin === 0 && end === 0) return count;
    if (begin === -1) base = end;
    else if (begin < end && !isDropped(base) && !isDropped(begin)) {
      if (visit(base + begin, base + end) === true) return count;
    }
  }
}

function eachOfRnglist(
  cursor: Cursor,
  unit: ListUnit,
  visit: (begin: Address, end: Address) => boolean | void,
): number {
  let base = unit.baseAddress;
  for (let count = 1;; count++) {
    countEntry(cursor, count);
    const kind = cursor.u8();
    let begin: Address;
    let end: Address;
    switch (kind) {
      case DW_RLE.endOfList:
        return count;
      case DW_RLE.baseAddressx:
        base = unit.addressAt(cursor.uleb());
        continue;
      case DW_RLE.baseAddress:
        base = cursor.address64();
        continue;
      case DW_RLE.startxEndx:
        begin = unit.addressAt(cursor.uleb());
        end = unit.addressAt(cursor.uleb());
        break;
      case DW_RLE.startxLength:
        begin = unit.addressAt(cursor.uleb());
        end = begin + cursor.uleb();
        break;
      case DW_RLE.offsetPair:
        begin = base + cursor.uleb();
        end = base + cursor.uleb();
        if (isDropped(base)) continue;
        break;
      case DW_RLE.startEnd:
        begin = cursor.address64();
        end = cursor.address64();
        break;
      case DW_RLE.startLength:
        begin = cursor.address64();
        end = begin + cursor.uleb();
        break;
      default:
        throw unknownEntry(cursor, kind, DW_RLE.startLength);
    }
    if (begin < end && !isDropped(begin) && visit(begin, end) === true) return count;
  }
}
