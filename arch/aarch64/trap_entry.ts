/**
 * Where the interrupted state is while the first instructions of a trap entry run.
 *
 * @module
 */

import type { CodeRange, TrapEntry } from "../arch.ts";
import type { GuestImage } from "../guest_image.ts";

/** Bytes of the vector table: 16 slots of 128 (Arm ARM, D1.3.1). */
const VECTOR_TABLE_SIZE = 2048n;

/**
 * In the vector table, before SP_EL0 is read into a general register: DWARF has no number for it.
 */
export function trapEntries(image: GuestImage): TrapEntry[] {
  const begin = image.symbol("vectors");
  return [{
    begin,
    end: begin + VECTOR_TABLE_SIZE,
    interrupted: (cpu) => ({
      pc: cpu.register("elr_el1"),
      sp: cpu.register("sp_el0"),
      changed: {},
    }),
  }];
}

/** Code that saves the registers of a program or of the kernel in a trap frame. */
export function frameSavers(image: GuestImage): CodeRange[] {
  const begin = image.symbol("vectors");
  return [
    { begin, end: begin + VECTOR_TABLE_SIZE },
    ...["trap_from_user", "trap_from_el1t", "trap_from_el1h", "trap_from_kernel"]
      .map((name) => image.range(name)),
  ];
}
