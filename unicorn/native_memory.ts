/**
 * Looking at the engine's own memory in place.
 *
 * The engine keeps a CPU's state in a private C structure. A view over that structure costs nothing to read or patch, while
 * copying it out and back costs 120 ns. Addresses found in unknown memory are followed only after the operating system has
 * said that they are mapped: a wrong guess must end in an error, not in a crash.
 *
 * @module
 */
import type { UnicornSymbols } from "./symbols.ts";

/** The value of a pointer, as a plain number of bytes. */
export function addressOf(pointer: Deno.PointerObject): bigint {
  return Deno.UnsafePointer.value(pointer);
}

/** The pointer with an address; null for address 0. */
export function pointerTo(address: bigint): Deno.PointerValue {
  return Deno.UnsafePointer.create(address);
}

/** Whether every page of a range of this process is mapped. */
export function isMapped(symbols: UnicornSymbols, address: bigint, size: number): boolean {
  const page = BigInt(symbols.getpagesize?.() ?? 4096);
  if (symbols.mincore === null || address < page || address >= 1n << 56n) return false;
  const start = address - address % page;
  const end = address + BigInt(size);
  const pages = (end - start + page - 1n) / page;
  return symbols.mincore(pointerTo(start), end - start, new Uint8Array(Number(pages))) === 0;
}

/** Copies bytes at an address of this process. The caller vouches for the range. */
export function copyMemory(address: bigint, target: Uint8Array<ArrayBuffer>): void {
  Deno.UnsafePointerView.copyInto(nonNull(address), target);
}

/** The bytes at an address of this process, in place. The caller vouches for the range and for its lifetime. */
export function viewMemory(address: bigint, size: number): ArrayBuffer {
  return Deno.UnsafePointerView.getArrayBuffer(nonNull(address), size);
}

function nonNull(address: bigint): Deno.PointerObject {
  const pointer = pointerTo(address);
  if (pointer === null) throw new RangeError("Cannot view memory at address 0");
  return pointer;
}
