/**
 * The page walk the CPU makes for its own accesses while it delivers an event: to descriptor
 * tables, the TSS and the stack, all with supervisor rights (SDM vol. 3, 4.5 to 4.7).
 *
 * @module
 */

import type { X86State } from "../../unicorn/mod.ts";
import type { PhysicalMemory } from "../physical_memory.ts";
import { PageFaultBit } from "./exceptions.ts";

const PRESENT = 1;
const WRITABLE = 2;
const USER = 4;
const LARGE = 0x80;
const PAGE_LEVEL = 3;
/** Bits of an address below those that index the table of a level. */
const SHIFTS = [39, 30, 21, 12] as const;
/**
 * Bits 20 to 13 of the entry of a 2 MiB page, 29 to 13 of one of 1 GiB, must be clear. The root's
 * entries are no pages.
 */
const RESERVED = [LARGE, 0x3fff_e000, 0x001f_e000, 0] as const;
const HIGH = 2 ** 32;
const CR0_PG = 1n << 31n;
const CR3_ROOT = 0x000f_ffff_ffff_f000n;

/** Physical address of the CPU's root table, or `undefined` while paging is off. */
export function currentRoot(state: Pick<X86State, "cr0" | "cr3">): number | undefined {
  return (state.cr0 & CR0_PG) === 0n ? undefined : Number(state.cr3 & CR3_ROOT);
}

/** Walks 4-level tables in numbers, without making bigints: this runs for every trap. */
export class PageWalk {
  readonly #view: DataView;
  readonly #base: number;
  /** Whether every level of the last walk allows writing. */
  writable = false;
  /** Whether the last walk led to a page of user mode. */
  user = false;
  /** P and RSVD of the #PF error code, if the last walk failed. */
  error = 0;

  /** Tables and pages are in `memory`. */
  constructor(memory: PhysicalMemory) {
    this.#view = memory.view;
    this.#base = Number(memory.base);
  }

  /**
   * Index in RAM of the byte at an address, or −1 if it is not mapped, or mapped to where there is
   * no RAM.
   * @param root physical address of the root table; without one, the address is physical
   */
  walk(root: number | undefined, address: bigint): number {
    // 48 bits: exact in a number, whose quotients by powers of two are exact as well.
    const linear = Number(address & 0xffff_ffff_ffffn);
    this.writable = true;
    this.user = false;
    this.error = 0;
    if (root === undefined) return this.#inRam(linear);
    this.user = true;
    let table = root;
    for (let level = 0; level <= PAGE_LEVEL; level++) {
      const size = 2 ** (SHIFTS[level] ?? 0);
      const at = table - this.#base + 8 * (Math.floor(linear / size) % 512);
      if (at < 0 || at + 8 > this.#view.byteLength) return -1;
      const low = this.#view.getUint32(at, true);
      if ((low & PRESENT) === 0) return -1;
      if ((low & WRITABLE) === 0) this.writable = false;
      if ((low & USER) === 0) this.user = false;
      table = (this.#view.getUint32(at + 4, true) & 0xf_ffff) * HIGH + ((low & ~0xfff) >>> 0);
      if (level !== PAGE_LEVEL && (low & LARGE) === 0) continue;
      if ((low & (RESERVED[level] ?? 0)) !== 0) {
        this.error = PageFaultBit.PRESENT | PageFaultBit.RESERVED;
        return -1;
      }
      return this.#inRam(table - (table % size) + (linear % size));
    }
    return -1;
  }

  #inRam(physical: number): number {
    const offset = physical - this.#base;
    return offset >= 0 && offset < this.#view.byteLength ? offset : -1;
  }
}
