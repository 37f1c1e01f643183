/**
 * The registers of AArch64: the features that gdb asks of a description of it, then those of the
 * system.
 *
 * @module
 */

import { FPCR, FPSR } from "../../../arch/aarch64/fp_state.ts";
import { AARCH64_FEATURES } from "../../protocol/mod.ts";
import {
  inFpState,
  integer,
  layoutOf,
  type RegisterAccess,
  type RegisterLayout,
  systemFeature,
} from "./layout.ts";

const { core, fpu } = AARCH64_FEATURES;

/** The registers of AArch64. */
export const aarch64Registers: RegisterLayout = layoutOf({
  description: {
    architecture: "aarch64",
    features: [
      core,
      fpu,
      {
        name: "org.gnu.gdb.aarch64.tls",
        types: [],
        registers: [{ name: "tpidr", bits: 64, type: "data_ptr" }],
      },
      systemFeature("org.trapline.aarch64.system", [
        ...["sp_el0", "sp_el1", "elr_el1", "spsr_el1", "esr_el1", "far_el1", "vbar_el1"],
        ...["ttbr0_el1", "ttbr1_el1", "tpidr_el1"],
      ]),
    ],
  },
  apart: 2,
  expedited: ["x29", "sp", "pc"],
  watchesBefore: true,
  pc: "pc",
  accesses: new Map<string, RegisterAccess>([
    ["cpsr", integer("pstate")],
    ["tpidr", integer("tpidr_el0")],
    ["fpsr", inFpState(FPSR, 4)],
    ["fpcr", inFpState(FPCR, 4)],
    ...Array.from({ length: 32 }, (_, i) => [`v${i}`, inFpState(16 * i, 16)] as const),
  ]),
});
