/**
 * Looking at the engine's own memory in place.
 *
 * The engine keeps a CPU's state in a private C structure. A view over that structure costs nothing
 * to read or patch, while copying it out and back costs 120 ns. Addresses found in unknown memory
 * are followed only through the operating system, which refuses what cannot be read: a wrong guess
 * must end in an error, not in a crash.
 *
 * @module
 */
import type { UnicornSymbols } from "./symbols.ts";

/** The value of a pointer, as a plain number of bytes. */
export function addressOf(pointer: Deno.PointerObject): bigint {
  return Deno.UnsafePointer.value(pointer);
}

/** Where bytes of JavaScript lie. They are the caller's to keep. */
export function addressOfBytes(bytes: Uint8Array<ArrayBuffer>): bigint {
  return Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes));
}

/** The pointer with an address; null for address 0. */
export function pointerTo(address: bigint): Deno.PointerValue {
  return Deno.UnsafePointer.create(address);
}

/**
 * Copies bytes at an address of this process that may not be readable; returns whether they were.
 *
 * Where the system has `process_vm_readv`, it copies and refuses by itself. Elsewhere, or where a
 * sandbox forbids that call, the pages are only known to be mapped: that says nothing of pages that
 * are reserved without access.
 */
export function tryCopyMemory(
  symbols: UnicornSymbols,
  address: bigint,
  target: Uint8Array<ArrayBuffer>,
): boolean {
  if (address <= 0n || address >= 1n << 56n) return false;
  if (canReadSelf(symbols)) return readSelf(symbols, address, target) === target.length;
  if (!isMapped(symbols, address, target.length)) return false;
  Deno.UnsafePointerView.copyInto(nonNull(address), target);
  return true;
}

const selfReaders = new WeakMap<UnicornSymbols, boolean>();

/** Whether the system reads this process's memory for it: tried once, on memory of its own. */
function canReadSelf(symbols: UnicornSymbols): boolean {
  let can = selfReaders.get(symbols);
  if (can === undefined) {
    const own = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);
    const copy = new Uint8Array(own.length);
    const address = addressOfBytes(own);
    can = readSelf(symbols, address, copy) === own.length && copy.join() === own.join();
    selfReaders.set(symbols, can);
  }
  return can;
}

/** Bytes read; negative if the system refused. */
function readSelf(
  symbols: UnicornSymbols,
  address: bigint,
  target: Uint8Array<ArrayBuffer>,
): number {
  const size = BigInt(target.length);
  const into = addressOfBytes(target);
  const local = new BigUint64Array([into, size]);
  const remote = new BigUint64Array([address, size]);
  return Number(symbols.process_vm_readv?.(Deno.pid, local, 1n, remote, 1n, 0n) ?? -1);
}

/** Whether every page of a range of this process is mapped. */
function isMapped(symbols: UnicornSymbols, address: bigint, size: number): boolean {
  const page = BigInt(symbols.getpagesize?.() ?? 4096);
  if (symbols.mincore === null || address < page || address >= 1n << 56n) return false;
  const start = address - address % page;
  const end = address + BigInt(size);
  const pages = (end - start + page - 1n) / page;
  return symbols.mincore(pointerTo(start), end - start, new Uint8Array(Number(pages))) === 0;
}

/**
 * The bytes at an address of this process, in place. The caller vouches for the range and for its
 * lifetime.
 */
export function viewMemory(address: bigint, size: number): ArrayBuffer {
  return Deno.UnsafePointerView.getArrayBuffer(nonNull(address), size);
}

function nonNull(address: bigint): Deno.PointerObject {
  const pointer = pointerTo(address);
  if (pointer === null) throw new RangeError("Cannot view memory at address 0");
  return pointer;
}
