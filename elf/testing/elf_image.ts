/**
 * Builds small ELF files by hand.
 *
 * @module
 */
import { ELF_MACHINE, type Machine } from "../mod.ts";
import { ImageBuilder } from "../../bytes/testing/image_builder.ts";

/** A section to be built. */
export interface SectionInit {
  /** Name. */
  readonly name: string;
  /** `sh_type`; default 1 (`SHT_PROGBITS`). */
  readonly type?: number;
  /** `sh_flags`; default 2 (`SHF_ALLOC`). */
  readonly flags?: number;
  /** Address; default 0. */
  readonly address?: number;
  /** Bytes. */
  readonly data: Uint8Array;
  /** `sh_link`. */
  readonly link?: number;
  /** `sh_info`. */
  readonly info?: number;
  /** `sh_entsize`. */
  readonly entrySize?: number;
}

/** A segment to be built; its bytes are those of a section. */
export interface SegmentInit {
  /** `p_type`; default 1 (`PT_LOAD`). */
  readonly type?: number;
  /** `p_flags`; default 5 (read and execute). */
  readonly flags?: number;
  /** Virtual address. */
  readonly address: number;
  /** Index of the section whose bytes it has, or undefined for none. */
  readonly section?: number;
  /** Bytes in memory; default those of the section. */
  readonly memSize?: number;
}

/** A file to be built. */
export interface ElfInit {
  /** Machine; default x86-64. */
  readonly machine?: Machine;
  /** `e_type`; default 3 (shared). */
  readonly type?: number;
  /** Entry address. */
  readonly entry?: bigint;
  /** Sections from index 1 on; the name table is added after them. */
  readonly sections?: readonly SectionInit[];
  /** Segments. */
  readonly segments?: readonly SegmentInit[];
}

/** The bytes of an ELF file. */
export function elfImage(init: ElfInit = {}): Uint8Array {
  const sections = init.sections ?? [];
  const segments = init.segments ?? [];
  const image = new ImageBuilder();
  const total = sections.length + 2;
  image.bytes(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0).u64(0n)
    .u16(init.type ?? 3).u16(ELF_MACHINE[init.machine ?? "x86_64"]).u32(1)
    .u64(init.entry ?? 0n).u64(segments.length === 0 ? 0n : 64n)
    .u64(() => BigInt(image.at("sections"))).u32(0)
    .u16(64).u16(56).u16(segments.length)
    .u16(64).u16(total).u16(total - 1);
  for (const segment of segments) {
    const section = sections[(segment.section ?? 0) - 1];
    const size = BigInt(section?.data.length ?? 0);
    image.u32(segment.type ?? 1).u32(segment.flags ?? 5)
      .u64(() => section ? BigInt(image.at(`data ${segment.section}`)) : 0n)
      .u64(BigInt(segment.address)).u64(BigInt(segment.address))
      .u64(size).u64(BigInt(segment.memSize ?? size)).u64(16n);
  }
  sections.forEach((section, i) => {
    image.align(16).label(`data ${i + 1}`).append(section.data);
  });
  const all: SectionInit[] = [
    { name: "", type: 0, flags: 0, data: new Uint8Array(0) },
    ...sections,
    { name: ".shstrtab", type: 3, flags: 0, data: new Uint8Array(0) },
  ];
  image.label(`data ${total - 1}`);
  all.forEach((section, i) => image.label(`name ${i}`).text(section.name));
  image.label("names end").align(8).label("sections");
  all.forEach((section, i) => {
    const isNames = i === total - 1;
    const start = image.at(`data ${total - 1}`);
    image.u32(image.at(`name ${i}`) - start).u32(section.type ?? 1)
      .u64(BigInt(section.flags ?? 2)).u64(BigInt(section.address ?? 0))
      .u64(i === 0 ? 0n : BigInt(image.at(`data ${i}`)))
      .u64(BigInt(isNames ? image.at("names end") - start : section.data.length))
      .u32(section.link ?? 0).u32(section.info ?? 0)
      .u64(1n).u64(BigInt(section.entrySize ?? 0));
  });
  return image.build();
}

/** One symbol of {@linkcode symbolTable}. */
export interface SymbolInit {
  /** Name. */
  readonly name: string;
  /** Value. */
  readonly value: number;
  /** Size; default 0. */
  readonly size?: number;
  /** Type; default 2 (function). */
  readonly type?: number;
  /** Binding; default 1 (global). */
  readonly binding?: number;
  /** Section index; default 1. */
  readonly section?: number;
}

/** Bytes of a symbol table and of its string table. */
export function symbolTable(
  symbols: readonly SymbolInit[],
): { symbols: Uint8Array; strings: Uint8Array } {
  const table = new ImageBuilder().bytes(...new Array<number>(24).fill(0));
  const strings = new ImageBuilder().bytes(0);
  for (const symbol of symbols) {
    table.u32(strings.size)
      .bytes((symbol.binding ?? 1) << 4 | (symbol.type ?? 2), 0)
      .u16(symbol.section ?? 1).u64(BigInt(symbol.value))
      .u64(BigInt(symbol.size ?? 0));
    strings.text(symbol.name);
  }
  return { symbols: table.build(), strings: strings.build() };
}
