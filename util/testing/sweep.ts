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
  return everyNth(list, 2, part);
}

/**
 * All of a list; in the quick sweep one of so many parts of it.
 * @param parts number of parts
 * @param part which one, from 0
 */
export function everyNth<T>(list: readonly T[], parts: number, part: number): readonly T[] {
  return sweep({ quick: list.filter((_, i) => (i + part) % parts === 0), full: list });
}

/** Whether to pass over a test that only the full sweep has, or has on one more architecture. */
export function leftToFull(condition = true): boolean {
  return sweep({ quick: condition, full: false });
}
