/**
 * Address maps: which ranges of a task's address space exist, what they allow and what fills their
 * pages.
 *
 * @module
 */

import { PAGE_SIZE } from "../../arch/physical_memory.ts";
import { KernReturn } from "../errors.ts";

const PAGE = BigInt(PAGE_SIZE);

/** What an entry allows. */
export interface VmProtection {
  /** Loads. */
  readonly read: boolean;
  /** Stores. */
  readonly write: boolean;
  /** Instruction fetches. */
  readonly execute: boolean;
}

/** Where the pages of an entry come from: zeros, or a file from some offset on. */
export type VmObject =
  | {
    /** Filled with zeros at the first touch. */
    readonly kind: "zero";
  }
  | {
    /** Read from a file at the first touch. */
    readonly kind: "file";
    /** Physical address of the file's first byte. */
    readonly file: bigint;
    /** Bytes of the file. */
    readonly size: number;
    /** Offset in the file of the entry's first byte; a multiple of the page size. */
    readonly offset: number;
  };

/** A range of an address space with one protection and one object. */
export interface VmEntry {
  /** First address, a multiple of the page size. */
  readonly begin: bigint;
  /** One past the last address, a multiple of the page size. */
  readonly end: bigint;
  /** What it allows. */
  readonly protection: VmProtection;
  /** What fills it. */
  readonly object: VmObject;
}

/** Whether two entries are the same range with the same contents and protection. */
export function isSameEntry(a: VmEntry, b: VmEntry): boolean {
  return a === b || (a.begin === b.begin && a.end === b.end &&
    isSameProtection(a.protection, b.protection) && isSameObject(a.object, b.object));
}

function isSameProtection(a: VmProtection, b: VmProtection): boolean {
  return a.read === b.read && a.write === b.write && a.execute === b.execute;
}

function isSameObject(a: VmObject, b: VmObject): boolean {
  if (a.kind === "zero" || b.kind === "zero") return a.kind === b.kind;
  return a.file === b.file && a.size === b.size && a.offset === b.offset;
}

/** Read and write. */
export const READ_WRITE: VmProtection = { read: true, write: true, execute: false };

/** Rounds down to a page. */
export function pageFloor(address: bigint): bigint {
  return address & ~(PAGE - 1n);
}

/** Rounds up to a page. */
export function pageCeil(address: bigint): bigint {
  return (address + PAGE - 1n) & ~(PAGE - 1n);
}

/** Most entries of a map: what a program can make the kernel keep, and search, is limited. */
export const ENTRY_LIMIT = 4096;

/** The entries of an address space, sorted and without overlap. */
export class VmMap {
  /** Lowest address that may be mapped: the first page is left out to catch null pointers. */
  readonly begin: bigint = PAGE;
  /** One past the highest address that may be mapped. */
  readonly end: bigint;
  #entries: readonly VmEntry[] = [];

  /** An empty map up to `end`. */
  constructor(end: bigint) {
    this.end = end;
  }

  /** The entries in address order: a list that does not change, and another one after a change. */
  get entries(): readonly VmEntry[] {
    return this.#entries;
  }

  /** Takes over the entries of another map, sorted and without overlap. */
  restore(entries: readonly VmEntry[]): void {
    this.#entries = entries;
  }

  /** The entry that contains an address. */
  lookup(address: bigint): VmEntry | undefined {
    const entry = this.#entries[this.#indexAt(address)];
    return entry !== undefined && entry.begin <= address ? entry : undefined;
  }

  /** Index of the first entry that ends after an address. */
  #indexAt(address: bigint): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.#entries[middle];
      if (entry !== undefined && entry.end <= address) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * Whether `size` bytes at `address` lie in the space, whether mapped or not; sizes wrap nowhere.
   */
  inside(address: bigint, size: bigint): boolean {
    return address >= 0n && size >= 0n && address + size <= this.end;
  }

  /**
   * Adds an entry.
   * @returns a kernel return code: INVALID_ARGUMENT for an empty or unaligned range,
   *   INVALID_ADDRESS outside the space, NO_SPACE for an overlap, RESOURCE_SHORTAGE if there are
   *   too many entries
   */
  enter(entry: VmEntry): number {
    const { begin, end } = entry;
    if (begin >= end || begin % PAGE !== 0n || end % PAGE !== 0n) {
      return KernReturn.INVALID_ARGUMENT;
    }
    if (begin < this.begin || end > this.end) return KernReturn.INVALID_ADDRESS;
    const index = this.#indexAt(begin);
    const next = this.#entries[index];
    if (next !== undefined && next.begin < end) return KernReturn.NO_SPACE;
    if (this.#entries.length >= ENTRY_LIMIT) return KernReturn.RESOURCE_SHORTAGE;
    this.#entries = this.#entries.toSpliced(index, 0, entry);
    return KernReturn.SUCCESS;
  }

  /**
   * Lowest free range of `size` bytes (a multiple of the page size) at or above `hint`, or
   * `undefined`.
   */
  findSpace(hint: bigint, size: bigint): bigint | undefined {
    let candidate = hint < this.begin ? this.begin : hint;
    for (const entry of this.#entries) {
      if (entry.end <= candidate) continue;
      if (entry.begin >= candidate + size) break;
      candidate = entry.end;
    }
    return candidate + size <= this.end ? candidate : undefined;
  }

  /**
   * Removes whatever is mapped in a page-aligned range.
   * @returns RESOURCE_SHORTAGE if a hole in an entry would make one entry too many; then nothing
   *   has changed
   */
  remove(begin: bigint, end: bigint): number {
    const isHole = this.#cuts(begin) && this.lookup(begin) === this.lookup(end);
    if (isHole && this.#entries.length >= ENTRY_LIMIT) return KernReturn.RESOURCE_SHORTAGE;
    this.#split(begin);
    this.#split(end);
    this.#entries = this.#entries.filter((entry) => entry.end <= begin || entry.begin >= end);
    return KernReturn.SUCCESS;
  }

  /**
   * Changes the protection of a page-aligned range.
   * @returns INVALID_ADDRESS if any page of it is not mapped, RESOURCE_SHORTAGE if there would be
   *   too many entries; then nothing has changed
   */
  protect(begin: bigint, end: bigint, protection: VmProtection): number {
    for (let address = begin; address < end;) {
      const entry = this.lookup(address);
      if (entry === undefined) return KernReturn.INVALID_ADDRESS;
      address = entry.end;
    }
    const cuts = Number(this.#cuts(begin)) + Number(this.#cuts(end));
    if (this.#entries.length + cuts > ENTRY_LIMIT) return KernReturn.RESOURCE_SHORTAGE;
    this.#split(begin);
    this.#split(end);
    this.#entries = this.#entries.map((entry) =>
      entry.begin >= begin && entry.end <= end ? { ...entry, protection } : entry
    );
    return KernReturn.SUCCESS;
  }

  /** Whether an address lies within an entry, and not at its boundary. */
  #cuts(address: bigint): boolean {
    const entry = this.lookup(address);
    return entry !== undefined && entry.begin !== address;
  }

  /** Makes an entry boundary at `address`. */
  #split(address: bigint): void {
    const index = this.#indexAt(address);
    const entry = this.#entries[index];
    if (entry === undefined || entry.begin >= address) return;
    const { object } = entry;
    const rest: VmObject = object.kind === "zero"
      ? object
      : { ...object, offset: object.offset + Number(address - entry.begin) };
    this.#entries = this.#entries.toSpliced(
      index,
      1,
      { ...entry, end: address },
      { ...entry, begin: address, object: rest },
    );
  }
}
