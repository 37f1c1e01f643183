/**
 * The instruction SYSCALL (SDM vol. 2), which the engine only reports.
 *
 * @module
 */

import type { X86State } from "../../unicorn/mod.ts";
import type { ExceptionEntry } from "../arch.ts";
import { SYSCALL_VECTOR } from "./exceptions.ts";
import { Gpr, Rflags } from "./registers.ts";

const RF = Number(Rflags.RF);
const TF = Number(Rflags.TF);
/** Bytes of the instruction. */
export const SYSCALL_LENGTH = 2n;

/**
 * Does what SYSCALL does where it is enabled, RIP being behind it: RCX and R11 take RIP and RFLAGS;
 * selectors come from STAR, RIP from LSTAR. Then tells the observer.
 * @returns whether FMASK leaves TF set
 */
export function enterSyscall(
  state: X86State,
  observer: ((entry: ExceptionEntry) => void) | null,
): boolean {
  const pc = state.rip;
  const fromUser = state.cpl === 3;
  const { rflags, rsp } = state;
  const saved = (rflags & ~RF) >>> 0;
  const left = rflags & ~(state.syscallMask | RF);
  state.setGpr(Gpr.rcx, pc);
  state.setGprU32(Gpr.r11, saved);
  state.rflags = left;
  state.enterSyscallRing();
  observer?.({
    vector: SYSCALL_VECTOR,
    pc,
    sp: rsp,
    changed: { rflags: BigInt(saved) },
    code: 0n,
    fromUser,
  });
  return (left & TF) !== 0;
}
