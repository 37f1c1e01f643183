/**
 * Which register numbers may be given to the engine: it prints warnings for others, or writes past
 * an 8-byte value.
 *
 * @module
 */
import { AArch64Register } from "./aarch64/constants.ts";
import { X86Register } from "./x86_64/constants.ts";
import { type EngineArch, EngineUsageError } from "./errors.ts";

const X86_WIDE: readonly number[] = [
  X86Register.FP0,
  X86Register.XMM0,
  X86Register.IDTR,
  X86Register.GDTR,
  X86Register.LDTR,
  X86Register.TR,
  X86Register.MSR,
];
const AARCH64_WIDE: readonly number[] = [AArch64Register.V0, AArch64Register.CP_REG];

/**
 * Registers of up to 64 bits: 1 at the index of each. A table, because this is asked at every
 * access.
 */
const NARROW: Readonly<Record<EngineArch, Uint8Array>> = {
  x86_64: table(Object.values(X86Register).filter((id) => !X86_WIDE.includes(id))),
  aarch64: table([
    ...Object.values(AArch64Register).filter((id) => !AARCH64_WIDE.includes(id)),
    ...Array.from({ length: 29 }, (_, index) => AArch64Register.X0 + index),
  ]),
};

function table(ids: readonly number[]): Uint8Array {
  const allowed = new Uint8Array(Math.max(...ids) + 1);
  for (const id of ids) allowed[id] = 1;
  return allowed;
}

/** The vector registers of 128 bits: number of the first, and how many. */
const VECTORS: Readonly<Record<EngineArch, { first: number; count: number }>> = {
  x86_64: { first: X86Register.XMM0, count: 16 },
  aarch64: { first: AArch64Register.V0, count: 32 },
};

/**
 * Returns the number of a register of up to 64 bits.
 *
 * @throws {EngineUsageError} When it is not one.
 */
export function checkRegister(arch: EngineArch, id: number): number {
  if (NARROW[arch][id] === 1) return id;
  throw new EngineUsageError("register", `Cannot access ${arch} register ${id}: not a 64-bit one`);
}

/** Returns the number of a 128-bit register. @throws {EngineUsageError} When it is not one. */
export function checkVector(arch: EngineArch, id: number): number {
  const { first, count } = VECTORS[arch];
  if (Number.isInteger(id) && id >= first && id < first + count) return id;
  throw new EngineUsageError("register", `Cannot access ${arch} register ${id}: not a 128-bit one`);
}

/**
 * Which debug register of breakpoints a number means, as instructions encode it: writing its value
 * alone would leave the library with other breakpoints than the CPU's state has.
 */
export function debugRegisterIndex(arch: EngineArch, id: number): number | undefined {
  const isOne = arch === "x86_64" && id >= X86Register.DR0 && id <= X86Register.DR7 &&
    id !== X86Register.DR6;
  return isOne ? id - X86Register.DR0 : undefined;
}
