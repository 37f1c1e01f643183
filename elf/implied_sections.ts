/**
 * Sections of a file that has no section headers, such as a stripped one or an image out of memory:
 * what program headers and the dynamic section say of where tables are (gABI, chapter 5, "Dynamic
 * Section"). They say only that; whether the bytes are there is found out when they are read.
 *
 * @module
 */
import { PF, PT, SHF, SHT } from "./constants.ts";
import type { ElfImage } from "./image.ts";
import type { ElfSection } from "./section.ts";
import type { ElfSegment } from "./segment.ts";

/** Tags of the dynamic section that are used. */
const DT = {
  null: 0,
  pltRelSize: 2,
  pltGot: 3,
  hash: 4,
  stringTable: 5,
  symbolTable: 6,
  rela: 7,
  relaSize: 8,
  stringTableSize: 10,
  pltRel: 20,
  jumpRel: 23,
  gnuHash: 0x6ffffef5,
} as const;

/** Size of a symbol, and of a relocation. */
const ENTRY_SIZE = 24;

/** The null section, which every section table begins with. */
const NULL_SECTION: ElfSection = {
  index: 0,
  name: "",
  type: SHT.null,
  flags: 0n,
  address: 0n,
  offset: 0,
  size: 0,
  link: 0,
  info: 0,
  align: 0n,
  entrySize: 0,
};

/** Gathers the sections of one file. */
class Implied {
  readonly sections: ElfSection[] = [NULL_SECTION];
  readonly #image: ElfImage;
  readonly #segments: readonly ElfSegment[];
  readonly #loads: readonly ElfSegment[];
  readonly #bias: bigint;

  constructor(image: ElfImage, segments: readonly ElfSegment[], bias: bigint) {
    this.#image = image;
    this.#segments = segments;
    this.#loads = segments.filter((each) => each.type === PT.load);
    this.#bias = bias;
  }

  build(): readonly ElfSection[] {
    for (const { type, vaddr, offset, fileSize } of this.#segments) {
      if (type !== PT.gnuEhFrame) continue;
      this.#add(".eh_frame_hdr", { address: vaddr, offset, size: fileSize });
    }
    this.#dynamic();
    // The segments come last: an address is looked for in the smaller parts first.
    for (const { index, vaddr, offset, fileSize, flags } of this.#loads) {
      const more = ((flags & PF.execute) !== 0 ? SHF.execinstr : 0n) |
        ((flags & PF.write) !== 0 ? SHF.write : 0n);
      const name = `segment ${index}`;
      this.#add(name, { address: vaddr, offset, size: fileSize, flags: SHF.alloc | more });
    }
    return this.sections;
  }

  #add(
    name: string,
    more: Partial<ElfSection> & Pick<ElfSection, "address" | "offset" | "size">,
  ): number {
    const index = this.sections.length;
    const known = { ...NULL_SECTION, type: SHT.progbits, flags: SHF.alloc };
    this.sections.push({ ...known, ...more, index, name });
    return index;
  }

  /** What the dynamic section tells of; the first entry of a tag counts. */
  #dynamic(): void {
    const found = this.#segments.find((each) => each.type === PT.dynamic);
    if (found === undefined || !this.#holds(found.offset, found.fileSize)) return;
    const { view } = this.#image;
    this.#image.slice(found.offset, found.fileSize, "dynamic section");
    const tags = new Map<number, bigint>();
    for (let at = found.offset; at + 16 <= found.offset + found.fileSize; at += 16) {
      const tag = Number(view.getBigUint64(at, true));
      if (tag === DT.null) break;
      if (!tags.has(tag)) tags.set(tag, view.getBigUint64(at + 8, true));
    }
    const place = (tag: number) => {
      const value = tags.get(tag);
      return value === undefined ? undefined : this.#place(value);
    };
    const size = (tag: number) => Number(tags.get(tag) ?? 0n);
    const strings = place(DT.stringTable);
    const symbols = place(DT.symbolTable);
    let link = 0;
    if (strings !== undefined && symbols !== undefined) {
      const names = this.#add(".dynstr", {
        ...strings,
        type: SHT.strtab,
        size: size(DT.stringTableSize),
      });
      const count = this.#countByHash(place(DT.hash)) ?? this.#countByGnuHash(place(DT.gnuHash)) ??
        Math.max(0, Math.floor((strings.offset - symbols.offset) / ENTRY_SIZE));
      link = this.#add(".dynsym", {
        ...symbols,
        type: SHT.dynsym,
        size: count * ENTRY_SIZE,
        entrySize: ENTRY_SIZE,
        link: names,
      });
    }
    const relocations = { type: SHT.rela, entrySize: ENTRY_SIZE, link };
    const rela = place(DT.rela);
    if (rela !== undefined) {
      this.#add(".rela.dyn", { ...rela, ...relocations, size: size(DT.relaSize) });
    }
    const jumps = place(DT.jumpRel);
    if (jumps !== undefined && size(DT.pltRel) === DT.rela) {
      this.#add(".rela.plt", { ...jumps, ...relocations, size: size(DT.pltRelSize) });
    }
    const got = place(DT.pltGot);
    if (got !== undefined) this.#add(".got.plt", { ...got, size: 0 });
  }

  /** Where an address of the dynamic section is; a loader may have added the bias to it. */
  #place(value: bigint): { readonly address: bigint; readonly offset: number } | undefined {
    for (const address of [value, value - this.#bias]) {
      for (const { vaddr, offset, fileSize } of this.#loads) {
        if (address < vaddr || address >= vaddr + BigInt(fileSize)) continue;
        return { address, offset: offset + Number(address - vaddr) };
      }
    }
    return undefined;
  }

  #holds(offset: number, size: number): boolean {
    if (offset + size > this.#image.size) return false;
    this.#image.slice(offset, size, "hash table");
    return true;
  }

  /** Number of symbols by `DT_HASH`: it has a chain word for each. */
  #countByHash(hash: { readonly offset: number } | undefined): number | undefined {
    if (hash === undefined || !this.#holds(hash.offset, 8)) return undefined;
    return this.#image.view.getUint32(hash.offset + 4, true);
  }

  /** Number of symbols by `DT_GNU_HASH`: the last chain ends with the last symbol. */
  #countByGnuHash(hash: { readonly offset: number } | undefined): number | undefined {
    if (hash === undefined || !this.#holds(hash.offset, 16)) return undefined;
    const { view } = this.#image;
    const { offset } = hash;
    const [buckets, first, bloom] = [0, 4, 8].map((at) => view.getUint32(offset + at, true)) as [
      number,
      number,
      number,
    ];
    const bucketsAt = offset + 16 + bloom * 8;
    const chainsAt = bucketsAt + buckets * 4;
    if (!this.#holds(bucketsAt, buckets * 4)) return undefined;
    let last = 0;
    for (let i = 0; i < buckets; i++) {
      last = Math.max(last, view.getUint32(bucketsAt + 4 * i, true));
    }
    if (last < first) return first;
    for (;; last++) {
      const at = chainsAt + (last - first) * 4;
      if (!this.#holds(at, 4)) return undefined;
      if ((view.getUint32(at, true) & 1) !== 0) return last + 1;
    }
  }
}

/**
 * The sections that a file's segments imply, with the null section first.
 *
 * @param bias What a loader may have added to the addresses of the dynamic section.
 */
export function impliedSections(
  image: ElfImage,
  segments: readonly ElfSegment[],
  bias: bigint,
): readonly ElfSection[] {
  return new Implied(image, segments, bias).build();
}
