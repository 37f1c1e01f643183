/**
 * What has an exact time: releases and deadlines of periodic threads, and with a one-shot timer
 * everything else. The clock raises one interrupt at the first of these times (`Clock.alarm`).
 *
 * @module
 */

import { OrderedQueue } from "../../sched/queues/ordered_queue.ts";

/** How the machine's timer works. */
export type TimerKind = "periodic" | "one-shot";

/** Threads by the times that concern them. */
export class Timers {
  /** Whether interrupts come when something is due, and only then. */
  readonly oneShot: boolean;
  readonly #releases = new OrderedQueue();
  readonly #deadlines = new OrderedQueue();

  /** Nothing is due. */
  constructor(kind: TimerKind) {
    this.oneShot = kind === "one-shot";
  }

  /** Whether there may be anything the alarm has to be set for. */
  get active(): boolean {
    return this.oneShot || this.#releases.size > 0 || this.#deadlines.size > 0;
  }

  /** When the first release or deadline is due, `Infinity` if there is none. */
  get next(): number {
    return Math.min(this.#releases.least, this.#deadlines.least);
  }

  /** A thread waits for the release of its next job. */
  addRelease(thread: number, at: number): void {
    this.#releases.insert(thread, at, thread);
  }

  /** A thread waits for it no longer. */
  removeRelease(thread: number): void {
    this.#releases.remove(thread);
  }

  /** Takes out a thread whose job is to be released at or before a time, or `null`. */
  takeRelease(time: number): number | null {
    return this.#releases.least <= time ? this.#releases.shift() : null;
  }

  /** The next deadline of a periodic thread that is not decided; `Infinity` if there is none. */
  setDeadline(thread: number, at: number): void {
    this.#deadlines.remove(thread);
    if (at !== Infinity) this.#deadlines.insert(thread, at, thread);
  }

  /** The thread whose deadline has passed at a time, the first, or `null`. */
  passedDeadline(time: number): number | null {
    return this.#deadlines.least <= time ? this.#deadlines.first : null;
  }

  /** A thread is over. */
  forget(thread: number): void {
    this.#releases.remove(thread);
    this.#deadlines.remove(thread);
  }

  /** Forgets all threads. */
  clear(): void {
    while (this.#releases.shift() !== null);
    while (this.#deadlines.shift() !== null);
  }
}
