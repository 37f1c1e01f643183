/**
 * Stores into the translated block they are in.
 *
 * @module
 */
import { pointerTo } from "../native_memory.ts";

/**
 * Where in the library's table of blocks one with an address is: bits of the page and of the
 * address in it, as the library mixes them.
 */
export function blockSlot(address: bigint): number {
  const mixed = address ^ (address >> 6n);
  return Number(((mixed >> 6n) & 0xfc0n) | (mixed & 0x3fn));
}

/** Slots of the table. */
export const BLOCK_SLOTS = 4096;
/** Offset of a block's flags (u32), and the bits that say how many instructions it was to have. */
export const BLOCK_FLAGS = 24;
export const BLOCK_COUNT_MASK = 0x7fff;

/**
 * Tells when the library begins a store anew. x86 code sees at once what it has changed itself, so
 * the library gives up a block that changes itself and executes the store once more, in a block
 * that is to have one instruction: the only use it has for such blocks. Its counter counts the
 * store at each attempt.
 */
export class RestartedStores {
  readonly #blocks: BigUint64Array;

  /** For an engine with this table of blocks. */
  constructor(blocks: BigUint64Array) {
    this.#blocks = blocks;
  }

  /** Whether the block of one instruction that has just been translated is a second attempt. */
  isOne(address: bigint): boolean {
    const block = pointerTo(this.#blocks[blockSlot(address)] ?? 0n);
    if (block === null) return false;
    const flags = new Deno.UnsafePointerView(block).getUint32(BLOCK_FLAGS);
    return (flags & BLOCK_COUNT_MASK) === 1;
  }
}
