/**
 * Earliest deadline first on one CPU: jobs are late if, and only if, in some stretch of time more
 * is due than the stretch is long. S. K. Baruah, L. E. Rosier and R. R. Howell, "Algorithms and
 * Complexity Concerning the Preemptive Scheduling of Periodic, Real-Time Tasks on One Processor",
 * Real-Time Systems 2, 1990; with release jitter M. Spuri, "Analysis of Deadline Scheduled
 * Real-Time Systems", INRIA RR-2772, 1996. Stretches are gone through from the longest down, as in
 * F. Zhang and A. Burns, "Schedulability Analysis for Real-Time Systems with EDF Scheduling", IEEE
 * Transactions on Computers 58(9), 2009 (QPA).
 *
 * @module
 */
import { compareSum, exactSum, type Ratio, roughSum } from "./ratio.ts";
import {
  type CheckedTask,
  checkSwitchCost,
  checkTasks,
  hyperperiod,
  type RecurringTask,
  Steps,
  type TaskSetOptions,
  tooMuch,
  utilizations,
  withSwitches,
} from "./task.ts";
import { rounded, type Verdict } from "./verdict.ts";

/**
 * Tells whether earliest deadline first meets every deadline on one CPU. Exact for tasks that may
 * arrive at the same time, whatever their deadlines; sufficient with a switch cost or blocking,
 * where a section or a switch of a task with a later deadline is counted against every deadline
 * before its own.
 *
 * @param tasks the tasks
 * @param options what holds for all of them
 * @throws {SchedError} `invalid-task-set`, `invalid-option`; `analysis-limit` if times leave the
 *   safe integers or would take too long to find
 */
export function processorDemand(
  tasks: readonly RecurringTask[],
  options: TaskSetOptions = {},
): Verdict {
  return demandWithin(tasks, options, new Steps());
}

/** The same, with what it may cost. */
export function demandWithin(
  tasks: readonly RecurringTask[],
  options: TaskSetOptions,
  steps: Steps,
): Verdict {
  const switchCost = checkSwitchCost(options);
  const checked = withSwitches(checkTasks(tasks), switchCost);
  const blocking = checked.reduce((most, task) => Math.max(most, task.blocking), 0) + switchCost;
  const promise = blocking === 0 ? "exact" : "sufficient";
  const says = (late: string | null, why: string): Verdict => ({
    test: "processor demand (QPA)",
    promise,
    schedulable: late === null || (promise === "exact" ? false : "unknown"),
    why: late ?? why,
  });
  const load = utilizations(checked);
  const rough = rounded(roughSum(load));
  const full = compareSum(load, { over: 1, under: 1 });
  if (full > 0) return says(`utilization ${rough} of 1`, "");
  const demand = new Demand(checked, { from: options.deadlinesFrom ?? "arrival", steps });
  const end = demand.horizon(load, full === 0);
  // Blocked is only who is due before another; beyond the last first deadline nobody is.
  const { last } = demand;
  const blocked = blocking === 0 ? Math.min(last, end) : last;
  const late = demand.overload({ from: last, to: end, blocking: 0 }) ??
    demand.overload({ from: -Infinity, to: blocked, blocking });
  if (late === null) return says(null, `utilization ${rough}, and no stretch has too much due`);
  return says(`within ${late.length} as much as ${late.due} is due`, "");
}

/** What is due, of whom, how soon. */
class Demand {
  readonly #tasks: readonly CheckedTask[];
  /** Time from the start of a busy period to the first deadline of each task. */
  readonly #first: readonly number[];
  /** Later ones are those from the start minus this, a period apart. */
  readonly #offsets: readonly number[];
  /** The largest first deadline. */
  readonly last: number;
  readonly #steps: Steps;

