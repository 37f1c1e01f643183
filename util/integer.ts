/**
 * Integers in what others give.
 *
 * @module
 */

/** Whether a value is an exact integer from `least` to `most`, both included. */
export function isInteger(
  value: unknown,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): value is number {
  return Number.isSafeInteger(value) && value as number >= least && value as number <= most;
}
