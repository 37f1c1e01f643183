/**
 * Page frames: which pages of RAM are free, and the watermarks.
 *
 * @module
 */

import type { PageFrameSource } from "../../arch/page_tables.ts";
import { PAGE_SIZE, type PhysicalMemory } from "../../arch/physical_memory.ts";
import { KernelError } from "../errors.ts";

const PAGE = BigInt(PAGE_SIZE);

/** Page frames that are counted together, so that a list of those in use passes over the others. */
const GROUP = 256;

/**
 * In what order free page frames will be handed out; which are in use is said by
 * {@linkcode PageFrames.used}.
 */
export interface PageFramesRecord {
  /** Freed page frames by index, the next to be handed out last; some may be in use again. */
  readonly freed: readonly number[];
  /** Page frames from this index on have never been handed out from below. */
  readonly fresh: number;
  /** No page frame above this index is free. */
  readonly top: number;
}

/**
 * Allocates page frames of RAM in an order that depends on nothing but the calls, so a run's
 * addresses are the same every time. A free page frame is full of zeros, whether it has been used
 * before or not.
 */
export class PageFrames implements PageFrameSource {
  /** Called for each page frame that is given back: CPUs may hold translations of code in it. */
  onFree: ((frame: bigint) => void) | null = null;
  readonly #memory: PhysicalMemory;
  readonly #used: Uint8Array;
  /** Page frames in use of each group. */
  readonly #counts: Uint16Array;
  /** What {@linkcode PageFrames.used} returns, until that changes. */
  #list: Uint32Array<ArrayBuffer> | null = null;
  /** Freed page frames; some may be in use again. */
  #freed: number[] = [];
  /** Page frames from here on have never been allocated from below. */
  #fresh = 0;
  #freeCount: number;
  #top: number;

  /** All page frames of `memory` are free. */
  constructor(memory: PhysicalMemory) {
    this.#memory = memory;
    const count = memory.size / PAGE_SIZE;
    this.#used = new Uint8Array(count);
    this.#counts = new Uint16Array(Math.ceil(count / GROUP));
    this.#freeCount = count;
    this.#top = count - 1;
  }

  /** Number of page frames of RAM. */
  get total(): number {
    return this.#used.length;
  }

  /** Number of free page frames. */
  get available(): number {
    return this.#freeCount;
  }

  /** Below this many free page frames the page-out daemon works: 6 % of RAM, as in GNU Mach. */
  get low(): number {
    return Math.floor(this.total * 0.06);
  }

  /** Only the kernel itself may allocate below this many free page frames: 5 %. */
  get minimum(): number {
    return Math.floor(this.total * 0.05);
  }

  /** The page-out daemon stops at this many free page frames: 10 %. */
  get high(): number {
    return Math.floor(this.total * 0.1);
  }

  /** Takes `size` bytes from physical address `begin` out of circulation. */
  reserve(begin: bigint, size: number): void {
    const first = this.#memory.offset(begin, size) / PAGE_SIZE;
    for (let i = Math.floor(first); i < first + size / PAGE_SIZE; i++) this.#take(i);
  }

  /**
   * Allocates a page frame: the one freed last, or the lowest that has never been used.
   * @throws {KernelError} of kind `memory` if all are in use
   */
  allocate(): bigint {
    for (;;) {
      const index = this.#freed.pop() ?? this.#fresh++;
      if (index >= this.total) {
        this.#fresh = this.total;
        throw outOfMemory(this.total);
      }
      if (this.#used[index]) continue;
      this.#take(index);
      return this.#address(index);
    }
  }

  /**
   * Allocates `count` page frames with consecutive addresses, searching from the lowest.
   * @throws {KernelError} of kind `memory` if there is no such run
   */
  allocateContiguous(count: number): bigint {
    let run = 0;
    for (let i = 0; i < this.#used.length; i++) {
      run = this.#used[i] ? 0 : run + 1;
      if (run < count) continue;
      const first = i - count + 1;
      for (let j = first; j <= i; j++) this.#take(j);
      return this.#address(first);
    }
    throw new KernelError(
      "memory",
      `Cannot allocate ${count} page frames in a row: ${this.available} of ${this.total} are free`,
    );
  }

  /** Allocates the highest free page frame: where long-lived kernel objects live. */
  allocateHigh(): bigint {
    while (this.#top >= 0 && this.#used[this.#top]) this.#top--;
    if (this.#top < 0) throw outOfMemory(this.total);
    this.#take(this.#top);
    return this.#address(this.#top);
  }

  /** Whether a page frame is in use. */
  isUsed(frame: bigint): boolean {
    return this.#used[this.#memory.offset(frame) / PAGE_SIZE] === 1;
  }

  /** Indices of the page frames in use, lowest first; not to be changed. */
  used(): Uint32Array<ArrayBuffer> {
    return this.#list ??= this.#listUsed();
  }

  #listUsed(): Uint32Array<ArrayBuffer> {
    const used = this.#used;
    const indices = new Uint32Array(this.total - this.#freeCount);
    let count = 0;
    for (let group = 0; group < this.#counts.length; group++) {
      if (this.#counts[group] === 0) continue;
      const end = Math.min(used.length, (group + 1) * GROUP);
      for (let i = group * GROUP; i < end; i++) if (used[i] === 1) indices[count++] = i;
    }
    return indices;
  }

  /** Everything there is to know. */
  save(): PageFramesRecord {
    return {
      freed: this.#freed.slice(),
      fresh: this.#fresh,
      top: this.#top,
    };
  }

  /** Takes over a record and the indices of the page frames in use, of RAM of the same size. */
  restore(record: PageFramesRecord, used: Uint32Array<ArrayBuffer>): void {
    if (used !== this.#list) this.#restoreUsed(used);
    this.#freed = record.freed.slice();
    this.#fresh = record.fresh;
    this.#top = record.top;
  }

  #restoreUsed(used: Uint32Array<ArrayBuffer>): void {
    this.#used.fill(0);
    this.#counts.fill(0);
    this.#freeCount = this.total;
    for (const index of used) this.#take(index);
    this.#list = used;
  }

  /** Takes a page frame back, and fills it with zeros. */
  free(frame: bigint): void {
    const index = this.#memory.offset(frame, PAGE_SIZE) / PAGE_SIZE;
    if (this.#used[index] !== 1) {
      throw new KernelError(
        "misuse",
        `Cannot free page frame 0x${frame.toString(16)}: not in use`,
        {
          address: frame,
        },
      );
    }
    this.#memory.clear(frame, PAGE_SIZE);
    this.#used[index] = 0;
    this.#count(index, -1);
    this.#freed.push(index);
    if (index > this.#top) this.#top = index;
    this.onFree?.(frame);
  }

  #take(index: number): void {
    if (this.#used[index]) return;
    this.#used[index] = 1;
    this.#count(index, 1);
  }

  #count(index: number, change: 1 | -1): void {
    const group = Math.floor(index / GROUP);
    this.#counts[group] = (this.#counts[group] ?? 0) + change;
    this.#freeCount -= change;
    this.#list = null;
  }

  #address(index: number): bigint {
    return this.#memory.base + BigInt(index) * PAGE;
  }
}

function outOfMemory(total: number): KernelError {
  return new KernelError("memory", `Cannot allocate a page frame: all ${total} are in use`);
}