  constructor(
    tasks: readonly CheckedTask[],
    { from, steps }: { from: "arrival" | "release"; steps: Steps },
  ) {
    this.#tasks = tasks;
    this.#steps = steps;
    this.#offsets = tasks.map(({ deadline, jitter }) => deadline - jitter);
    this.#first = from === "arrival" ? this.#offsets : tasks.map(({ deadline }) => deadline);
    this.last = this.#first.reduce((last, each) => Math.max(last, each), -Infinity);
  }

  /** What must be done by a time after the start of a busy period. */
  #due(length: number): number {
    let due = 0;
    for (let index = 0; index < this.#tasks.length; index++) {
      if (length < this.#first[index]!) continue;
      const { period, time } = this.#tasks[index]!;
      due += (Math.floor((length - this.#offsets[index]!) / period) + 1) * time;
    }
    this.#count();
    return due;
  }

  /** The last deadline before a time, `-Infinity` if there is none. */
  #deadlineBefore(time: number): number {
    let latest = -Infinity;
    for (let index = 0; index < this.#tasks.length; index++) {
      const first = this.#first[index]!;
      if (time <= first) continue;
      const { period } = this.#tasks[index]!;
      const offset = this.#offsets[index]!;
      const deadline = offset + (Math.ceil((time - offset) / period) - 1) * period;
      latest = Math.max(latest, first, deadline);
    }
    this.#count();
    return latest;
  }

  /** A stretch from `from` to below `to` in which too much is due. */
  overload(
    { from, to, blocking }: { from: number; to: number; blocking: number },
  ): { length: number; due: number } | null {
    let length = this.#deadlineBefore(to);
    while (length >= from && length !== -Infinity) {
      const due = this.#due(length) + blocking;
      if (due > length) return due === blocking ? null : { length, due };
      // What is due by `due` and later is no more than `due`, so nothing between is too much.
      length = due < length ? due : this.#deadlineBefore(length);
    }
    return null;
  }

  /** No deadline from then on needs looking at. */
  horizon(load: readonly Ratio[], full: boolean): number {
    // Responses of a full CPU repeat.
    if (full) return this.#finite(Math.max(0, this.last) + hyperperiod(this.#tasks) + 1);
    const byLoad = Math.max(this.last, this.#slackBound(load)) + 1;
    return this.#finite(Math.min(byLoad, this.#busyPeriod(byLoad)));
  }

  /** Σ (T − D + J) U / (1 − U), or a little more, beyond which less is due than there is time. */
  #slackBound(load: readonly Ratio[]): number {
    const terms = this.#tasks.map(({ time, period }, index) => ({
      over: period - this.#offsets[index]!,
      under: period,
      factor: time,
    }));
    const idle = 1 - roughSum(load);
    if (idle > 1e-3) {
      // What sums in floating point are wrong by is far less than a millionth of them.
      const size = terms.reduce(
        (sum, { over, under, factor }) => sum + Math.max(0, over / under * factor),
        0,
      );
      return Math.ceil(size / idle * (1 + 1e-5)) + 1;
    }
    const { over, under } = exactSum(load);
    const above = exactSum(terms);
    const bound = above.over * under / (above.under * (under - over)) + 1n;
    return Number(bound);
  }

  /** The longest time that the CPU is never idle, or something beyond `limit`. */
  #busyPeriod(limit: number): number {
    let length = this.#tasks.reduce((sum, { time }) => sum + time, 0);
    for (;;) {
      let next = 0;
      for (const { time, period, jitter } of this.#tasks) {
        next += Math.ceil((length + jitter) / period) * time;
      }
      this.#count();
      // A deadline at the very end of it counts.
      if (next <= length) return length + 1;
      if (next > limit) return next;
      length = next;
    }
  }

  #count(): void {
    this.#steps.take(this.#tasks.length, "the processor demand");
  }

  #finite(time: number): number {
    if (time <= Number.MAX_SAFE_INTEGER) return time;
    throw tooMuch("the deadlines to look at go beyond 2^53 - 1", time);
  }
}
