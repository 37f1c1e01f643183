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
  /** What `next` is, unless it has to be found out again. */
  #next: number | null | undefined = null;

  /** When the first of them is to be woken, or `null` if none sleeps. */
  get next(): number | null {
    if (this.#next !== undefined) return this.#next;
    let least: number | null = null;
    for (const { until } of this.#sleepers) if (least === null || until < least) least = until;
    return this.#next = least;
  }

  /** A thread goes to sleep. */
  add(sleeper: Sleeper): void {
    this.#sleepers = [...this.#sleepers, sleeper];
    this.#next = undefined;
  }

  /** A thread sleeps no longer. */
  remove(thread: number): void {
    this.#sleepers = this.#sleepers.filter((sleeper) => sleeper.thread !== thread);
    this.#next = undefined;
  }

  /** Takes out and returns the threads whose time has come, in the order of their times. */
  takeDue(now: number): number[] {
    if ((this.next ?? Infinity) > now) return [];
    const due = this.#sleepers.filter(({ until }) => until <= now);
    this.#next = undefined;
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
    this.#next = undefined;
  }
}
