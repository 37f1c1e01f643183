/**
 * Relocations of unwind sections and debug information in relocatable files (`.o`). Only the types
 * that compilers put there are known; numbers are from the x86-64 psABI (table 4.9) and ELF for the
 * Arm 64-bit Architecture (section 5.7). Offsets of thread-local variables are from the beginning
 * of their section, as nobody knows yet where in its block a linker will put it.
 *
 * @module
 */
import { type Machine, SHN, SHT } from "./constants.ts";
import type { ElfSection, SectionedImage } from "./section.ts";
import { entryCount, symbolAtIndex } from "./symbols.ts";

/** Width in bytes of the field, and whether the address of the field is subtracted. */
interface RelocationType {
  readonly width: 2 | 4 | 8;
  readonly pcRelative: boolean;
  /** Whether it is an offset into a block of thread-local variables, which has no address. */
  readonly threadLocal?: boolean;
}

const ABS64 = { width: 8, pcRelative: false } as const;
const ABS32 = { width: 4, pcRelative: false } as const;
const ABS16 = { width: 2, pcRelative: false } as const;
const THREAD64 = { width: 8, pcRelative: false, threadLocal: true } as const;
const THREAD32 = { width: 4, pcRelative: false, threadLocal: true } as const;
const REL64 = { width: 8, pcRelative: true } as const;
const REL32 = { width: 4, pcRelative: true } as const;
const REL16 = { width: 2, pcRelative: true } as const;

const TYPES: Record<Machine, ReadonlyMap<number, RelocationType>> = {
  x86_64: new Map<number, RelocationType>([
    [1, ABS64], // R_X86_64_64
    [2, REL32], // R_X86_64_PC32
    [4, REL32], // R_X86_64_PLT32
    [10, ABS32], // R_X86_64_32
    [11, ABS32], // R_X86_64_32S
    [12, ABS16], // R_X86_64_16
    [13, REL16], // R_X86_64_PC16
    [17, THREAD64], // R_X86_64_DTPOFF64
    [21, THREAD32], // R_X86_64_DTPOFF32
    [24, REL64], // R_X86_64_PC64
  ]),
  aarch64: new Map<number, RelocationType>([
    [257, ABS64], // R_AARCH64_ABS64
    [258, ABS32], // R_AARCH64_ABS32
    [259, ABS16], // R_AARCH64_ABS16
    [260, REL64], // R_AARCH64_PREL64
    [261, REL32], // R_AARCH64_PREL32
    [262, REL16], // R_AARCH64_PREL16
    [314, REL32], // R_AARCH64_PLT32
  ]),
};

/** Where {@linkcode relocateSection} finds the bytes and the sections. */
export interface RelocateInput {
  /** Bytes of the section, not modified. */
  readonly data: Uint8Array;
  /** Load address of a section. */
  readonly addressOf: (section: ElfSection) => bigint;
}

/** Relocation tables by the section they are for, of each file that was asked for. */
const TABLES: WeakMap<SectionedImage, Map<number, ElfSection[]>> = new WeakMap();

function tablesOf(file: SectionedImage): Map<number, ElfSection[]> {
  let tables = TABLES.get(file);
  if (tables === undefined) {
    tables = new Map();
    for (const table of file.sections) {
      if (table.type !== SHT.rela) continue;
      const others = tables.get(table.info);
      if (others === undefined) tables.set(table.info, [table]);
      else others.push(table);
    }
    TABLES.set(file, tables);
  }
  return tables;
}

/**
 * A copy of `section` with every `SHT_RELA` relocation against it applied.
 *
 * @throws {ElfError} (`relocation`) For a type that no such section uses, or a field outside the section.
 */
export function relocateSection(
  file: SectionedImage,
  section: ElfSection,
  input: RelocateInput,
): Uint8Array {
  const out = input.data.slice();
  const view = new DataView(out.buffer);
  const base = input.addressOf(section);
  for (const table of tablesOf(file).get(section.index) ?? []) {
    const symbols = file.sections[table.link];
    if (symbols === undefined) {
      throw file.error(
        "relocation",
        `Symbol table of ${table.name} is section ${table.link}`,
        table.offset,
        `less than ${file.sections.length}`,
      );
    }
    const count = entryCount(file, table, 24, "relocation");
    for (let index = 0; index < count; index++) {
      const at = table.offset + index * 24;
      const offset = file.sizeAt(at, "relocation offset");
      const kind = file.view.getUint32(at + 8, true);
      if (kind === 0) continue;
      const type = TYPES[file.machine].get(kind);
      if (type === undefined) {
        throw file.error(
          "relocation",
          `Relocation type is ${kind}`,
          at,
          `one that ${file.machine} unwind or debug sections use`,
        );
      }
      if (offset + type.width > out.length) {
        throw file.error(
          "relocation",
          `Relocation offset is 0x${offset.toString(16)}`,
          at,
          `inside ${section.name}, ${out.length} bytes`,
        );
      }
      const symbol = symbolAtIndex(
        file,
        symbols,
        file.view.getUint32(at + 12, true),
      );
      let value = symbol.value + file.view.getBigInt64(at + 16, true);
      const isPlaced = symbol.section !== SHN.undefined && symbol.section !== SHN.abs;
      if (isPlaced && type.threadLocal !== true) {
        const target = file.sections[symbol.section];
        if (target !== undefined) value += input.addressOf(target);
      }
      if (type.pcRelative) value -= base + BigInt(offset);
      if (type.width === 8) view.setBigInt64(offset, value, true);
      else if (type.width === 4) {
        view.setInt32(offset, Number(BigInt.asIntN(32, value)), true);
      } else view.setInt16(offset, Number(BigInt.asIntN(16, value)), true);
    }
  }
  return out;
}
