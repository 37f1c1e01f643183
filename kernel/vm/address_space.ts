/**
 * A task's address space: its map, its translation tables and its resident pages.
 *
 * @module
 */

import type { KernelSpace } from "../../arch/kernel_space.ts";
import { PAGE_SIZE } from "../../arch/physical_memory.ts";
import { KernReturn } from "../errors.ts";
import type { PageFrames } from "./page_frames.ts";
import { pageFloor, type VmEntry, VmMap, type VmProtection } from "./vm_map.ts";

const PAGE = BigInt(PAGE_SIZE);

/** A page in memory. */
export interface ResidentPage {
  /** Address space it is in. */
  readonly space: AddressSpace;
  /** Its address there. */
  readonly address: bigint;
  /** Physical address of its page frame. */
  readonly frame: bigint;
  /** Whether it has been made executable: pages become so at their first instruction fetch. */
  executable: boolean;
}

/** What an address space needs of the machine. */
export interface AddressSpaceOptions {
  /** Kernel half and tables. */
  readonly space: KernelSpace;
  /** Source of page frames. */
  readonly frames: PageFrames;
  /** One past the highest user address. */
  readonly end: bigint;
  /** Whether the root carries the kernel half too. */
  readonly sharedRoot: boolean;
  /**
   * The pages of all spaces that can be dropped and read again, because they came from a file and
   * have never been writable; in the order they came.
   */
  readonly clean: Set<ResidentPage>;
  /** Called after a mapping was removed or restricted: the CPU may have it cached. */
  readonly invalidate: () => void;
  /**
   * Called with a page frame that stops being executable. Freed page frames are the allocator's to
   * tell.
   */
  readonly dropCode: (frame: bigint) => void;
}

/** Everything an address space keeps, but for what its tables in RAM say. */
export interface AddressSpaceRecord {
  /** Physical address of the root translation table. */
  readonly root: bigint;
  /** Its map. */
  readonly entries: readonly VmEntry[];
  /** Address, page frame, whether executable; in the order they came. */
  readonly pages: readonly (readonly [bigint, bigint, boolean])[];
}

/** Map, tables and pages of one task. */
export class AddressSpace {
  /** Physical address of the root translation table. */
  readonly root: bigint;
  readonly #options: AddressSpaceOptions;
  /** Ranges and what they allow. */
  readonly #map: VmMap;
  readonly #pages = new Map<bigint, ResidentPage>();
  /** What {@linkcode AddressSpace.save} has returned, until a page changes. */
  #record: AddressSpaceRecord | null = null;

  private constructor(root: bigint, options: AddressSpaceOptions) {
    this.#options = options;
    this.#map = new VmMap(options.end);
    this.root = root;
  }

  /** Makes an empty space. */
  static create(options: AddressSpaceOptions): AddressSpace {
    const { space, sharedRoot } = options;
    const root = space.tables.createTable();
    if (sharedRoot) space.tables.shareUpperHalf(space.root, root);
    return new AddressSpace(root, options);
  }

  /**
   * The space a record was made of; its tables are in RAM. The order of clean pages is the caller's
   * to restore.
   */
  static from(record: AddressSpaceRecord, options: AddressSpaceOptions): AddressSpace {
    const space = new AddressSpace(record.root, options);
    space.#map.restore(record.entries);
    for (const [address, frame, executable] of record.pages) {
      space.#pages.set(address, { space, address, frame, executable });
    }
    space.#record = record;
    return space;
  }

