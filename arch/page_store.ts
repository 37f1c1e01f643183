/**
 * Contents of page frames as values.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { ArchError } from "./errors.ts";
import { PAGE_SIZE, type PhysicalMemory } from "./physical_memory.ts";

/**
 * Contents of some page frames of RAM. Images along a run share what has not changed between them.
 * Nothing in an image is ever written to.
 */
export interface RamImage {
  /** Page frames, as indices counted from the first byte of RAM, ascending. */
  readonly frames: Uint32Array<ArrayBuffer>;
  /** The 4096 bytes of each. */
  readonly pages: readonly Uint8Array<ArrayBuffer>[];
}

/** Never part of an image: who has one could change it, or transfer it away. */
const ZERO_PAGE = new Uint8Array(PAGE_SIZE);
/** Pages allocated at once: one by one they would cost twice the time of copying them. */
const SLAB_PAGES = 16;

/**
 * Takes and puts back contents of page frames.
 *
 * Page frames that an image does not name are free in it, and free page frames hold zeros. Pages
 * are compared byte by byte: each image costs the pages that are not those of the image it is taken
 * after.
 */
export class PageStore {
  readonly #memory: PhysicalMemory;
  /** The bytes of a page frame in RAM, made when they are first needed. */
  readonly #views: Uint8Array<ArrayBuffer>[] = [];
  readonly #sound = new WeakSet<RamImage>();
  /** What images have in place of pages of zeros. */
  #zeros = new Uint8Array(PAGE_SIZE);
  #slab = new Uint8Array(0);
  #slabUsed = 0;

  /** Works on `memory`. */
  constructor(memory: PhysicalMemory) {
    this.#memory = memory;
  }

  /**
   * Copies the contents of page frames; returns `previous` itself if there is nothing new.
   *
   * @param frames indices of the page frames in use, ascending; kept, so it is not to be changed
   * @param previous an image to share pages with: best the last one taken or restored
   * @throws {ArchError} of kind `misuse` if `frames` are not page frames of this RAM in ascending
   * order
   */
  capture(frames: Uint32Array<ArrayBuffer>, previous?: RamImage): RamImage {
    this.#checkFrames(frames);
    const before = previous?.frames ?? frames.subarray(0, 0);
    const pages = new Array<Uint8Array<ArrayBuffer>>(frames.length);
    let hasChanged = frames !== before;
    let at = 0;
    for (let i = 0; i < frames.length; i++) {
      const frame = frames[i] ?? 0;
      while (at < before.length && (before[at] ?? 0) < frame) at++;
      const old = before[at] === frame ? previous?.pages[at] : undefined;
      const live = this.#view(frame);
      if (old !== undefined && isSameBytes(live, old)) {
        pages[i] = old;
        continue;
      }
      pages[i] = isSameBytes(live, ZERO_PAGE) ? this.#zeroPage() : this.#copy(live);
      hasChanged = true;
    }
    if (previous !== undefined && !hasChanged) return previous;
    const image = { frames, pages };
    this.#sound.add(image);
    return image;
  }

  /**
   * Makes RAM what it was when an image was taken: writes the pages that differ, and zeros to page
   * frames the image has not in use.
   *
   * @param used indices of the page frames in use now, ascending
   * @returns indices of the page frames whose contents have changed, ascending: the caller drops
   * translations of code there
   * @throws {ArchError} of kind `misuse` if either names what is no page frame of this RAM; nothing
   * has changed then
   */
  restore(image: RamImage, used: Uint32Array): Uint32Array<ArrayBuffer> {
    return this.#scan(image, { used, write: true });
  }

  /** As {@linkcode restore}, but only tells which page frames differ. */
  differences(image: RamImage, used: Uint32Array): Uint32Array<ArrayBuffer> {
    return this.#scan(image, { used, write: false });
  }

  #scan(
    image: RamImage,
    { used, write }: { used: Uint32Array; write: boolean },
  ): Uint32Array<ArrayBuffer> {
    this.#checkImage(image);
    const { frames, pages } = image;
    if (used !== frames) this.#checkFrames(used);
    const changed: number[] = [];
    const put = (frame: number, page: Uint8Array<ArrayBuffer>): void => {
      const live = this.#view(frame);
      if (isSameBytes(live, page)) return;
      if (write) live.set(page);
      changed.push(frame);
    };
    let at = 0;
    for (let i = 0; i < frames.length; i++) {
      const frame = frames[i] ?? 0;
      for (; at < used.length && (used[at] ?? 0) <= frame; at++) {
        const other = used[at] ?? 0;
        if (other !== frame) put(other, ZERO_PAGE);
      }
      put(frame, pages[i] ?? ZERO_PAGE);
    }
    for (; at < used.length; at++) put(used[at] ?? 0, ZERO_PAGE);
    return new Uint32Array(changed);
  }

  #zeroPage(): Uint8Array<ArrayBuffer> {
    if (!isSameBytes(this.#zeros, ZERO_PAGE)) this.#zeros = new Uint8Array(PAGE_SIZE);
    return this.#zeros;
  }

  #copy(live: Uint8Array): Uint8Array<ArrayBuffer> {
    // Less than was used: an image's user has transferred it away.
    if (this.#slabUsed >= this.#slab.length) {
      this.#slab = new Uint8Array(SLAB_PAGES * PAGE_SIZE);
      this.#slabUsed = 0;
    }
    const begin = this.#slabUsed;
    this.#slabUsed += PAGE_SIZE;
    const page = this.#slab.subarray(begin, this.#slabUsed);
    page.set(live);
    return page;
  }

  #view(frame: number): Uint8Array<ArrayBuffer> {
    return this.#views[frame] ??= this.#makeView(frame);
  }

  #makeView(frame: number): Uint8Array<ArrayBuffer> {
    const { buffer, byteOffset } = this.#memory.bytes;
    return new Uint8Array(buffer as ArrayBuffer, byteOffset + frame * PAGE_SIZE, PAGE_SIZE);
  }

  /** An image of this process is looked at once; it does not change. */
  #checkImage(image: RamImage): void {
    if (this.#sound.has(image)) return;
    const { frames, pages } = image;
    this.#checkFrames(frames);
    const isWhole = frames.length === pages.length &&
      pages.every((page) => page instanceof Uint8Array && page.length === PAGE_SIZE);
    if (!isWhole) {
      throw new ArchError(
        "misuse",
        `Cannot restore RAM: ${pages.length} pages of ${PAGE_SIZE} bytes do not make ${frames.length} page frames`,
      );
    }
    this.#sound.add(image);
  }

  #checkFrames(frames: Uint32Array): void {
    const count = this.#memory.size / PAGE_SIZE;
    let least = 0;
    for (let i = 0; i < frames.length; i++) {
      const frame = frames[i] ?? 0;
      if (frame < least || frame >= count) {
        throw new ArchError(
          "misuse",
          `Cannot use page frame ${frame}: page frames are 0 to ${count - 1}, in ascending order`,
        );
      }
      least = frame + 1;
    }
  }
}

/** Whether two arrays have the same bytes; as fast as the C library's comparison through FFI. */
export function isSameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}
