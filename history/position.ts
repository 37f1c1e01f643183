/**
 * Instants of a run, exactly.
 *
 * @module
 */

import type { Machine } from "../kernel/machine.ts";

/**
 * An instant between two things that happen. Instructions executed alone would not tell all of
 * them: an exception may be entered where no instruction was executed, as a page fault is in place
 * of one, and an interrupt between two. Idle time that is skipped needs no number, since an
 * instruction asks for it; nor does what the kernel does for a hypercall, which is over before
 * anybody can look.
 */
export interface Position {
  /** Guest instructions executed since the machine was built. */
  readonly instructions: number;
  /**
   * What has happened since the last of them: exceptions and interrupts entered, and the halt of
   * the machine. An instruction that traps, such as a system call, comes before its exception, and
   * there is no instant between the two.
   */
  readonly entries: number;
}

/** Where a machine is. */
export function positionOf({ cpu, halted }: Machine): Position {
  return { instructions: cpu.instructions, entries: cpu.entries + (halted === null ? 0 : 1) };
}

/** Negative if `a` is before `b`, positive if it is behind, 0 if they are the same. */
export function comparePositions(a: Position, b: Position): number {
  return a.instructions - b.instructions || a.entries - b.entries;
}

/** As `12345`, or `12345+1` behind the entry of an exception. */
export function formatPosition({ instructions, entries }: Position): string {
  return entries === 0 ? `${instructions}` : `${instructions}+${entries}`;
}

/** Reads what {@linkcode formatPosition} writes; `undefined` if it is something else. */
export function parsePosition(text: string): Position | undefined {
  const [, instructions, entries] = /^(\d{1,15})(?:\+(\d{1,6}))?$/.exec(text) ?? [];
  if (instructions === undefined) return undefined;
  return { instructions: Number(instructions), entries: Number(entries ?? 0) };
}
