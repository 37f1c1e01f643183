/**
 * Everything of an engine's guest that a call might change.
 *
 * @module
 */
import { AArch64SystemRegister } from "../aarch64/constants.ts";
import { X86Register } from "../x86_64/constants.ts";
import type { Bench } from "./bench.ts";

/** The CPU's whole state, RAM, and what the last run's exit has left for its caller. */
export function guestState({ engine, ram }: Bench): Record<string, unknown> {
  const image = engine.saveCpu();
  const common = { instructions: image.instructions, state: image.state, ram: ram.slice() };
  if (engine.arch === "x86_64") {
    const { x86 } = engine;
    return {
      cr2: engine.readRegister(X86Register.CR2),
      error: x86.errorCode,
      software: x86.softwareInterrupt,
      rip: x86.rip,
      ...common,
    };
  }
  const { aarch64 } = engine;
  return {
    far: engine.readSystemRegister(AArch64SystemRegister.FAR_EL1),
    syndrome: aarch64.syndrome,
    faultAddress: aarch64.faultAddress,
    misaligned: aarch64.misaligned,
    pc: aarch64.pc,
    ...common,
  };
}

const PHYSICAL_CODE = 0x30000;

/**
 * Switches paging on: 2 MiB at 0 map to themselves, 4 KiB at 0x400000 and 0x401000 are the page
 * frame at 0x30000, and nothing else is mapped.
 */
export function enablePaging({ engine, memory }: Bench): void {
  const put = (at: number, value: bigint): void => memory.setBigUint64(at, value, true);
  const page = BigInt(PHYSICAL_CODE);
  if (engine.arch === "x86_64") {
    put(0x20000, 0x21007n);
    put(0x21000, 0x22007n);
    put(0x22000, 0x87n);
    put(0x22010, 0x23007n);
    put(0x23000, page | 7n);
    put(0x23008, page | 7n);
    engine.writeRegister(X86Register.CR3, 0x20000n);
    engine.writeRegister(X86Register.CR4, 0x620n);
    engine.writeRegister(X86Register.CR0, 0x8001_0033n);
    return;
  }
  // Access flag, inner shareable; level 2 block, and a level 3 table for 0x400000.
  const attributes = 0x700n;
  put(0x20000, 0x21003n);
  put(0x21000, 0x22003n);
  put(0x22000, attributes | 1n);
  put(0x22010, 0x23003n);
  put(0x23000, page | attributes | 3n);
  put(0x23008, page | attributes | 3n);
  const { TTBR0_EL1, TCR_EL1, SCTLR_EL1 } = AArch64SystemRegister;
  engine.writeSystemRegister(TTBR0_EL1, 0x20000n);
  engine.writeSystemRegister(TCR_EL1, 16n | (1n << 23n)); // 48 bits, 4 KiB; no walks of TTBR1
  engine.writeSystemRegister(SCTLR_EL1, engine.readSystemRegister(SCTLR_EL1) | 1n);
}
