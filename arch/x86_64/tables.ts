/**
 * Descriptor tables of x86-64: GDT, IDT, TSS and the per-CPU area (SDM vol. 3, chapters 3, 6 and
 * 7).
 *
 * @module
 */

import type { GuestImage } from "../guest_image.ts";
import type { KernelSpace } from "../kernel_space.ts";
import { PAGE_SIZE } from "../physical_memory.ts";
import { Vector } from "./exceptions.ts";

/** Interrupt stack of double faults and NMIs, numbered from 1. */
const IST_EMERGENCY = 1n;

/** Long-mode code, present, ring 0 and ring 3; data, present, writable, ring 0 and ring 3. */
const DESCRIPTOR = {
  kernelCode: 0x00af_9b00_0000_ffffn,
  kernelData: 0x00cf_9300_0000_ffffn,
  userCode: 0x00af_fb00_0000_ffffn,
  userData: 0x00cf_f300_0000_ffffn,
} as const;

const INTERRUPT_GATE = 0x8en;
const TSS_SIZE = 104;
const TSS_IST = 36n;
const TSS_IO_MAP = 102n;

/** Addresses of the tables, for the boot code. */
export interface CpuTables {
  /** Per-CPU area. */
  readonly perCpu: bigint;
  /** Two pseudo descriptors of 10 bytes, 16 bytes apart: GDT, then IDT. */
  readonly pseudoDescriptors: bigint;
  /** Task state segment. */
  readonly tss: bigint;
  /** Interrupt descriptor table. */
  readonly idt: bigint;
  /** Global descriptor table. */
  readonly gdt: bigint;
}

/** Writes the tables into fresh kernel pages. */
export function buildTables(
  space: KernelSpace,
  options: { image: GuestImage; emergencyStackTop: bigint },
): CpuTables {
  const { image, emergencyStackTop } = options;
  const page = (): bigint => space.virtual(space.tables.createTable());
  const small = page();
  const tables: CpuTables = {
    gdt: small,
    tss: small + 0x100n,
    perCpu: small + 0x200n,
    pseudoDescriptors: small + 0x300n,
    idt: page(),
  };
  writeGdt(space, image, tables);
  writeIdt(space, image, tables.idt);
  space.writeU64(tables.tss + TSS_IST + 8n * (IST_EMERGENCY - 1n), emergencyStackTop);
  writeU16(space, tables.tss + TSS_IO_MAP, TSS_SIZE);
  space.writeU64(tables.perCpu + image.symbol("CPU_TSS"), tables.tss);
  writePseudoDescriptor(space, tables.pseudoDescriptors, { base: tables.gdt, size: 0x40 });
  writePseudoDescriptor(space, tables.pseudoDescriptors + 16n, {
    base: tables.idt,
    size: PAGE_SIZE,
  });
  return tables;
}

function writeGdt(space: KernelSpace, image: GuestImage, { gdt, tss }: CpuTables): void {
  space.writeU64(gdt + image.symbol("KERNEL_CS"), DESCRIPTOR.kernelCode);
  space.writeU64(gdt + image.symbol("KERNEL_DS"), DESCRIPTOR.kernelData);
  space.writeU64(gdt + image.symbol("USER_DS"), DESCRIPTOR.userData);
  space.writeU64(gdt + image.symbol("USER_CS"), DESCRIPTOR.userCode);
  const selector = image.symbol("TSS_SELECTOR");
  const available = 0x89n;
  space.writeU64(
    gdt + selector,
    BigInt(TSS_SIZE - 1) | ((tss & 0xff_ffffn) << 16n) | (available << 40n) |
      (((tss >> 24n) & 0xffn) << 56n),
  );
  space.writeU64(gdt + selector + 8n, tss >> 32n);
}

function writeIdt(space: KernelSpace, image: GuestImage, idt: bigint): void {
  const stubs = image.label("vectors");
  const size = image.symbol("VECTOR_STUB_SIZE");
  for (let vector = 0; vector < image.constant("VECTOR_COUNT"); vector++) {
    const ist = vector === Vector.DF || vector === Vector.NMI ? IST_EMERGENCY : 0n;
    // User code may raise breakpoints and overflows by instruction; every other gate is the
    // kernel's.
    const dpl = vector === Vector.BP || vector === Vector.OF ? 3n : 0n;
    const handler = stubs + BigInt(vector) * size;
    const address = idt + BigInt(16 * vector);
    space.writeU64(
      address,
      (handler & 0xffffn) | (image.symbol("KERNEL_CS") << 16n) | (ist << 32n) |
        ((INTERRUPT_GATE | (dpl << 5n)) << 40n) | (((handler >> 16n) & 0xffffn) << 48n),
    );
    space.writeU64(address + 8n, handler >> 32n);
  }
}

function writePseudoDescriptor(
  space: KernelSpace,
  address: bigint,
  table: { base: bigint; size: number },
): void {
  writeU16(space, address, table.size - 1);
  const base = space.offset(address + 2n, 8);
  space.memory.view.setBigUint64(base, table.base, true);
}

function writeU16(space: KernelSpace, address: bigint, value: number): void {
  space.memory.view.setUint16(space.offset(address, 2), value, true);
}
