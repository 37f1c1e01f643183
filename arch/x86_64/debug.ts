/**
 * Breakpoints of data and ports in the debug registers (SDM vol. 3, 17.2 and 17.3.1.2).
 *
 * @module
 */

import type { WatchRange } from "../arch.ts";

/** Number of the breakpoints, DR0 to DR3. */
export const BREAKPOINT_COUNT = 4;
/** DR7.R/W: what a breakpoint is about. */
const WRITE = 1;
const PORT = 2;
const ACCESS = 3;
/** Bytes by DR7.LEN. */
const LENGTHS = [1, 2, 8, 4] as const;

/** One of DR0 to DR3 with what DR7 says of it. */
interface Breakpoint {
  readonly index: number;
  readonly kind: number;
  readonly size: number;
}

/** The breakpoints that DR7 enables, locally or globally. */
function enabled(dr7: number): Breakpoint[] {
  return Array.from({ length: BREAKPOINT_COUNT }, (_, index) => index)
    .filter((index) => ((dr7 >>> (2 * index)) & 3) !== 0)
    .map((index) => ({
      index,
      kind: (dr7 >>> (16 + 4 * index)) & 3,
      size: LENGTHS[(dr7 >>> (18 + 4 * index)) & 3] ?? 1,
    }));
}

/** A range of bytes, and the number of its debug register. */
export interface DataBreakpoint extends WatchRange {
  /** 0 to 3. */
  readonly index: number;
}

/**
 * The bytes that breakpoints of data are about. Low bits of an address that its length leaves over
 * are not compared.
 *
 * @param address reads DR0 to DR3
 */
export function dataBreakpoints(
  dr7: number,
  address: (index: number) => bigint,
): DataBreakpoint[] {
  return enabled(dr7)
    .filter(({ kind }) => kind === WRITE || kind === ACCESS)
    .map(({ index, kind, size }) => ({
      index,
      address: address(index) & ~BigInt(size - 1),
      size,
      reads: kind === ACCESS,
      writes: true,
    }));
}

/** The bits of DR6 that are about ports. */
export function portBits(dr7: number): number {
  return enabled(dr7).filter(({ kind }) => kind === PORT)
    .reduce((bits, { index }) => bits | (1 << index), 0);
}
