/**
 * Line number programs (DWARF 5, section 6.2): a state machine that makes a row of each position
 * at which the source line changes.
 *
 * @module
 */
import type { Cursor } from "../../../bytes/mod.ts";
import { DW_LNE, DW_LNS } from "../constants.ts";
import { DwarfError } from "../errors.ts";
import { FileTable, readPlainFile } from "./line_files.ts";
import type { LineHeader } from "./line_header.ts";
import type { DwarfSections } from "../sections.ts";

/**
 * Runs one program row by row. The fields are those of the row that {@linkcode LineProgram.next}
 * has just made.
 */
export class LineProgram {
  /** Address of the row, as a signed number; see `bytes/address.ts`. */
  address = 0;
  /** Index of the operation inside a VLIW instruction. */
  operation = 0;
  /** Number of the file, in the header's own count. */
  file = 1;
  /** Line from 1 on, 0 if there is none. */
  line = 1;
  /** Column from 1 on, 0 if there is none. */
  column = 0;
  /** Whether the row is a good place for a breakpoint. */
  isStatement = true;
  /** Whether a basic block begins here. */
  basicBlock = false;
  /** Whether the sequence ends here: the address is the one behind its last byte. */
  endSequence = false;
  /** Whether a breakpoint at the function's beginning belongs here. */
  prologueEnd = false;
  /** Whether a breakpoint at the function's end belongs here. */
  epilogueBegin = false;
  /** Which instruction set. */
  isa = 0;
  /** Which of several blocks of the same place. */
  discriminator = 0;
  /** Files that the program has defined itself, behind those of the header. */
  readonly defined: FileTable;

  readonly #cursor: Cursor;
  readonly #header: LineHeader;
  readonly #opcodeBase: number;
  readonly #lineBase: number;
  readonly #lineRange: number;
  /** Bytes of an instruction; 0 if a byte holds several operations. */
  readonly #plainLength: number;
  #emitted = false;

  /** A program from its beginning, out of `.debug_line`. */
  constructor(sections: DwarfSections, header: LineHeader) {
    const cursor = sections.cursor(".debug_line");
    this.defined = new FileTable(sections);
    this.#cursor = cursor;
    this.#header = header;
    this.#opcodeBase = header.opcodeBase;
    this.#lineBase = header.lineBase;
    this.#lineRange = header.lineRange;
    this.#plainLength = header.maxOperations === 1 ? header.minInstructionLength : 0;
    cursor.seek(header.programAt, header.end);
    this.#reset();
  }

  /** Offset of the next opcode in the section. */
  get at(): number {
    return this.#cursor.at;
  }

  /**
   * Goes on to the next row; false at the end of the program.
   *
   * @throws {DwarfError | DecodeError} If the program is damaged; it cannot go on then.
   */
  next(): boolean {
    if (this.#emitted) this.#afterRow();
    const cursor = this.#cursor;
    const { bytes, end } = cursor;
    while (cursor.at < end) {
      const opcode = bytes[cursor.at++]!;
      if (opcode >= this.#opcodeBase) {
        this.#special(opcode - this.#opcodeBase);
        return true;
      }
      if (opcode === 0) this.#extended();
      else this.#standard(opcode);
      if (this.#emitted) return true;
    }
    return false;
  }

  #reset(): void {
    this.address =
      this.operation =
      this.column =
      this.isa =
      this.discriminator =
        0;
    this.file = this.line = 1;
    this.isStatement = this.#header.defaultIsStatement;
    this.basicBlock =
      this.endSequence =
      this.prologueEnd =
      this.epilogueBegin =
        false;
  }

  #afterRow(): void {
    this.#emitted = false;
    if (this.endSequence) this.#reset();
    else {
      this.discriminator = 0;
      this.basicBlock = this.prologueEnd = this.epilogueBegin = false;
    }
  }

