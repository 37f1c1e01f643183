/**
 * Several CPUs, each job on any of them: sufficient tests for global scheduling. None is exact, and
 * none may be trusted where a job must stay on some CPUs.
 *
 * That a total utilization of little more than 1 may be too much for any number of CPUs is S. K.
 * Dhall and C. L. Liu's effect ("On a Real-Time Scheduling Problem", Operations Research 26(1),
 * 1978): every bound here shrinks with the largest utilization.
 *
 * @module
 */
import { compareSum, type Ratio, roughSum } from "./ratio.ts";
import {
  type CheckedTask,
  checkTasks,
  delays,
  densities,
  early,
  type RecurringTask,
  safe,
  Steps,
  utilizations,
} from "./task.ts";
import { inapplicable, rounded, sufficient, type Verdict } from "./verdict.ts";

/**
 * U ≤ m − (m − 1) Umax: J. Goossens, S. Funk and S. Baruah, "Priority-Driven Scheduling of Periodic
 * Task Systems on Multiprocessors", Real-Time Systems 25, 2003, for global EDF. Where deadlines come
 * before the end of the period, densities C / D stand for utilizations: M. Bertogna, M. Cirinei and
 * G. Lipari, "Improved Schedulability Analysis of EDF on Multiprocessor Platforms", ECRTS 2005.
 * @param tasks the tasks
 * @param cpus number of CPUs
 * @throws {SchedError} `invalid-task-set`
 */
export function goossensFunkBaruah(tasks: readonly RecurringTask[], cpus: number): Verdict {
  const test = "Goossens-Funk-Baruah bound (density)";
  const checked = checkTasks(tasks);
  const reason = delays(checked);
  if (reason !== null) return inapplicable(test, { promise: "sufficient", why: reason });
  const terms = densities(checked);
  const largest = largestOf(terms);
  return sufficient(test, {
    holds: fits(largest) &&
      compareSum([...terms, { ...largest, factor: cpus - 1 }], { over: cpus, under: 1 }) <= 0,
    why: `density ${rounded(roughSum(terms))}, the largest ${rounded(roughSum([largest]))}`,
  });
}

/**
 * U ≤ m/2 (1 − Umax) + Umax: M. Bertogna, M. Cirinei and G. Lipari, "New Schedulability Tests for
 * Real-Time Task Sets Scheduled by Deadline Monotonic on Multiprocessors", OPODIS 2005, for global
 * deadline-monotonic priorities with densities C / D, and so for rate-monotonic ones where no
 * deadline is before the end of the period.
 * @param tasks the tasks
 * @param cpus number of CPUs
 * @throws {SchedError} `invalid-task-set`
 */
export function bertognaCirineiLipari(tasks: readonly RecurringTask[], cpus: number): Verdict {
  const test = "Bertogna-Cirinei-Lipari bound (density)";
  const checked = checkTasks(tasks);
  const reason = delays(checked);
  if (reason !== null) return inapplicable(test, { promise: "sufficient", why: reason });
  const terms = densities(checked);
  const largest = largestOf(terms);
  const doubled = terms.map((term) => ({ ...term, factor: 2 }));
  return sufficient(test, {
    holds: fits(largest) &&
      compareSum([...doubled, { ...largest, factor: cpus - 2 }], { over: cpus, under: 1 }) <= 0,
    why: `density ${rounded(roughSum(terms))}, the largest ${rounded(roughSum([largest]))}`,
  });
}

/**
 * U ≤ m² / (3m − 2): B. Andersson, S. Baruah and J. Jonsson, "Static-Priority Scheduling on
 * Multiprocessors", RTSS 2001. It holds for the priorities of {@linkcode rmUs}, and for
 * rate-monotonic ones where no task has more than m / (3m − 2).
 * @param tasks the tasks
 * @param cpus number of CPUs
 * @param priorities which of the two
 * @throws {SchedError} `invalid-task-set`
 */
export function anderssonBaruahJonsson(
  tasks: readonly RecurringTask[],
  cpus: number,
  priorities: "rm-us" | "rate-monotonic",
): Verdict {
  const test = `Andersson-Baruah-Jonsson bound (${priorities})`;
  const checked = checkTasks(tasks);
  const reason = delays(checked) ?? early(checked);
  if (reason !== null) return inapplicable(test, { promise: "sufficient", why: reason });
  const terms = utilizations(checked);
  const heavy = terms.some((term) => isHeavy(term, cpus));
  const of = `utilization ${rounded(roughSum(terms))}, bound ${
    rounded(cpus * cpus / (3 * cpus - 2))
  }`;
  if (heavy && priorities === "rate-monotonic") {
    return sufficient(test, {
      holds: false,
      why: `${of}, and a task has more than ${rounded(cpus / (3 * cpus - 2))}`,
    });
  }
  return sufficient(test, {
    holds: compareSum(terms, { over: cpus * cpus, under: 3 * cpus - 2 }) <= 0 && terms.every(fits),
    why: of,
  });
}

