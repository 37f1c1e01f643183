/**
 * Response times under preemptive fixed priorities on one CPU.
 *
 * The longest response of a task follows from the moment it is released together with everything
 * more urgent (the critical instant): M. Joseph and P. Pandya, "Finding Response Times in a
 * Real-Time System", The Computer Journal 29(5), 1986. Blocking and release jitter: N. Audsley,
 * A. Burns, M. Richardson, K. Tindell and A. Wellings, "Applying New Scheduling Theory to Static
 * Priority Pre-emptive Scheduling", Software Engineering Journal 8(5), 1993. Where a job may be
 * released before the one before it is done, every job of the busy period counts: J. Lehoczky,
 * "Fixed Priority Scheduling of Periodic Task Sets with Arbitrary Deadlines", RTSS 1990.
 *
 * For job q of the task in its busy period, counted from 0,
 *
 *     w(q) = B + (q + 1) C + Σ ⌈(w(q) + Jⱼ) / Tⱼ⌉ Cⱼ   over all j that are more urgent
 *     R = the largest of w(q) + J − q T
 *
 * @module
 */
import { compareSum } from "./ratio.ts";
import {
  type CheckedTask,
  checkSwitchCost,
  checkTasks,
  hyperperiod,
  type RecurringTask,
  safe,
  Steps,
  type TaskSetOptions,
  utilizations,
  withSwitches,
} from "./task.ts";
import type { Verdict } from "./verdict.ts";

/** Which tasks are more urgent: by period, by deadline, or as they say. */
export type PriorityOrder = "rate-monotonic" | "deadline-monotonic" | "given";

/** How response times are to be found. */
export interface ResponseTimeOptions extends TaskSetOptions {
  /** Which tasks are more urgent; `given` if absent. */
  readonly order?: PriorityOrder;
}

/**
 * Finds the longest response time of each task.
 *
 * Exact without blocking, switch cost, and tasks of the same priority, if tasks may arrive at the
 * same time. With any of these it is sufficient: what may delay a job may not always do so. Tasks
 * of the same priority count as more urgent than each other, in whatever order they take turns.
 *
 * A switch cost is what A. Burns and A. Wellings give it ("Real-Time Systems and Programming
 * Languages"): each job brings two switches; and one to a less urgent task may be under way.
 *
 * @param tasks the tasks
 * @param options priorities, and what holds for all tasks
 * @throws {SchedError} `invalid-task-set`, `invalid-option`; `analysis-limit` if times leave the
 *   safe integers or would take too long to find
 */
export function responseTimeAnalysis(
  tasks: readonly RecurringTask[],
  options: ResponseTimeOptions = {},
): Verdict {
  return responsesWithin(tasks, options, new Steps());
}

/** The same, with what it may cost. */
export function responsesWithin(
  tasks: readonly RecurringTask[],
  options: ResponseTimeOptions,
  steps: Steps,
): Verdict {
  const { order = "given", deadlinesFrom: from = "arrival" } = options;
  const switchCost = checkSwitchCost(options);
  const checked = withSwitches(checkTasks(tasks), switchCost);
  const urgency = checked.map((task) => urgencyOf(task, order));
  const places = checked.map((_, index) => index).sort((a, b) => urgency[b]! - urgency[a]!);
  const ordered = places.map((index) => checked[index]!);
  const responses: (number | null)[] = checked.map(() => null);
  let late: string | null = null;
  let ties = false;
  let end = 0;
  for (const [place, index] of places.entries()) {
    // Up to there all are at least as urgent.
    while (end < places.length && urgency[places[end]!]! >= urgency[index]!) end++;
    ties ||= end > place + 1;
    const task = ordered[place]!;
    const blocking = task.blocking + (end < places.length ? switchCost : 0);
    const level = new Level({ ordered, end, place, blocking, steps });
    const { response, lateness } = level.worst(from);
    responses[index] = response;
    if (lateness > 0 && late === null) {
      late = response === null
        ? `task "${task.name}" has no longest response time`
        : `task "${task.name}" takes up to ${response}`;
    }
  }
  const exact = !ties && switchCost === 0 && checked.every(({ blocking }) => blocking === 0);
  return {
    test: "response-time analysis",
    promise: exact ? "exact" : "sufficient",
    schedulable: late === null || (exact ? false : "unknown"),
    why: late ?? "no response takes longer than its deadline",
    responses,
  };
}

function urgencyOf({ period, deadline, priority }: CheckedTask, order: PriorityOrder): number {
  return order === "given" ? priority : order === "rate-monotonic" ? -period : -deadline;
}

/** One task and all that is at least as urgent. */
class Level {
  readonly #task: CheckedTask;
  readonly #others: readonly CheckedTask[];
  readonly #steps: Steps;
  readonly #what: string;

  constructor(
    { ordered, end, place, blocking, steps }: {
      ordered: readonly CheckedTask[];
      end: number;
      place: number;
      blocking: number;
      steps: Steps;
    },
  ) {
    this.#task = { ...ordered[place]!, blocking };
    this.#others = ordered.slice(0, end).toSpliced(place, 1);
    this.#steps = steps;
    this.#what = `the response time of task "${this.#task.name}"`;
    steps.take(4 * end, this.#what);
  }

  /** Its longest response, `null` if there is none, and how late a job of it may be. */
  worst(from: "arrival" | "release"): { response: number | null; lateness: number } {
    const { period, deadline, jitter } = this.#task;
    const jobs = this.#jobs();
    if (jobs === 0) return { response: null, lateness: Infinity };
    let response = 0;
    let lateness = -Infinity;
    let window = 0;
    for (let job = 0; job < jobs; job++) {
      window = this.#window(job, window);
      const arrival = job * period - jitter;
      response = Math.max(response, window - arrival);
      const start = from === "arrival" ? arrival : Math.max(0, arrival);
      lateness = Math.max(lateness, window - start - deadline);
      if (window <= (job + 1) * period - jitter) break; // before the next arrives
    }
    return { response, lateness };
  }

  /** After how many jobs responses repeat, whatever the busy period; 0 if they grow for ever. */
  #jobs(): number {
    const all = [this.#task, ...this.#others];
    const load = compareSum(utilizations(all), { over: 1, under: 1 });
    if (load > 0) return 0;
    if (load < 0) return Infinity;
    const { period, jitter } = this.#task;
    // Those that arrived before the busy period are released at its start, later ones as they come.
    return hyperperiod(all) / period + Math.ceil(jitter / period);
  }

  /** Time from the start of the busy period until a job of it is done. */
  #window(job: number, before: number): number {
    const { name, time, blocking } = this.#task;
    const own = blocking + (job + 1) * time;
    // Nothing is done sooner than the job before it and its own time.
    let window = Math.max(own, before + time);
    for (;;) {
      this.#steps.take(this.#others.length + 1, this.#what);
      let next = own;
      for (const { time, period, jitter } of this.#others) {
        next += Math.ceil((window + jitter) / period) * time;
      }
      safe(next, name);
      if (next <= window) return window;
      window = next;
    }
  }
}
