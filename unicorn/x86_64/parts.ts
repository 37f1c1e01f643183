/**
 * What an engine has of x86-64.
 *
 * @module
 */
import type { X86Layout } from "../layout/layout_x86_64.ts";
import { changeFeatures } from "../models.ts";
import type { NativeEngine } from "../native_engine.ts";
import { viewMemory } from "../native_memory.ts";
import type { StateView } from "../state_view.ts";
import { X86Register } from "./constants.ts";
import { X86Instructions } from "./instructions.ts";
import { BLOCK_SLOTS, RestartedStores } from "./restarted_stores.ts";
import { X86State } from "./state.ts";

const CR0_PG = 1n << 31n;

/** Parts of an x86-64 engine. */
export interface X86Parts {
  /** The CPU's state. */
  readonly state: X86State;
  /** Instructions that are executed for the library. */
  readonly instructions: X86Instructions;
  /** Stores that it begins anew. */
  readonly restarts: RestartedStores;
}

/** Attaches to an engine whose CPU object is at an address of the host. */
export function x86Parts(
  native: NativeEngine,
  { view, layout, object }: { view: StateView; layout: X86Layout; object: bigint },
): X86Parts {
  changeFeatures(object + BigInt(layout.distance + layout.features), native.model);
  const state = new X86State(view, layout, (flags) => {
    native.writeRegister(X86Register.RFLAGS, BigInt(flags >>> 0));
  });
  const blocks = viewMemory(object + BigInt(layout.blocks), 8 * BLOCK_SLOTS);
  return {
    state,
    instructions: new X86Instructions(native, state),
    restarts: new RestartedStores(new BigUint64Array(blocks)),
  };
}

/** The words of the CPU's state that the engine itself uses: RIP, and CR0 with CR0.PG. */
export function x86Words(layout: X86Layout): { pc: number; index: number; bit: bigint } {
  return { pc: layout.rip >> 3, index: layout.cr0 >> 3, bit: CR0_PG };
}
