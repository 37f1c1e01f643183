/**
 * The RAM of one engine: which bytes of JavaScript lie at which physical addresses.
 *
 * @module
 */
import { EngineUsageError } from "./errors.ts";

/** Bytes of a page: mappings begin and end on its multiples. */
export const PAGE_SIZE = 4096;
/** Physical addresses end here on both architectures' models. */
export const PHYSICAL_END = 1n << 40n;
/** A guest's tables can name any address up to this one. */
const ADDRESS_END = (1n << 64n) - 1n;

interface Mapping {
  address: bigint;
  bytes: Uint8Array;
  size: number;
}

/**
 * Holds the mapped buffers, so that none is collected while the engine can still reach it, and says
 * which requests would confuse or crash the engine.
 */
export class RamMap {
  #mappings: Mapping[] = [];

  /**
   * Refuses what cannot be mapped; changes nothing.
   *
   * @returns A view of the same bytes for {@linkcode add}.
   * @throws {EngineUsageError}
   */
  check(address: bigint, memory: Uint8Array): Uint8Array {
    if (!(memory instanceof Uint8Array)) refuse("memory", "Cannot map RAM: not a Uint8Array");
    const { buffer, byteOffset, length: size } = memory;
    if (size === 0 || size % PAGE_SIZE !== 0) {
      refuse("mapping", `Cannot map RAM of ${size} bytes: not a positive multiple of ${PAGE_SIZE}`);
    }
    checkAddress(address, BigInt(size));
    const bytes = new Uint8Array(buffer, byteOffset, size);
    if (buffer instanceof ArrayBuffer ? buffer.resizable : buffer.growable) {
      refuse("memory", "Cannot map RAM: its buffer is resizable");
    }
    // Guest atomics of 16 bytes become host instructions that fault on less aligned memory.
    if (Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes as Uint8Array<ArrayBuffer>)) % 16n) {
      refuse("memory", "Cannot map RAM: its bytes are not aligned to 16 in host memory");
    }
    const end = address + BigInt(size);
    for (const other of this.#mappings) {
      if (address < other.address + BigInt(other.size) && other.address < end) {
        refuse(
          "mapping",
          `Cannot map RAM at ${hex(address)}: overlaps the mapping of ${other.size} bytes at ${
            hex(other.address)
          }`,
        );
      }
    }
    return bytes;
  }

  /** Remembers a mapping that the engine has accepted. */
  add(address: bigint, bytes: Uint8Array): void {
    this.#mappings.push({ address, bytes, size: bytes.length });
  }

  /**
   * Refuses anything but one whole mapping: the engine would copy the rest of a split one.
   *
   * @throws {EngineUsageError}
   */
  checkMapped(address: bigint, size: bigint): void {
    if (!this.#mappings.some((mapping) => isExactly(mapping, address, size))) {
      refuse("mapping", `Cannot unmap ${size} bytes at ${hex(address)}: not exactly one mapping`);
    }
  }

  /** Forgets a mapping. */
  delete(address: bigint, size: bigint): void {
    this.#mappings = this.#mappings.filter((mapping) => !isExactly(mapping, address, size));
  }

  /**
   * Refuses to go on when a mapped buffer was detached, since its memory may be gone.
   *
   * @throws {EngineUsageError}
   */
  checkAlive(): void {
    const mappings = this.#mappings;
    for (let i = 0; i < mappings.length; i++) {
      const { bytes, size, address } = mappings[i]!;
      if (bytes.length !== size) {
        refuse("memory", `Cannot run: the buffer mapped at ${hex(address)} was detached`);
      }
    }
  }

  /** Whether a physical range lies in one mapping. */
  contains(address: bigint, size: bigint): boolean {
    return this.#mappings.some((mapping) => {
      const offset = address - mapping.address;
      return offset >= 0n && offset + size <= BigInt(mapping.size);
    });
  }

  /** The bytes of a physical range within one mapping, or `undefined` if it is not. */
  slice(address: bigint, size: number): Uint8Array | undefined {
    for (const mapping of this.#mappings) {
      const offset = Number(address - mapping.address);
      if (offset >= 0 && offset + size <= mapping.size) {
        return mapping.bytes.subarray(offset, offset + size);
      }
    }
    return undefined;
  }

  /** The physical addresses without memory, as ranges whose last address belongs to them. */
  gaps(): { begin: bigint; end: bigint }[] {
    const gaps: { begin: bigint; end: bigint }[] = [];
    let begin = 0n;
    for (const { address, size } of this.#mappings.toSorted(byAddress)) {
      if (address > begin) gaps.push({ begin, end: address - 1n });
      begin = address + BigInt(size);
    }
    gaps.push({ begin, end: ADDRESS_END });
    return gaps;
  }

  /** Forgets everything. */
  clear(): void {
    this.#mappings = [];
  }
}

function byAddress(a: Mapping, b: Mapping): number {
  return a.address < b.address ? -1 : 1;
}

function isExactly(mapping: Mapping, address: bigint, size: bigint): boolean {
  return mapping.address === address && BigInt(mapping.size) === size;
}

function checkAddress(address: bigint, size: bigint): void {
  if (typeof address !== "bigint" || address < 0n || address + size > PHYSICAL_END) {
    refuse("mapping", `Cannot map ${size} bytes at ${hex(address)}: not within 40 bits`);
  }
  if (address % BigInt(PAGE_SIZE) !== 0n) {
    refuse("mapping", `Cannot map RAM at ${hex(address)}: not a multiple of ${PAGE_SIZE}`);
  }
}

function refuse(kind: "mapping" | "memory", message: string): never {
  throw new EngineUsageError(kind, message);
}

function hex(address: bigint): string {
  return typeof address === "bigint" ? `0x${address.toString(16)}` : String(address);
}
