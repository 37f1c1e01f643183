/**
 * Decodes call frame instructions one at a time into its own fields: no object per instruction,
 * because whole libraries are dumped through it. Operands are as stored, before the alignment
 * factors of the CIE.
 *
 * @module
 */
import { Cursor } from "../../bytes/mod.ts";
import { CfiError } from "../errors.ts";
import { DW_CFA } from "./opcodes.ts";
import { type PointerBases, readEncodedAddress } from "./pointer.ts";
import type { CfiSection } from "./section.ts";

/** A lazy stream of call frame instructions. */
export class CfiDecoder {
  /**
   * Opcode of the last instruction; the three short forms are given with their operand bits zero.
   */
  opcode = 0;
  /** Offset of the last instruction in the section. */
  offset = 0;
  /** First operand: a register, a delta, an offset, or the target of `set_loc`. */
  first = 0;
  /** Second operand: an offset or a register. */
  second = 0;
  /**
   * For the expression instructions: offset in the section of the length that precedes the
   * expression's bytes.
   */
  blockAt = 0;
  #cursor: Cursor;
  #encoding = 0;
  #bases: PointerBases;

  /** A decoder over a section; nothing is read until {@linkcode CfiDecoder.seek}. */
  constructor(section: CfiSection) {
    this.#cursor = new Cursor(section.bytes, section.name);
    this.#bases = section.bases;
  }

  /** Offset after the last instruction in the section. */
  get position(): number {
    return this.#cursor.at;
  }

  /**
   * Starts at the instructions from `at` to `end`; `encoding` is the CIE's pointer encoding, for
   * `set_loc`.
   */
  seek(at: number, end: number, encoding: number): void {
    this.#cursor.seek(at, end);
    this.#encoding = encoding;
  }

  /**
   * Decodes the next instruction; false at the end.
   *
   * @throws {CfiError} (`instruction`) For an unknown opcode.
   * @throws {DecodeError} If the instruction is cut off.
   */
  next(): boolean {
    const cursor = this.#cursor;
    if (cursor.at >= cursor.end) return false;
    this.offset = cursor.at;
    const byte = cursor.u8();
    if (byte >= 0x40) {
      this.opcode = byte & 0xc0;
      this.first = byte & 0x3f;
      if (this.opcode === DW_CFA.offset) this.second = cursor.uleb();
      return true;
    }
    this.opcode = byte;
    switch (byte) {
      case DW_CFA.nop:
      case DW_CFA.rememberState:
      case DW_CFA.restoreState:
      case DW_CFA.aarch64NegateRaState:
      case DW_CFA.aarch64NegateRaStateWithPc:
        return true;
      case DW_CFA.defCfaOffset:
      case DW_CFA.defCfaRegister:
      case DW_CFA.restoreExtended:
      case DW_CFA.undefined:
      case DW_CFA.sameValue:
      case DW_CFA.gnuArgsSize:
        this.first = cursor.uleb();
        return true;
      case DW_CFA.advanceLoc1:
        this.first = cursor.u8();
        return true;
      case DW_CFA.advanceLoc2:
        this.first = cursor.u16();
        return true;
      case DW_CFA.advanceLoc4:
        this.first = cursor.u32();
        return true;
      case DW_CFA.mipsAdvanceLoc8:
        this.first = cursor.address64();
        return true;
      case DW_CFA.setLoc:
        this.first = readEncodedAddress(cursor, this.#encoding, this.#bases);
        return true;
      case DW_CFA.offsetExtended:
      case DW_CFA.register:
      case DW_CFA.defCfa:
      case DW_CFA.valOffset:
      case DW_CFA.gnuNegativeOffsetExtended:
        this.first = cursor.uleb();
        this.second = cursor.uleb();
        return true;
      case DW_CFA.offsetExtendedSf:
      case DW_CFA.defCfaSf:
      case DW_CFA.valOffsetSf:
        this.first = cursor.uleb();
        this.second = cursor.sleb();
        return true;
      case DW_CFA.defCfaOffsetSf:
        this.first = cursor.sleb();
        return true;
      case DW_CFA.expression:
      case DW_CFA.valExpression:
        this.first = cursor.uleb();
        this.#block(cursor);
        return true;
      case DW_CFA.defCfaExpression:
        this.#block(cursor);
        return true;
      default:
        throw new CfiError(
          "instruction",
          `Call frame instruction is 0x${byte.toString(16)}`,
          { source: cursor.source, offset: this.offset },
        );
    }
  }

  #block(cursor: Cursor): void {
    this.blockAt = cursor.at;
    cursor.skip(cursor.uleb());
  }
}
