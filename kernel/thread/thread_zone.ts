/**
 * Thread objects: the machine-dependent part of threads, in guest memory.
 *
 * @module
 */

import type { GuestImage } from "../../arch/guest_image.ts";
import type { KernelSpace } from "../../arch/kernel_space.ts";
import { PAGE_SIZE } from "../../arch/physical_memory.ts";
import type { PageFrames } from "../vm/page_frames.ts";

/** Offsets in the thread object, read from the image. */
export interface ThreadLayout {
  /** Saved kernel stack pointer. */
  readonly ksp: number;
  /** Kernel stack base; its top follows. */
  readonly stackBase: number;
  /** Kernel stack top. */
  readonly stackTop: number;
  /** Continuation. */
  readonly continuation: number;
  /** Root table. */
  readonly root: number;
  /** Top of the emergency stack. */
  readonly emergency: number;
  /** User trap frame. */
  readonly frame: number;
  /** Floating-point state. */
  readonly fp: number;
  /** Thread pointers. */
  readonly pointer: number;
  /** Bytes of the object. */
  readonly size: number;
}

/** Reads the layout from an image. */
export function threadLayout(image: GuestImage): ThreadLayout {
  const at = (name: string) => image.constant(`TH_${name}`);
  return {
    ksp: at("KSP"),
    stackBase: at("STACK_BASE"),
    stackTop: at("STACK_TOP"),
    continuation: at("CONTINUATION"),
    root: at("ROOT"),
    emergency: at("EMERGENCY"),
    frame: at("FRAME"),
    fp: at("FP"),
    pointer: at("POINTER"),
    size: at("SIZE"),
  };
}

/** Which objects are free, and how many are not. */
export interface ThreadZoneRecord {
  /** Addresses of free objects, the next to be handed out last. */
  readonly free: readonly bigint[];
  /** How many are not. */
  readonly inUse: number;
}

/**
 * Carves thread objects out of page frames at the top of RAM, highest address first; freed objects
 * are used again.
 */
export class ThreadZone {
  readonly #frames: PageFrames;
  readonly #space: KernelSpace;
  readonly #size: number;
  #free: bigint[] = [];
  #inUse = 0;

  /** Objects of `size` bytes, rounded up to 64: each begins at a cache line. */
  constructor(space: KernelSpace, options: { frames: PageFrames; size: number }) {
    this.#space = space;
    this.#frames = options.frames;
    this.#size = (options.size + 63) & ~63;
  }

  /** Objects that are in use. */
  get inUse(): number {
    return this.#inUse;
  }

  /** Returns the address of a zeroed object. */
  allocate(): bigint {
    if (this.#free.length === 0) {
      const page = this.#space.virtual(this.#frames.allocateHigh());
      const count = Math.floor(PAGE_SIZE / this.#size);
      for (let i = 0; i < count; i++) this.#free.push(page + BigInt(i * this.#size));
    }
    const address = this.#free.pop();
    if (address === undefined) throw new RangeError("A page holds no thread object");
    this.#space.memory.clear(this.#space.physical(address), this.#size);
    this.#inUse++;
    return address;
  }

  /** Takes an object back. */
  free(address: bigint): void {
    this.#inUse--;
    this.#free.push(address);
  }

  /** Everything there is to know. */
  save(): ThreadZoneRecord {
    return { free: this.#free.slice(), inUse: this.#inUse };
  }

  /** Takes over a record. */
  restore(record: ThreadZoneRecord): void {
    this.#free = record.free.slice();
    this.#inUse = record.inUse;
  }
}
