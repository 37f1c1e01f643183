/**
 * What threads do next: goes through the operations of a program, each thread at its own place and
 * with random numbers of its own, so that the same seed has every policy schedule the same work.
 *
 * @module
 */
import type { ThreadId } from "../policy.ts";
import { Random } from "../../util/random.ts";
import { Op, type Program } from "./program.ts";

/** So many operations are looked ahead at most. */
const LOOK_AHEAD = 10_000;

/** Goes through the steps of threads. */
export class Behavior {
  /** How long the operation takes that {@linkcode Behavior.next} has just returned. */
  time = 0;
  /** What it is about: see {@linkcode Program.target}; -1 if nothing. */
  target = -1;
  /** The second thing it is about. */
  other = -1;
  readonly #program: Program;
  /** Next operation of each thread. */
  readonly #at: Int32Array;
  /** How often each loop has been gone through. */
  readonly #passes: Float64Array;
  readonly #randoms: (Random | undefined)[];
  readonly #base: number;

  /** Sets every thread to its first step. */
  constructor(program: Program, seed: number) {
    this.#program = program;
    this.#at = program.first.slice(0, -1);
    this.#passes = new Float64Array(program.loops ? program.ops.length : 0);
    this.#randoms = new Array(program.jobs.length).fill(undefined);
    this.#base = new Random(seed).next();
  }

  /** The operation a thread did last. */
  last(thread: ThreadId): number {
    return this.#at[thread]! - 1;
  }

  /** A thread begins again. */
  rewind(thread: ThreadId): void {
    this.#at[thread] = this.#program.first[thread]!;
  }

  /** A thread runs no more; the random numbers of what it would have run are drawn. */
  finish(thread: ThreadId): void {
    while (this.#program.ops[this.#at[thread]!] === Op.RUN) this.next(thread);
  }

  /** Goes on to the next operation of a thread that is no loop. */
  next(thread: ThreadId): Op {
    const { ops, least, most, target, other } = this.#program;
    for (;;) {
      const at = this.#at[thread]!;
      const op = ops[at]!;
      if (op === Op.END) return op;
      this.#at[thread] = at + 1;
      if (op === Op.LOOP) {
        const passes = ++this.#passes[at]!;
        if (passes < least[at]!) this.#at[thread] = target[at]!;
        else this.#passes[at] = 0;
        continue;
      }
      const low = least[at]!;
      const high = most[at]!;
      this.time = low === high ? low : this.#draw(thread, at);
      this.target = target[at]!;
      this.other = other[at]!;
      return op;
    }
  }

  /** CPU time a thread needs from its next operation on until it blocks for sure, or ends. */
  burst(thread: ThreadId): number {
    const { first, loops } = this.#program;
    const at = this.#at[thread]!;
    const start = first[thread]!;
    const passes = loops ? this.#passes.slice(start, first[thread + 1]!) : null;
    const random = this.#randoms[thread]?.save();
    let sum = 0;
    let count = 0;
    for (; count < LOOK_AHEAD; count++) {
      const op = this.next(thread);
      if (op === Op.RUN) sum += this.time;
      else if (op === Op.END || op === Op.SLEEP || op === Op.IO || op === Op.WAIT) break;
    }
    this.#at[thread] = at;
    if (passes !== null) this.#passes.set(passes, start);
    if (random === undefined) this.#randoms[thread] = undefined;
    else this.#randoms[thread]!.restore(random);
    return count === LOOK_AHEAD ? Infinity : sum;
  }

  /** How long an operation takes this time. */
  #draw(thread: ThreadId, at: number): number {
    const { least, most, mean, deviation } = this.#program;
    const low = least[at]!;
    const high = most[at]!;
    const random = this.#random(thread);
    if (Number.isNaN(mean[at]!)) return random.between(low, high);
    const time = Math.round(mean[at]! + deviation[at]! * random.normal());
    return Math.min(high, Math.max(low, time));
  }

  #random(thread: ThreadId): Random {
    return this.#randoms[thread] ??= new Random(this.#base + 2 * thread);
  }
}
