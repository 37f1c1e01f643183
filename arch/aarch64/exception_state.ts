/**
 * What AArch64 has in `struct exception_state`.
 *
 * @module
 */

import { type ExceptionStateLayout, exceptionStateLayout } from "../exception_state.ts";
import { REGISTER_NAMES } from "./trap_frame.ts";

/** PSTATE.NZCV, all that EL0 says of it. */
const NZCV = 0xfn << 28n;
/** DAIF, which mask interrupts, and the mode with the bit that stands for AArch32. */
const PRIVILEGE = 0x3dfn;

/** The record with x0 to x30, q0 to q31, FPCR and FPSR. */
export const exceptionState: ExceptionStateLayout = exceptionStateLayout({
  registers: REGISTER_NAMES.filter((name) => !["pc", "sp", "pstate"].includes(name)),
  flags: "pstate",
  framePointer: "x29",
  fpSize: 528,
  userFlags: (value) => (value & PRIVILEGE) === 0n ? value & NZCV : undefined,
  cleanFp(): void {
    // Any bits can be loaded: what FPCR and FPSR do not have is ignored.
  },
});
