/**
 * Response times under earliest deadline first on one CPU: M. Spuri, "Analysis of Deadline Scheduled
 * Real-Time Systems", INRIA RR-2772, 1996. The longest need not follow from the moment that all
 * tasks are released together: a task may have to wait longest where its own jobs begin later than
 * the others', so that more of these are due before it. For a job that arrives `a` after all other
 * tasks began at once,
 *
 *     w = B + (1 + ⌊a / T⌋) C + Σ min(⌈w / Tⱼ⌉, 1 + ⌊(a + D − Dⱼ) / Tⱼ⌋) Cⱼ   over Dⱼ ≤ a + D
 *     R = the largest of w − a, over all a within the busy period with a + D = k Tⱼ + Dⱼ
 *
 * @module
 */
import { compareSum } from "./ratio.ts";
import {
  type CheckedTask,
  checkSwitchCost,
  checkTasks,
  type RecurringTask,
  safe,
  Steps,
  type TaskSetOptions,
  utilizations,
  withSwitches,
} from "./task.ts";

/**
 * Finds the longest response time of each task under earliest deadline first, from arrival to end;
 * `null` for all if there are none, or if there is jitter, or blocking of a full CPU. Attained
 * without blocking and switch cost, if of jobs due together that one goes last; bounds otherwise.
 * @param tasks the tasks
 * @param options what holds for all of them
 * @throws {SchedError} `invalid-task-set`, `invalid-option`; `analysis-limit`
 */
export function edfResponseTimes(
  tasks: readonly RecurringTask[],
  options: TaskSetOptions = {},
): readonly (number | null)[] {
  const switchCost = checkSwitchCost(options);
  const checked = withSwitches(checkTasks(tasks), switchCost);
  const blocking = checked.reduce((most, task) => Math.max(most, task.blocking), 0) + switchCost;
  const load = compareSum(utilizations(checked), { over: 1, under: 1 });
  const jitters = checked.some(({ jitter }) => jitter > 0);
  if (jitters || load > 0 || (load === 0 && blocking > 0)) return checked.map(() => null);
  const steps = new Steps();
  const busy = busyPeriod(checked, { blocking, steps });
  return checked.map((task, index) => {
    let longest = task.time;
    for (const arrival of arrivals(checked, { task, busy })) {
      const window = windowOf(checked, { index, arrival, blocking, steps });
      longest = Math.max(longest, window - arrival);
    }
    return longest;
  });
}

/** The longest time the CPU is never idle. */
function busyPeriod(
  tasks: readonly CheckedTask[],
  { blocking, steps }: { blocking: number; steps: Steps },
): number {
  let length = tasks.reduce((sum, { time }) => sum + time, blocking);
  for (;;) {
    steps.take(tasks.length, "the busy period");
    const next = tasks.reduce(
      (sum, { time, period }) => sum + Math.ceil(length / period) * time,
      blocking,
    );
    if (safe(next, "all") <= length) return length;
    length = next;
  }
}

/** The arrivals within the busy period that make a job due when another may be. */
function* arrivals(
  tasks: readonly CheckedTask[],
  { task, busy }: { task: CheckedTask; busy: number },
): Generator<number> {
  for (const { period, deadline } of tasks) {
    const first = deadline - task.deadline;
    const skipped = Math.max(0, Math.ceil(-first / period));
    for (let arrival = first + skipped * period; arrival < busy; arrival += period) yield arrival;
  }
}

/** When the job is done that arrives so late after the others began. */
function windowOf(
  tasks: readonly CheckedTask[],
  { index, arrival, blocking, steps }: {
    index: number;
    arrival: number;
    blocking: number;
    steps: Steps;
  },
): number {
  const { time, period, deadline, name } = tasks[index]!;
  const due = arrival + deadline;
  const blocked = tasks.some((task) => task.deadline > due) ? blocking : 0;
  const own = blocked + (1 + Math.floor(arrival / period)) * time;
  for (let window = own;;) {
    steps.take(tasks.length, `the response time of task "${name}"`);
    let next = own;
    tasks.forEach((other, at) => {
      if (at === index || other.deadline > due) return;
      const released = Math.ceil(window / other.period);
      const before = 1 + Math.floor((due - other.deadline) / other.period);
      next += Math.min(released, before) * other.time;
    });
    if (safe(next, name) <= window) return window;
    window = next;
  }
}
