/**
 * Sums of fractions compared without rounding: a set whose utilization is exactly 1 must not be
 * called one of more. Floating point decides where it is far enough from equality, integers of any
 * size where it is not.
 *
 * @module
 */

/** `over / under`, times `factor`, 1 if absent; all are integers, `under` and `over` positive. */
export interface Ratio {
  readonly over: number;
  readonly under: number;
  readonly factor?: number;
}

/** A fraction of integers of any size; `under` is positive, and common divisors may be left. */
export interface Fraction {
  readonly over: bigint;
  readonly under: bigint;
}

/** The sum as floating point, for people to read. */
export function roughSum(terms: readonly Ratio[]): number {
  return terms.reduce((sum, { over, under, factor = 1 }) => sum + over / under * factor, 0);
}

/** The sum of fractions; halves are added up apart, so that the numbers grow as late as can be. */
export function exactSum(terms: readonly Ratio[]): Fraction {
  if (terms.length === 0) return { over: 0n, under: 1n };
  const [first] = terms;
  if (terms.length === 1 && first !== undefined) {
    return { over: BigInt(first.over) * BigInt(first.factor ?? 1), under: BigInt(first.under) };
  }
  const middle = terms.length >> 1;
  const low = exactSum(terms.slice(0, middle));
  const high = exactSum(terms.slice(middle));
  if (low.under === high.under) return { over: low.over + high.over, under: low.under };
  return {
    over: low.over * high.under + high.over * low.under,
    under: low.under * high.under,
  };
}

/** Whether a sum of fractions is below (negative), at (0) or above (positive) a bound. */
export function compareSum(terms: readonly Ratio[], bound: Ratio): number {
  const limit = bound.over / bound.under * (bound.factor ?? 1);
  const rough = roughSum(terms) - limit;
  const size = terms.reduce(
    (sum, { over, under, factor = 1 }) => sum + over / under * Math.abs(factor),
    Math.abs(limit),
  );
  // Each of the additions is wrong by half of 2^-52 of what it adds up to, at most.
  if (Math.abs(rough) > size * (terms.length + 4) * Number.EPSILON) return rough;
  const { over, under } = exactSum(terms);
  const there = BigInt(bound.over) * BigInt(bound.factor ?? 1);
  const above = over * BigInt(bound.under) - there * under;
  return above < 0n ? -1 : above > 0n ? 1 : 0;
}

/** The least common multiple of positive integers, or `Infinity` if it is no safe integer. */
export function leastCommonMultiple(numbers: Iterable<number>): number {
  let multiple = 1;
  for (const number of numbers) {
    let [a, b] = [multiple, number];
    while (b !== 0) [a, b] = [b, a % b];
    multiple *= number / a;
    if (!Number.isSafeInteger(multiple)) return Infinity;
  }
  return multiple;
}
