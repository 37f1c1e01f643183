/**
 * Guest RAM: bytes owned by JavaScript, the same bytes the engine executes on.
 *
 * @module
 */

import { ArchError } from "./errors.ts";

/** Size of a page and of a translation table, in bytes: the 4 KiB granule on both architectures. */
export const PAGE_SIZE = 4096;

/** One contiguous range of physical memory. */
export class PhysicalMemory {
  /** Physical address of the first byte. */
  readonly base: bigint;
  /** The bytes themselves. */
  readonly bytes: Uint8Array;
  /** Little-endian view over {@linkcode bytes}. */
  readonly view: DataView;
  readonly #base: number;
  /**
   * Called before the host, acting as the machine's kernel or processor, writes `size` bytes at an
   * index of {@linkcode bytes}; `null` while nobody watches. Whoever writes through the arrays
   * themselves calls it.
   */
  onWrite: ((offset: number, size: number) => void) | null = null;

  /**
   * Reserves zeroed RAM.
   * @param base physical address of the first byte, a multiple of 4096 below 2^48
   * @param size bytes, a positive multiple of 4096, at most 2^31
   * @throws {ArchError} of kind `misuse` if either is out of range
   */
  constructor(base: bigint, size: number) {
    if (base < 0n || base >= 1n << 48n || base % BigInt(PAGE_SIZE) !== 0n) {
      throw new ArchError("misuse", `Cannot place RAM at ${hex(base)}: not a page below 2^48`);
    }
    if (!Number.isInteger(size) || size <= 0 || size % PAGE_SIZE !== 0 || size > 2 ** 31) {
      throw new ArchError(
        "misuse",
        `Cannot reserve ${size} bytes of RAM: not a positive multiple of ${PAGE_SIZE} up to 2^31`,
      );
    }
    this.base = base;
    this.#base = Number(base);
    this.bytes = new Uint8Array(size);
    this.view = new DataView(this.bytes.buffer);
  }

  /** Number of bytes. */
  get size(): number {
    return this.bytes.length;
  }

  /** Whether `size` bytes at physical address `address` are RAM. */
  contains(address: bigint, size = 1): boolean {
    const offset = Number(address) - this.#base;
    return offset >= 0 && offset + size <= this.bytes.length;
  }

  /**
   * Index in {@linkcode bytes} of a physical address.
   * @throws {ArchError} of kind `memory` if the `size` bytes there are not RAM
   */
  offset(address: bigint, size = 1): number {
    const offset = Number(address) - this.#base;
    if (offset < 0 || offset + size > this.bytes.length) {
      throw new ArchError(
        "memory",
        `Cannot access ${size} bytes at physical address ${hex(address)}: RAM is ${
          hex(this.base)
        } to ${hex(this.base + BigInt(this.bytes.length))}`,
        address,
      );
    }
    return offset;
  }

  /** Reads a little-endian 64-bit word at a physical address. */
  readU64(address: bigint): bigint {
    return this.view.getBigUint64(this.offset(address, 8), true);
  }

  /** Writes a little-endian 64-bit word at a physical address. */
  writeU64(address: bigint, value: bigint): void {
    const offset = this.offset(address, 8);
    if (this.onWrite !== null) this.onWrite(offset, 8);
    this.view.setBigUint64(offset, value, true);
  }

  /** Writes bytes at a physical address. */
  write(address: bigint, bytes: Uint8Array): void {
    const offset = this.offset(address, bytes.length);
    if (this.onWrite !== null) this.onWrite(offset, bytes.length);
    this.bytes.set(bytes, offset);
  }

  /** Fills bytes at a physical address with zeros. */
  clear(address: bigint, size: number): void {
    const offset = this.offset(address, size);
    if (this.onWrite !== null) this.onWrite(offset, size);
    this.bytes.fill(0, offset, offset + size);
  }

  /** The `size` bytes at a physical address, not a copy. */
  slice(address: bigint, size: number): Uint8Array {
    const offset = this.offset(address, size);
    return this.bytes.subarray(offset, offset + size);
  }
}

/** `0x` and lower-case hexadecimal digits. */
export function hex(value: bigint | number): string {
  return "0x" + value.toString(16);
}
