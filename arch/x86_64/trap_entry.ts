/**
 * Where the interrupted state is while the first instructions of a trap entry run.
 *
 * @module
 */

import type { TrapEntry } from "../arch.ts";
import type { GuestImage } from "../guest_image.ts";

/**
 * SYSCALL saves RIP and RFLAGS in RCX and R11 and leaves RSP alone; until there is a trap frame,
 * the user's RSP is in the per-CPU area only, and that behind GS. Interrupt gates push everything,
 * which the tables describe from the first instruction on.
 */
export function trapEntries(image: GuestImage): TrapEntry[] {
  const begin = image.symbol("syscall_entry");
  return [{
    begin,
    end: begin + (image.elf.symbolNamed("syscall_entry")?.size ?? 0n),
    interrupted: (cpu, space) => ({
      pc: cpu.register("rcx"),
      sp: space.readU64(cpu.register("gs_base") + image.symbol("CPU_USER_SP")),
      changed: { rflags: cpu.register("r11") },
    }),
  }];
}
