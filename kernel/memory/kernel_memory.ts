/**
 * Kernel memory by virtual address, as kernel-mode tasks see it.
 *
 * @module
 */

import type { Kernel } from "../kernel.ts";
import { pageFloor } from "../vm/vm_map.ts";

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
    const at = address + BigInt(done);
    const part = k.kernelSpace.pageBytes(at);
    if (part === undefined) return false;
    const piece = bytes.subarray(done, done + part.length);
    const physical = k.kernelSpace.physical(at);
    k.memory.write(physical, piece);
    // Pages of kernel-mode code are not protected from the kernel.
    k.dropCode(pageFloor(physical));
    done += piece.length;
  }
  return true;
}
