/**
 * Encoded pointers of unwind tables (`DW_EH_PE_*`): one byte says how the number is stored, what it
 * is relative to, and whether it is the pointer or the place where the pointer lies. Linux Standard
 * Base Core Specification 5.0, section 10.5.1.
 *
 * @module
 */
import type { Address, Cursor } from "../../bytes/mod.ts";

/** Pointer encoding bytes and their fields. */
export const DW_EH_PE: {
  readonly absptr: 0x00;
  readonly uleb128: 0x01;
  readonly udata2: 0x02;
  readonly udata4: 0x03;
  readonly udata8: 0x04;
  readonly signed: 0x08;
  readonly sleb128: 0x09;
  readonly sdata2: 0x0a;
  readonly sdata4: 0x0b;
  readonly sdata8: 0x0c;
  readonly pcrel: 0x10;
  readonly textrel: 0x20;
  readonly datarel: 0x30;
  readonly funcrel: 0x40;
  readonly aligned: 0x50;
  readonly indirect: 0x80;
  readonly omit: 0xff;
} = {
  absptr: 0x00,
  uleb128: 0x01,
  udata2: 0x02,
  udata4: 0x03,
  udata8: 0x04,
  signed: 0x08,
  sleb128: 0x09,
  sdata2: 0x0a,
  sdata4: 0x0b,
  sdata8: 0x0c,
  pcrel: 0x10,
  textrel: 0x20,
  datarel: 0x30,
  funcrel: 0x40,
  aligned: 0x50,
  indirect: 0x80,
  omit: 0xff,
};

/** What encoded pointers of one section may be relative to. */
export interface PointerBases {
  /** Address of the first byte of the section the cursor reads. */
  readonly section: Address;
  /** Base of `textrel` pointers: start of the text segment. */
  readonly text?: Address | undefined;
  /**
   * Base of `datarel` pointers: `.eh_frame_hdr` in that section, the global offset table elsewhere.
   */
  readonly data?: Address | undefined;
  /** Base of `funcrel` pointers: start of the function. */
  readonly func?: Address | undefined;
}

/** Bytes with their address, and what encoded pointers in them may be relative to. */
export interface PlacedBytes {
  /** The bytes. */
  readonly bytes: Uint8Array;
  /** Address of the first of them. */
  readonly address: Address;
  /** Name of the section, for errors. */
  readonly name?: string | undefined;
  /** Base of `textrel` pointers. */
  readonly text?: Address | undefined;
  /** Base of `datarel` pointers. */
  readonly data?: Address | undefined;
}

/**
 * An encoded pointer as read: where it points, or, if `indirect`, where the pointer to use lies.
 */
export interface EncodedPointer {
  /** The pointer, or the address of the 8 bytes that hold it. */
  readonly address: Address;
  /** Whether {@linkcode EncodedPointer.address} must still be loaded through. */
  readonly indirect: boolean;
}

/**
 * Bytes a value of this format takes, or 0 for the LEB128 formats, whose size varies. Unknown
 * formats give −1.
 */
export function encodedSize(encoding: number): number {
  switch (encoding & 0x0f) {
    case DW_EH_PE.absptr:
    case DW_EH_PE.signed:
    case DW_EH_PE.udata8:
    case DW_EH_PE.sdata8:
      return 8;
    case DW_EH_PE.udata2:
    case DW_EH_PE.sdata2:
      return 2;
    case DW_EH_PE.udata4:
    case DW_EH_PE.sdata4:
      return 4;
    case DW_EH_PE.uleb128:
    case DW_EH_PE.sleb128:
      return 0;
    default:
      return -1;
  }
}

/**
 * Reads a number in the format of `encoding` (its low four bits), not relative to anything. Throws
 * `DecodeError`.
 */
export function readEncodedValue(cursor: Cursor, encoding: number): number {
  switch (encoding & 0x0f) {
    case DW_EH_PE.sdata4:
      return cursor.i32();
    case DW_EH_PE.udata4:
      return cursor.u32();
    case DW_EH_PE.absptr:
    case DW_EH_PE.signed:
    case DW_EH_PE.udata8:
    case DW_EH_PE.sdata8:
      return cursor.address64();
    case DW_EH_PE.uleb128:
      return cursor.uleb();
    case DW_EH_PE.sleb128:
      return cursor.sleb();
    case DW_EH_PE.udata2:
      return cursor.u16();
    case DW_EH_PE.sdata2:
      return cursor.u16() << 16 >> 16;
    default:
      throw cursor.error("encoding", unknown(encoding));
  }
}

/**
 * Reads an encoded pointer and adds what it is relative to. The indirect bit is not followed: see
 * {@linkcode readPointer} for that.
 *
 * @throws {DecodeError} If the encoding is unknown, its base is not given, or the bytes end.
 */
export function readEncodedAddress(
  cursor: Cursor,
  encoding: number,
  bases: PointerBases,
): Address {
  const start = cursor.at;
  if ((encoding & 0x70) === DW_EH_PE.aligned) {
    const address = bases.section + start;
    // Aligned pointers are absolute, at the next multiple of 8 *in memory*.
    cursor.skip((8 - (address % 8 + 8) % 8) % 8);
    return cursor.address64();
  }
  const value = readEncodedValue(cursor, encoding);
  const sum = value + base(cursor, encoding, bases, start);
  if (sum !== sum || Math.abs(sum) > Number.MAX_SAFE_INTEGER) {
    throw cursor.error("range", "Encoded pointer is out of range", start);
  }
  return sum;
}

/**
 * Reads an encoded pointer that may be absent: undefined if it is omitted or its stored number is
 * zero, which stands for null whatever it is relative to.
 *
 * @throws {DecodeError} As {@linkcode readEncodedAddress}.
 */
export function readPointer(
  cursor: Cursor,
  encoding: number,
  bases: PointerBases,
): EncodedPointer | undefined {
  if (encoding === DW_EH_PE.omit) return undefined;
  const start = cursor.at;
  const address = readEncodedAddress(cursor, encoding, bases);
  const relative = base(cursor, encoding, bases, start);
  if (address === relative) return undefined;
  return { address, indirect: (encoding & DW_EH_PE.indirect) !== 0 };
}

function base(
  cursor: Cursor,
  encoding: number,
  bases: PointerBases,
  at: number,
): Address {
  switch (encoding & 0x70) {
    case DW_EH_PE.absptr:
    case DW_EH_PE.aligned:
      return 0;
    case DW_EH_PE.pcrel:
      return bases.section + at;
    case DW_EH_PE.textrel:
      return required(cursor, bases.text, "text", at);
    case DW_EH_PE.datarel:
      return required(cursor, bases.data, "data", at);
    case DW_EH_PE.funcrel:
      return required(cursor, bases.func, "function", at);
    default:
      throw cursor.error("encoding", unknown(encoding), at);
  }
}

function required(
  cursor: Cursor,
  value: Address | undefined,
  what: string,
  at: number,
): Address {
  if (value !== undefined) return value;
  throw cursor.error(
    "encoding",
    `Pointer is relative to the ${what} base, which is not known`,
    at,
  );
}

function unknown(encoding: number): string {
  return `Pointer encoding is 0x${encoding.toString(16)}`;
}
