/**
 * Addresses for the sections of a relocatable file, in which every section begins at 0: each gets a
 * place of its own, so that an address says which section it is in.
 *
 * @module
 */
import { partitionPoint } from "../bytes/mod.ts";
import type { ElfFile } from "./elf_file.ts";
import type { ElfSection } from "./section.ts";
import { SHF, SHT } from "./constants.ts";

/** How many smaller sections may stand before an address in the one that holds it. */
const NESTED = 16;

/**
 * Places of the loaded sections of a relocatable file; for other files each section is where it
 * says.
 */
export class SectionLayout {
  #addresses: Map<ElfSection, bigint> = new Map();
  /** Loaded sections by address; those that hold no byte of their own are left out. */
  #loaded: ElfSection[] = [];
  #identity: boolean;

  /** Lays out a file. Throws `ElfError` if its section table is malformed. */
  constructor(file: ElfFile) {
    this.#identity = file.type !== "relocatable";
    let next = 0x10000n;
    for (const section of file.sections) {
      if ((section.flags & SHF.alloc) === 0n) continue;
      // Thread-local zeros have an address, but the bytes there are those of others.
      const isThreadZero = section.type === SHT.nobits && (section.flags & SHF.tls) !== 0n;
      if (section.size > 0 && !isThreadZero) this.#loaded.push(section);
      if (this.#identity) continue;
      const align = section.align > 1n && section.align < 0x10000n ? section.align : 1n;
      next = (next + align - 1n) / align * align;
      this.#addresses.set(section, next);
      next += BigInt(section.size) + 16n;
    }
    if (!this.#identity) return;
    // Where one is within another, as tables are within segments, the smaller one comes later.
    this.#loaded.sort((a, b) =>
      a.address < b.address ? -1 : a.address > b.address ? 1 : b.size - a.size
    );
  }

  /** Address of a section's first byte. */
  addressOf(section: ElfSection): bigint {
    return this.#addresses.get(section) ??
      (this.#identity ? section.address : 0n);
  }

  /** The loaded section that contains an address, or undefined. */
  sectionAt(address: bigint): ElfSection | undefined {
    const loaded = this.#loaded;
    const begun = partitionPoint(loaded.length, (i) => this.addressOf(loaded[i]!) <= address);
    for (let i = begun - 1; i >= 0 && i >= begun - NESTED; i--) {
      const section = loaded[i]!;
      if (address < this.addressOf(section) + BigInt(section.size)) return section;
    }
    return undefined;
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