  /** Everything there is to know; the same record as before if nothing has changed. */
  save(): AddressSpaceRecord {
    if (this.#record?.entries === this.#map.entries) return this.#record;
    return this.#record = {
      root: this.root,
      entries: this.#map.entries,
      pages: [...this.#pages.values()].map((
        { address, frame, executable },
      ) => [address, frame, executable]),
    };
  }

  /** One past the highest address. */
  get end(): bigint {
    return this.#map.end;
  }

  /** The entries of its map, in address order. */
  get entries(): readonly VmEntry[] {
    return this.#map.entries;
  }

  /** The entry that contains an address. */
  lookup(address: bigint): VmEntry | undefined {
    return this.#map.lookup(address);
  }

  /**
   * Whether `size` bytes at `address` lie in the space, whether mapped or not; sizes wrap nowhere.
   */
  inside(address: bigint, size: bigint): boolean {
    return this.#map.inside(address, size);
  }

  /** Lowest free range of `size` bytes at or above `hint`: see {@linkcode VmMap.findSpace}. */
  findSpace(hint: bigint, size: bigint): bigint | undefined {
    return this.#map.findSpace(hint, size);
  }

  /**
   * Adds an entry, whose pages come when they are touched.
   *
   * @returns a kernel return code, as {@linkcode VmMap.enter}
   */
  enter(entry: VmEntry): number {
    return this.#map.enter(entry);
  }

  /** Number of resident pages. */
  get residentCount(): number {
    return this.#pages.size;
  }

  /** Resident pages by address. */
  get pages(): ReadonlyMap<bigint, ResidentPage> {
    return this.#pages;
  }

  /** The resident page at an address. */
  page(address: bigint): ResidentPage | undefined {
    return this.#pages.get(pageFloor(address));
  }

  /** Puts a page frame at a page; it becomes the space's. The page is not executable yet. */
  enterPage(
    address: bigint,
    options: { frame: bigint; protection: VmProtection; clean: boolean },
  ): void {
    const page = pageFloor(address);
    const { frame, protection, clean } = options;
    const resident = { space: this, address: page, frame, executable: false };
    this.#record = null;
    this.#pages.set(page, resident);
    if (clean && !protection.write) this.#options.clean.add(resident);
    this.#write(page, resident, protection);
  }

  /**
   * Makes a resident page executable, or otherwise brings its mapping up to what `protection`
   * allows.
   */
  upgradePage(address: bigint, options: { protection: VmProtection; execute: boolean }): void {
    const page = pageFloor(address);
    const resident = this.#pages.get(page);
    if (resident === undefined) return;
    if (options.execute) {
      resident.executable = true;
      this.#record = null;
    }
    if (options.protection.write) this.#options.clean.delete(resident);
    this.#write(page, resident, options.protection);
    this.#options.invalidate();
  }

  /**
   * Changes what a range allows, its resident pages included.
   * @returns a kernel return code, as {@linkcode VmMap.protect}; if it is no success nothing has
   *   changed
   */
  protect(begin: bigint, options: { end: bigint; protection: VmProtection }): number {
    const { end, protection } = options;
    const kr = this.#map.protect(begin, end, protection);
    if (kr !== KernReturn.SUCCESS) return kr;
    this.#record = null;
    for (const [page, resident] of this.#within(begin, end)) {
      if (resident.executable && !protection.execute) {
        resident.executable = false;
        this.#options.dropCode(resident.frame);
      }
      if (protection.write) this.#options.clean.delete(resident);
      if (protection.read) this.#write(page, resident, protection);
      else this.#options.space.tables.unmap(this.root, page);
    }
    this.#options.invalidate();
    return KernReturn.SUCCESS;
  }

  /**
   * Removes whatever is mapped in a range, and frees its page frames.
   * @returns a kernel return code, as {@linkcode VmMap.remove}; if it is no success nothing has
   *   changed
   */
  remove(begin: bigint, end: bigint): number {
    const kr = this.#map.remove(begin, end);
    if (kr !== KernReturn.SUCCESS) return kr;
    this.#dropPages(this.#within(begin, end));
    return KernReturn.SUCCESS;
  }

  /** Has the CPUs forget the code in a range, which the program has changed. */
  dropCode(begin: bigint, end: bigint): void {
    for (const [, { frame, executable }] of this.#within(begin, end)) {
      if (executable) this.#options.dropCode(frame);
    }
  }

  /** Drops a resident page, which comes again when it is touched, and frees its page frame. */
  dropPage(address: bigint): void {
    const page = pageFloor(address);
    const resident = this.#pages.get(page);
    if (resident !== undefined) this.#dropPages([[page, resident]]);
  }

  #dropPages(pages: readonly [bigint, ResidentPage][]): void {
    this.#record = null;
    for (const [page, resident] of pages) {
      this.#options.space.tables.unmap(this.root, page);
      this.#pages.delete(page);
      this.#release(resident);
    }
    this.#options.invalidate();
  }

  /** Frees every page and table. The space must not be the CPU's current one. */
  destroy(): void {
    for (const resident of this.#pages.values()) this.#release(resident);
    this.#pages.clear();
    this.#record = null;
    this.#map.remove(this.#map.begin, this.#map.end);
    if (this.#options.sharedRoot) this.#options.space.tables.destroyLowerHalf(this.root);
    else this.#options.space.tables.destroy(this.root);
  }

  #release(resident: ResidentPage): void {
    this.#options.clean.delete(resident);
    this.#options.frames.free(resident.frame);
  }

  #within(begin: bigint, end: bigint): [bigint, ResidentPage][] {
    if (end - begin < BigInt(this.#pages.size) * PAGE) {
      const found: [bigint, ResidentPage][] = [];
      for (let page = begin; page < end; page += PAGE) {
        const resident = this.#pages.get(page);
        if (resident !== undefined) found.push([page, resident]);
      }
      return found;
    }
    return [...this.#pages].filter(([page]) => page >= begin && page < end);
  }

  #write(page: bigint, resident: ResidentPage, protection: VmProtection): void {
    this.#options.space.tables.map(this.root, page, {
      physical: resident.frame,
      protection: {
        user: true,
        write: protection.write,
        execute: protection.execute && resident.executable,
      },
    });
  }
}
