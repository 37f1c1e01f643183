/**
 * What a policy may know of a thread, and what of that makes sense.
 *
 * @module
 */
import { isInteger } from "../util/integer.ts";
import { SchedError } from "./errors.ts";

/** Most CPUs a host may have. */
export const MAX_CPUS = 64;

/** Number of priorities: 0 (least urgent) to 255 (most urgent). */
export const PRIORITIES = 256;

/** Weight of a thread of nice value 0. */
export const NICE_0_WEIGHT = 1024;

/** Largest weight. */
export const MAX_WEIGHT: number = 2 ** 20;

/**
 * Linux's weights of the nice values −20 to 19 (`sched_prio_to_weight`, kernel/sched/core.c): each
 * is about 1.25 times the next, so that one nice value changes a thread's share against another by
 * about a tenth.
 */
const NICE_WEIGHTS: readonly number[] = [
  ...[88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916],
  ...[9548, 7620, 6100, 4904, 3906, 3121, 2501, 1991, 1586, 1277],
  ...[1024, 820, 655, 526, 423, 335, 272, 215, 172, 137],
  ...[110, 87, 70, 56, 45, 36, 29, 23, 18, 15],
];

/** Parameters of a thread, as they are given. */
export interface ParameterOptions {
  /** Priority, 0 (least urgent) to 255 (most urgent); 0 if absent. */
  readonly priority?: number | undefined;
  /** Nice value, −20 (largest share) to 19; 0 if absent. */
  readonly nice?: number | undefined;
  /** Share of the CPU, 1 to 2^20; by the nice value if absent. */
  readonly weight?: number | undefined;
  /** Time between two jobs, 0 if it has none. */
  readonly period?: number | undefined;
  /** Time from the release of a job to its deadline; the period if absent. */
  readonly deadline?: number | undefined;
  /** Time a job, or the server it runs on, may run in a period; 0 if absent, for no limit. */
  readonly budget?: number | undefined;
  /** CPUs it may run on, ascending; all if absent. */
  readonly affinity?: readonly number[] | null | undefined;
}

/** Parameters of a thread, checked, with every choice made. */
export interface ThreadParameters {
  /** Priority, 0 (least urgent) to 255 (most urgent). */
  readonly priority: number;
  /** Nice value, −20 to 19. */
  readonly nice: number;
  /** Share of the CPU; also its lottery tickets. */
  readonly weight: number;
  /** Time between two jobs, 0 if it has none. */
  readonly period: number;
  /** Time from the release of a job to its deadline, 0 if it has none. */
  readonly deadline: number;
  /** Time it may run in a period, 0 for no limit. */
  readonly budget: number;
  /** CPUs it may run on, ascending, or `null` for all. */
  readonly affinity: readonly number[] | null;
}

/**
 * The parameter by which a policy says who is more urgent, and which locks therefore have threads
 * inherit: the highest priority, the shortest period or the shortest relative deadline.
 */
export type UrgencyParameter = (typeof URGENCY_PARAMETERS)[number];

/** The parameters there are of that kind. */
export const URGENCY_PARAMETERS = ["priority", "period", "deadline"] as const;

/** Parameters of a thread of which nothing was said. */
export const DEFAULT_PARAMETERS: ThreadParameters = Object.freeze({
  priority: 0,
  nice: 0,
  weight: NICE_0_WEIGHT,
  period: 0,
  deadline: 0,
  budget: 0,
  affinity: null,
});

/** Linux's weight of a nice value, −20 to 19. */
export function niceWeight(nice: number): number {
  return NICE_WEIGHTS[nice + 20] ?? NICE_0_WEIGHT;
}

/**
 * Checks parameters and makes the choices left open.
 * @param options the parameters
 * @param of how many CPUs there are, and what to call the thread in messages
 * @throws {SchedError} `invalid-parameter`, naming the thread, the field and what was expected
 */
export function checkParameters(
  options: ParameterOptions,
  of: { cpus: number; thread: string },
): ThreadParameters {
  const integer = (field: keyof ParameterOptions, least: number, most: number): number => {
    const value = options[field] === undefined ? 0 : options[field];
    if (isInteger(value, least, most)) return value;
    return refuse(of.thread, field, value, `an integer from ${least} to ${most}`);
  };
  const time = Number.MAX_SAFE_INTEGER;
  const priority = integer("priority", 0, PRIORITIES - 1);
  const nice = integer("nice", -20, 19);
  const weight = options.weight === undefined ? niceWeight(nice) : integer("weight", 1, MAX_WEIGHT);
  const period = integer("period", 0, time);
  const deadline = options.deadline === undefined ? period : integer("deadline", 0, time);
  const budget = integer("budget", 0, time);
  if (budget > 0 && period > 0 && budget > period) {
    refuse(of.thread, "budget", budget, `at most the period, ${period}`);
  }
  const affinity = checkAffinity(options.affinity ?? null, of);
  return frozen({ priority, nice, weight, period, deadline, budget, affinity });
}

/** Parameters that nobody changes: host and policy have the same object. */
export function frozen(parameters: ThreadParameters): ThreadParameters {
  if (parameters.affinity !== null) Object.freeze(parameters.affinity);
  return Object.freeze(parameters);
}

function checkAffinity(
  affinity: unknown,
  { cpus, thread }: { cpus: number; thread: string },
): readonly number[] | null {
  if (affinity === null) return null;
  const expected = `a list of CPUs from 0 to ${cpus - 1}, at least one, ascending`;
  if (!Array.isArray(affinity) || affinity.length === 0) {
    return refuse(thread, "affinity", affinity, expected);
  }
  let before = -1;
  for (const cpu of affinity) {
    if (!isInteger(cpu, before + 1, Math.min(cpus, MAX_CPUS) - 1)) {
      refuse(thread, "affinity", affinity, expected);
    }
    before = cpu;
  }
  return [...affinity];
}

function refuse(thread: string, field: string, value: unknown, expected: string): never {
  const found = Array.isArray(value) ? `[${value}]` : String(value);
  throw new SchedError("invalid-parameter", {
    message: `Cannot give ${thread} the ${field} ${found}: expected ${expected}`,
    value,
    path: field,
    expected,
  });
}
