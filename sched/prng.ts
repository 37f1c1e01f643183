/**
 * Seeded random integers between bounds: for workloads, and for whatever a machine varies by its seed.
 *
 * @module
 */
import { Random } from "../util/random.ts";

/** A deterministic stream of random numbers; the same seed gives the same stream everywhere. */
export class Prng extends Random {
  /**
   * A random integer.
   * @param low smallest result
   * @param high largest result, less than 2**32 above `low`
   */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }
}
