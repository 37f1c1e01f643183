/**
 * Floating-point and vector registers in the state the kernel keeps of a thread.
 *
 * @module
 */
import type { Kernel } from "../../kernel/kernel.ts";
import { NT } from "../core/notes.ts";
import { vectorOf } from "../core/vectors.ts";

/** A register by its DWARF number, out of what TH_FP has. */
export function vectorIn(k: Kernel, state: Uint8Array, dwarf: number): Uint8Array | undefined {
  const { elfMachine, core } = k.arch;
  return vectorOf(elfMachine, new Map([[NT.fpregset, core.fpState(state)]]), dwarf);
}
