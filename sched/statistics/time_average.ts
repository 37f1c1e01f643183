/**
 * A number that changes over time: its mean and its largest value.
 *
 * @module
 */
import type { QueueReport } from "./report.ts";

/** A length over time. */
export class TimeAverage {
  #length = 0;
  #most = 0;
  #since = 0;
  #area = 0;

  /** The length changes. */
  change(by: number, now: number): void {
    this.#area += this.#length * (now - this.#since);
    this.#since = now;
    this.#length += by;
    if (this.#length > this.#most) this.#most = this.#length;
  }

  /** What it was like until a time, which is not before the last change. */
  report(until: number): QueueReport {
    const area = this.#area + this.#length * (until - this.#since);
    return { mean: until === 0 ? 0 : area / until, most: this.#most };
  }
}
