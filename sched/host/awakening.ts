/**
 * How a thread becomes ready: what a host is told, and what it hands to its policy.
 *
 * @module
 */
import type { ReadyReason, ThreadId, WakeHint, Wakeup } from "../policy.ts";
import type { Mutable } from "../../util/mutable.ts";

/** How a thread becomes ready, as a host is told. */
export interface Awakening {
  /** Why. */
  readonly reason: ReadyReason;
  /** What its waker knows; nothing if absent. */
  readonly hint?: WakeHint;
  /** Who that is; none if absent. */
  readonly waker?: ThreadId | null;
  /** CPU time it needs until it blocks or ends; unknown (0) if absent. */
  readonly burst?: number;
  /** When its job was due; unknown if absent. */
  readonly released?: number | null;
}

/** A record to be handed to a policy, over and over. */
export function newWakeup(): Mutable<Wakeup> {
  return {
    ...{ cpu: 0, reason: "start", previous: 0, waker: null },
    ...{ hint: "none", burst: 0, released: null },
  };
}

/** Puts into such a record how a thread becomes ready. */
export function fillWakeup(
  wakeup: Mutable<Wakeup>,
  cpu: number,
  previous: number,
  options: Awakening,
): Wakeup {
  const { reason, hint = "none", waker = null, burst = 0, released = null } = options;
  wakeup.cpu = cpu;
  wakeup.reason = reason;
  wakeup.previous = previous;
  wakeup.waker = waker;
  wakeup.hint = hint;
  wakeup.burst = burst;
  wakeup.released = released;
  return wakeup;
}
