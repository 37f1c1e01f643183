/**
 * How system calls wait that may be given a time, and what they return then.
 *
 * @module
 */

import { KernReturn } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import type { WaitResult } from "../thread/continuation.ts";
import { TIME_LIMIT } from "../thread/parameters.ts";

/** Timeout of a call that waits as long as it takes. */
export const FOREVER: bigint = (1n << 64n) - 1n;

/**
 * When a wait is to end, by the clock: `null` if never; `undefined` if the timeout, in
 * instructions, is beyond what the clock reaches.
 */
export function deadlineOf(k: Kernel, timeout: bigint): number | null | undefined {
  if (timeout === FOREVER) return null;
  const until = timeout + BigInt(k.decisions.instant);
  return until > TIME_LIMIT ? undefined : Number(until);
}

/** Kernel return code of a wait that has ended. */
export function waitStatus(result: WaitResult): number {
  switch (result) {
    case "awakened":
      return KernReturn.SUCCESS;
    case "timed-out":
      return KernReturn.OPERATION_TIMED_OUT;
    case "owner-died":
      return KernReturn.LOCK_UNSTABLE;
    case "deadlock":
      return KernReturn.DEADLOCK;
    case "interrupted":
      return KernReturn.ABORTED;
    case "failed":
      return KernReturn.RESOURCE_SHORTAGE;
  }
}
