/**
 * How core files of Linux have the registers of AArch64.
 *
 * @module
 */

import type { CoreLayout } from "../arch.ts";
import { FP_STATE_SIZE, linuxFpState } from "./fp_state.ts";
import { REGISTER_NAMES } from "./trap_frame.ts";

/** `NT_ARM_TLS`: the thread pointer. */
const NT_ARM_TLS = 0x401;

/** `struct user_pt_regs` and `struct user_fpsimd_state` of Linux. */
export const core: CoreLayout = {
  general: REGISTER_NAMES,
  fpSize: FP_STATE_SIZE,
  fpState: linuxFpState,
  threadPointer: "tpidr_el0",
  extra: [{ type: NT_ARM_TLS, registers: ["tpidr_el0"] }],
};
