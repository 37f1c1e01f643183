/**
 * Four-level translation tables with 4 KiB pages and nine index bits a level, which both
 * architectures use: x86-64 (SDM vol. 3, 4.5) and AArch64 with the 4 KiB granule (Arm ARM, D8). An
 * architecture supplies the encoding of entries.
 *
 * @module
 */

import { ArchError } from "./errors.ts";
import { hex, PAGE_SIZE, type PhysicalMemory } from "./physical_memory.ts";

/** One past the last address. */
export const ADDRESSES: bigint = 1n << 64n;
/** Where the upper half begins: the kernel's, mapped alike in all address spaces. */
export const UPPER_HALF: bigint = 1n << 63n;

/** Size of a level 2 block mapping ("huge page"), in bytes. */
export const BLOCK_SIZE = 2 * 1024 * 1024;

/** What a mapping allows. Whatever is mapped can be read by the kernel. */
export interface Protection {
  /**
   * Whether user mode may use the mapping at all; code of a user mapping never runs in the kernel.
   */
  readonly user: boolean;
  /** Whether it may be written. */
  readonly write: boolean;
  /** Whether it may be executed. */
  readonly execute: boolean;
}

/** Hands out page frames for tables. */
export interface PageFrameSource {
  /**
   * Returns the physical address of a free page frame of 4096 bytes; its contents are undefined.
   */
  allocate(): bigint;
  /** Takes a page frame back. */
  free(frame: bigint): void;
}

/** How an architecture encodes table entries. Level 0 is the root, level 3 holds pages. */
export interface EntryFormat {
  /** Entry that points to the next table. */
  table(physical: bigint): bigint;
  /** Leaf entry: a page at level 3, a block at level 2. */
  leaf(physical: bigint, options: { level: number; protection: Protection }): bigint;
  /** Whether the entry is valid. */
  isPresent(entry: bigint): boolean;
  /** Whether a valid entry at this level is a leaf. */
  isLeaf(entry: bigint, level: number): boolean;
  /** Physical address a valid entry points to. */
  physical(entry: bigint): bigint;
  /** What a valid leaf allows. */
  protection(entry: bigint): Protection;
}

/** What one leaf of the tables maps. */
export interface LeafMapping {
  /** First virtual address. */
  readonly address: bigint;
  /** Bytes. */
  readonly size: number;
  /** Physical address. */
  readonly physical: bigint;
  /** What it allows. */
  readonly protection: Protection;
}

/** Result of a table walk. */
export type Walk =
  | {
    /** The address is mapped. */
    readonly kind: "mapped";
    /** Physical address of the byte. */
    readonly physical: bigint;
    /** What the mapping allows. */
    readonly protection: Protection;
    /** Level of the leaf: 3 for a page, 2 for a block. */
    readonly level: number;
    /** Physical address of the leaf entry. */
    readonly entry: bigint;
  }
  | {
    /** The walk ended at an invalid entry. */
    readonly kind: "missing";
    /** Level of that entry. */
    readonly level: number;
    /** Physical address of that entry. */
    readonly entry: bigint;
  };

const PAGE_MASK = BigInt(PAGE_SIZE - 1);

/**
 * Builds, edits and walks translation tables in guest RAM. Invalidating the CPU's TLB afterwards is
 * the caller's.
 */
export class PageTables {
  readonly #memory: PhysicalMemory;
  readonly #frames: PageFrameSource;
  readonly #format: EntryFormat;

  /** Tables live in `memory`, in page frames from `frames`. */
  constructor(memory: PhysicalMemory, options: { frames: PageFrameSource; format: EntryFormat }) {
    this.#memory = memory;
    this.#frames = options.frames;
    this.#format = options.format;
  }

  /** Allocates an empty table and returns its physical address. */
  createTable(): bigint {
    const table = this.#frames.allocate();
    this.#memory.clear(table, PAGE_SIZE);
    return table;
  }

  /**
   * Maps the page at `address`, replacing what was there.
   * @param root physical address of the root table
   * @param address virtual address, a multiple of 4096
   */
  map(root: bigint, address: bigint, options: { physical: bigint; protection: Protection }): void {
    const entry = this.#entry(root, address, 3);
    const { physical, protection } = options;
    this.#memory.writeU64(entry, this.#format.leaf(physical, { level: 3, protection }));
  }

  /** Maps the 2 MiB block at `address`, a multiple of 2 MiB; `physical` is one too. */
  mapBlock(
    root: bigint,
    address: bigint,
    options: { physical: bigint; protection: Protection },
  ): void {
    const entry = this.#entry(root, address, 2);
    const { physical, protection } = options;
    this.#memory.writeU64(entry, this.#format.leaf(physical, { level: 2, protection }));
  }

