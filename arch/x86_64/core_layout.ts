/**
 * How core files of Linux have the registers of x86-64.
 *
 * @module
 */

import type { CoreLayout } from "../arch.ts";
import { FP_STATE_SIZE, linuxFpState } from "./fp_state.ts";

/** `struct user_regs_struct` and `struct user_i387_struct` of Linux. */
export const core: CoreLayout = {
  general: [
    ...["r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8"],
    ...["rax", "rcx", "rdx", "rsi", "rdi"],
    // The number of a system call that Linux might restart; there is none.
    null,
    ...["rip", "cs", "rflags", "rsp", "ss"],
    ...["fs_base", "gs_base", "ds", "es", "fs", "gs"],
  ],
  fpSize: FP_STATE_SIZE,
  fpState: linuxFpState,
  threadPointer: "fs_base",
  extra: [],
};
