/**
 * Looks for instants before now, and takes the machine there.
 *
 * @module
 */

import type { ExceptionEntry } from "../arch/arch.ts";
import type { RunResult } from "../kernel/machine.ts";
import type { KernelEvent } from "../trace/events.ts";
import { comparePositions, type Position } from "./position.ts";
import { LOOK } from "./replay.ts";
import type { Stop } from "./stops.ts";
import type { Traveler } from "./traveler.ts";

/** Whether a stop counts; asked with the machine there. */
export type StopTest = (stop: Stop) => boolean;

/**
 * Looks through one stretch after the other, the latest first.
 * @param look goes through the stretch from where the machine is to an instant, and on to the last
 *   of what is wanted there, if there is any
 * @returns `undefined` if no stretch has any: the machine is where history begins then
 */
function* search<T>(
  traveler: Traveler,
  look: (end: Position) => Generator<void, T | undefined>,
): Generator<void, T | undefined> {
  for (const end of traveler.stretchesBefore(traveler.position)) {
    const found = yield* look(end);
    if (found !== undefined) return found;
  }
  yield* traveler.travel(traveler.checkpoints.first.position);
  return undefined;
}

/** To just before the last breakpoint or access that is wanted; that is asked behind the access. */
export function searchStop(
  traveler: Traveler,
  isWanted: StopTest,
): Generator<void, Stop | undefined> {
  return search(traveler, function* (end) {
    let last: { stop: Stop; position: Position } | undefined;
    const onStop = (stop: RunResult): boolean => {
      if (stop.kind !== "breakpoint" && stop.kind !== "watchpoint") return false;
      const { position } = traveler;
      const isBefore = stop.kind === "watchpoint" || comparePositions(position, end) < 0;
      if (isBefore && isWanted(stop)) last = { stop, position };
      return false;
    };
    traveler.machine.cpu.passBreakpoint(false);
    yield* traveler.advance(end, onStop);
    if (last === undefined) return undefined;
    const { stop, position } = last;
    if (stop.kind === "watchpoint") yield* traveler.back(position, 1);
    else yield* traveler.travel(position);
    return stop;
  });
}

/** To just before the last exception or interrupt that is wanted. */
export function searchEntry(
  traveler: Traveler,
  test: (entry: ExceptionEntry) => boolean,
): Generator<void, Position | undefined> {
  const { cpu } = traveler.machine;
  return search(traveler, function* (end) {
    let last: Position | undefined;
    cpu.onException((entry) => {
      if (test(entry)) last = traveler.position;
    });
    try {
      yield* traveler.advance(end);
    } finally {
      cpu.onException(null);
    }
    if (last === undefined) return undefined;
    yield* traveler.back(last, 1);
    return traveler.position;
  });
}

/** To the last instant at which a test holds, looking at each there is. */
export function searchInstant(
  traveler: Traveler,
  test: () => boolean,
): Generator<void, Position | undefined> {
  return search(traveler, function* (end) {
    let last: Position | undefined;
    for (let steps = 1; comparePositions(traveler.position, end) < 0; steps++) {
      if (steps % LOOK === 0 && traveler.turns.isDue) yield;
      if (test()) last = traveler.position;
      if ((yield* traveler.step(end, 1)) === 0) break;
    }
    if (last !== undefined) yield* traveler.travel(last);
    return last;
  });
}

/** The last events before now, so many at most; the machine comes back to where it is. */
export function* latestEvents(
  traveler: Traveler,
  count: number,
): Generator<void, KernelEvent[]> {
  const here = traveler.position;
  const { events } = traveler.machine.kernel;
  let found: KernelEvent[] = [];
  for (const end of traveler.stretchesBefore(here)) {
    const piece: KernelEvent[] = [];
    using _ = events.overhear({ write: (event) => void piece.push(event) });
    yield* traveler.advance(end);
    found = [...piece, ...found];
    if (found.length >= count) break;
  }
  yield* traveler.travel(here);
  return found.slice(-count);
}
