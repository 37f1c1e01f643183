/**
 * Times that come at one end and go at the other, such as the releases of jobs that are not done.
 *
 * @module
 */

/** Times that have gone are thrown away when they are so many, and more than the others. */
const COMPACT = 1_000;

/** Times in the order they came, the oldest first. */
export class Backlog {
  #times: number[] = [];
  /** Place of the oldest. */
  #head = 0;

  /** The time at a place, 0 for the oldest; `undefined` if there are not so many. */
  at(place: number): number | undefined {
    return this.#times[this.#head + place];
  }

  /** Adds a time. */
  push(time: number): void {
    this.#times.push(time);
  }

  /** The oldest goes; there is one. */
  drop(): void {
    if (++this.#head === this.#times.length) {
      this.#times.length = this.#head = 0;
    } else if (this.#head >= COMPACT && this.#head * 2 > this.#times.length) {
      this.#times.splice(0, this.#head);
      this.#head = 0;
    }
  }
}
