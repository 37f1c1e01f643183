/**
 * Values of attributes: how long each form is, and the values that are numbers or strings.
 *
 * @module
 */
import type { Cursor } from "../../bytes/mod.ts";
import { DW_FORM } from "./constants.ts";
import { DwarfError } from "./errors.ts";
import { type DwarfSections, textAt } from "./sections.ts";

/** What a form's size may depend on. */
export interface FormContext {
  /** DWARF version of the unit. */
  readonly version: number;
  /** 4, or 8 in the 64-bit format. */
  readonly offsetSize: 4 | 8;
}

/** A value of a form: a number, the offset of a string in its section, or neither. */
export type FormValue =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "string"; readonly read: (sections: DwarfSections) => string }
  | { readonly kind: "index"; readonly index: number }
  | { readonly kind: "other" };

const OTHER: FormValue = { kind: "other" };

/** Sizes of the forms that always have the same. */
const FIXED: ReadonlyMap<number, number> = new Map<number, number>([
  [DW_FORM.addr, 8],
  [DW_FORM.data16, 16],
  [DW_FORM.flag, 1],
  [DW_FORM.flagPresent, 0],
  [DW_FORM.implicitConst, 0],
  [DW_FORM.ref1, 1],
  [DW_FORM.ref2, 2],
  [DW_FORM.ref4, 4],
  [DW_FORM.ref8, 8],
  [DW_FORM.refSig8, 8],
  [DW_FORM.refSup4, 4],
  [DW_FORM.refSup8, 8],
  [DW_FORM.addrx1, 1],
  [DW_FORM.addrx2, 2],
  [DW_FORM.addrx3, 3],
  [DW_FORM.addrx4, 4],
]);

/** An offset or length of the unit's format; throws `DecodeError` from 2^53 on. */
export function readOffset(cursor: Cursor, { offsetSize }: { readonly offsetSize: 4 | 8 }): number {
  return offsetSize === 4 ? cursor.u32() : cursor.address64();
}

/** Initial length of a unit (section 7.4): where it ends, and which format it is in. */
export function readUnitLength(
  cursor: Cursor,
): { readonly end: number; readonly offsetSize: 4 | 8 } {
  const at = cursor.at;
  let length = cursor.u32();
  let offsetSize: 4 | 8 = 4;
  if (length === 0xffffffff) {
    offsetSize = 8;
    length = cursor.address64();
  } else if (length >= 0xfffffff0) length = -1;
  const left = cursor.end - cursor.at;
  if (length < 0 || length > left) {
    const message = `Unit's length is 0x${(length >>> 0).toString(16)}, expected at most 0x${
      left.toString(16)
    }`;
    throw new DwarfError("length", message, { source: cursor.source, offset: at });
  }
  return { end: cursor.at + length, offsetSize };
}

/**
 * Reads a value and leaves the cursor behind it. Throws {@linkcode DwarfError} (`form`) for a form
 * that does not exist, `DecodeError` where the bytes end.
 */
export function readForm(cursor: Cursor, form: number, unit: FormContext): FormValue {
  switch (form) {
    case DW_FORM.data1:
      return number(cursor.u8());
    case DW_FORM.data2:
      return number(cursor.u16());
    case DW_FORM.data4:
      return number(cursor.u32());
    case DW_FORM.data8: {
      // A checksum or a constant as often as an offset: too large is not wrong.
      const value = cursor.bigU64();
      return value < 2n ** 53n ? number(Number(value)) : OTHER;
    }
    case DW_FORM.udata: {
      const value = cursor.bigUleb();
      return value < 2n ** 53n ? number(Number(value)) : OTHER;
    }
    case DW_FORM.sdata:
    case DW_FORM.refUdata:
    case DW_FORM.addrx:
    case DW_FORM.loclistx:
    case DW_FORM.rnglistx:
      cursor.bigUleb();
      return OTHER;
    case DW_FORM.secOffset:
      return number(readOffset(cursor, unit));
    case DW_FORM.string:
      return inlineString(cursor);
    case DW_FORM.strp:
      return stringIn(".debug_str", readOffset(cursor, unit));
    case DW_FORM.lineStrp:
      return stringIn(".debug_line_str", readOffset(cursor, unit));
    case DW_FORM.strx:
      return { kind: "index", index: cursor.uleb() };
    case DW_FORM.strx1:
      return { kind: "index", index: cursor.u8() };
    case DW_FORM.strx2:
      return { kind: "index", index: cursor.u16() };
    case DW_FORM.strx3:
      return { kind: "index", index: cursor.u16() + cursor.u8() * 0x10000 };
    case DW_FORM.strx4:
      return { kind: "index", index: cursor.u32() };
    case DW_FORM.refAddr:
      // An address in DWARF 2 only.
      return skip(cursor, unit.version === 2 ? 8 : unit.offsetSize);
    case DW_FORM.strpSup:
    case DW_FORM.gnuRefAlt:
    case DW_FORM.gnuStrpAlt:
      return skip(cursor, unit.offsetSize);
    case DW_FORM.block1:
      return skip(cursor, cursor.u8());
    case DW_FORM.block2:
      return skip(cursor, cursor.u16());
    case DW_FORM.block4:
      return skip(cursor, cursor.u32());
    case DW_FORM.block:
    case DW_FORM.exprloc:
      return skip(cursor, cursor.uleb());
    case DW_FORM.indirect: {
      const inner = cursor.uleb();
      if (inner !== DW_FORM.indirect && inner !== DW_FORM.implicitConst) {
        return readForm(cursor, inner, unit);
      }
      throw unknownForm(cursor, inner);
    }
  }
  const size = FIXED.get(form);
  if (size === undefined) throw unknownForm(cursor, form);
  return skip(cursor, size);
}

/** Whether a value of a form may have no bytes: not in a table whose entries are counted. */
export function isSizeless(form: number): boolean {
  return FIXED.get(form) === 0;
}

function number(value: number): FormValue {
  return { kind: "number", value };
}

function skip(cursor: Cursor, size: number): FormValue {
  cursor.skip(size);
  return OTHER;
}

function inlineString(cursor: Cursor): FormValue {
  const text = textAt(cursor, cursor.at);
  cursor.at = cursor.bytes.indexOf(0, cursor.at) + 1;
  return { kind: "string", read: () => text };
}

function stringIn(section: ".debug_str" | ".debug_line_str", offset: number): FormValue {
  return { kind: "string", read: (sections) => sections.string(section, offset) };
}

/** Error of a form that does not exist, or not at that place. */
export function unknownForm(cursor: Cursor, form: number): DwarfError {
  const message = `Form is 0x${form.toString(16)}, expected one of DWARF 5 that fits here`;
  return new DwarfError("form", message, { source: cursor.source, offset: cursor.at });
}
