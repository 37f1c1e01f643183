/**
 * Takes a machine to where it has been.
 *
 * @module
 */

import type { Machine } from "../kernel/machine.ts";
import { type Checkpoint, Checkpoints } from "./checkpoints.ts";
import { comparePositions, type Position, positionOf } from "./position.ts";
import { type Advance, advance, type DatedEdit, stepForward, Turns } from "./replay.ts";

/** On the way to an instant snapshots are taken ever closer to it, down to this distance. */
const FINE = 2_048;

/**
 * Moves a machine about in what is known of its history: back to a snapshot, and forward from there
 * with everything that was done to it from outside. All ways yield every few milliseconds.
 */
export class Traveler {
  /** The machine. */
  readonly machine: Machine;
  /** The snapshots that are kept. */
  readonly checkpoints: Checkpoints;
  /** What was done to the machine from outside, in order. */
  readonly edits: DatedEdit[] = [];
  /** How many of the edits have been made where the machine is. */
  readonly done: { edits: number } = { edits: 0 };
  /** When to yield. */
  readonly turns: Turns = new Turns();

  /** Of a machine, with snapshots that take about `memory` bytes; none is kept yet. */
  constructor(machine: Machine, memory: number) {
    this.machine = machine;
    this.checkpoints = new Checkpoints(memory);
  }

  /** Where the machine is. */
  get position(): Position {
    return positionOf(this.machine);
  }

  /** Keeps a snapshot of the machine as it is. */
  keep(): void {
    this.checkpoints.add({
      position: this.position,
      edits: this.done.edits,
      snapshot: this.machine.snapshot(),
    });
  }

  /** Goes forward as {@linkcode advance}. */
  advance(to: Position, onStop: Advance["onStop"] = () => false): ReturnType<typeof advance> {
    return advance(this.machine, { ...this.#way(to), onStop });
  }

  /** Goes forward as {@linkcode stepForward}. */
  step(to: Position, limit: number = Infinity): ReturnType<typeof stepForward> {
    return stepForward(this.machine, this.#way(to), limit);
  }

  /** Goes to an instant, forward from here if that is nearer. */
  *travel(to: Position): Generator<void, void> {
    const { machine } = this;
    const base = this.checkpoints.at(to) ?? this.checkpoints.first;
    const isNearer = comparePositions(this.position, to) <= 0 &&
      comparePositions(base.position, this.position) <= 0;
    if (!isNearer) this.#restore(base);
    for (;;) {
      const now = machine.cpu.instructions;
      const left = to.instructions - now;
      if (left <= FINE || machine.halted !== null) break;
      yield* this.advance({ instructions: now + Math.floor(left / 2), entries: 0 });
      this.keep();
    }
    yield* this.advance(to);
  }

  /** Goes so many least steps back from an instant. */
  *back(from: Position, steps: number): Generator<void, "moved" | "beginning"> {
    const begin = this.checkpoints.first.position;
    if (comparePositions(from, begin) <= 0) return "beginning";
    const instructions = from.instructions - steps;
    const base = instructions < begin.instructions ? begin : { instructions, entries: 0 };
    yield* this.travel(base);
    this.keep();
    const there = yield* this.step(from);
    yield* this.travel(base);
    yield* this.step(from, Math.max(0, there - steps));
    return there < steps ? "beginning" : "moved";
  }

  /**
   * Goes through what comes before an instant from snapshot to snapshot, the latest stretch first.
   * @returns of each stretch the end, with the machine at its begin
   */
  *stretchesBefore(instant: Position): Generator<Position> {
    let end = instant;
    for (
      let base = this.checkpoints.before(end);
      base !== undefined;
      base = this.checkpoints.before(end)
    ) {
      this.#restore(base);
      yield end;
      end = base.position;
    }
  }

  #way(to: Position): Omit<Advance, "onStop"> {
    return { to, edits: this.edits, done: this.done, turns: this.turns };
  }

  #restore({ snapshot, edits }: Checkpoint): void {
    this.machine.restore(snapshot);
    this.done.edits = edits;
  }
}
