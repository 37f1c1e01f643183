/**
 * Kernel stacks. Each is mapped in the stack region with unmapped pages below it, so that an
 * overflow is an exception and not somebody else's data.
 *
 * @module
 */

import type { KernelSpace } from "../../arch/kernel_space.ts";
import { PAGE_SIZE } from "../../arch/physical_memory.ts";
import type { PageFrames } from "../vm/page_frames.ts";

/** Pages of a kernel stack. */
export const STACK_PAGES = 4;

const PAGE = BigInt(PAGE_SIZE);
/** Unmapped pages below a stack: a guard, and a reserve that an overflow may be lent. */
const GUARD_PAGES = 2;

const STRIDE = BigInt(STACK_PAGES + GUARD_PAGES) * PAGE;

/** How many stacks there are, and which are free. */
export interface StackPoolRecord {
  /** How many there are. */
  readonly created: number;
  /** Indices of the free ones, the next to be handed out last. */
  readonly free: readonly number[];
}

/** A pool of kernel stacks; a freed stack keeps its memory and is the next to be handed out. */
export class StackPool {
  readonly #space: KernelSpace;
  readonly #frames: PageFrames;
  readonly #region: bigint;
  #free: number[] = [];
  #created = 0;

  /** Stacks are mapped from `region` upward. */
  constructor(space: KernelSpace, options: { frames: PageFrames; region: bigint }) {
    this.#space = space;
    this.#frames = options.frames;
    this.#region = options.region;
  }

  /** Stacks that are in use. */
  get inUse(): number {
    return this.#created - this.#free.length;
  }

  /** Stacks that have been given back and can be used again without any new memory. */
  get spare(): number {
    return this.#free.length;
  }

  /**
   * Takes a stack.
   * @throws {KernelError} of kind `memory` if there are no page frames for it
   */
  allocate(): number {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    const stack = this.#created++;
    for (let address = this.base(stack); address < this.top(stack); address += PAGE) {
      const frame = this.#frames.allocate();
      this.#space.memory.clear(frame, PAGE_SIZE);
      this.#space.mapStackPage(address, frame);
    }
    return stack;
  }

  /** Takes a stack back. */
  free(stack: number): void {
    this.#free.push(stack);
  }

  /** Everything there is to know. */
  save(): StackPoolRecord {
    return { created: this.#created, free: this.#free.slice() };
  }

  /** Takes over a record. */
  restore(record: StackPoolRecord): void {
    this.#created = record.created;
    this.#free = record.free.slice();
  }

  /** Lowest address of a stack. */
  base(stack: number): bigint {
    return this.#region + BigInt(stack) * STRIDE + BigInt(GUARD_PAGES) * PAGE;
  }

  /** One past the highest address of a stack. */
  top(stack: number): bigint {
    return this.#region + BigInt(stack + 1) * STRIDE;
  }
}
