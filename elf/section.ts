/**
 * The section header table, and the bytes of sections.
 *
 * @module
 */
import { SHF, SHT } from "./constants.ts";
import { inflateGnuSection, inflateSection, isGnuCompressed } from "./compression.ts";
import type { ElfImage } from "./image.ts";

/** One section header (gABI, chapter 4). */
export interface ElfSection {
  /** Position in the section header table. */
  readonly index: number;
  /** Name from the section name table. */
  readonly name: string;
  /** `sh_type`; see `SHT`. */
  readonly type: number;
  /** `sh_flags`; see `SHF`. */
  readonly flags: bigint;
  /** Virtual address, 0 for a section that is not loaded and in relocatable files. */
  readonly address: bigint;
  /** Offset of its bytes in the file. */
  readonly offset: number;
  /** Size in bytes. */
  readonly size: number;
  /** `sh_link`: index of an associated section. */
  readonly link: number;
  /** `sh_info`. */
  readonly info: number;
  /** Alignment, 0 or a power of two. */
  readonly align: bigint;
  /** Size of an entry, for a section that is a table. */
  readonly entrySize: number;
}

/** A file whose sections are known: what symbols and relocations are read from. */
export interface SectionedImage extends ElfImage {
  /** Section headers in file order, including the null section 0, or what stands for them. */
  readonly sections: readonly ElfSection[];
  /** Whether they are the file's own: symbols name sections by their index there. */
  readonly hasSectionHeaders: boolean;
}

/**
 * Section headers in file order, including the null section 0. Throws `ElfError` if the table is
 * malformed.
 */
export function readSections(image: ElfImage): readonly ElfSection[] {
  const table = image.headerTable({
    what: "section",
    offsetAt: 40,
    sizeAt: 58,
    size: 64,
  });
  if (table.offset === 0) return [];
  image.slice(table.offset, 64, "section header 0");
  // Large files keep count and name table index in section 0.
  const count = table.count !== 0 ? table.count : image.sizeAt(table.offset + 32, "section count");
  image.slice(table.offset, count * 64, "section header table");
  let names = image.view.getUint16(62, true);
  if (names === 0xffff) names = image.view.getUint32(table.offset + 40, true);
  if (names >= count && names !== 0) {
    throw image.error(
      "section",
      `Section name table index is ${names}`,
      62,
      `less than ${count}`,
    );
  }
  const namesAt = table.offset + names * 64;
  const namesStart = names === 0 ? 0 : image.sizeAt(namesAt + 24, "offset");
  const namesSize = names === 0 ? 0 : image.sizeAt(namesAt + 32, "size");
  image.slice(namesStart, namesSize, "section name table");
  const sections: ElfSection[] = [];
  for (let index = 0; index < count; index++) {
    const at = table.offset + index * 64;
    const name = image.view.getUint32(at, true);
    sections.push({
      index,
      name: names === 0 ? "" : image.nameAt(namesStart + name, namesStart + namesSize),
      type: image.view.getUint32(at + 4, true),
      flags: image.view.getBigUint64(at + 8, true),
      address: image.view.getBigUint64(at + 16, true),
      offset: image.sizeAt(at + 24, "section offset"),
      size: image.sizeAt(at + 32, "section size"),
      link: image.view.getUint32(at + 40, true),
      info: image.view.getUint32(at + 44, true),
      align: image.view.getBigUint64(at + 48, true),
      entrySize: image.sizeAt(at + 56, "section entry size"),
    });
  }
  return sections;
}

/**
 * Bytes of a section, as a view where possible: a compressed one is inflated, `SHT_NOBITS` gives no
 * bytes. Throws `ElfError`.
 */
export function sectionBytes(image: ElfImage, section: ElfSection): Uint8Array {
  if (section.type === SHT.nobits) return new Uint8Array(0);
  const raw = image.slice(section.offset, section.size, `section ${section.name}`);
  const { name, offset } = section;
  if ((section.flags & SHF.compressed) !== 0n) return inflateSection(image, { name, offset, raw });
  return isGnuCompressed(name) ? inflateGnuSection(image, { name, offset, raw }) : raw;
}
