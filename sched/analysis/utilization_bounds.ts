/**
 * Rate-monotonic scheduling on one CPU by utilization alone: two sufficient tests that take no time.
 *
 * @module
 */
import { compareSum, exactSum, roughSum } from "./ratio.ts";
import {
  type CheckedTask,
  checkTasks,
  delays,
  early,
  type RecurringTask,
  utilizations,
} from "./task.ts";
import { inapplicable, rounded, sufficient, type Verdict } from "./verdict.ts";

/** Above so many tasks a sum this near the bound is left undecided. */
const MOST_EXACT = 200;

/**
 * U ≤ n(2^(1/n) − 1): C. L. Liu and J. W. Layland, "Scheduling Algorithms for Multiprogramming in
 * a Hard-Real-Time Environment", Journal of the ACM 20(1), 1973, theorem 5. Sufficient for
 * preemptive rate-monotonic priorities without blocking or jitter, where no deadline is before the
 * end of the period.
 * @param tasks the tasks
 * @throws {SchedError} `invalid-task-set`
 */
export function liuLayland(tasks: readonly RecurringTask[]): Verdict {
  const test = "Liu-Layland bound";
  const checked = checkTasks(tasks);
  const reason = early(checked) ?? delays(checked);
  if (reason !== null) return inapplicable(test, { promise: "sufficient", why: reason });
  const n = checked.length;
  const bound = n === 0 ? 1 : n * (2 ** (1 / n) - 1);
  const terms = utilizations(checked);
  const rough = roughSum(terms);
  // (1 + U/n)^n and 2 as integers where floating point cannot tell.
  let holds = rough < bound;
  if (Math.abs(rough - bound) < 1e-9) {
    holds = n <= MOST_EXACT;
    if (holds) {
      const { over, under } = exactSum(terms);
      const size = BigInt(n);
      holds = (size * under + over) ** size <= 2n * (size * under) ** size;
    }
  }
  return sufficient(test, {
    holds,
    why: `utilization ${rounded(rough)}, bound ${rounded(bound)} for ${n} tasks`,
  });
}

/**
 * Π(Uᵢ + 1) ≤ 2: E. Bini, G. C. Buttazzo and G. M. Buttazzo, "Rate Monotonic Analysis: The
 * Hyperbolic Bound", IEEE Transactions on Computers 52(7), 2003. Sufficient where
 * {@linkcode liuLayland} is, and never says less than it.
 * @param tasks the tasks
 * @throws {SchedError} `invalid-task-set`
 */
export function hyperbolic(tasks: readonly RecurringTask[]): Verdict {
  const test = "hyperbolic bound";
  const checked = checkTasks(tasks);
  const reason = early(checked) ?? delays(checked);
  if (reason !== null) return inapplicable(test, { promise: "sufficient", why: reason });
  const rough = checked.reduce((product, { time, period }) => product * (time / period + 1), 1);
  let holds = rough < 2;
  if (Math.abs(rough - 2) < 1e-9) {
    const [over, under] = product(checked);
    holds = over <= 2n * under;
  }
  return sufficient(test, {
    holds,
    why: `the product of all (U + 1) is ${rounded(rough)}, and may be 2`,
  });
}

/** Π(C + T) and ΠT. */
function product(tasks: readonly CheckedTask[]): readonly [bigint, bigint] {
  const [first] = tasks;
  if (first === undefined) return [1n, 1n];
  if (tasks.length === 1) return [BigInt(first.time) + BigInt(first.period), BigInt(first.period)];
  const middle = tasks.length >> 1;
  const [lowOver, lowUnder] = product(tasks.slice(0, middle));
  const [highOver, highUnder] = product(tasks.slice(middle));
  return [lowOver * highOver, lowUnder * highUnder];
}

/**
 * U ≤ m, and C ≤ D for each task: what no scheduler on `cpus` CPUs can do without.
 * @param tasks the tasks
 * @param cpus number of CPUs
 * @throws {SchedError} `invalid-task-set`
 */
export function necessary(tasks: readonly RecurringTask[], cpus: number): Verdict {
  const test = "necessary conditions";
  const checked = checkTasks(tasks);
  const says = (schedulable: false | "unknown", why: string): Verdict => ({
    ...{ test, promise: "necessary", schedulable, why },
  });
  for (const { name, time, period, deadline } of checked) {
    if (time > deadline) {
      return says(false, `task "${name}" needs ${time} and has ${deadline} to the deadline`);
    }
    if (time > period) return says(false, `task "${name}" needs ${time} in a period of ${period}`);
  }
  const terms = utilizations(checked);
  const of = `utilization ${rounded(roughSum(terms))} of ${cpus}`;
  return says(compareSum(terms, { over: cpus, under: 1 }) > 0 ? false : "unknown", of);
}
