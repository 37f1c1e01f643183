/**
 * What checking walks has found.
 *
 * @module
 */

import { hex } from "../arch/physical_memory.ts";
import type { RunResult } from "../kernel/machine.ts";
import type { ThreadRef } from "../trace/events.ts";
import type { CallCounts } from "./call_types.ts";

/** A stack frame, as it was expected or found. */
export interface WalkFrame {
  /** Program counter. */
  readonly pc: bigint;
  /** Canonical frame address; `undefined` if there is none to compare with. */
  readonly cfa: bigint | undefined;
  /** Function and offset, such as `main+0x8`, or the address alone. */
  readonly location: string;
}

/** The first instruction at which the stack frames are wrong. */
export interface WalkMismatch {
  /** Instructions executed before, since the CPU was opened. */
  readonly time: number;
  /** Address of the instruction, which has not been executed. */
  readonly address: bigint;
  /** Function and offset. */
  readonly location: string;
  /** Thread that runs. */
  readonly thread: ThreadRef;
  /** Number of the first stack frame that is wrong, 0 for the innermost. */
  readonly frame: number;
  /** What is wrong with it, one line. */
  readonly reason: string;
  /** Stack frames that calls and traps have made, innermost first. */
  readonly expected: readonly WalkFrame[];
  /** Stack frames the tables lead to. */
  readonly found: readonly WalkFrame[];
}

/** What was checked. */
export interface WalkReport {
  /** How the run ended; `paused` if a wrong walk or the limit ended it. */
  readonly result: RunResult;
  /** Instructions executed. */
  readonly instructions: number;
  /** Instructions in user mode whose stack frames were right. */
  readonly userChecked: number;
  /** Instructions in kernel mode whose stack frames were right. */
  readonly kernelChecked: number;
  /** Instructions in code without any tables, which could not be checked. */
  readonly unknownCode: number;
  /** Instructions of further turns of loops, which were not to be checked. */
  readonly passedOver: number;
  /** Stack frames compared. */
  readonly frames: number;
  /** Most stack frames of one walk. */
  readonly deepest: number;
  /** Calls, returns, traps, landings and switches seen. */
  readonly counts: Readonly<CallCounts>;
  /** The first wrong walk, or `null`. */
  readonly mismatch: WalkMismatch | null;
}

/** Frames shown on either side of a wrong one. */
const NEIGHBORS = 8;

/**
 * A wrong walk in several lines: what is wrong where, and the stack frames around it as they should
 * be and as they were found.
 */
export function describeMismatch(mismatch: WalkMismatch): string {
  const { time, location, address, thread, frame, reason, expected, found } = mismatch;
  const list = (frames: readonly WalkFrame[]) =>
    frames.map(({ pc, cfa, location }, i) =>
      `    #${i} ${hex(pc)} ${location}, CFA ${cfa === undefined ? "unknown" : hex(cfa)}\n`
    ).slice(Math.max(0, frame - NEIGHBORS), frame + NEIGHBORS + 1).join("");
  return `Wrong frames at ${
    hex(address)
  } (${location}) of ${thread.task}, time ${time}, frame #${frame}: ${reason}\n` +
    `  expected\n${list(expected)}  found\n${list(found)}`;
}
