/**
 * How long sweeps are: in `deno task test` short, and in `deno task sweeps`, which CI runs too, of
 * full length.
 *
 * @module
 */

/** Chooses what a test goes through, by the variable `TRAPLINE_SWEEP`: `full`, or not set. */
export function sweep<T>(lengths: { quick: T; full: T }): T {
  const asked = Deno.env.get("TRAPLINE_SWEEP") || "quick";
  if (asked !== "quick" && asked !== "full") {
    throw new RangeError(`Cannot read TRAPLINE_SWEEP: expected full, got "${asked}"`);
  }
  return lengths[asked];
}

/**
 * All of a list; in the quick sweep every second of it.
 * @param part which half: those of even places, or, if odd, those of odd ones
 */
export function everySecond<T>(list: readonly T[], part: number): readonly T[] {
  return sweep({ quick: list.filter((_, i) => (i + part) % 2 === 0), full: list });
}
