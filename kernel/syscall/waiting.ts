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

/** What the clock is after a number of instructions; `undefined` if it does not reach that. */
export function timeAfter(k: Kernel, duration: bigint): number | undefined {
  const time = duration + BigInt(k.decisions.instant);
  return time > TIME_LIMIT ? undefined : Number(time);
}

/** When a wait is to end: {@linkcode timeAfter} the timeout, or `null` if never. */
export function deadlineOf(k: Kernel, timeout: bigint): number | null | undefined {
  return timeout === FOREVER ? null : timeAfter(k, timeout);
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
