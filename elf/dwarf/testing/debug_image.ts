/**
 * Builds line tables and the heads of units by hand, so that tests say what the bytes mean.
 *
 * @module
 */
import { ImageBuilder } from "../../../bytes/testing/image_builder.ts";
import { DW_AT } from "../attributes.ts";
import { DW_FORM, DW_LNCT, DW_LNE, DW_LNS, DW_UT } from "../constants.ts";
import { DwarfSections } from "../sections.ts";
import type { DwarfSectionName } from "../sections.ts";

/** A line table to be built. */
export interface LineInit {
  /** DWARF version; default 5. */
  readonly version?: number;
  /** Whether it is in the 64-bit format. */
  readonly wide?: boolean;
  /** Directories; that of number 0 first in version 5, that of number 1 before. */
  readonly directories?: readonly string[];
  /** Files with the numbers of their directories; number 0 first in version 5, 1 before. */
  readonly files?: readonly (readonly [name: string, directory: number])[];
  /** Bytes that addresses are counted in; default 1. */
  readonly minInstructionLength?: number;
  /** Operations of an instruction; default 1. */
  readonly maxOperations?: number;
  /** Default 14. */
  readonly lineRange?: number;
  /** Default 13. */
  readonly opcodeBase?: number;
  /** The program's opcodes. */
  readonly program: readonly (readonly number[])[];
}

/** Lengths of the standard opcodes. */
const LENGTHS = [0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1];

/** Lowest advance of the line that special opcodes make here. */
const LINE_BASE = -5;

/** Opcodes of line number programs as bytes. */
export const op = {
  /** An opcode without operands. */
  plain: (opcode: number): number[] => [opcode],
  /** An opcode with an unsigned operand. */
  one: (opcode: number, value: number): number[] => new Code().bytes(opcode).uleb(value).done(),
  /** Advances the line. */
  line: (by: number): number[] => new Code().bytes(DW_LNS.advanceLine).sleb(by).done(),
  /** Special opcode of base 13 and range 14. */
  special: (address: number, line: number): number[] => [13 + address * 14 + line - LINE_BASE],
  /** An extended opcode. */
  extended: (opcode: number, ...operands: number[]): number[] =>
    new Code().bytes(0).uleb(operands.length + 1).bytes(opcode, ...operands).done(),
  /** Sets the address. */
  address: (value: number | bigint): number[] =>
    op.extended(DW_LNE.setAddress, ...new Code().u64(BigInt(value)).done()),
  /** Ends the sequence. */
  end: (): number[] => op.extended(DW_LNE.endSequence),
} as const;

class Code extends ImageBuilder {
  done(): number[] {
    return [...this.build()];
  }
}

/** A sequence of rows, four bytes each, one line further each. */
export function plainSequence(address: number | bigint, line: number, rows: number): number[][] {
  const code = [op.address(address), op.line(line - 1), op.plain(DW_LNS.copy)];
  for (let i = 1; i < rows; i++) code.push(op.special(4, 1));
  return [...code, op.one(DW_LNS.advancePc, 4), op.end()];
}

/** Sections of debug information under construction. */
export class DebugImage {
  /** `.debug_line`. */
  readonly lines: ImageBuilder = new ImageBuilder();
  /** `.debug_line_str`. */
  readonly lineStrings: ImageBuilder = new ImageBuilder();
  /** `.debug_str`. */
  readonly strings: ImageBuilder = new ImageBuilder();
  /** `.debug_info`. */
  readonly info: ImageBuilder = new ImageBuilder();
  /** `.debug_abbrev`. */
  readonly abbreviations: ImageBuilder = new ImageBuilder();
  /** `.debug_str_offsets`. */
  readonly stringOffsets: ImageBuilder = new ImageBuilder();

  /** Adds a line table; its offset. */
  table(init: LineInit): number {
    const { version = 5, wide = false } = init;
    const image = this.lines;
    const at = image.size;
    const width = wide ? 8 : 4;
    if (wide) image.u32(0xffffffff);
    image.number(width, () => image.at(`end ${at}`) - image.at(`length ${at}`))
      .label(`length ${at}`).u16(version);
    if (version >= 5) image.bytes(8, 0);
    image.number(width, () => image.at(`program ${at}`) - image.at(`header ${at}`))
      .label(`header ${at}`).bytes(init.minInstructionLength ?? 1);
    if (version >= 4) image.bytes(init.maxOperations ?? 1);
    const base = init.opcodeBase ?? 13;
    image.bytes(1, LINE_BASE, init.lineRange ?? 14, base);
    for (let i = 0; i < base - 1; i++) image.bytes(LENGTHS[i] ?? 2);
    if (version >= 5) this.#files5(init, width);
    else this.#files4(init);
    image.label(`program ${at}`);
    for (const opcode of init.program) image.append(opcode);
    image.label(`end ${at}`);
    return at;
  }

