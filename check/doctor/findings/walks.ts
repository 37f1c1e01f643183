/**
 * Walks of stacks from the calls that were made on them: no unwind table is asked.
 *
 * @module
 */

import type { StackFrame, StackWalk } from "../finding.ts";
import type { Program } from "../stacks/program.ts";
import type { Flow, Stack } from "../stacks/stacks.ts";

/** Frames that are kept of one walk. */
const MOST_FRAMES = 256;

/**
 * The frames on a stack, innermost first.
 *
 * @param now where the innermost is, of a stack that is run on, and above which stack pointer those
 *   of its callers are, by default its own; by default where the stack was left
 * @param flow what was on it, by default what is
 */
export function walkOf(
  program: Program,
  stack: Stack,
  now?: { readonly pc: number; readonly sp: number; readonly above?: number },
  flow: Flow = stack.flow,
): StackWalk {
  const innermost = now ??
    (flow.left === null ? undefined : { pc: flow.left.address, sp: flow.left.sp });
  const frames: StackFrame[] = [];
  const word = (value: number): bigint => BigInt(Number.isNaN(value) ? 0 : value);
  // The slot of a return address is the callee's, and what is known of it the caller's.
  if (innermost !== undefined) {
    const { pc, sp } = innermost;
    const slot = slotOf(flow.calls.at(-1)?.slot);
    frames.push({ ...program.place(pc), interrupted: true, sp: word(sp), slot });
  }
  for (let i = flow.calls.length - 1; i >= 0 && frames.length < MOST_FRAMES; i--) {
    const call = flow.calls[i];
    if (call === undefined) break;
    // What it has called is over, should it not have been noticed yet.
    if (now !== undefined && call.sp <= (now.above ?? now.sp)) continue;
    const slot = slotOf(flow.calls[i - 1]?.slot);
    frames.push({ ...program.place(call.ret, true), interrupted: false, sp: word(call.sp), slot });
  }
  return { stack: stack.id, frames };
}

function slotOf(slot: number | undefined): bigint | null {
  return slot === undefined || slot < 0 ? null : BigInt(slot);
}
