/**
 * The kinds of address of the bare-metal cases: where `el1.S` maps what, in the words of its
 * tables.
 *
 * @module
 */

/** Pages of the last level, from here on. */
const PAGES = 0x8000_0000n;
const PAGE = 0x1000n;
/** Level 0, 1 and 2: bytes that one entry covers. */
const LEVEL_0 = 1n << 39n;
const LEVEL_1 = 1n << 30n;
const LEVEL_2 = 1n << 21n;
const UPPER = 0xffff_0000_0000_0000n;
const OFFSET = 0x140n;

/** Where both levels may read and write. */
export const SHARED_PAGE = PAGES;
/** Where EL1 may read and write, and EL0 may not. */
export const KERNEL_PAGE = PAGES + 2n * PAGE;

/** A kind of address. */
export interface KernelPlace {
  /** In a word or two. */
  readonly name: string;
  /** The address. */
  readonly address: bigint;
}

const NAMES = [
  "writable",
  "read-only",
  "EL1's",
  "EL1's, read-only",
  "absent at level 3",
  "access flag at level 3",
  "device",
  "EL1's, read-only, access flag",
  "reserved descriptor at level 3",
  "UXN",
  "PXN",
  "EL1's code",
  "too high at level 3",
  "no memory",
  "UXN and PXN",
];

/** All of them. */
export const KERNEL_PLACES: readonly KernelPlace[] = [
  ...NAMES.map((name, i) => ({ name, address: PAGES + BigInt(i) * PAGE + OFFSET })),
  { name: "misaligned by 1", address: PAGES + 0x141n },
  { name: "misaligned by 4", address: PAGES + 0x144n },
  { name: "misaligned device", address: PAGES + 6n * PAGE + 0x142n },
  { name: "absent, misaligned", address: PAGES + 4n * PAGE + 0x143n },
  { name: "across into absent", address: PAGES + 17n * PAGE - 2n },
  { name: "across out of absent", address: PAGES + 16n * PAGE - 1n },
  { name: "across into read-only", address: PAGES + 19n * PAGE - 2n },
  { name: "across out of EL1's", address: PAGES + 21n * PAGE - 2n },
  { name: "block at level 0", address: LEVEL_0 + 0x4000_0140n },
  { name: "table too high at level 0", address: 2n * LEVEL_0 },
  { name: "table without memory at level 0", address: 3n * LEVEL_0 },
  { name: "absent at level 0", address: 4n * LEVEL_0 },
  { name: "null", address: 0n },
  { name: "absent at level 1", address: 0x3fff_fff0n },
  { name: "access flag at level 1", address: 3n * LEVEL_1 + OFFSET },
  { name: "too high at level 1", address: 4n * LEVEL_1 },
  { name: "table too high at level 1", address: 5n * LEVEL_1 },
  { name: "table without memory at level 1", address: 6n * LEVEL_1 },
  { name: "table at level 1 not for EL0", address: 7n * LEVEL_1 + OFFSET },
  { name: "absent at level 2", address: PAGES + 2n * LEVEL_2 },
  { name: "access flag at level 2", address: PAGES + 3n * LEVEL_2 },
  { name: "EL1's block, read-only", address: PAGES + 4n * LEVEL_2 },
  { name: "too high at level 2", address: PAGES + 5n * LEVEL_2 },
  { name: "table not for EL0", address: PAGES + 6n * LEVEL_2 + OFFSET },
  { name: "table read-only", address: PAGES + 7n * LEVEL_2 + OFFSET },
  { name: "table UXN", address: PAGES + 8n * LEVEL_2 + PAGE + OFFSET },
  { name: "table PXN", address: PAGES + 9n * LEVEL_2 + PAGE + OFFSET },
  { name: "table too high at level 2", address: PAGES + 10n * LEVEL_2 },
  { name: "table without memory at level 2", address: PAGES + 11n * LEVEL_2 },
  { name: "beyond the lower half", address: 1n << 48n },
  { name: "tagged", address: (0x5an << 56n) | (PAGES + OFFSET) },
  { name: "upper, writable", address: UPPER + OFFSET },
  { name: "upper, read-only", address: UPPER + PAGE + OFFSET },
  { name: "upper, absent at level 3", address: UPPER + 4n * PAGE },
  { name: "upper, absent at level 2", address: UPPER + LEVEL_2 },
  { name: "upper, absent at level 1", address: UPPER + LEVEL_1 },
  { name: "upper, access flag at level 1", address: UPPER + 2n * LEVEL_1 },
  { name: "upper, absent at level 0", address: UPPER + 5n * LEVEL_0 },
  { name: "below the upper half", address: UPPER - 8n },
  { name: "the last word", address: 0xffff_ffff_ffff_fff8n },
];
