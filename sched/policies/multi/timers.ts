/**
 * One timer for several policies, each of which thinks it has one of its own.
 *
 * @module
 */
import type { SchedulerView } from "../../policy.ts";

/** The timers of a policy's parts, by number. */
export class Timers {
  readonly #view: SchedulerView;
  readonly #at: Float64Array;

  /** No timer is set. */
  constructor(view: SchedulerView, parts: number) {
    this.#view = view;
    this.#at = new Float64Array(parts).fill(Infinity);
  }

  /** Sets the timer of a part, as {@linkcode SchedulerView.timer} does. */
  set(part: number, at: number): void {
    this.#at[part] = at;
    this.#tell();
  }

  /** The time has come: rings for every part whose it is. */
  ring(now: number, part: (part: number) => void): void {
    for (let each = 0; each < this.#at.length; each++) {
      if (this.#at[each]! > now) continue;
      this.#at[each] = Infinity;
      part(each);
    }
    this.#tell();
  }

  /** When each rings. */
  save(): number[] {
    return [...this.#at];
  }

  /** Takes over what {@linkcode Timers.save} returned. */
  restore(at: readonly number[]): void {
    this.#at.set(at);
  }

  #tell(): void {
    let least = Infinity;
    for (let part = 0; part < this.#at.length; part++) least = Math.min(least, this.#at[part]!);
    this.#view.timer(least);
  }
}
