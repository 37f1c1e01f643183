/**
 * What an engine has of AArch64.
 *
 * @module
 */
import type { CodeFrames } from "../code_frames.ts";
import type { AArch64Layout } from "../layout/layout_aarch64.ts";
import type { NativeEngine } from "../native_engine.ts";
import type { StateView } from "../state_view.ts";
import { CacheMaintenance } from "./cache_maintenance.ts";
import { SCR_EL3 } from "./constants.ts";
import { PcAlignment } from "./pc_alignment.ts";
import { AArch64State } from "./state.ts";
import { RegisterCell } from "./system_register.ts";

const SCTLR_M = 1n;
/**
 * SCR_EL3.RW: the lower levels are AArch64, so page walks follow the 64-bit rules. NS stays clear:
 * models with EL2 would ask HCR_EL2.RW too.
 */
const SCR_EL3_RW = 0x400n;

/** Parts of an AArch64 engine. */
export interface AArch64Parts {
  /** The CPU's state. */
  readonly state: AArch64State;
  /** Whether code may begin where PC is. */
  readonly alignment: PcAlignment;
  /** Where the instruction cache is invalidated. */
  readonly maintenance: CacheMaintenance;
}

/** Attaches to an engine, and has its lower exception levels be AArch64. */
export function aarch64Parts(
  native: NativeEngine,
  { view, layout, code }: { view: StateView; layout: AArch64Layout; code: CodeFrames },
): AArch64Parts {
  const scr = new RegisterCell(native, SCR_EL3);
  scr.value = SCR_EL3_RW;
  scr.write();
  // Writing any system register makes the engine look at PSTATE again; this one never changes.
  const state = new AArch64State(view, layout, () => scr.write());
  return {
    state,
    alignment: new PcAlignment(native, state),
    maintenance: new CacheMaintenance(native, code),
  };
}

/** The words of the CPU's state that the engine itself uses: PC, and SCTLR_EL1 with its bit M. */
export function aarch64Words(layout: AArch64Layout): { pc: number; index: number; bit: bigint } {
  return { pc: layout.pc >> 3, index: layout.sctlr >> 3, bit: SCTLR_M };
}
