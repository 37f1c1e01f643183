/**
 * What an engine has of AArch64.
 *
 * @module
 */
import type { CodeFrames } from "../code_frames.ts";
import type { AArch64Layout } from "../layout/layout_aarch64.ts";
import { findModel } from "../models.ts";
import type { NativeEngine } from "../native_engine.ts";
import type { StateView } from "../state_view.ts";
import { CacheMaintenance } from "./cache_maintenance.ts";
import { PcAlignment } from "./pc_alignment.ts";
import { AArch64State } from "./state.ts";
import { settleUpperLevels } from "./upper_levels.ts";

const SCTLR_M = 1n;

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
  const { pstate = 0 } = findModel("aarch64", native.model).model;
  const takeMode = settleUpperLevels(native);
  const state = new AArch64State(view, { layout, model: pstate, takeMode });
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
