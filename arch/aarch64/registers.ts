/**
 * Names of the AArch64 registers that the host may read and write.
 *
 * @module
 */

import { AArch64SystemRegister } from "../../unicorn/mod.ts";
import { ArchError } from "../errors.ts";

/** EL1 system registers by name. */
export const SYSTEM_REGISTERS = {
  elr_el1: AArch64SystemRegister.ELR_EL1,
  spsr_el1: AArch64SystemRegister.SPSR_EL1,
  esr_el1: AArch64SystemRegister.ESR_EL1,
  far_el1: AArch64SystemRegister.FAR_EL1,
  sp_el0: AArch64SystemRegister.SP_EL0,
  sp_el1: AArch64SystemRegister.SP_EL1,
  vbar_el1: AArch64SystemRegister.VBAR_EL1,
  tpidr_el0: AArch64SystemRegister.TPIDR_EL0,
  tpidr_el1: AArch64SystemRegister.TPIDR_EL1,
  ttbr0_el1: AArch64SystemRegister.TTBR0_EL1,
  ttbr1_el1: AArch64SystemRegister.TTBR1_EL1,
  sctlr_el1: AArch64SystemRegister.SCTLR_EL1,
  tcr_el1: AArch64SystemRegister.TCR_EL1,
  mair_el1: AArch64SystemRegister.MAIR_EL1,
  contextidr_el1: AArch64SystemRegister.CONTEXTIDR_EL1,
} as const;

/** Encoding of a system register. */
export type SystemRegisterName = keyof typeof SYSTEM_REGISTERS;

const GENERAL: ReadonlyMap<string, number> = new Map(
  Array.from({ length: 31 }, (_, index) => [`x${index}`, index]),
);

/** Number of a general register from its name, `x0` to `x30`, or `undefined`. */
export function generalIndex(name: string): number | undefined {
  return GENERAL.get(name);
}

/**
 * Encoding of a system register from its name.
 * @throws {ArchError} of kind `misuse` if it is not in {@linkcode SYSTEM_REGISTERS}
 */
export function systemRegister(name: string): (typeof SYSTEM_REGISTERS)[SystemRegisterName] {
  if (!Object.hasOwn(SYSTEM_REGISTERS, name)) {
    throw new ArchError("misuse", `Cannot access AArch64 register "${name}": unknown name`);
  }
  return SYSTEM_REGISTERS[name as SystemRegisterName];
}
