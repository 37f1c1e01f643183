/**
 * What the reasons say for which threads become ready and stop.
 *
 * @module
 */
import type { ReadyReason, StopReason } from "../../policy.ts";

/** Whether a thread that becomes ready goes on with what it was doing, without a wait before. */
export function goesOn(reason: ReadyReason): boolean {
  return reason === "preempt" || reason === "yield" || reason === "migrated";
}

/** Whether a thread that stops has given its CPU up by itself, and is not over. */
export function givesUp(reason: StopReason): boolean {
  return reason === "blocked" || reason === "yielded";
}
