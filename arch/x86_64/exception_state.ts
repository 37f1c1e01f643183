/**
 * What x86-64 has in `struct exception_state`.
 *
 * @module
 */

import { type ExceptionStateLayout, exceptionStateLayout } from "../exception_state.ts";
import { REGISTER_NAMES } from "./trap_frame.ts";

/** Flags that code at CPL 3 changes by itself: CF, PF, AF, ZF, SF, TF, DF, OF, NT, RF, AC, ID. */
const OWN = 0x25_4dd5n;
/** Bit 1, which is always set, and IF, which always is for user code. */
const FIXED = 0x202n;
/** IOPL, VM, VIF and VIP. */
const PRIVILEGE = 0x1a_3000n;

/** MXCSR in the FXSAVE area, and its bits; FXRSTOR refuses others (SDM vol. 1, 11.6.6). */
const MXCSR_AT = 24;
const MXCSR_BITS = 0xffff;

/** The record with RAX to R15 and an FXSAVE area. */
export const exceptionState: ExceptionStateLayout = exceptionStateLayout({
  registers: REGISTER_NAMES.filter((name) => !["rip", "rsp", "rflags"].includes(name)),
  flags: "rflags",
  framePointer: "rbp",
  fpSize: 512,
  userFlags: (value) => (value & PRIVILEGE) === 0n ? (value & OWN) | FIXED : undefined,
  cleanFp(state: Uint8Array): void {
    const view = new DataView(state.buffer, state.byteOffset);
    view.setUint32(MXCSR_AT, view.getUint32(MXCSR_AT, true) & MXCSR_BITS, true);
  },
});
