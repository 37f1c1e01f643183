/**
 * Kernel memory by virtual address, as kernel-mode tasks see it.
 *
 * @module
 */

import type { Kernel } from "../kernel.ts";

/** Reads kernel memory; `undefined` if any of it is not mapped. */
export function readKernel(k: Kernel, address: bigint, size: number): Uint8Array | undefined {
  const bytes = new Uint8Array(size);
  for (let done = 0; done < size;) {
    const part = k.kernelSpace.pageBytes(address + BigInt(done))?.subarray(0, size - done);
    if (part === undefined) return undefined;
    bytes.set(part, done);
    done += part.length;
  }
  return bytes;
}

/** Writes kernel memory; returns whether all of it is mapped. */
export function writeKernel(k: Kernel, address: bigint, bytes: Uint8Array): boolean {
  for (let done = 0; done < bytes.length;) {
    const part = k.kernelSpace.pageBytes(address + BigInt(done));
    if (part === undefined) return false;
    const piece = bytes.subarray(done, done + part.length);
    part.set(piece);
    done += piece.length;
  }
  return true;
}
