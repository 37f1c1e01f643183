/**
 * Page table entries of x86-64 (SDM vol. 3, 4.5.4: 4-level paging).
 *
 * @module
 */

import type { EntryFormat, Protection } from "../page_tables.ts";

const PRESENT = 1n << 0n;
const WRITE = 1n << 1n;
const USER = 1n << 2n;
const PAGE_SIZE_BIT = 1n << 7n;
const NO_EXECUTE = 1n << 63n;
const ADDRESS = 0x000f_ffff_ffff_f000n;

/** Entries of 4-level paging. Tables allow everything; the leaf decides. */
export const entryFormat: EntryFormat = {
  table(physical: bigint): bigint {
    return physical | PRESENT | WRITE | USER;
  },
  leaf(physical: bigint, options: { level: number; protection: Protection }): bigint {
    const { level, protection } = options;
    let entry = physical | PRESENT;
    if (level !== 3) entry |= PAGE_SIZE_BIT;
    if (protection.write) entry |= WRITE;
    if (protection.user) entry |= USER;
    if (!protection.execute) entry |= NO_EXECUTE;
    return entry;
  },
  isPresent(entry: bigint): boolean {
    return (entry & PRESENT) !== 0n;
  },
  isLeaf(entry: bigint, level: number): boolean {
    return level === 3 || (level > 0 && (entry & PAGE_SIZE_BIT) !== 0n);
  },
  physical(entry: bigint): bigint {
    return entry & ADDRESS;
  },
  protection(entry: bigint): Protection {
    return {
      user: (entry & USER) !== 0n,
      write: (entry & WRITE) !== 0n,
      execute: (entry & NO_EXECUTE) === 0n,
    };
  },
};
