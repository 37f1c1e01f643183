/**
 * Memory of the program that is unwound, as the caller supplies it, and the reader the frame walk
 * uses on top.
 *
 * @module
 */
import { type Address, fromBigAddress, partitionPoint, toBigAddress } from "../../bytes/mod.ts";

/** A stretch of readable memory. */
export interface MemoryWindow {
  /** Address of the first byte. */
  readonly start: bigint;
  /** The bytes themselves, not a copy where that can be helped. */
  readonly bytes: Uint8Array;
}

/** Memory of the program that is unwound. */
export interface MemoryReader {
  /**
   * A stretch of memory that contains `address`, or undefined if that address cannot be read. The
   * larger the stretch, the less often this is called: a whole stack, a page, a segment. It must
   * not change while stack frames are walked.
   */
  window(address: bigint): MemoryWindow | undefined;
}

/** Memory made of fixed stretches, which must not overlap. */
export function memoryOf(windows: Iterable<MemoryWindow>): MemoryReader {
  const sorted = [...windows].sort((a, b) => a.start < b.start ? -1 : a.start > b.start ? 1 : 0);
  return {
    window(address: bigint): MemoryWindow | undefined {
      const found = sorted[partitionPoint(sorted.length, (i) => sorted[i]!.start <= address) - 1];
      if (found === undefined) return undefined;
      return address < found.start + BigInt(found.bytes.length) ? found : undefined;
    },
  };
}

/**
 * Memory read page by page through a function: it fills `into` with the bytes at `address` and
 * returns true, or returns false if they cannot all be read.
 */
export function pagedMemory(
  read: (address: bigint, into: Uint8Array) => boolean,
  pageSize = 4096,
): MemoryReader {
  const mask = ~BigInt(pageSize - 1);
  const pages = new Map<bigint, MemoryWindow | undefined>();
  return {
    window(address: bigint): MemoryWindow | undefined {
      const start = address & mask;
      if (pages.has(start)) return pages.get(start);
      const bytes = new Uint8Array(pageSize);
      const page = read(start, bytes) ? { start, bytes } : undefined;
      pages.set(start, page);
      return page;
    },
  };
}

/** Several memories as one: the first that has an address serves it. */
export function joinMemory(...readers: readonly MemoryReader[]): MemoryReader {
  return {
    window(address: bigint): MemoryWindow | undefined {
      for (const reader of readers) {
        const found = reader.window(address);
        if (found !== undefined) return found;
      }
      return undefined;
    },
  };
}

/**
 * Loads the little-endian 64-bit word at `address`, taken modulo 2^64, or gives undefined if it
 * cannot be read. Nothing is kept between calls.
 */
export function readWord(memory: MemoryReader, address: bigint): bigint | undefined {
  const start = BigInt.asUintN(64, address);
  const found = memory.window(start);
  if (found === undefined) return undefined;
  const at = Number(start - found.start);
  // Only a word that lies across two windows is read byte by byte.
  return at + 8 <= found.bytes.length
    ? new DataView(found.bytes.buffer, found.bytes.byteOffset).getBigUint64(at, true)
    : new WordReader(memory).number(start, 8);
}

const NO_BYTES = new DataView(new ArrayBuffer(0));

/** Reads 64-bit words quickly by keeping the last window. */
export class WordReader {
  /** Low half of the last word loaded. */
  low = 0;
  /** High half of the last word loaded. */
  high = 0;
  #memory: MemoryReader;
  #start = 0;
  /**
   * Last address at which a whole word lies in the window; below the start if there is no window.
   */
  #lastWord = -1;
  #view: DataView = NO_BYTES;

  /** A reader over the caller's memory. */
  constructor(memory: MemoryReader) {
    this.#memory = memory;
  }

  /**
   * Loads the word at `address` into {@linkcode WordReader.low} and {@linkcode WordReader.high};
   * false if it cannot be read.
   */
  load(address: Address): boolean {
    // NaN, which is no address, must fail this too.
    if (!(address >= this.#start && address <= this.#lastWord)) {
      if (!this.#move(address)) return this.#loadBytes(address);
    }
    const at = address - this.#start;
    this.low = this.#view.getInt32(at, true);
    this.high = this.#view.getInt32(at + 4, true);
    return true;
  }

  /** Whether all bytes from `begin` to `end` are in the window of the last word. */
  holds(begin: Address, end: Address): boolean {
    return begin >= this.#start && end - 8 <= this.#lastWord;
  }

  /** Little-endian number of `size` bytes, 1 to 8, or undefined if it cannot be read. */
  number(address: bigint, size: number): bigint | undefined {
    let value = 0n;
    for (let i = 0; i < size; i++) {
      const at = BigInt.asUintN(64, address + BigInt(i));
      const found = this.#memory.window(at);
      const byte = found?.bytes[Number(at - found.start)];
      if (byte === undefined) return undefined;
      value |= BigInt(byte) << BigInt(8 * i);
    }
    return value;
  }

  /** Moves the window to one with a whole word at `address`; false if there is none. */
  #move(address: Address): boolean {
    if (!Number.isSafeInteger(address)) return false;
    const found = this.#memory.window(toBigAddress(address));
    if (found === undefined) return false;
    const start = fromBigAddress(found.start);
    const { bytes } = found;
    const lastWord = start + bytes.length - 8;
    if (!(address >= start && address <= lastWord)) return false;
    this.#start = start;
    this.#lastWord = lastWord;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return true;
  }

  /** A word that lies across two windows. */
  #loadBytes(address: Address): boolean {
    if (!Number.isSafeInteger(address)) return false;
    const value = this.number(toBigAddress(address), 8);
    if (value === undefined) return false;
    this.low = Number(BigInt.asIntN(32, value));
    this.high = Number(BigInt.asIntN(32, value >> 32n));
    return true;
  }
}

/** Enough for the LSDA of any function. */
const CONTIGUOUS_LIMIT = 1 << 16;

/**
 * Readable bytes from `address` on, at most `limit` (by default 64 KiB), gathered from as many
 * windows as it takes; undefined if not even one is readable.
 */
export function contiguousBytes(
  memory: MemoryReader,
  address: bigint,
  limit = CONTIGUOUS_LIMIT,
): MemoryWindow | undefined {
  const parts: Uint8Array[] = [];
  let size = 0;
  while (size < limit) {
    const at = BigInt.asUintN(64, address + BigInt(size));
    const found = memory.window(at);
    if (found === undefined) break;
    const from = Number(at - found.start);
    const part = found.bytes.subarray(from, from + limit - size);
    if (part.length === 0) break;
    parts.push(part);
    size += part.length;
  }
  const [first] = parts;
  if (first === undefined) return undefined;
  if (parts.length === 1) return { start: address, bytes: first };
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return { start: address, bytes };
}
