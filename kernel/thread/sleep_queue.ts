/**
 * Threads that sleep until a time.
 *
 * @module
 */

/** A thread that sleeps. */
export interface Sleeper {
  /** Its number. */
  readonly thread: number;
  /** Clock value to wake it at. */
  readonly until: number;
}

/** Sleeping threads, by their numbers. */
export class SleepQueue {
  #sleepers: readonly Sleeper[] = [];

  /** When the first of them is to be woken, or `null` if none sleeps. */
  get next(): number | null {
    let least: number | null = null;
    for (const { until } of this.#sleepers) if (least === null || until < least) least = until;
    return least;
  }

  /** A thread goes to sleep. */
  add(sleeper: Sleeper): void {
    this.#sleepers = [...this.#sleepers, sleeper];
  }

  /** A thread sleeps no longer. */
  remove(thread: number): void {
    this.#sleepers = this.#sleepers.filter((sleeper) => sleeper.thread !== thread);
  }

  /** Takes out and returns the threads whose time has come, in the order of their times. */
  takeDue(now: number): number[] {
    const due = this.#sleepers.filter(({ until }) => until <= now);
    this.#sleepers = this.#sleepers.filter(({ until }) => until > now);
    return due.sort((a, b) => a.until - b.until).map(({ thread }) => thread);
  }

  /** Everything there is to know. */
  save(): readonly Sleeper[] {
    return this.#sleepers;
  }

  /** Takes over what {@linkcode SleepQueue.save} returned. */
  restore(sleepers: readonly Sleeper[]): void {
    this.#sleepers = sleepers;
  }
}
