/**
 * How Mach counts what threads use of the CPU, and what that takes from their priorities: GNU Mach,
 * kern/sched.h, kern/mach_factor.c, and `update_priority` and `do_priority_computation` in
 * kern/sched_prim.c.
 *
 * @module
 */
import type { ThreadId } from "../../policy.ts";
import { grown } from "../../queues/grown.ts";

/** Quanta in a second (`MIN_QUANTUM`). */
const QUANTA = 33;

/** Levels a thread falls for a second of usage: microseconds, shifted right by `PRI_SHIFT`, 17. */
const LEVELS = 1e6 / 2 ** 17;

/** Levels a thread may fall, from Mach's priority of users, 25, to the last run queue, 64. */
export const DEEPEST = 39;

/** After so many seconds all usage is forgotten. */
const FORGOTTEN = 30;

/** What so many seconds leave of a usage. */
const LEFT: readonly number[] = Array.from(
  { length: FORGOTTEN + 1 },
  (_, seconds) => 5 ** seconds / 8 ** seconds,
);

/** After more seconds the load has become what it is now. */
const SETTLED = 64;

/** Usage of a thread, as it is saved. */
export type UsageRecord = { readonly usage: number; readonly stamp: number };

/** What threads have used of late, and the load. */
export class DecayingUsage {
  readonly #length: number;
  #second = 0;
  #load = 1;
  /** Usage of each thread, and the second up to which some of it has been forgotten. */
  #usages = new Float64Array(0);
  #stamps = new Float64Array(0);

  /** Nothing is used yet; a second is 33 quanta. */
  constructor(quantum: number) {
    this.#length = QUANTA * quantum;
  }

  /** The present second. */
  get second(): number {
    return this.#second;
  }

  /** Number of threads per CPU, at least 1, averaged over the last seconds. */
  get load(): number {
    return this.#load;
  }

  /** When a second begins. */
  start(second: number): number {
    return second * this.#length;
  }

  /** Time passes; there have been so many threads per CPU since the last call. */
  passTo(now: number, threads: number): void {
    const second = Math.floor(now / this.#length);
    if (second === this.#second) return;
    const load = Math.max(1, threads);
    for (let passed = Math.min(second - this.#second, SETTLED); passed > 0; passed--) {
      this.#load = (this.#load + load) / 2;
    }
    this.#second = second;
  }

  /** A new thread has used nothing. */
  admit(thread: ThreadId): void {
    if (thread >= this.#usages.length) {
      this.#usages = grown(this.#usages, thread);
      this.#stamps = grown(this.#stamps, thread);
    }
    this.#usages[thread] = 0;
    this.#stamps[thread] = this.#second;
  }

  /** A thread has run. */
  add(thread: ThreadId, elapsed: number): void {
    this.#usages[thread]! += elapsed * this.#load;
  }

  /** Some of a thread's usage is forgotten; returns how many levels it has fallen by the rest. */
  age(thread: ThreadId): number {
    const seconds = this.#second - this.#stamps[thread]!;
    if (seconds > 0) {
      this.#stamps[thread] = this.#second;
      this.#usages[thread]! *= seconds > FORGOTTEN ? 0 : LEFT[seconds]!;
    }
    return this.#fallen(this.#usages[thread]!);
  }

  /**
   * The even second, at least two from now, in which a thread that does not run will have risen: 0
   * if it is as high as it can be. Mach looks in even seconds at threads it has not looked at for
   * two.
   */
  rises(thread: ThreadId): number {
    const usage = this.#usages[thread]!;
    const fallen = this.#fallen(usage);
    if (fallen === 0) return 0;
    let seconds = this.#second % 2 === 0 ? 2 : 3;
    while (seconds < FORGOTTEN && this.#fallen(usage * LEFT[seconds]!) === fallen) seconds += 2;
    return this.#second + seconds;
  }

  /** The second and the load. */
  save(): { second: number; load: number } {
    return { second: this.#second, load: this.#load };
  }

  /** Usage of a thread. */
  saveThread(thread: ThreadId): UsageRecord {
    return { usage: this.#usages[thread]!, stamp: this.#stamps[thread]! };
  }

  /** Takes over what {@linkcode DecayingUsage.save} returned. */
  restore({ second, load }: { second: number; load: number }): void {
    this.#second = second;
    this.#load = load;
  }

  /** Takes over what {@linkcode DecayingUsage.saveThread} returned. */
  restoreThread(thread: ThreadId, { usage, stamp }: UsageRecord): void {
    this.#usages[thread] = usage;
    this.#stamps[thread] = stamp;
  }

  #fallen(usage: number): number {
    return Math.min(DEEPEST, Math.floor(usage * LEVELS / this.#length));
  }
}
