/**
 * Where the memory of the EL0 cases lies, and the kinds of address an access can have.
 *
 * @module
 */

/** Code, read-only and executable. */
export const CODE = 0x10_0000_0000n;
/** Two pages of writable data, and nothing behind them. */
export const DATA = 0x10_1000_0000n;
/** A writable page, a read-only one, and another writable one. */
export const MIXED = 0x10_2000_0000n;
/** Nothing is mapped from here on. */
export const ABSENT = 0x10_3000_0000n;
/** The stack: one past its highest address, not the highest one mapped. */
export const STACK_TOP = DATA + 0xe00n;

const PAGE = 0x1000n;

/** A piece of mapped memory. */
export interface Region {
  /** Address, page-aligned. */
  readonly address: bigint;
  /** Pages. */
  readonly pages: number;
  /** Whether EL0 may write it. */
  readonly write: boolean;
  /** Whether EL0 may execute it. */
  readonly execute: boolean;
}

/** Everything that is mapped besides code. */
export const DATA_REGIONS: readonly Region[] = [
  { address: DATA, pages: 2, write: true, execute: false },
  { address: MIXED, pages: 1, write: true, execute: false },
  { address: MIXED + PAGE, pages: 1, write: false, execute: false },
  { address: MIXED + 2n * PAGE, pages: 1, write: true, execute: false },
];

/** What data regions hold: bytes without a period that a lane or a page could hide. */
export function contentsOf({ address, pages }: Region): Uint8Array<ArrayBuffer> {
  const seed = Number(address >> 12n) & 0xff;
  return Uint8Array.from({ length: pages * 4096 }, (_, i) => i * 7 + (i >> 8) * 13 + seed * 3 + 1);
}

/** A kind of address of an access of `size` bytes. */
export interface Place {
  /** In a word or two. */
  readonly name: string;
  /** The address. */
  readonly at: (size: number) => bigint;
}

/** Where the first bytes of an access are before a boundary: all but the last half of it. */
function before(boundary: bigint, size: number): bigint {
  return boundary - BigInt(size >> 1 || 1);
}

/** The kinds of address that are tried. */
export const PLACES: readonly Place[] = [
  { name: "mapped", at: () => DATA + 0x140n },
  { name: "misaligned by 1", at: () => DATA + 0x141n },
  { name: "misaligned by 4", at: () => DATA + 0x144n },
  { name: "misaligned by 8", at: () => DATA + 0x148n },
  { name: "read-only", at: () => MIXED + PAGE + 0x140n },
  { name: "read-only, misaligned", at: () => MIXED + PAGE + 0x143n },
  { name: "absent", at: () => ABSENT + 0x140n },
  { name: "absent, misaligned", at: () => ABSENT + 0x145n },
  { name: "across mapped pages", at: (size) => before(DATA + PAGE, size) },
  { name: "across mapped pages by 1", at: () => DATA + PAGE - 1n },
  { name: "across into absent", at: (size) => before(DATA + 2n * PAGE, size) },
  { name: "across into absent by 1", at: () => DATA + 2n * PAGE - 1n },
  { name: "across into read-only", at: (size) => before(MIXED + PAGE, size) },
  { name: "across out of read-only", at: (size) => before(MIXED + 2n * PAGE, size) },
  { name: "across out of absent", at: (size) => before(MIXED, size) },
  { name: "null", at: () => 0n },
  { name: "tagged", at: () => (0xabn << 56n) | (DATA + 0x140n) },
  { name: "tagged absent", at: () => (0xcdn << 56n) | (ABSENT + 0x140n) },
  { name: "beyond the lower half", at: () => 1n << 48n },
  { name: "in the upper half", at: () => 0xffff_0000_1000_0140n },
];
