/**
 * Translation table descriptors written by hand, for faults that the kernel's own mappings do not
 * have.
 *
 * @module
 */

import type { BareMachine } from "../../testing/harness.ts";

/** Attributes of descriptors: Arm ARM, D8.3. */
export const Descriptor = {
  /** A page or a table rather than a block. */
  TABLE_OR_PAGE: 1n << 1n,
  /** AP[1]: EL0 may use it. */
  USER: 1n << 6n,
  /** AP[2]: nobody may write. */
  READ_ONLY: 1n << 7n,
  /** The access flag. */
  ACCESSED: 1n << 10n,
  /** No execution at EL1. */
  PXN: 1n << 53n,
  /** No execution at EL0. */
  UXN: 1n << 54n,
  /** Of a table: PXN for everything below it. */
  PXN_TABLE: 1n << 59n,
  /** Of a table: UXN for everything below it. */
  UXN_TABLE: 1n << 60n,
  /** Of a table: no access from EL0 for everything below it. */
  NO_USER_TABLE: 1n << 61n,
  /** Of a table: no writes for everything below it. */
  READ_ONLY_TABLE: 1n << 62n,
} as const;

/** Levels of translation that can have a leaf. */
export type LeafLevel = 1 | 2 | 3;

/** Address bits an entry of each level translates. */
const SHIFT = [39n, 30n, 21n, 12n] as const;
const ADDRESS = 0x0000_ffff_ffff_f000n;

/** Physical address of the descriptor of an address at a level; the tables above it exist. */
export function descriptorAt(machine: BareMachine, address: bigint, level: number): bigint {
  const { memory, space, root, arch } = machine;
  let table = address < arch.userEnd ? root : space.root;
  for (let at = 0;; at++) {
    const entry = table + ((address >> (SHIFT[at] ?? 0n)) & 0x1ffn) * 8n;
    if (at === level) return entry;
    const value = memory.readU64(entry);
    if ((value & 3n) !== 3n) throw new Error(`Cannot walk to level ${level}: ends at ${at}`);
    table = value & ADDRESS;
  }
}

/**
 * Maps an address by a leaf of the given level with exactly these attributes, besides being valid,
 * to the first bytes of RAM, which nothing else uses.
 */
export function mapLeaf(
  machine: BareMachine,
  address: bigint,
  options: { level: LeafLevel; attributes: bigint },
): void {
  const { level, attributes } = options;
  const kind = level === 3 ? 3n : 1n;
  const descriptor = machine.memory.base | attributes | kind;
  machine.memory.writeU64(descriptorAt(machine, address, level), descriptor);
  machine.cpu.flushTranslations();
}

/** Sets attributes in the descriptor of the table that leads to an address at `level`. */
export function setTableAttributes(
  machine: BareMachine,
  address: bigint,
  options: { level: number; attributes: bigint },
): void {
  const { memory } = machine;
  const entry = descriptorAt(machine, address, options.level);
  memory.writeU64(entry, memory.readU64(entry) | options.attributes);
  machine.cpu.flushTranslations();
}