  #special(adjusted: number): void {
    // Most rows come from here.
    const range = this.#lineRange === 0 ? this.#range() : this.#lineRange;
    const operations = adjusted / range | 0;
    if (this.#plainLength !== 0) this.#move(operations * this.#plainLength);
    else this.#advance(operations);
    this.line = this.line + this.#lineBase + adjusted - operations * range >>> 0;
    this.#emitted = true;
  }

  #range(): number {
    const { lineRange } = this.#header;
    if (lineRange !== 0) return lineRange;
    throw this.#error("opcode", "Special opcode in a program whose line range is 0", "at least 1");
  }

  #advance(operations: number): void {
    const { minInstructionLength, maxOperations } = this.#header;
    let instructions = operations;
    if (maxOperations !== 1) {
      const total = this.operation + operations;
      instructions = Math.floor(total / maxOperations);
      this.operation = total % maxOperations;
    }
    this.#move(instructions * minInstructionLength);
  }

  #move(bytes: number): void {
    this.address += bytes;
    if (this.address <= Number.MAX_SAFE_INTEGER) return;
    throw this.#error("address", `Address goes ${bytes} bytes further`, "one of 54 bits");
  }

  #standard(opcode: number): void {
    const cursor = this.#cursor;
    switch (opcode) {
      case DW_LNS.copy:
        this.#emitted = true;
        return;
      case DW_LNS.advancePc:
        return this.#advance(cursor.uleb());
      case DW_LNS.advanceLine:
        this.line = this.line + cursor.sleb() >>> 0;
        return;
      case DW_LNS.setFile:
        this.file = cursor.uleb();
        return;
      case DW_LNS.setColumn:
        this.column = cursor.uleb();
        return;
      case DW_LNS.negateStmt:
        this.isStatement = !this.isStatement;
        return;
      case DW_LNS.setBasicBlock:
        this.basicBlock = true;
        return;
      case DW_LNS.constAddPc:
        return this.#advance(Math.floor((255 - this.#opcodeBase) / this.#range()));
      case DW_LNS.fixedAdvancePc:
        this.operation = 0;
        return this.#move(cursor.u16());
      case DW_LNS.setPrologueEnd:
        this.prologueEnd = true;
        return;
      case DW_LNS.setEpilogueBegin:
        this.epilogueBegin = true;
        return;
      case DW_LNS.setIsa:
        this.isa = cursor.uleb();
        return;
      default:
        // The header says how many operands an opcode has that is not known.
        for (let left = this.#header.opcodeLengths[opcode - 1]!; left > 0; left--) {
          cursor.bigUleb();
        }
    }
  }

  #extended(): void {
    const cursor = this.#cursor;
    const at = cursor.at;
    const length = cursor.uleb();
    const end = cursor.at + length;
    if (length === 0 || end > cursor.end) {
      const most = cursor.end - cursor.at;
      throw this.#error("opcode", `Extended opcode's length is ${length}`, `1 to ${most}`, at);
    }
    switch (cursor.u8()) {
      case DW_LNE.endSequence:
        this.endSequence = true;
        this.#emitted = true;
        break;
      case DW_LNE.setAddress:
        if (length !== 9) {
          throw this.#error("address-size", `Address has ${length - 1} bytes`, "8", at);
        }
        this.operation = 0;
        this.address = cursor.address64();
        break;
      case DW_LNE.defineFile:
        readPlainFile(cursor, this.defined);
        break;
      case DW_LNE.setDiscriminator:
        this.discriminator = cursor.uleb();
    }
    if (cursor.at > end) {
      throw this.#error("opcode", `Extended opcode has ${cursor.at - at} bytes`, `${end - at}`, at);
    }
    cursor.at = end;
  }

  #error(
    kind: "opcode" | "address" | "address-size",
    what: string,
    expected: string,
    offset: number = this.#cursor.at - 1,
  ): DwarfError {
    return new DwarfError(kind, `${what}, expected ${expected}`, {
      source: this.#cursor.source,
      offset,
    });
  }
}
