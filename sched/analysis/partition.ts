/**
 * Several CPUs, each task on one of them for good.
 *
 * @module
 */
import { compareSum, exactSum, roughSum } from "./ratio.ts";
import { demandWithin } from "./demand.ts";
import { type PriorityOrder, responsesWithin } from "./response_time.ts";
import {
  checkTasks,
  delays,
  densities,
  early,
  type RecurringTask,
  Steps,
  type TaskSetOptions,
  utilizations,
} from "./task.ts";
import { inapplicable, rounded, sufficient, type Verdict } from "./verdict.ts";

/** How tasks are placed, and scheduled where they are. */
export interface PartitionOptions extends TaskSetOptions {
  /** Number of CPUs. */
  readonly cpus: number;
  /** Earliest deadline first, or by which priorities. */
  readonly scheduling: "edf" | PriorityOrder;
  /** Whether the tasks of the largest utilization are placed first; they are if absent. */
  readonly decreasing?: boolean;
}

/**
 * Places each task on the first CPU whose tasks, it included, pass the test of one CPU (the
 * processor demand, or response-time analysis). Sufficient: where this finds no room, another order
 * may.
 * @param tasks the tasks
 * @param options CPUs and scheduling
 * @throws {SchedError} `invalid-task-set`, `invalid-option`; `analysis-limit`
 */
export function firstFit(tasks: readonly RecurringTask[], options: PartitionOptions): Verdict {
  const { cpus, scheduling, decreasing = true } = options;
  const checked = checkTasks(tasks);
  const order = checked.map((_, index) => index);
  const load = utilizations(checked);
  if (decreasing) order.sort((a, b) => compareSum([load[b]!], load[a]!));
  const placed: number[][] = Array.from({ length: cpus }, () => []);
  const where: (number | null)[] = checked.map(() => null);
  let misfit: string | null = null;
  const steps = new Steps();
  for (const index of order) {
    for (let cpu = 0; cpu < cpus && where[index] === null; cpu++) {
      const there = [...placed[cpu]!, index];
      steps.take(4 * there.length, "first fit");
      const subset = there.map((each) => checked[each]!);
      const { schedulable } = scheduling === "edf"
        ? demandWithin(subset, options, steps)
        : responsesWithin(subset, { ...options, order: scheduling }, steps);
      if (schedulable !== true) continue;
      placed[cpu] = there;
      where[index] = cpu;
    }
    if (where[index] === null) misfit ??= checked[index]!.name;
  }
  return {
    ...sufficient("first fit", {
      holds: misfit === null,
      why: misfit === null ? "every task has a CPU" : `no CPU has room for task "${misfit}"`,
    }),
    cpus: where,
  };
}

/**
 * U ≤ (β m + 1) / (β + 1), where β is how many of the largest task one CPU holds: J. M. López,
 * J. L. Díaz and D. F. García, "Utilization Bounds for EDF Scheduling on Real-Time Multiprocessor
 * Systems", Real-Time Systems 28, 2004. Then first fit under EDF finds room, in any order. Where
 * deadlines come before the end of the period, densities C / D stand for utilizations: tasks whose
 * densities add up to 1 fit on a CPU.
 * @param tasks the tasks
 * @param cpus number of CPUs
 * @throws {SchedError} `invalid-task-set`
 */
export function firstFitEdfBound(tasks: readonly RecurringTask[], cpus: number): Verdict {
  const test = "Lopez-Diaz-Garcia bound (density)";
  const checked = checkTasks(tasks);
  const reason = delays(checked);
  if (reason !== null) return inapplicable(test, { promise: "sufficient", why: reason });
  const terms = densities(checked);
  const most = terms.reduce(
    (least, { over, under }) => Math.min(least, Math.floor(under / over)),
    Infinity,
  );
  const held = Math.min(most, 2 ** 32); // more makes no difference a number can show
  return sufficient(test, {
    holds: held > 0 && compareSum(terms, { over: held * cpus + 1, under: held + 1 }) <= 0,
    why: `density ${rounded(roughSum(terms))}, bound ${rounded((held * cpus + 1) / (held + 1))}`,
  });
}

/**
 * U ≤ m (√2 − 1): D.-I. Oh and T. P. Baker, "Utilization Bounds for N-Processor Rate Monotone
 * Scheduling with Static Processor Assignment", Real-Time Systems 15, 1998. Then first fit under
 * rate-monotonic priorities finds room; deadlines are periods or later.
 * @param tasks the tasks
 * @param cpus number of CPUs
 * @throws {SchedError} `invalid-task-set`
 */
export function firstFitRateMonotonicBound(
  tasks: readonly RecurringTask[],
  cpus: number,
): Verdict {
  const test = "Oh-Baker bound";
  const checked = checkTasks(tasks);
  const reason = delays(checked) ?? early(checked);
  if (reason !== null) return inapplicable(test, { promise: "sufficient", why: reason });
  // (U + m)² ≤ 2 m²
  const terms = utilizations(checked);
  const { over, under } = exactSum(terms);
  const size = BigInt(cpus) * under;
  return sufficient(test, {
    holds: (over + size) ** 2n <= 2n * size ** 2n,
    why: `utilization ${rounded(roughSum(terms))}, bound ${rounded(cpus * (Math.SQRT2 - 1))}`,
  });
}
