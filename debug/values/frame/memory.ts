/**
 * Reading of stretches of memory that may not be there as a whole.
 *
 * @module
 */
import type { MemoryReader } from "../../../unwind/walk/mod.ts";

/** Bytes that were read. */
export interface ReadBytes {
  /** The bytes, zero where they cannot be read. */
  readonly bytes: Uint8Array;
  /** Ranges of bytes that cannot be read. */
  readonly missing: readonly (readonly [begin: number, end: number])[];
}

/** Distance at which reading is tried again behind what cannot be read. */
const PAGE = 4096n;

/** Reads `size` bytes at an address, taken modulo 2^64. */
export function readMemory(memory: MemoryReader, address: bigint, size: number): ReadBytes {
  const start = BigInt.asUintN(64, address);
  const first = memory.window(start);
  if (first !== undefined) {
    const at = Number(start - first.start);
    if (at + size <= first.bytes.length) {
      return { bytes: first.bytes.subarray(at, at + size), missing: [] };
    }
  }
  const bytes = new Uint8Array(size);
  const missing: [number, number][] = [];
  for (let done = 0; done < size;) {
    const at = BigInt.asUintN(64, start + BigInt(done));
    const found = memory.window(at);
    if (found === undefined) {
      const next = Math.min(size, done + Number(PAGE - at % PAGE));
      const last = missing.at(-1);
      if (last?.[1] === done) last[1] = next;
      else missing.push([done, next]);
      done = next;
      continue;
    }
    const from = Number(at - found.start);
    const part = found.bytes.subarray(from, from + size - done);
    bytes.set(part, done);
    done += part.length;
  }
  return { bytes, missing };
}
