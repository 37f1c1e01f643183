/**
 * Threads with tickets, and who has the winning one: a tree of sums, as Waldspurger and Weihl
 * propose for many clients ("Lottery Scheduling", OSDI 1994, section 4.2), here of 16 children a
 * node, whose numbers lie side by side in memory. Cost grows with the logarithm of the largest
 * thread number.
 *
 *     level 2   [ all of 0–255                  |            256–511            | …
 *     level 1   [ sum of 0–15 | 16–31 | … ]
 *     level 0   [ tickets of 0 | 1 | 2 | … ]
 *
 * @module
 */
import type { ThreadId } from "../policy.ts";
import { grown, positives } from "./grown.ts";

/** Children of a node, as a power of two. */
const SHIFT = 4;
const CHILDREN = 1 << SHIFT;

/** Threads in the order of their numbers, each with so many tickets. */
export class Tickets {
  /** Tickets of each thread, 0 if it takes no part; above, sums of 16 of the level below. */
  readonly #levels: Float64Array[] = [new Float64Array(CHILDREN)];
  #total = 0;

  /** Number of all tickets. */
  get total(): number {
    return this.#total;
  }

  /** Tickets of a thread, 0 if it takes no part. */
  of(thread: ThreadId): number {
    return this.#levels[0]![thread] ?? 0;
  }

  /** A thread has so many tickets from now on; 0 if it takes no part any more. */
  set(thread: ThreadId, tickets: number): void {
    const levels = this.#levels;
    if (thread >= levels[0]!.length) this.#grow(thread);
    const change = tickets - levels[0]![thread]!;
    this.#total += change;
    for (let level = 0, place = thread; level < levels.length; level++, place >>>= SHIFT) {
      levels[level]![place]! += change;
    }
  }

  /** Who has a ticket, 0 to `total` − 1; tickets are numbered in the order of the threads. */
  holder(ticket: number): ThreadId {
    let place = 0;
    for (let level = this.#levels.length - 1; level >= 0; level--) {
      const sums = this.#levels[level]!;
      place <<= SHIFT;
      for (; ticket >= sums[place]!; place++) ticket -= sums[place]!;
    }
    return place;
  }

  /** Threads with their tickets. */
  save(): [ThreadId, number][] {
    return positives(this.#levels[0]!);
  }

  /** Takes over what {@linkcode Tickets.save} returned. */
  restore(list: readonly (readonly [ThreadId, number])[]): void {
    for (const sums of this.#levels) sums.fill(0);
    this.#total = 0;
    for (const [thread, tickets] of list) this.set(thread, tickets);
  }

  /** Makes room, up to a highest level of one node. */
  #grow(thread: ThreadId): void {
    const levels = this.#levels;
    levels[0] = grown(levels[0]!, Math.max(thread, 2 * levels[0]!.length - 1));
    for (let level = 1; levels[level - 1]!.length > CHILDREN; level++) {
      const below = levels[level - 1]!;
      const nodes = Math.ceil(below.length / CHILDREN);
      const sums = grown(new Float64Array(0), nodes - 1);
      below.forEach((sum, place) => sums[place >>> SHIFT]! += sum);
      levels[level] = sums;
    }
  }
}
