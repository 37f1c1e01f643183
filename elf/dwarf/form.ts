/**
 * Values of attributes: how long each form is, and what its bytes say.
 *
 * @module
 */
import type { Address, Cursor } from "../../bytes/mod.ts";
import { DW_FORM } from "./constants.ts";
import { DwarfError } from "./errors.ts";
import { readText } from "./sections.ts";

/** What a form's size may depend on. */
export interface FormContext {
  /** DWARF version of the unit. */
  readonly version: number;
  /** 4, or 8 in the 64-bit format. */
  readonly offsetSize: 4 | 8;
}

/** Which bytes a reference counts from: its unit's, its section's, or those of `dwz`'s file. */
export type ReferenceBase = "unit" | "section" | "supplementary";

/** A value as its bytes have it: indexes and offsets are not looked up. */
export type FormValue =
  | { readonly kind: "address"; readonly address: Address }
  /** Of an address in `.debug_addr`, with what is to be added to it. */
  | { readonly kind: "address-index"; readonly index: number; readonly addend: number }
  /** A number below 2^53 in magnitude, else a `bigint`; `size` in bytes if the form says so. */
  | {
    readonly kind: "constant";
    readonly value: number | bigint;
    readonly size: 1 | 2 | 4 | 8 | undefined;
  }
  | { readonly kind: "flag"; readonly value: boolean }
  | { readonly kind: "block"; readonly bytes: Uint8Array }
  | { readonly kind: "expression"; readonly bytes: Uint8Array }
  | { readonly kind: "text"; readonly text: string }
  /** Of a string in a section; of `dwz`'s file for `supplementary`. */
  | {
    readonly kind: "string";
    readonly section: ".debug_str" | ".debug_line_str" | "supplementary";
    readonly offset: number;
  }
  /** Of a string in `.debug_str_offsets`. */
  | { readonly kind: "string-index"; readonly index: number }
  | { readonly kind: "reference"; readonly base: ReferenceBase; readonly offset: number }
  /** Of a type unit. */
  | { readonly kind: "signature"; readonly signature: bigint }
  /** Into a section that the attribute implies. */
  | { readonly kind: "offset"; readonly offset: number }
  /** Of a list of its unit. */
  | { readonly kind: "list-index"; readonly index: number };

/** Sizes that depend on the bytes. {@linkcode formSize} */
export const VARIABLE = {
  leb: -1,
  text: -2,
  block1: -3,
  block2: -4,
  block4: -5,
  block: -6,
  indirect: -7,
  lebAndWord: -8,
} as const;

/** Sizes of the forms that do not depend on the unit. */
const SIZES: ReadonlyMap<number, number> = new Map<number, number>([
  [DW_FORM.addr, 8],
  [DW_FORM.data1, 1],
  [DW_FORM.data2, 2],
  [DW_FORM.data4, 4],
  [DW_FORM.data8, 8],
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
  [DW_FORM.strx1, 1],
  [DW_FORM.strx2, 2],
  [DW_FORM.strx3, 3],
  [DW_FORM.strx4, 4],
  [DW_FORM.sdata, VARIABLE.leb],
  [DW_FORM.udata, VARIABLE.leb],
  [DW_FORM.refUdata, VARIABLE.leb],
  [DW_FORM.strx, VARIABLE.leb],
  [DW_FORM.addrx, VARIABLE.leb],
  [DW_FORM.loclistx, VARIABLE.leb],
  [DW_FORM.rnglistx, VARIABLE.leb],
  [DW_FORM.gnuAddrIndex, VARIABLE.leb],
  [DW_FORM.gnuStrIndex, VARIABLE.leb],
  [DW_FORM.llvmAddrxOffset, VARIABLE.lebAndWord],
  [DW_FORM.string, VARIABLE.text],
  [DW_FORM.block1, VARIABLE.block1],
  [DW_FORM.block2, VARIABLE.block2],
  [DW_FORM.block4, VARIABLE.block4],
  [DW_FORM.block, VARIABLE.block],
  [DW_FORM.exprloc, VARIABLE.block],
  [DW_FORM.indirect, VARIABLE.indirect],
]);

