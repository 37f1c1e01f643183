/**
 * Threads with tickets, and who has the winning one: a tree of partial sums (P. M. Fenwick, "A New
 * Data Structure for Cumulative Frequency Tables", Software: Practice and Experience 24(3), 1994).
 * Cost grows with the logarithm of the largest thread number.
 *
 * @module
 */
import type { ThreadId } from "../policy.ts";
import { grown } from "./grown.ts";

/** Threads in the order of their numbers, each with so many tickets. */
export class Tickets {
  /** Tickets of each thread; 0 if it takes no part. */
  #own = new Float64Array(0);
  /** Place i + 1 has the sum of the tickets of a stretch of threads that ends with thread i. */
  #sums = new Float64Array(1);
  #total = 0;

  /** Number of all tickets. */
  get total(): number {
    return this.#total;
  }

  /** Tickets of a thread, 0 if it takes no part. */
  of(thread: ThreadId): number {
    return this.#own[thread] ?? 0;
  }

  /** A thread has so many tickets from now on; 0 if it takes no part any more. */
  set(thread: ThreadId, tickets: number): void {
    if (thread >= this.#own.length) this.#grow(thread);
    const change = tickets - this.#own[thread]!;
    this.#own[thread] = tickets;
    this.#total += change;
    for (let place = thread + 1; place < this.#sums.length; place += place & -place) {
      this.#sums[place]! += change;
    }
  }

  /** Who has a ticket, 0 to `total` − 1; tickets are numbered in the order of the threads. */
  holder(ticket: number): ThreadId {
    const sums = this.#sums;
    let place = 0;
    // The length of the tree is a power of two, and one.
    for (let half = (sums.length - 1) >>> 1; half > 0; half >>>= 1) {
      if (sums[place + half]! > ticket) continue;
      place += half;
      ticket -= sums[place]!;
    }
    return place;
  }

  /** Threads with their tickets. */
  save(): [ThreadId, number][] {
    const list: [ThreadId, number][] = [];
    this.#own.forEach((tickets, thread) => tickets > 0 && list.push([thread, tickets]));
    return list;
  }

  /** Takes over what {@linkcode Tickets.save} returned. */
  restore(list: readonly (readonly [ThreadId, number])[]): void {
    this.#own.fill(0);
    this.#sums.fill(0);
    this.#total = 0;
    for (const [thread, tickets] of list) this.set(thread, tickets);
  }

  #grow(thread: ThreadId): void {
    let length = 16;
    while (length <= thread) length *= 2;
    const list = this.save();
    this.#own = grown(new Float64Array(0), length - 1);
    this.#sums = new Float64Array(length + 1);
    this.#total = 0;
    for (const [each, tickets] of list) this.set(each, tickets);
  }
}
