/**
 * Headers of line number programs (DWARF 5, section 6.2.4; versions 2 to 4 differ in how they list
 * directories and files).
 *
 * @module
 */
import type { Cursor } from "../../../bytes/mod.ts";
import { DwarfError, type DwarfErrorKind } from "../errors.ts";
import { readOffset, readUnitLength } from "../form.ts";

/** Versions that are read. */
const OLDEST = 2;
const NEWEST = 5;

/** The fixed part of a line number program's header. */
export interface LineHeader {
  /** Offset of the unit in its section. */
  readonly offset: number;
  /** Offset behind its last byte. */
  readonly end: number;
  /** DWARF version, 2 to 5. */
  readonly version: number;
  /** 4, or 8 in the 64-bit format. */
  readonly offsetSize: 4 | 8;
  /** Where the tables of directories and files begin. */
  readonly tablesAt: number;
  /** Where the program begins, and the tables end. */
  readonly programAt: number;
  /** Bytes that addresses are counted in. */
  readonly minInstructionLength: number;
  /** Operations of a VLIW instruction; 1 on every machine read here. */
  readonly maxOperations: number;
  /** Whether a row begins a statement unless the program says otherwise. */
  readonly defaultIsStatement: boolean;
  /** Least advance of the line that a special opcode makes. */
  readonly lineBase: number;
  /** Number of advances of the line that special opcodes make. */
  readonly lineRange: number;
  /** First special opcode. */
  readonly opcodeBase: number;
  /** Number of LEB128 operands of each standard opcode; the first is opcode 1's. */
  readonly opcodeLengths: Uint8Array;
}

/**
 * Reads the header at the cursor's position, and leaves the cursor behind the whole unit, also when
 * it throws for what is inside: only a wrong length leaves it where it was.
 *
 * @throws {DwarfError | DecodeError}
 */
export function readLineHeader(cursor: Cursor): LineHeader {
  const offset = cursor.at;
  const sectionEnd = cursor.end;
  const unit = readUnitLength(cursor);
  cursor.end = unit.end;
  try {
    return readFields(cursor, { offset, ...unit });
  } finally {
    cursor.end = sectionEnd;
    cursor.at = unit.end;
  }
}

function readFields(
  cursor: Cursor,
  unit: { readonly offset: number; readonly end: number; readonly offsetSize: 4 | 8 },
): LineHeader {
  const fail = (kind: DwarfErrorKind, what: string, expected: string, size: number) =>
    new DwarfError(kind, `Line table's ${what}, expected ${expected}`, {
      source: cursor.source,
      offset: cursor.at - size,
    });
  const version = cursor.u16();
  if (version < OLDEST || version > NEWEST) {
    throw fail("version", `version is ${version}`, `${OLDEST} to ${NEWEST}`, 2);
  }
  if (version >= 5) {
    const size = cursor.u8();
    if (size !== 8) throw fail("address-size", `address size is ${size}`, "8", 1);
    const selector = cursor.u8();
    if (selector !== 0) throw fail("address-size", `selector size is ${selector}`, "0", 1);
  }
  const length = readOffset(cursor, unit);
  const left = unit.end - cursor.at;
  if (length < 0 || length > left) {
    throw fail("header", `header length is ${length}`, `at most ${left}`, unit.offsetSize);
  }
  const programAt = cursor.at + length;
  cursor.end = programAt;
  const minInstructionLength = cursor.u8();
  const maxOperations = version >= 4 ? cursor.u8() : 1;
  if (maxOperations === 0) {
    throw fail("header", "operations of an instruction are 0", "at least 1", 1);
  }
  const defaultIsStatement = cursor.u8() !== 0;
  const lineBase = cursor.u8() << 24 >> 24;
  const lineRange = cursor.u8();
  const opcodeBase = cursor.u8();
  if (opcodeBase === 0) throw fail("header", "first special opcode is 0", "at least 1", 1);
  const lengthsAt = cursor.at;
  cursor.skip(opcodeBase - 1);
  return {
    ...unit,
    version,
    tablesAt: cursor.at,
    programAt,
    minInstructionLength,
    maxOperations,
    defaultIsStatement,
    lineBase,
    lineRange,
    opcodeBase,
    opcodeLengths: cursor.bytes.subarray(lengthsAt, cursor.at),
  };
}
