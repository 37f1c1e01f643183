/**
 * What of a trap only the CPU knows: the interrupted stack pointer, and the interrupted state while the first instructions of the entry
 * run, when it is still in registers that no unwind table can name.
 *
 * @module
 */

import type { ArchName, ExceptionEntry } from "../arch/arch.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { type Address, fromBigAddress } from "../bytes/mod.ts";
import type { Module, TrapStub } from "../unwind/walk/mod.ts";
import { machineRegisters, RULE } from "../unwind/cfi/mod.ts";

/** What an exception has interrupted, as far as its entry has changed it. */
export interface Interrupted {
  /** Stack pointer. */
  readonly sp: bigint;
  /** Registers the entry changes, by name. */
  readonly registers: Readonly<Record<string, bigint>>;
}

/** Vectors for which the CPU pushes an error code (SDM vol. 3, table 6-1). */
const WITH_ERROR_CODE = new Set([8, 10, 11, 12, 13, 14, 17, 21, 29, 30]);

const INTERRUPTED: Readonly<Record<ArchName, (k: Kernel, entry: ExceptionEntry) => Interrupted>> = {
  aarch64: ({ cpu }, { fromUser }) => ({
    sp: fromUser ? cpu.register("sp_el0") : cpu.sp,
    registers: {},
  }),
  x86_64: ({ cpu, space }, { vector }) => {
    // SYSCALL, which has no vector, leaves RSP alone and RFLAGS in R11.
    if (vector < 0) return { sp: cpu.sp, registers: { rflags: cpu.register("r11") } };
    const pushed = cpu.sp + (WITH_ERROR_CODE.has(vector) ? 8n : 0n);
    return { sp: space.readU64(pushed + 24n), registers: { rflags: space.readU64(pushed + 16n) } };
  },
};

/** What the exception just entered has interrupted. */
export function interruptedBy(k: Kernel, entry: ExceptionEntry): Interrupted {
  return INTERRUPTED[k.arch.name](k, entry);
}

/** A part of a trap entry in which the interrupted state may be out of the tables' reach, and where the CPU has it then. */
interface Entry {
  readonly label: string;
  readonly size: number;
  readonly state: (k: Kernel) => Interrupted & { readonly pc: bigint };
}

const VECTOR_TABLE_SIZE = 2048;

const ENTRIES: Readonly<Record<ArchName, readonly Entry[]>> = {
  // Until SP_EL0 has been read; DWARF has no number for it.
  aarch64: [{
    label: "vectors",
    size: VECTOR_TABLE_SIZE,
    state: ({ cpu }) => ({
      pc: cpu.register("elr_el1"),
      sp: cpu.register("sp_el0"),
      registers: {},
    }),
  }],
  // While the user's RSP is in the per-CPU area only, and that behind GS.
  x86_64: [{
    label: "syscall_entry",
    size: 0,
    state: ({ cpu, space, arch }) => ({
      pc: cpu.register("rcx"),
      sp: space.readU64(cpu.register("gs_base") + arch.image.symbol("CPU_USER_SP")),
      registers: { rflags: cpu.register("r11") },
    }),
  }],
};

/**
 * Describes the traps of a live CPU whose entry has only just begun. Where the tables say that the return address is undefined, the
 * interrupted program counter and stack pointer are read from the CPU; everywhere else the tables are asked.
 */
export function liveTrapStubs(k: Kernel, kernel: Module): TrapStub[] {
  const { programCounter, stackPointer, names } = machineRegisters(k.arch.elfMachine);
  return ENTRIES[k.arch.name].flatMap(({ label, size, state }) => {
    const symbol = k.arch.image.elf.symbolNamed(label);
    if (symbol === undefined) return [];
    const begin = symbol.value;
    return [{
      begin,
      end: begin + (size === 0 ? symbol.size : BigInt(size)),
      describe: ({ pc }) => {
        if (pc !== k.cpu.pc || !isBlind(kernel, fromBigAddress(pc))) return undefined;
        const { pc: interrupted, sp, registers } = state(k);
        const values = new Map([[programCounter, interrupted], [stackPointer, sp]]);
        for (const [name, value] of Object.entries(registers)) {
          values.set(names.indexOf(name), value);
        }
        return { base: sp, saved: new Map(), values, from: "user" as const };
      },
    }];
  });
}

/** Whether the tables know no caller at an address. */
function isBlind(kernel: Module, pc: Address): boolean {
  const found = kernel.find(pc);
  const row = found?.table.rowAt(found.fde, pc);
  if (found === undefined || row === undefined) return true;
  return row.kinds[found.fde.cie.returnAddress] === RULE.undefined;
}
