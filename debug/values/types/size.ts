/**
 * Sizes of types.
 *
 * @module
 */
import { DW_AT, type Entry } from "../../../elf/dwarf/mod.ts";

/** Size in bytes that an entry gives; undefined if it gives none, or one that is less than none. */
export function byteSize(entry: Entry): number | undefined {
  return natural(entry, DW_AT.byteSize);
}

/** Width in bits that an entry gives; undefined if it gives none, or one that is less than none. */
export function bitSize(entry: Entry): number | undefined {
  return natural(entry, DW_AT.bitSize);
}

function natural(entry: Entry, attribute: number): number | undefined {
  const value = entry.number(attribute);
  return value === undefined || value < 0 ? undefined : value;
}
