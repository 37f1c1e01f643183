/**
 * Location lists: `.debug_loc` (DWARF 4, section 2.6.2), GNU's form of it in split files before
 * DWARF 5, and `.debug_loclists` (DWARF 5, section 7.29).
 *
 * @module
 */
import type { Address, Cursor } from "../../../bytes/mod.ts";
import { DW_LLE } from "../constants.ts";
import {
  type AddressRange,
  countEntry,
  isDropped,
  type ListUnit,
  oneList,
  unknownEntry,
} from "./ranges.ts";

/** Where a variable is for some addresses of the program counter. */
export interface LocationRange extends AddressRange {
  /** The location expression. */
  readonly expression: Uint8Array;
  /** Whether this is for all addresses that no other entry has. */
  readonly isDefault: boolean;
}

/** How a list is written. */
export type LocationFormat = "loc" | "gnu-split" | "loclists";

/**
 * Entries of the list at the cursor's position, in its order, without empty ones and those of code
 * that the linker has dropped.
 *
 * @throws {DwarfError | DecodeError | ElfError}
 */
export function* locationsOf(
  cursor: Cursor,
  unit: ListUnit,
  format: LocationFormat,
): Generator<LocationRange> {
  const entries = format === "loc" ? locEntries(cursor, unit) : kindEntries(cursor, unit, format);
  for (const entry of entries) {
    if (entry.begin < entry.end && !isDropped(entry.begin)) yield entry;
  }
}

function* locEntries(cursor: Cursor, unit: ListUnit): Generator<LocationRange> {
  let base = unit.baseAddress;
  const budget = oneList();
  for (;;) {
    countEntry(cursor, budget);
    const begin = cursor.address64();
    const end = cursor.address64();
    if (begin === 0 && end === 0) return;
    if (begin === -1) {
      base = end;
      continue;
    }
    const expression = cursor.view(cursor.u16());
    if (isDropped(base) || isDropped(begin)) continue;
    yield { begin: base + begin, end: base + end, expression, isDefault: false };
  }
}

function* kindEntries(
  cursor: Cursor,
  unit: ListUnit,
  format: "gnu-split" | "loclists",
): Generator<LocationRange> {
  const gnu = format === "gnu-split";
  const expression = () => cursor.view(gnu ? cursor.u16() : cursor.uleb());
  const indexed = () => unit.addressAt(cursor.uleb());
  let base = unit.baseAddress;
  const budget = oneList();
  for (;;) {
    countEntry(cursor, budget);
    const kind = cursor.u8();
    let begin: Address;
    let end: Address;
    switch (gnu && kind > DW_LLE.offsetPair && kind !== DW_LLE.gnuViewPair ? -1 : kind) {
      case DW_LLE.endOfList:
        return;
      case DW_LLE.baseAddressx:
        base = indexed();
        continue;
      case DW_LLE.baseAddress:
        base = cursor.address64();
        continue;
      case DW_LLE.gnuViewPair:
        cursor.uleb();
        cursor.uleb();
        continue;
      case DW_LLE.startxEndx:
        begin = indexed();
        end = indexed();
        break;
      case DW_LLE.startxLength:
        begin = indexed();
        end = begin + (gnu ? cursor.u32() : cursor.uleb());
        break;
      case DW_LLE.offsetPair:
        begin = gnu ? cursor.u32() : cursor.uleb();
        end = gnu ? cursor.u32() : cursor.uleb();
        if (isDropped(base)) begin = end = 0;
        begin += base;
        end += base;
        break;
      case DW_LLE.defaultLocation:
        yield { begin: -Infinity, end: Infinity, expression: expression(), isDefault: true };
        continue;
      case DW_LLE.startEnd:
        begin = cursor.address64();
        end = cursor.address64();
        break;
      case DW_LLE.startLength:
        begin = cursor.address64();
        end = begin + cursor.uleb();
        break;
      default:
        throw unknownEntry(cursor, kind, gnu ? DW_LLE.offsetPair : DW_LLE.gnuViewPair);
    }
    yield { begin, end, expression: expression(), isDefault: false };
  }
}