  /**
   * Removes the mapping of a page; returns the physical address it had, or `undefined` if there was
   * none.
   */
  unmap(root: bigint, address: bigint): bigint | undefined {
    const walk = this.walk(root, address);
    if (walk.kind === "missing") return undefined;
    this.#memory.writeU64(walk.entry, 0n);
    return walk.physical & ~PAGE_MASK;
  }

  /** Finds what an address is mapped to: nothing, where one of the tables has no RAM. */
  walk(root: bigint, address: bigint): Walk {
    let table = root;
    for (let level = 0;; level++) {
      const entryAddress = table + indexOffset(address, level);
      const entry = this.#memory.contains(entryAddress, 8)
        ? this.#memory.readU64(entryAddress)
        : 0n;
      if (!this.#format.isPresent(entry)) {
        return { kind: "missing", level, entry: entryAddress };
      }
      const physical = this.#format.physical(entry);
      if (level === 3 || this.#format.isLeaf(entry, level)) {
        const mask = (1n << BigInt(12 + 9 * (3 - level))) - 1n;
        return {
          kind: "mapped",
          physical: (physical & ~mask) | (address & mask),
          protection: this.#format.protection(entry),
          level,
          entry: entryAddress,
        };
      }
      table = physical;
    }
  }

  /**
   * Everything that is mapped in a range, in address order, leaf by leaf. Where one of the tables
   * has no RAM nothing is found.
   * @param begin first address, a multiple of 2^39, and `end` one past the last
   */
  *leaves(root: bigint, { begin, end }: { begin: bigint; end: bigint }): Generator<LeafMapping> {
    yield* this.#leaves(root, { level: 0, begin, end });
  }

  *#leaves(
    table: bigint,
    { level, begin, end }: { level: number; begin: bigint; end: bigint },
  ): Generator<LeafMapping> {
    if (!this.#memory.contains(table, PAGE_SIZE)) return;
    const size = 1n << BigInt(12 + 9 * (3 - level));
    for (let address = begin; address < end; address += size) {
      const entry = this.#memory.readU64(table + indexOffset(address, level));
      if (!this.#format.isPresent(entry)) continue;
      const physical = this.#format.physical(entry);
      if (level < 3 && !this.#format.isLeaf(entry, level)) {
        const last = address + size < end ? address + size : end;
        yield* this.#leaves(physical, { level: level + 1, begin: address, end: last });
      } else {
        const protection = this.#format.protection(entry);
        yield { address, size: Number(size), physical: physical & -size, protection };
      }
    }
  }

  /**
   * Makes the table for `address` at level 1 exist, so that roots that copy this root's entries
   * share it.
   */
  reserve(root: bigint, address: bigint): void {
    this.#entry(root, address, 1);
  }

  /** Copies the entries of the upper half of one root into another. */
  shareUpperHalf(from: bigint, to: bigint): void {
    const half = PAGE_SIZE / 2;
    const source = this.#memory.slice(from + BigInt(half), half);
    this.#memory.write(to + BigInt(half), source);
  }

  /** Frees the tables (not the pages) below the lower half of a root, and the root itself. */
  destroyLowerHalf(root: bigint): void {
    this.#freeTables(root, 0, 256);
  }

  /**
   * Frees all tables (not the pages) of a root that is not shared with another, and the root
   * itself.
   */
  destroy(root: bigint): void {
    this.#freeTables(root, 0, 512);
  }

  #freeTables(table: bigint, level: number, entries: number): void {
    for (let i = 0; level < 3 && i < entries; i++) {
      const entry = this.#memory.readU64(table + BigInt(8 * i));
      if (this.#format.isPresent(entry) && !this.#format.isLeaf(entry, level)) {
        this.#freeTables(this.#format.physical(entry), level + 1, 512);
      }
    }
    this.#frames.free(table);
  }

  /** Physical address of the entry for `address` at `last`, making the tables above it. */
  #entry(root: bigint, address: bigint, last: number): bigint {
    const alignment = 1n << BigInt(12 + 9 * (3 - last));
    if (address % alignment !== 0n && last !== 1) {
      throw new ArchError("misuse", `Cannot map ${hex(address)}: not a multiple of ${alignment}`);
    }
    let table = root;
    for (let level = 0; level < last; level++) {
      const entryAddress = table + indexOffset(address, level);
      const entry = this.#memory.readU64(entryAddress);
      if (!this.#format.isPresent(entry)) {
        const next = this.createTable();
        this.#memory.writeU64(entryAddress, this.#format.table(next));
        table = next;
      } else if (this.#format.isLeaf(entry, level)) {
        throw new ArchError("misuse", `Cannot map ${hex(address)}: inside a block`, address);
      } else {
        table = this.#format.physical(entry);
      }
    }
    return table + indexOffset(address, last);
  }
}

/** Byte offset of the entry for an address in a table of this level. */
function indexOffset(address: bigint, level: number): bigint {
  return ((address >> BigInt(12 + 9 * (3 - level))) & 0x1ffn) * 8n;
}
