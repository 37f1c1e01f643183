/**
 * A trap frame's bytes, wherever in RAM they are.
 *
 * @module
 */

import type { KernelSpace } from "./kernel_space.ts";
import { PAGE_SIZE, type PhysicalMemory } from "./physical_memory.ts";

const PAGE_SHIFT = 12;

/**
 * Words of a frame in kernel memory by their offset in the frame. A frame on a kernel stack may go
 * over the end of a page, and a stack's pages need not lie side by side in RAM; frames and words
 * are aligned, so no word is in two pages.
 */
export class TrapFrameMemory {
  readonly #memory: PhysicalMemory;
  readonly #view: DataView;
  /**
   * Index in RAM of the first byte; first offset that is in the next page; what to add to offsets
   * from there on.
   */
  readonly #first: number;
  readonly #split: number;
  readonly #rest: number;

  /**
   * Looks at `size` bytes, at most a page, at a kernel address that is a multiple of 8.
   * @throws {ArchError} of kind `translation` if they are not mapped
   */
  constructor(space: KernelSpace, address: bigint, size: number) {
    const room = PAGE_SIZE - Number(BigInt.asUintN(PAGE_SHIFT, address));
    this.#memory = space.memory;
    this.#view = space.memory.view;
    this.#split = Math.min(size, room);
    this.#first = space.offset(address, this.#split);
    this.#rest = room < size ? space.offset(address + BigInt(room), size - room) - room : 0;
  }

  /** Reads a byte. */
  u8(offset: number): number {
    return this.#view.getUint8(this.#at(offset));
  }

  /** Reads 32 bits. */
  u32(offset: number): number {
    return this.#view.getUint32(this.#at(offset), true);
  }

  /** Reads 64 bits. */
  u64(offset: number): bigint {
    return this.#view.getBigUint64(this.#at(offset), true);
  }

  /** Whether two words of 64 bits are the same. */
  isSame(offset: number, other: number): boolean {
    return this.u32(offset) === this.u32(other) && this.u32(offset + 4) === this.u32(other + 4);
  }

  /** Writes 64 bits, taken modulo 2^64. */
  setU64(offset: number, value: bigint): void {
    const at = this.#at(offset);
    if (this.#memory.onWrite !== null) this.#memory.onWrite(at, 8);
    this.#view.setBigUint64(at, value, true);
  }

  #at(offset: number): number {
    return offset < this.#split ? this.#first + offset : this.#rest + offset;
  }
}
