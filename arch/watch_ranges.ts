/**
 * Arithmetic of watched ranges, and of the accesses to them.
 *
 * @module
 */

import type { WatchWindow } from "../unicorn/mod.ts";
import type { WatchRange } from "./arch.ts";
import { PAGE_SIZE } from "./physical_memory.ts";

const PAGE = BigInt(PAGE_SIZE);
const PAGE_MASK = PAGE - 1n;
/** No access is longer. */
export const MAX_ACCESS = 64n;
/**
 * How far behind its operand an instruction's accesses may lie: `fxsave` stores 512 bytes, `enter`
 * 31 levels.
 */
const OPERAND_REACH = 1024n;

/** One access, or part of it, by virtual address. */
export interface Access {
  /** Whether it is a write. */
  readonly write: boolean;
  /** Address of its first byte. */
  readonly address: bigint;
  /** Bytes. */
  readonly size: number;
  /** What was there before. */
  readonly before: Uint8Array;
}

/** Whether an access at an address may be to an operand. */
export function isNear(operand: bigint, address: bigint): boolean {
  const distance = BigInt.asIntN(64, address - operand);
  return distance > -OPERAND_REACH && distance < OPERAND_REACH;
}

/** The address with the page offset of a physical one that is next to an operand. */
export function near(operand: bigint, physical: bigint): bigint {
  const distance = (physical - operand) & PAGE_MASK;
  const address = distance > PAGE - OPERAND_REACH ? operand + distance - PAGE : operand + distance;
  return BigInt.asUintN(64, address);
}

/** Pages in which an access to a small range may begin. */
export function pagesOf({ address, size }: WatchRange): bigint[] {
  const last = (address + BigInt(size - 1)) & ~PAGE_MASK;
  const first = (address - MAX_ACCESS) & ~PAGE_MASK;
  return first < 0n || first === last ? [last] : [first, last];
}

/** The part of an access that lies in a range. */
export function clip(access: Access, range: WatchRange): Access | undefined {
  const { address, size, before } = access;
  const begin = address > range.address ? address : range.address;
  const end = address + BigInt(size);
  const behind = range.address + BigInt(range.size);
  const last = end < behind ? end : behind;
  if (begin >= last) return undefined;
  const from = Number(begin - address);
  const length = Number(last - begin);
  return {
    write: access.write,
    address: begin,
    size: length,
    before: before.subarray(from, from + length),
  };
}

/** The parts of pages that a range covers. */
export function windowsOf({ address, size, reads, writes }: WatchRange): WatchWindow[] {
  const begin = Number(address & PAGE_MASK);
  const kinds = { reads, writes };
  if (begin + size <= PAGE_SIZE) return [{ begin, end: begin + size, ...kinds }];
  if (size >= PAGE_SIZE) return [{ begin: 0, end: PAGE_SIZE, ...kinds }];
  return [{ begin, end: PAGE_SIZE, ...kinds }, {
    begin: 0,
    end: begin + size - PAGE_SIZE,
    ...kinds,
  }];
}

/**
 * Adds the bytes of an access to those an instruction has touched, with what was there before. It
 * may access some twice: the engine tries a block of `DC ZVA` first.
 */
export function noteBytes(touched: Map<bigint, number>, { address, before }: Access): void {
  before.forEach((byte, index) => {
    const at = address + BigInt(index);
    if (!touched.has(at)) touched.set(at, byte);
  });
}

/** Bytes side by side, lowest first, and what was there before. */
export function runsOf(
  touched: ReadonlyMap<bigint, number>,
): { address: bigint; before: Uint8Array }[] {
  const runs: { address: bigint; bytes: number[] }[] = [];
  for (const [at, byte] of [...touched].sort(([a], [b]) => a < b ? -1 : 1)) {
    const last = runs.at(-1);
    if (last !== undefined && last.address + BigInt(last.bytes.length) === at) {
      last.bytes.push(byte);
    } else {
      runs.push({ address: at, bytes: [byte] });
    }
  }
  return runs.map(({ address, bytes }) => ({ address, before: Uint8Array.from(bytes) }));
}