/**
 * Priorities RM-US[m / (3m − 2)] of Andersson, Baruah and Jonsson: tasks of more utilization than
 * that before all others, those by period. The larger the more urgent; tasks of equal periods have
 * equal priorities.
 * @param tasks the tasks
 * @param cpus number of CPUs
 * @throws {SchedError} `invalid-task-set`
 */
export function rmUs(tasks: readonly RecurringTask[], cpus: number): readonly number[] {
  const checked = checkTasks(tasks);
  const periods = [...new Set(checked.map(({ period }) => period))].sort((a, b) => b - a);
  return checked.map(({ time, period }) =>
    isHeavy({ over: time, under: period }, cpus) ? periods.length : periods.indexOf(period)
  );
}

/** How {@linkcode globalResponseTimes} is to count. */
export interface GlobalResponseOptions {
  /** Number of CPUs. */
  readonly cpus: number;
  /** Earliest deadline first, or fixed priorities of which the larger are more urgent. */
  readonly scheduling: "edf" | readonly number[];
}

/**
 * Bounds of response times by interference: M. Bertogna and M. Cirinei, "Response-Time Analysis for
 * Globally Scheduled Symmetric Multiprocessor Platforms", RTSS 2007, theorems for fixed priorities
 * and, without slack, for EDF. Sufficient; for deadlines up to the period only. A task without a
 * bound has `null`, and what is less urgent has none either.
 * @param tasks the tasks
 * @param options how they are scheduled
 * @throws {SchedError} `invalid-task-set`; `analysis-limit`
 */
export function globalResponseTimes(
  tasks: readonly RecurringTask[],
  options: GlobalResponseOptions,
): Verdict {
  const test = "global response-time analysis";
  const { cpus, scheduling } = options;
  const checked = checkTasks(tasks);
  const late = checked.find(({ deadline, period }) => deadline > period);
  const reason = delays(checked) ??
    (late ? `task "${late.name}" has a deadline after the end of its period` : null);
  if (reason !== null) return inapplicable(test, { promise: "sufficient", why: reason });
  const urgent = (index: number): number => scheduling === "edf" ? 0 : scheduling[index] ?? 0;
  const order = checked.map((_, index) => index).sort((a, b) => urgent(b) - urgent(a));
  const responses: (number | null)[] = checked.map(() => null);
  const steps = new Steps();
  for (const index of order) {
    steps.take(4 * checked.length, "global response-time analysis");
    const rivals = checked.flatMap((task, other): Rival[] => {
      if (other === index || urgent(other) < urgent(index)) return [];
      // A task of the same priority may be as late as its deadline, like all under EDF.
      const equal = urgent(other) === urgent(index);
      return [{ task, response: equal ? task.deadline : responses[other] ?? null }];
    });
    if (rivals.some(({ response }) => response === null)) continue;
    responses[index] = bound(checked[index]!, { rivals, cpus, edf: scheduling === "edf", steps });
  }
  const missing = responses.indexOf(null);
  return {
    ...sufficient(test, {
      holds: missing < 0,
      why: missing < 0
        ? "no bound is later than its deadline"
        : `no bound up to its deadline was found for task "${checked[missing]?.name}"`,
    }),
    responses,
  };
}

interface Rival {
  readonly task: CheckedTask;
  readonly response: number | null;
}

/** The bound of one task, or `null` if it is beyond the deadline. */
function bound(
  task: CheckedTask,
  { rivals, cpus, edf, steps }: {
    rivals: readonly Rival[];
    cpus: number;
    edf: boolean;
    steps: Steps;
  },
): number | null {
  const { time, deadline, name } = task;
  for (let window = time; window <= deadline;) {
    let interference = 0;
    for (const { task: rival, response } of rivals) {
      const most = window - time + 1;
      const shared = Math.min(most, workload(rival, { window, response: response ?? 0 }));
      interference += edf ? Math.min(shared, due(rival, deadline)) : shared;
    }
    steps.take(4 * rivals.length + 1, "global response-time analysis");
    const next = safe(time + Math.floor(interference / cpus), name);
    if (next <= window) return window;
    window = next;
  }
  return null;
}

/** The most a rival runs in a window, if its last job before it was as late as it may be. */
function workload(
  { time, period }: CheckedTask,
  { window, response }: { window: number; response: number },
): number {
  const jobs = Math.floor((window + response - time) / period);
  return jobs * time + Math.min(time, window + response - time - jobs * period);
}

/** The most a rival runs that is due no later than a job that is due at the end of a window. */
function due({ time, period }: CheckedTask, window: number): number {
  const jobs = Math.floor(window / period);
  return jobs * time + Math.min(time, window - jobs * period);
}

function fits({ over, under }: Ratio): boolean {
  return over <= under;
}

function isHeavy({ over, under }: Ratio, cpus: number): boolean {
  return compareSum([{ over, under }], { over: cpus, under: 3 * cpus - 2 }) > 0;
}

function largestOf(terms: readonly Ratio[]): Ratio {
  return terms.reduce(
    (largest, term) => compareSum([term], largest) > 0 ? term : largest,
    { over: 0, under: 1 },
  );
}
