/**
 * What it means that a program goes on at some place with some stack pointer, after it has given
 * the stack pointer another value.
 *
 * @module
 */

import type { Call, Flow, Leave, SavePoint, Stack } from "./stacks.ts";

/** Where the program goes on. */
export interface Arrival {
  /** First instruction outside of what changed the stack. */
  readonly pc: number;
  /** The stack pointer there. */
  readonly sp: number;
  /** The value that the stack pointer was given. */
  readonly value: number;
  /** What that was made of: the same, or a register to which something was added. */
  readonly handle: number;
  /** Whether it is the first instruction of a function. */
  readonly begins: boolean;
  /** Whether the instruction that gave the value has given others exactly as they were left. */
  readonly exact: boolean;
}

/** What it is. */
export type Verdict =
  | {
    /** It goes on behind a call. */
    readonly kind: "return";
    readonly call: Call;
  }
  | {
    /** It goes on at a save point, whose frame is there (`save`) or has been left (`stale`). */
    readonly kind: "save" | "stale";
    readonly save: SavePoint;
  }
  | {
    /** It goes on where the stack was left, or begins at the stack's bottom, or nobody knows. */
    readonly kind: "left" | "fresh" | "unknown";
  }
  | {
    /** It goes on as it was to, but for the stack pointer. */
    readonly kind: "misaligned";
    /** The stack pointer there should have been. */
    readonly expected: number;
    /** The one there is. */
    readonly found: number;
    readonly save: SavePoint | undefined;
  }
  | {
    /** It goes on where the stack was left before, in calls that it has returned from since. */
    readonly kind: "gone";
    readonly leave: Leave;
  }
  | {
    /** It goes on in something that another flow on the same stack has taken the place of. */
    readonly kind: "shared";
    readonly flow: Flow;
  };

/** A stack pointer that is further off belongs to something else. */
const SHIFT = 256;
/** So does one that is further from where a stack was left. */
const SMALL_SHIFT = 64;

/** Says what an arrival on a stack is. */
export function judge(stack: Stack, arrival: Arrival): Verdict {
  const { flow } = stack;
  const { value, pc, begins } = arrival;
  const left = asLeft(flow, arrival);
  const same = exactly(flow, arrival);
  if (same !== undefined) return same;
  const other = begins || left !== undefined
    ? undefined
    : stack.past.findLast((each) => exactly(each, arrival) !== undefined);
  if (other !== undefined) return { kind: "shared", flow: other };
  const old = left === undefined && !begins ? gone(flow, arrival) : undefined;
  if (old?.kind === "gone" && pc === old.leave.within?.ret && arrival.sp === old.leave.within.sp) {
    return old;
  }
  const near = nearly(flow, arrival) ?? left;
  if (near !== undefined) return near;
  if (begins || value >= flow.start.sp || pc === flow.start.pc) return { kind: "fresh" };
  const past = stack.past.findLast((each) => asLeft(each, arrival) !== undefined);
  if (past !== undefined) return { kind: "shared", flow: past };
  return old ?? shifted(flow, arrival) ?? { kind: "unknown" };
}

/** A call or save point of a flow that goes on just so. */
function exactly(flow: Flow, { pc, sp }: Arrival): Verdict | undefined {
  const call = callAt(flow, pc, sp);
  if (call !== undefined) return { kind: "return", call };
  const save = flow.saves.get(pc)?.get(sp);
  if (save !== undefined) {
    return { kind: save.owner === null || save.owner.live ? "save" : "stale", save };
  }
  return undefined;
}

/** Whether a flow goes on with the stack pointer it was left with. */
function asLeft({ left }: Flow, { value, handle }: Arrival): Verdict | undefined {
  return value === left?.sp || handle === left?.sp ? { kind: "left" } : undefined;
}

/** The call that returns to a place with a stack pointer. */
function callAt({ calls }: Flow, pc: number, sp: number): Call | undefined {
  for (let i = calls.length - 1; i >= 0; i--) {
    const call = calls[i] as Call;
    if (call.sp > sp) return undefined;
    if (call.sp === sp && call.ret === pc) return call;
  }
  return undefined;
}

/** A call or save point of a flow that goes on with another stack pointer, which is not far off. */
function nearly(flow: Flow, { pc, sp }: Arrival): Verdict | undefined {
  let best: { expected: number; save: SavePoint | undefined } | undefined;
  const offer = (expected: number, save?: SavePoint) => {
    const off = Math.abs(expected - sp);
    if (off <= SHIFT && (best === undefined || off < Math.abs(best.expected - sp))) {
      best = { expected, save };
    }
  };
  for (const save of flow.saves.get(pc)?.values() ?? []) {
    if (save.owner === null || save.owner.live) offer(save.sp, save);
  }
  for (const { ret, sp } of flow.calls) if (ret === pc) offer(sp);
  return best === undefined ? undefined : { kind: "misaligned", ...best, found: sp };
}

/** Whether a flow goes on with a stack pointer it was left with in a call that is over. */
function gone({ before, calls }: Flow, { value, handle }: Arrival): Verdict | undefined {
  const leave = before.get(value) ?? before.get(handle);
  const within = leave?.within;
  if (leave === undefined || within === undefined) return undefined;
  const isThere = calls.some(({ ret, sp }) => ret === within.ret && sp === within.sp);
  return isThere ? undefined : { kind: "gone", leave };
}

/** A stack pointer that is not far off from the one the flow was left with. */
function shifted(flow: Flow, { value, exact }: Arrival): Verdict | undefined {
  const left = flow.left?.sp ?? NaN;
  if (!exact || !(Math.abs(left - value) <= SMALL_SHIFT)) return undefined;
  return { kind: "misaligned", expected: left, found: value, save: undefined };
}
