/**
 * Translation table entries and MMU control values of AArch64 (Arm ARM, D8.3: VMSAv8-64 descriptor
 * formats, 4 KiB granule).
 *
 * @module
 */

import type { EntryFormat, Protection } from "../page_tables.ts";

const VALID = 1n << 0n;
const TABLE_OR_PAGE = 1n << 1n;
const AP_USER = 1n << 6n;
const AP_READ_ONLY = 1n << 7n;
const INNER_SHAREABLE = 3n << 8n;
const ACCESS_FLAG = 1n << 10n;
const NOT_GLOBAL = 1n << 11n;
const PXN = 1n << 53n;
const UXN = 1n << 54n;
const ADDRESS = 0x0000_ffff_ffff_f000n;

/** Descriptors of the 4 KiB granule. */
export const entryFormat: EntryFormat = {
  table(physical: bigint): bigint {
    return physical | VALID | TABLE_OR_PAGE;
  },
  leaf(physical: bigint, options: { level: number; protection: Protection }): bigint {
    const { level, protection } = options;
    let entry = physical | VALID | INNER_SHAREABLE | ACCESS_FLAG;
    if (level === 3) entry |= TABLE_OR_PAGE;
    if (!protection.write) entry |= AP_READ_ONLY;
    if (protection.user) {
      entry |= AP_USER | NOT_GLOBAL | PXN;
      if (!protection.execute) entry |= UXN;
    } else {
      entry |= UXN;
      if (!protection.execute) entry |= PXN;
    }
    return entry;
  },
  isPresent(entry: bigint): boolean {
    return (entry & VALID) !== 0n;
  },
  isLeaf(entry: bigint, level: number): boolean {
    return level === 3 || (entry & TABLE_OR_PAGE) === 0n;
  },
  physical(entry: bigint): bigint {
    return entry & ADDRESS;
  },
  protection(entry: bigint): Protection {
    const user = (entry & AP_USER) !== 0n;
    return {
      user,
      write: (entry & AP_READ_ONLY) === 0n,
      execute: (entry & (user ? UXN : PXN)) === 0n,
    };
  },
};

/** MAIR_EL1: attribute 0 is normal memory, write-back, read and write allocate. */
export const MAIR = 0xffn;

/**
 * TCR_EL1: 48-bit halves (T0SZ = T1SZ = 16), 4 KiB granules (TG0 = 0b00, TG1 = 0b10), inner
 * shareable write-back walks, 48-bit physical addresses (IPS = 0b101).
 */
export const TCR = 16n | (1n << 8n) | (1n << 10n) | (3n << 12n) |
  (16n << 16n) | (1n << 24n) | (1n << 26n) | (3n << 28n) | (2n << 30n) | (5n << 32n);

/**
 * SCTLR_EL1: MMU and caches on, stack alignment checked, the bits that are RES1 set. WFI from EL0
 * traps, as does DAIF; EL0 may read CTR_EL0 (UCT), maintain caches (UCI), which programs that write
 * code do, use DC ZVA (DZE) and WFE (nTWE), which never waits here.
 */
export const SCTLR = 0x30d0_0800n | 1n /* M */ | (1n << 2n) /* C */ | (1n << 3n) /* SA */ |
  (1n << 4n) /* SA0 */ | (1n << 12n) /* I */ | (1n << 14n) /* DZE */ | (1n << 15n) /* UCT */ |
  (1n << 18n) /* nTWE */ | (1n << 26n) /* UCI */;
