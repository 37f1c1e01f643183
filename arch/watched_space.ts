/**
 * Where watched pages are: in the address spaces they are watched in, and for the CPU now.
 *
 * @module
 */

import type { WatchRange } from "./arch.ts";
import type { KernelSpace } from "./kernel_space.ts";
import { UPPER_HALF } from "./page_tables.ts";
import { PAGE_SIZE } from "./physical_memory.ts";

const PAGE_MASK = BigInt(PAGE_SIZE - 1);

/** How one CPU translates addresses. */
export interface Translation {
  /** Tables and RAM. */
  readonly space: KernelSpace;
  /** Root of the tables that translate an address now; `undefined` while translation is off. */
  readonly rootOf: (address: bigint) => bigint | undefined;
}

/** Virtual addresses of one CPU, taken through the tables as they are. */
export class WatchedSpace {
  readonly #cpu: Translation;

  /** Of a CPU. */
  constructor(cpu: Translation) {
    this.#cpu = cpu;
  }

  /** Page frames a page of a range is in, in the address spaces the range is watched in. */
  *frames(range: WatchRange, page: bigint): Iterable<bigint> {
    const { space, rootOf } = this.#cpu;
    const current = rootOf(page);
    if (current === undefined) yield page;
    const roots = (page & UPPER_HALF) !== 0n
      ? [space.root]
      : range.roots === undefined
      ? current === undefined ? [] : [current]
      : range.roots();
    for (const root of roots) {
      const walk = space.tables.walk(root, page);
      if (walk.kind === "mapped") yield walk.physical;
    }
  }

  /** Whether the CPU now finds a page in a page frame, and in an address space of the range. */
  isIn(range: WatchRange, page: bigint, frame: bigint): boolean {
    const { space, rootOf } = this.#cpu;
    const root = rootOf(page);
    if (root === undefined) return page === frame;
    if ((page & UPPER_HALF) === 0n && range.roots !== undefined) {
      if (![...range.roots()].includes(root)) return false;
    }
    const walk = space.tables.walk(root, page);
    return walk.kind === "mapped" && walk.physical === frame;
  }

  /** Bytes at an address, as the CPU finds them now. */
  read(address: bigint, size: number): Uint8Array {
    const { space } = this.#cpu;
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size;) {
      const from = address + BigInt(at);
      const room = Math.min(size - at, PAGE_SIZE - Number(from & PAGE_MASK));
      const physical = this.translate(from);
      if (physical !== undefined && space.memory.contains(physical, room)) {
        bytes.set(space.memory.slice(physical, room), at);
      }
      at += room;
    }
    return bytes;
  }

  /** Physical address of an address as the CPU translates it now. */
  translate(address: bigint): bigint | undefined {
    const { space, rootOf } = this.#cpu;
    const root = rootOf(address);
    if (root === undefined) return address;
    const walk = space.tables.walk(root, address);
    return walk.kind === "mapped" ? walk.physical : undefined;
  }
}
