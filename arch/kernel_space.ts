/**
 * The kernel half of the address space: a direct map of RAM, the kernel image with its own
 * protections, and kernel stacks with a guard page below each.
 *
 * @module
 */

import { ArchError } from "./errors.ts";
import type { GuestImage } from "./guest_image.ts";
import { BLOCK_SIZE, type EntryFormat, type PageFrameSource, PageTables } from "./page_tables.ts";
import { hex, PAGE_SIZE, type PhysicalMemory } from "./physical_memory.ts";

const PAGE = BigInt(PAGE_SIZE);
const BLOCK = BigInt(BLOCK_SIZE);
const KERNEL_DATA = { user: false, write: true, execute: false };
const KERNEL_TEXT = { user: false, write: false, execute: true };
const KERNEL_CONSTANTS = { user: false, write: false, execute: false };

/** An address, and its two halves. */
const word = new BigUint64Array(1);
const halves = new Uint32Array(word.buffer);
const HALF = 2 ** 32;

/** What of an architecture the kernel half depends on. */
export interface KernelSpaceOptions {
  /** Source of page frames for tables. */
  readonly frames: PageFrameSource;
  /** Encoding of entries. */
  readonly format: EntryFormat;
  /** Image to map; it is loaded already. */
  readonly image: GuestImage;
  /** Virtual address of physical address 0. */
  readonly directMap: bigint;
  /** Where kernel stacks are mapped. */
  readonly stackRegion: bigint;
}

/** The kernel half, and access to kernel memory by virtual address. */
export class KernelSpace {
  /** RAM. */
  readonly memory: PhysicalMemory;
  /** Tables of all address spaces. */
  readonly tables: PageTables;
  /** Physical address of the root of the kernel half. */
  readonly root: bigint;
  /** Virtual address of physical address 0. */
  readonly directMap: bigint;
  readonly #image: GuestImage;
  readonly #directBegin: bigint;
  readonly #directEnd: bigint;
  readonly #directLow: number;
  readonly #directHigh: number;

  /** Builds the tables of the kernel half. */
  constructor(memory: PhysicalMemory, options: KernelSpaceOptions) {
    const { frames, format, image, directMap, stackRegion } = options;
    if (memory.size % BLOCK_SIZE !== 0) {
      throw new ArchError(
        "misuse",
        `Cannot map ${memory.size} bytes of RAM: not a multiple of 2 MiB`,
      );
    }
    this.memory = memory;
    this.tables = new PageTables(memory, { frames, format });
    this.directMap = directMap;
    this.#image = image;
    this.root = this.tables.createTable();
    const begin = memory.base + directMap;
    const end = begin + BigInt(memory.size);
    this.#directBegin = begin;
    this.#directEnd = end;
    this.#directLow = Number(begin & 0xffff_ffffn);
    this.#directHigh = Number(begin >> 32n);
    for (let address = begin; address < end; address += BLOCK) {
      if (address + BLOCK <= image.begin || address >= image.end) {
        const physical = address - directMap;
        this.tables.mapBlock(this.root, address, { physical, protection: KERNEL_DATA });
        continue;
      }
      for (let page = address; page < address + BLOCK; page += PAGE) {
        const inImage = page >= image.begin && page < image.end;
        const protection = !inImage
          ? KERNEL_DATA
          : page < image.textEnd
          ? KERNEL_TEXT
          : KERNEL_CONSTANTS;
        this.tables.map(this.root, page, { physical: page - directMap, protection });
      }
    }
    this.tables.reserve(this.root, stackRegion);
  }

  /** Virtual address of a physical address in the direct map. */
  virtual(physical: bigint): bigint {
    return physical + this.directMap;
  }

  /**
   * Physical address of a kernel address.
   * @throws {ArchError} of kind `translation` if it is not mapped
   */
  physical(address: bigint): bigint {
    if (address >= this.#directBegin && address < this.#directEnd) return address - this.directMap;
    const walk = this.tables.walk(this.root, address);
    if (walk.kind === "missing") {
      throw new ArchError(
        "translation",
        `Cannot access kernel address ${hex(address)}: not mapped at level ${walk.level}`,
        address,
      );
    }
    return walk.physical;
  }

  /** Whether the kernel may write the 8 bytes at an address; they do not cross a page. */
  writable(address: bigint): boolean {
    if (address >= this.#directBegin && address + 8n <= this.#directEnd) {
      return address + 8n <= this.#image.begin || address >= this.#image.end;
    }
    const walk = this.tables.walk(this.root, address);
    return walk.kind === "mapped" && walk.protection.write && !walk.protection.user;
  }

  /** Index in RAM of a kernel address, for hot paths: `size` bytes that do not cross a page. */
  offset(address: bigint, size: number): number {
    // In halves, as arithmetic on bigints allocates.
    word[0] = address;
    const low = (halves[0] ?? 0) - this.#directLow;
    const index = ((halves[1] ?? 0) - this.#directHigh) * HALF + low;
    if (index >= 0 && index + size <= this.memory.size) return index;
    return this.memory.offset(this.physical(address), size);
  }

  /** Reads a 64-bit word of kernel memory. */
  readU64(address: bigint): bigint {
    return this.memory.view.getBigUint64(this.offset(address, 8), true);
  }

  /** Writes a 64-bit word of kernel memory, whatever its protection. */
  writeU64(address: bigint, value: bigint): void {
    const { memory } = this;
    const offset = this.offset(address, 8);
    if (memory.onWrite !== null) memory.onWrite(offset, 8);
    memory.view.setBigUint64(offset, value, true);
  }

  /** Maps a page of a kernel stack. */
  mapStackPage(address: bigint, physical: bigint): void {
    this.tables.map(this.root, address, { physical, protection: KERNEL_DATA });
  }

  /** Maps a page of a kernel-mode program. */
  mapProgramPage(
    address: bigint,
    options: { physical: bigint; write: boolean; execute: boolean },
  ): void {
    const { physical, write, execute } = options;
    const protection = { user: false, write, execute };
    this.tables.map(this.root, address, { physical, protection });
  }

  /** Removes a page of a stack or of a kernel-mode program; returns its physical address. */
  unmapPage(address: bigint): bigint | undefined {
    return this.tables.unmap(this.root, address);
  }

  /**
   * The bytes from a kernel address to the end of its page, not a copy; `undefined` if it is not
   * mapped.
   */
  pageBytes(address: bigint): Uint8Array | undefined {
    const walk = this.tables.walk(this.root, address);
    if (walk.kind === "missing") return undefined;
    return this.memory.slice(walk.physical, PAGE_SIZE - Number(address & (PAGE - 1n)));
  }

  /** Makes a root for boot code: the kernel half and an identity map of the image. */
  createBootRoot(): bigint {
    const root = this.tables.createTable();
    this.tables.shareUpperHalf(this.root, root);
    for (let page = this.#image.begin; page < this.#image.textEnd; page += PAGE) {
      const physical = page - this.directMap;
      this.tables.map(root, physical, { physical, protection: KERNEL_TEXT });
    }
    return root;
  }
}
