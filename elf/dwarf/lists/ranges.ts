/**
 * Range lists: `.debug_ranges` (DWARF 4, section 2.17.3) and `.debug_rnglists` (DWARF 5, section
 * 7.25).
 *
 * @module
 */
import type { Address, Cursor } from "../../../bytes/mod.ts";
import { DW_RLE } from "../constants.ts";
import { DwarfError } from "../errors.ts";
import type { DwarfSections } from "../sections.ts";

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
const LIST_LIMIT = 2 ** 20;

/** How often each list may be read for an index; sound files have one entry for each. */
const READ_RATIO = 4;
const READ_LEAST = 2 ** 16;

/** How many entries of lists may still be read; what is read, sound or not, is taken off. */
export interface ListBudget {
  /** Entries. */
  left: number;
}

/** For one list. */
export function oneList(): ListBudget {
  return { left: LIST_LIMIT };
}

/** For all lists of an index, which are in the sections of one file or two. */
export function listBudget(...files: readonly DwarfSections[]): ListBudget {
  let entries = 0;
  for (const sections of files) {
    entries += sections.sizeOf(".debug_ranges") / 16;
    entries += sections.sizeOf(".debug_rnglists") / 2;
  }
  return { left: READ_RATIO * entries + READ_LEAST };
}

/** Whether linkers put this where code was that they have dropped. */
export function isDropped(address: Address): boolean {
  return address === -1 || address === -2;
}

/** Takes an entry off; throws {@linkcode DwarfError} (`list`) if there is none left. */
export function countEntry(cursor: Cursor, budget: ListBudget): void {
  if (--budget.left >= 0) return;
  const message = "Lists have too many entries, expected fewer";
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
 * @throws {DwarfError | DecodeError | ElfError}
 */
export function eachRange(
  cursor: Cursor,
  unit: ListUnit,
  visit: (begin: Address, end: Address) => boolean | void,
  budget: ListBudget = oneList(),
): void {
  const each = unit.version >= 5 ? eachOfRnglist : eachOfPairs;
  each(cursor, unit, visit, budget);
}

function eachOfPairs(
  cursor: Cursor,
  unit: ListUnit,
  visit: (begin: Address, end: Address) => boolean | void,
  budget: ListBudget,
): void {
  let base = unit.baseAddress;
  for (;;) {
    countEntry(cursor, budget);
    const begin = cursor.address64();
    const end = cursor.address64();
    if (begin === 0 && end === 0) return;
    if (begin === -1) base = end;
    else if (begin < end && !isDropped(base) && !isDropped(begin)) {
      if (visit(base + begin, base + end) === true) return;
    }
  }
}

function eachOfRnglist(
  cursor: Cursor,
  unit: ListUnit,
  visit: (begin: Address, end: Address) => boolean | void,
  budget: ListBudget,
): void {
  let base = unit.baseAddress;
  for (;;) {
    countEntry(cursor, budget);
    const kind = cursor.u8();
    let begin: Address;
    let end: Address;
    switch (kind) {
      case DW_RLE.endOfList:
        return;
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
    if (begin < end && !isDropped(begin) && visit(begin, end) === true) return;
  }
}
