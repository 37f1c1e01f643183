/**
 * What of a trap only the CPU knows: the interrupted state while the first instructions of the
 * entry run, when it is still in registers that no unwind table can name.
 *
 * @module
 */

import type { Cpu } from "../../arch/arch.ts";
import type { Kernel } from "../kernel.ts";
import { type Address, fromBigAddress } from "../../bytes/mod.ts";
import type { Module, TrapStub } from "../../unwind/walk/mod.ts";
import { machineRegisters, RULE } from "../../unwind/cfi/mod.ts";

/**
 * Describes the traps of a live CPU whose entry has only just begun. Where the tables say that the
 * return address is undefined, the interrupted program counter and stack pointer are read from the
 * CPU; everywhere else the tables are asked.
 */
export function liveTrapStubs(
  k: Kernel,
  { cpu, kernel }: { cpu: Cpu; kernel: Module },
): TrapStub[] {
  const { programCounter, stackPointer, names } = machineRegisters(k.arch.elfMachine);
  return k.arch.trapEntries.map((entry) => ({
    begin: entry.begin,
    end: entry.end,
    describe: ({ pc }) => {
      if (pc !== cpu.pc || !isBlind(kernel, fromBigAddress(pc))) return undefined;
      const { pc: interrupted, sp, changed } = entry.interrupted(cpu, k.kernelSpace);
      const values = new Map([[programCounter, interrupted], [stackPointer, sp]]);
      for (const [name, value] of Object.entries(changed)) values.set(names.indexOf(name), value);
      return { base: sp, saved: new Map(), values, from: "user" as const };
    },
  }));
}

/** Whether the tables know no caller at an address. */
function isBlind(kernel: Module, pc: Address): boolean {
  const found = kernel.find(pc);
  const row = found?.table.rowAt(found.fde, pc);
  if (found === undefined || row === undefined) return true;
  return row.kinds[found.fde.cie.returnAddress] === RULE.undefined;
}
