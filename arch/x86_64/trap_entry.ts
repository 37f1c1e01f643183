/**
 * Where the interrupted state is while the first instructions of a trap entry run.
 *
 * @module
 */

import type { CodeRange, TrapEntry } from "../arch.ts";
import type { GuestImage } from "../guest_image.ts";

/**
 * SYSCALL saves RIP and RFLAGS in RCX and R11 and leaves RSP alone; until there is a trap frame,
 * the user's RSP is in the per-CPU area only, and that behind GS. Interrupt gates push everything,
 * which the tables describe from the first instruction on.
 */
export function trapEntries(image: GuestImage): TrapEntry[] {
  return [{
    ...image.range("syscall_entry"),
    interrupted: (cpu, space) => ({
      pc: cpu.register("rcx"),
      sp: space.readU64(cpu.register("gs_base") + image.symbol("CPU_USER_SP")),
      changed: { rflags: cpu.register("r11") },
    }),
  }];
}

/** Code that saves the registers of a program or of the kernel in a trap frame. */
export function frameSavers(image: GuestImage): CodeRange[] {
  const vectors = image.symbol("vectors");
  const stubs = BigInt(image.constant("VECTOR_COUNT") * image.constant("VECTOR_STUB_SIZE"));
  return [
    { begin: vectors, end: vectors + stubs },
    ...["trap_entry", "trap_from_user", "syscall_entry"].map((name) => image.range(name)),
  ];
}