/**
 * Bytes of a form's values; one of {@linkcode VARIABLE} if each says its own, undefined if there is
 * no such form.
 */
export function formSize(form: number, unit: FormContext): number | undefined {
  switch (form) {
    case DW_FORM.secOffset:
    case DW_FORM.strp:
    case DW_FORM.lineStrp:
    case DW_FORM.strpSup:
    case DW_FORM.gnuRefAlt:
    case DW_FORM.gnuStrpAlt:
      return unit.offsetSize;
    case DW_FORM.refAddr:
      // An address in DWARF 2 only.
      return unit.version === 2 ? 8 : unit.offsetSize;
  }
  return SIZES.get(form);
}

/** Whether a value of a form may have no bytes: not in a table whose entries are counted. */
export function isSizeless(form: number): boolean {
  return SIZES.get(form) === 0;
}

/** An offset or length of the unit's format; throws `DecodeError` from 2^53 on. */
export function readOffset(cursor: Cursor, { offsetSize }: { readonly offsetSize: 4 | 8 }): number {
  return offsetSize === 4 ? cursor.u32() : cursor.address64();
}

/**
 * Initial length of a unit (section 7.4): where it ends, and which format it is in. A length that is
 * wrong leaves the cursor where it was.
 */
export function readUnitLength(
  cursor: Cursor,
): { readonly end: number; readonly offsetSize: 4 | 8 } {
  const at = cursor.at;
  try {
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
  } catch (error) {
    cursor.at = at;
    throw error;
  }
}

/**
 * Reads a value and leaves the cursor behind it. Throws {@linkcode DwarfError} (`form`) for a form
 * that does not exist, `DecodeError` where the bytes end.
 */
export function readForm(cursor: Cursor, form: number, unit: FormContext): FormValue {
  switch (form) {
    case DW_FORM.addr:
      return { kind: "address", address: cursor.address64() };
    case DW_FORM.addrx:
    case DW_FORM.gnuAddrIndex:
      return { kind: "address-index", index: cursor.uleb(), addend: 0 };
    case DW_FORM.addrx1:
    case DW_FORM.addrx2:
    case DW_FORM.addrx3:
    case DW_FORM.addrx4:
      return { kind: "address-index", index: readIndex(cursor, form - DW_FORM.addrx1), addend: 0 };
    case DW_FORM.llvmAddrxOffset:
      return { kind: "address-index", index: cursor.uleb(), addend: cursor.u32() };
    case DW_FORM.data1:
      return { kind: "constant", value: cursor.u8(), size: 1 };
    case DW_FORM.data2:
      return { kind: "constant", value: cursor.u16(), size: 2 };
    case DW_FORM.data4:
      return { kind: "constant", value: cursor.u32(), size: 4 };
    case DW_FORM.data8:
      return { kind: "constant", value: readData8(cursor), size: 8 };
    case DW_FORM.udata:
      return { kind: "constant", value: readLeb(cursor, false), size: undefined };
    case DW_FORM.sdata:
      return { kind: "constant", value: readLeb(cursor, true), size: undefined };
    case DW_FORM.flag:
      return { kind: "flag", value: cursor.u8() !== 0 };
    case DW_FORM.flagPresent:
      return { kind: "flag", value: true };
    case DW_FORM.data16:
      return { kind: "block", bytes: cursor.view(16) };
    case DW_FORM.block1:
      return { kind: "block", bytes: cursor.view(cursor.u8()) };
    case DW_FORM.block2:
      return { kind: "block", bytes: cursor.view(cursor.u16()) };
    case DW_FORM.block4:
      return { kind: "block", bytes: cursor.view(cursor.u32()) };
    case DW_FORM.block:
      return { kind: "block", bytes: cursor.view(cursor.uleb()) };
    case DW_FORM.exprloc:
      return { kind: "expression", bytes: cursor.view(cursor.uleb()) };
    case DW_FORM.secOffset:
      return { kind: "offset", offset: readOffset(cursor, unit) };
    case DW_FORM.loclistx:
    case DW_FORM.rnglistx:
      return { kind: "list-index", index: cursor.uleb() };
    case DW_FORM.refSig8:
      return { kind: "signature", signature: cursor.bigU64() };
    case DW_FORM.indirect: {
      const inner = cursor.uleb();
      if (inner !== DW_FORM.indirect && inner !== DW_FORM.implicitConst) {
        return readForm(cursor, inner, unit);
      }
      throw unknownForm(cursor, inner);
    }
  }
  return readReference(cursor, form, unit) ?? readString(cursor, form, unit);
}

