/**
 * How urgent a thread is, as a number of which the smaller is the more urgent, so that priorities,
 * periods and deadlines can be inherited by one rule.
 *
 * @module
 */
import { isInteger } from "../../util/integer.ts";
import { PRIORITIES, type ThreadParameters, type UrgencyParameter } from "../parameters.ts";

/** The key of a thread that has neither period nor deadline, and of a mutex that asks for none. */
export const LEAST_URGENT = Infinity;

/** A value of the parameter as a key. */
export function urgencyKey(by: UrgencyParameter, value: number): number {
  if (by === "priority") return -value;
  return value === 0 ? LEAST_URGENT : value;
}

/**
 * The parameters of a thread that has been made as urgent as a key says. Its budget is at most the
 * period it then has, as every thread's.
 */
export function withUrgency(
  base: ThreadParameters,
  { by, key }: { by: UrgencyParameter; key: number },
): ThreadParameters {
  if (by === "period") return { ...base, period: key, budget: Math.min(base.budget, key) };
  return by === "priority" ? { ...base, priority: -key } : { ...base, deadline: key };
}

/** What values of the parameter there are, in words; `undefined` if the value is one of them. */
export function urgencyExpected(by: UrgencyParameter, value: unknown): string | undefined {
  const [least, most] = by === "priority" ? [0, PRIORITIES - 1] : [1, Number.MAX_SAFE_INTEGER];
  if (isInteger(value, least, most)) return undefined;
  return `a ${by}, an integer from ${least} to ${most}`;
}
