/**
 * Headers of units (DWARF 5, section 7.5.1; earlier versions have fewer kinds).
 *
 * @module
 */
import type { Cursor } from "../../../bytes/mod.ts";
import { DW_UT } from "../constants.ts";
import { DwarfError } from "../errors.ts";
import { readOffset, readUnitLength } from "../form.ts";

/** Section that a unit is in. */
export type UnitSection = ".debug_info" | ".debug_types";

/** What a unit's header says. */
export interface UnitHeader {
  /** Section it is in. */
  readonly section: UnitSection;
  /** Offset of the unit in its section. */
  readonly offset: number;
  /** Offset behind its last byte. */
  readonly end: number;
  /** 4, or 8 in the 64-bit format. */
  readonly offsetSize: 4 | 8;
  /** DWARF version, 2 to 5. */
  readonly version: number;
  /** `DW_UT`; of earlier versions, compile or type. */
  readonly type: number;
  /** Offset of its abbreviations in `.debug_abbrev`, or in its part of it. */
  readonly abbreviations: number;
  /** Offset of its first entry. */
  readonly rootAt: number;
  /** Of a type unit: what others refer to it by. */
  readonly signature: bigint | undefined;
  /** Of a type unit: offset of the type's entry from the unit. */
  readonly typeOffset: number | undefined;
  /** Of skeletons and split units of version 5: what the two have in common. */
  readonly dwoId: bigint | undefined;
}

/**
 * Reads the header at the cursor's position, and leaves the cursor behind the whole unit, also when
 * it throws for what is inside: only a wrong length leaves it where it was.
 *
 * @throws {DwarfError | DecodeError}
 */
export function readUnitHeader(cursor: Cursor, section: UnitSection): UnitHeader {
  const offset = cursor.at;
  const sectionEnd = cursor.end;
  const unit = readUnitLength(cursor);
  cursor.end = unit.end;
  try {
    return { section, offset, ...unit, ...readFields(cursor, section, unit) };
  } finally {
    cursor.end = sectionEnd;
    cursor.at = unit.end;
  }
}

function readFields(
  cursor: Cursor,
  section: UnitSection,
  unit: { readonly offsetSize: 4 | 8 },
): Omit<UnitHeader, "section" | "offset" | "end" | "offsetSize"> {
  const version = cursor.u16();
  if (version < 2 || version > 5) {
    const message = `Unit's version is ${version}, expected 2 to 5`;
    throw new DwarfError("version", message, { source: cursor.source, offset: cursor.at - 2 });
  }
  let type: number = section === ".debug_types" ? DW_UT.type : DW_UT.compile;
  let abbreviations: number;
  if (version >= 5) {
    type = cursor.u8();
    if (type < DW_UT.compile || type > DW_UT.splitType) {
      const message = `Unit's type is ${type}, expected 1 to 6`;
      throw new DwarfError("header", message, { source: cursor.source, offset: cursor.at - 1 });
    }
    checkAddressSize(cursor);
    abbreviations = readOffset(cursor, unit);
  } else {
    abbreviations = readOffset(cursor, unit);
    checkAddressSize(cursor);
  }
  let signature: bigint | undefined;
  let typeOffset: number | undefined;
  let dwoId: bigint | undefined;
  if (type === DW_UT.type || type === DW_UT.splitType) {
    signature = cursor.bigU64();
    typeOffset = readOffset(cursor, unit);
  } else if (type === DW_UT.skeleton || type === DW_UT.splitCompile) dwoId = cursor.bigU64();
  return { version, type, abbreviations, rootAt: cursor.at, signature, typeOffset, dwoId };
}

function checkAddressSize(cursor: Cursor): void {
  const size = cursor.u8();
  if (size === 8) return;
  const place = { source: cursor.source, offset: cursor.at - 1 };
  throw new DwarfError("address-size", `Unit's address size is ${size}, expected 8`, place);
}