  #files4({ directories = [], files = [] }: LineInit): void {
    for (const name of directories) this.lines.text(name);
    this.lines.bytes(0);
    for (const [name, directory] of files) {
      this.lines.text(name).uleb(directory).uleb(0).uleb(0);
    }
    this.lines.bytes(0);
  }

  #files5({ directories = [], files = [] }: LineInit, width: number): void {
    const { lines, lineStrings } = this;
    lines.bytes(1).uleb(DW_LNCT.path).uleb(DW_FORM.lineStrp).uleb(directories.length);
    for (const name of directories) {
      lines.number(width, lineStrings.size);
      lineStrings.text(name);
    }
    // A checksum, as clang has it, to be skipped.
    lines.bytes(3).uleb(DW_LNCT.path).uleb(DW_FORM.string);
    lines.uleb(DW_LNCT.directoryIndex).uleb(DW_FORM.udata).uleb(5).uleb(DW_FORM.data16);
    lines.uleb(files.length);
    for (const [name, directory] of files) {
      lines.text(name).uleb(directory).append(new Uint8Array(16));
    }
  }

  /**
   * Adds a unit whose line table is at an offset, compiled in a folder; `indexed` is clang's way to
   * name strings in version 5.
   */
  unit(init: {
    readonly lines: number;
    readonly directory: string;
    readonly version?: number;
    readonly indexed?: boolean;
  }): void {
    const { version = 5, indexed = false } = init;
    const { info, abbreviations, strings, stringOffsets } = this;
    const at = info.size;
    const table = abbreviations.size;
    // The unit's entry is the second of its table, with a constant the entry itself does not have.
    abbreviations.uleb(1).uleb(0x34).bytes(0).uleb(0x03).uleb(DW_FORM.string).bytes(0, 0);
    abbreviations.uleb(2).uleb(0x11).bytes(1);
    abbreviations.uleb(0x13).uleb(DW_FORM.implicitConst).sleb(-1);
    const form = indexed ? DW_FORM.strx1 : DW_FORM.strp;
    abbreviations.uleb(DW_AT.name).uleb(form).uleb(DW_AT.stmtList).uleb(DW_FORM.secOffset);
    abbreviations.uleb(DW_AT.compDir).uleb(form);
    if (indexed) abbreviations.uleb(DW_AT.strOffsetsBase).uleb(DW_FORM.secOffset);
    abbreviations.bytes(0, 0, 0);
    info.u32(() => info.at(`end ${at}`) - info.at(`length ${at}`)).label(`length ${at}`);
    info.u16(version);
    if (version >= 5) info.bytes(DW_UT.compile, 8).u32(table);
    else info.u32(table).bytes(8);
    info.uleb(2);
    const base = stringOffsets.size + 8;
    if (indexed) stringOffsets.u32(12).u16(5).u16(0);
    const name = (text: string, index: number) => {
      if (indexed) {
        info.bytes(index);
        stringOffsets.u32(strings.size);
      } else info.u32(strings.size);
      strings.text(text);
    };
    name("unit.c", 0);
    info.u32(init.lines);
    name(init.directory, 1);
    if (indexed) info.u32(base);
    info.label(`end ${at}`);
  }

  /** Bytes of each section that is not empty. */
  build(): Map<DwarfSectionName, Uint8Array> {
    const sections: readonly (readonly [DwarfSectionName, ImageBuilder])[] = [
      [".debug_line", this.lines],
      [".debug_line_str", this.lineStrings],
      [".debug_str", this.strings],
      [".debug_info", this.info],
      [".debug_abbrev", this.abbreviations],
      [".debug_str_offsets", this.stringOffsets],
    ];
    return new Map(
      sections.filter(([, image]) => image.size > 0).map(([name, image]) => [name, image.build()]),
    );
  }

  /** What the readers want. */
  sections(): DwarfSections {
    const built = this.build();
    return new DwarfSections((name) => built.get(name));
  }
}
