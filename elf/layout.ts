/**
 * Addresses for the sections of a relocatable file, in which every section begins at 0: each gets a
 * place of its own, so that an address says which section it is in.
 *
 * @module
 */
import type { ElfFile } from "./elf_file.ts";
import type { ElfSection } from "./section.ts";
import { SHF } from "./constants.ts";

/**
 * Places of the loaded sections of a relocatable file; for other files each section is where it
 * says.
 */
export class SectionLayout {
  #addresses: Map<ElfSection, bigint> = new Map();
  #loaded: ElfSection[] = [];
  #identity: boolean;

  /** Lays out a file. Throws `ElfError` if its section table is malformed. */
  constructor(file: ElfFile) {
    this.#identity = file.type !== "relocatable";
    let next = 0x10000n;
    for (const section of file.sections) {
      if ((section.flags & SHF.alloc) === 0n) continue;
      this.#loaded.push(section);
      if (this.#identity) continue;
      const align = section.align > 1n && section.align < 0x10000n ? section.align : 1n;
      next = (next + align - 1n) / align * align;
      this.#addresses.set(section, next);
      next += BigInt(section.size) + 16n;
    }
  }

  /** Address of a section's first byte. */
  addressOf(section: ElfSection): bigint {
    return this.#addresses.get(section) ??
      (this.#identity ? section.address : 0n);
  }

  /** The loaded section that contains an address, or undefined. */
  sectionAt(address: bigint): ElfSection | undefined {
    return this.#loaded.find((section) => {
      const start = this.addressOf(section);
      return address >= start && address < start + BigInt(section.size);
    });
  }

  /**
   * The address as the file itself counts: in a relocatable file, from the start of the section.
   */
  toFile(address: bigint): bigint {
    if (this.#identity) return address;
    const section = this.sectionAt(address);
    return section === undefined ? address : address - this.addressOf(section);
  }
}