/** Eight bytes, as a number if it is exact. */
function readData8(cursor: Cursor): number | bigint {
  const low = cursor.u32();
  const high = cursor.u32();
  return high < 2 ** 21 ? high * 2 ** 32 + low : BigInt(high) << 32n | BigInt(low);
}

/** A LEB128 number, as a number if it is exact. */
function readLeb(cursor: Cursor, isSigned: boolean): number | bigint {
  const { bytes, at } = cursor;
  // So many bytes hold no number that is not exact.
  let end = at;
  while (end < cursor.end && end - at < 6 && bytes[end]! >= 0x80) end++;
  if (end - at < 6) return isSigned ? cursor.sleb() : cursor.uleb();
  return narrow(isSigned ? signed(cursor.bigSleb()) : cursor.bigUleb());
}

function readReference(cursor: Cursor, form: number, unit: FormContext): FormValue | undefined {
  const reference = (base: ReferenceBase, offset: number): FormValue => ({
    kind: "reference",
    base,
    offset,
  });
  switch (form) {
    case DW_FORM.ref1:
      return reference("unit", cursor.u8());
    case DW_FORM.ref2:
      return reference("unit", cursor.u16());
    case DW_FORM.ref4:
      return reference("unit", cursor.u32());
    case DW_FORM.ref8:
      return reference("unit", cursor.address64());
    case DW_FORM.refUdata:
      return reference("unit", cursor.uleb());
    case DW_FORM.refAddr:
      return reference(
        "section",
        unit.version === 2 ? cursor.address64() : readOffset(cursor, unit),
      );
    case DW_FORM.refSup4:
      return reference("supplementary", cursor.u32());
    case DW_FORM.refSup8:
      return reference("supplementary", cursor.address64());
    case DW_FORM.gnuRefAlt:
      return reference("supplementary", readOffset(cursor, unit));
  }
  return undefined;
}

function readString(cursor: Cursor, form: number, unit: FormContext): FormValue {
  switch (form) {
    case DW_FORM.string:
      return { kind: "text", text: readText(cursor) };
    case DW_FORM.strp:
      return { kind: "string", section: ".debug_str", offset: readOffset(cursor, unit) };
    case DW_FORM.lineStrp:
      return { kind: "string", section: ".debug_line_str", offset: readOffset(cursor, unit) };
    case DW_FORM.strpSup:
    case DW_FORM.gnuStrpAlt:
      return { kind: "string", section: "supplementary", offset: readOffset(cursor, unit) };
    case DW_FORM.strx:
    case DW_FORM.gnuStrIndex:
      return { kind: "string-index", index: cursor.uleb() };
    case DW_FORM.strx1:
    case DW_FORM.strx2:
    case DW_FORM.strx3:
    case DW_FORM.strx4:
      return { kind: "string-index", index: readIndex(cursor, form - DW_FORM.strx1) };
  }
  throw unknownForm(cursor, form);
}

/** An index of one to four bytes, of which there are `more` than one. */
function readIndex(cursor: Cursor, more: number): number {
  switch (more) {
    case 0:
      return cursor.u8();
    case 1:
      return cursor.u16();
    case 2:
      return cursor.u16() + cursor.u8() * 0x10000;
    default:
      return cursor.u32();
  }
}

function signed(value: bigint): bigint {
  return BigInt.asIntN(64, value);
}

/** As a number if that is exact. */
export function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Error of a form that does not exist, or not at that place. */
export function unknownForm(cursor: Cursor, form: number): DwarfError {
  const message = `Form is 0x${form.toString(16)}, expected one of DWARF 5 that fits here`;
  return new DwarfError("form", message, { source: cursor.source, offset: cursor.at });
}
