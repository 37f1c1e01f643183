/**
 * Where an axis of time has its ticks, and what stands there.
 *
 * @module
 */
import type { TimeUnit } from "../simulator/workload.ts";

/** The smallest of 1, 2, 5, 10, 20, 50, … that is at least so much. */
export function roundUp(least: number): number {
  if (least <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(least));
  for (const factor of [1, 2, 5]) if (factor * power >= least) return factor * power;
  return 10 * power;
}

/** Ticks of an axis. */
export interface Ticks {
  /** Time from one to the next. */
  readonly step: number;
  /** Where they are. */
  readonly times: readonly number[];
}

/** The clock's own unit. */
export const CLOCK: TimeUnit = { name: "", length: 1 };

/**
 * Round times from `from` to `to`, both included, at most so many: multiples of 1, 2 or 5 times a
 * power of ten of the unit, or of the clock where that is finer.
 */
export function roundTicks(
  range: { readonly from: number; readonly to: number },
  most: number,
  unit: TimeUnit = CLOCK,
): Ticks {
  const { from, to } = range;
  const least = Math.max(1, (to - from) / Math.max(1, most));
  const step = least >= unit.length
    ? roundUp(least / unit.length) * unit.length
    : unit.length / largestFraction(unit.length / least, unit.length);
  const times: number[] = [];
  for (let tick = Math.ceil(from / step); tick * step <= to; tick++) times.push(tick * step);
  return { step, times };
}

/** The largest of 1, 2, 5, 10, … that is at most so much and divides a length. */
function largestFraction(most: number, length: number): number {
  let largest = 1;
  for (let power = 1; power <= most; power *= 10) {
    for (const factor of [1, 2, 5]) {
      const fraction = factor * power;
      if (fraction <= most && length % fraction === 0) largest = Math.max(largest, fraction);
    }
  }
  return largest;
}

/** A time in a unit, without zeros at the end; thousands are apart. */
export function formatTime(time: number, unit: TimeUnit = CLOCK): string {
  const power = Math.ceil(Math.log10(unit.length));
  const digits = 10 ** power === unit.length ? power : power + 2;
  const [whole = "", fraction = ""] = (time / unit.length).toFixed(Math.min(digits, 20)).split(".");
  const apart = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  const rest = fraction.replace(/0+$/, "");
  return rest === "" ? apart : `${apart}.${rest}`;
}
