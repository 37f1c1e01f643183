/**
 * Registers of x86-64 by the names {@linkcode X86Cpu.register} takes.
 *
 * @module
 */

import { X86Msr, X86Register } from "../../unicorn/mod.ts";
import { ArchError } from "../errors.ts";

/** Numbers the engine and instructions give the general registers. */
export const Gpr = {
  rax: 0,
  rcx: 1,
  rdx: 2,
  rbx: 3,
  rsp: 4,
  rbp: 5,
  rsi: 6,
  rdi: 7,
  r8: 8,
  r9: 9,
  r10: 10,
  r11: 11,
  r12: 12,
  r13: 13,
  r14: 14,
  r15: 15,
} as const;

/** Bits of RFLAGS (SDM vol. 1, 3.4.3). */
export const Rflags = {
  TF: 1n << 8n,
  IF: 1n << 9n,
  NT: 1n << 14n,
  RF: 1n << 16n,
  VM: 1n << 17n,
  AC: 1n << 18n,
} as const;

const REGISTERS: Readonly<Record<string, number>> = {
  rflags: X86Register.RFLAGS,
  cs: X86Register.CS,
  ss: X86Register.SS,
  ds: X86Register.DS,
  es: X86Register.ES,
  fs: X86Register.FS,
  gs: X86Register.GS,
  cr0: X86Register.CR0,
  cr2: X86Register.CR2,
  cr3: X86Register.CR3,
  cr4: X86Register.CR4,
  dr0: X86Register.DR0,
  dr1: X86Register.DR1,
  dr2: X86Register.DR2,
  dr3: X86Register.DR3,
  dr6: X86Register.DR6,
  dr7: X86Register.DR7,
  mxcsr: X86Register.MXCSR,
  fs_base: X86Register.FS_BASE,
  gs_base: X86Register.GS_BASE,
};

const MSRS: Readonly<Record<string, number>> = {
  efer: X86Msr.EFER,
  star: X86Msr.STAR,
  lstar: X86Msr.LSTAR,
  fmask: X86Msr.FMASK,
  kernel_gs_base: X86Msr.KERNEL_GS_BASE,
};

const TABLES: Readonly<Record<string, "IDTR" | "GDTR" | "TR">> = {
  idtr_base: "IDTR",
  gdtr_base: "GDTR",
  tr_base: "TR",
};

/** Number of a general register, or `undefined` for another name. */
export function generalRegister(name: string): number | undefined {
  return Object.hasOwn(Gpr, name) ? Gpr[name as keyof typeof Gpr] : undefined;
}

/** Number of a model-specific register, or `undefined` for another name. */
export function modelSpecificRegister(name: string): number | undefined {
  return Object.hasOwn(MSRS, name) ? MSRS[name] : undefined;
}

/** Table register whose base a name means, or `undefined` for another name. */
export function tableRegister(name: string): "IDTR" | "GDTR" | "TR" | undefined {
  return Object.hasOwn(TABLES, name) ? TABLES[name] : undefined;
}

/**
 * The engine's number of a flags, segment, control or debug register.
 * @throws {ArchError} of kind `misuse` if there is none of that name
 */
export function engineRegister(name: string): number {
  const id = Object.hasOwn(REGISTERS, name) ? REGISTERS[name] : undefined;
  if (id === undefined) {
    throw new ArchError("misuse", `Cannot access x86-64 register "${name}": unknown name`);
  }
  return id;
}
