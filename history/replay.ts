/**
 * Takes a machine forward, with everything that was done to it from outside on the way.
 *
 * @module
 */

import type { Machine, RunResult } from "../kernel/machine.ts";
import { applyEdit, type Edit } from "./edits.ts";
import { comparePositions, type Position, positionOf } from "./position.ts";

/** An edit and when it was made. */
export interface DatedEdit {
  /** When: what is looked at there is what was edited. */
  readonly position: Position;
  /** What. */
  readonly edit: Edit;
}

/** Most instructions that run between two looks at the host's clock. */
const SLICE = 200_000;
/** Steps between two of them. */
export const LOOK = 128;
/** Milliseconds between two times the caller has a say. */
const TURN = 8;

/** When a caller that may want to give up has its say again. */
export class Turns {
  #last = performance.now();

  /** Whether it is time to yield; if so, the next time is some milliseconds from now. */
  get isDue(): boolean {
    const now = performance.now();
    if (now - this.#last < TURN) return false;
    this.#last = now;
    return true;
  }
}

/** What a caller wants of a way forward. */
export interface Advance {
  /** Where to be in the end. */
  readonly to: Position;
  /** Which edits there are, in order; those from `next` on are made on the way. */
  readonly edits: readonly DatedEdit[];
  /** How many have been made: counted on. */
  readonly done: { edits: number };
  /** When to yield. */
  readonly turns: Turns;
  /** Told of each stop; returns whether to stay there. By default nothing stops. */
  readonly onStop?: (result: RunResult) => boolean;
}

/** Does what was done by now. */
function makeEdits(machine: Machine, { edits, done }: Pick<Advance, "edits" | "done">): void {
  const now = positionOf(machine);
  for (let next = edits[done.edits]; next !== undefined; next = edits[done.edits]) {
    if (comparePositions(next.position, now) > 0) return;
    done.edits++;
    applyEdit(machine, next.edit);
  }
}

/**
 * Goes forward to an instant, or to the first stop that is wanted. Yields now and then, for callers
 * that want to give up.
 * @returns the stop, or `undefined` at the instant or, if the way there was another one once, right
 *   behind it
 */
export function* advance(
  machine: Machine,
  { to, edits, done, turns, onStop }: Advance,
): Generator<void, RunResult | undefined> {
  for (;;) {
    makeEdits(machine, { edits, done });
    const now = positionOf(machine);
    if (comparePositions(now, to) >= 0) return undefined;
    if (machine.halted !== null) return { kind: "halted", reason: machine.halted };
    // Not behind the last piece: who gives up there would be where the way ends, not on it.
    if (turns.isDue) yield;
    const next = edits[done.edits]?.position ?? to;
    const goal = comparePositions(next, to) < 0 ? next : to;
    const left = goal.instructions - now.instructions;
    const result = left > 0 ? machine.run(Math.min(left, SLICE)) : machine.step();
    if (result.kind === "breakpoint" || result.kind === "watchpoint") {
      if (onStop?.(result) === true) return result;
    }
  }
}

/**
 * Goes forward to an instant, or by so many of the least steps there are. Breakpoints and
 * watchpoints stop nothing.
 * @returns how many steps it took
 */
export function* stepForward(
  machine: Machine,
  { to, edits, done, turns }: Omit<Advance, "onStop">,
  limit: number = Infinity,
): Generator<void, number> {
  for (let steps = 0;; steps++) {
    makeEdits(machine, { edits, done });
    const isThere = comparePositions(positionOf(machine), to) >= 0;
    if (isThere || steps === limit || machine.halted !== null) return steps;
    machine.cpu.passBreakpoint(true);
    machine.step();
    if (steps % LOOK === LOOK - 1 && turns.isDue) yield;
  }
}

/** Goes through a way without a rest. */
export function finish<T>(way: Generator<void, T>): T {
  for (;;) {
    const { done, value } = way.next();
    if (done === true) return value;
  }
}
