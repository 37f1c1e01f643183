/**
 * Room for the registers of stack frames. A walk needs a block for each; making an array for each
 * would cost more than the frame, so blocks are cut from large arrays, which live as long as any
 * frame that has a block in them.
 *
 * @module
 */

const ARRAY_WORDS = 1 << 14;

let words = new Int32Array(ARRAY_WORDS);
let next = 0;

/** A block of an array. */
export interface ArenaBlock {
  /** The array. */
  words: Int32Array;
  /** Index of its first word. */
  base: number;
}

/**
 * Makes `block` a fresh one of `size` 32-bit words (at most 16,384), whose content is not defined.
 */
export function takeBlock(block: ArenaBlock, size: number): void {
  if (next + size > ARRAY_WORDS) {
    words = new Int32Array(ARRAY_WORDS);
    next = 0;
  }
  block.words = words;
  block.base = next;
  next += size;
}
