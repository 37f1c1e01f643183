/**
 * Checking a CPU's state before it is restored.
 *
 * @module
 */

import type { CpuState } from "./arch.ts";
import { ArchError } from "./errors.ts";

/** Refuses a state whose parts are not what they should be. @throws {ArchError} of kind `state` */
export function checkState(state: CpuState, own: CpuState["own"]): void {
  const { pending, resumeAt, entries, enteredAt } = state;
  const names = Object.keys(own);
  const isSound = Number.isInteger(pending) && pending === (pending | 0) &&
    Number.isSafeInteger(entries) && entries >= 0 &&
    Number.isSafeInteger(enteredAt) && enteredAt >= 0 &&
    (resumeAt === null || typeof resumeAt === "bigint") &&
    Object.keys(state.own).length === names.length &&
    names.every((name) => typeof state.own[name] === typeof own[name]);
  if (!isSound) throw new ArchError("state", "Cannot restore the CPU: its state is damaged");
}
