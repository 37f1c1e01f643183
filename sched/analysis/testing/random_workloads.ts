/**
 * Random sets of tasks as workloads of the simulator.
 *
 * @module
 */
import type { Jobs, Step, ThreadSpec } from "../../simulator/workload.ts";
import { Random } from "../../../util/random.ts";
import { sweep } from "../../../util/testing/sweep.ts";
import type { RecurringTask } from "../task.ts";
import { randomTasks, type RandomTasksOptions } from "../uunifast.ts";

const DEADLINES = ["implicit", "constrained", "arbitrary"] as const;

/** A set of tasks as threads, the first of the highest priority. */
export function threads(
  tasks: readonly RecurringTask[],
  shape: (
    task: RecurringTask,
    index: number,
  ) => Pick<ThreadSpec, "jobs" | "budget"> & { steps?: readonly Step[] },
): ThreadSpec[] {
  return tasks.map((task, index): ThreadSpec => {
    const { time, period, deadline = period } = task;
    const steps = [{ type: "run", time } as const];
    const priority = tasks.length - index;
    return { name: `t${index}`, period, deadline, priority, steps, ...shape(task, index) };
  });
}

/** Utilization from low to a little above all CPUs, most of it high. */
export function draw(seed: number, options: Partial<RandomTasksOptions> & { cpus?: number } = {}) {
  const random = new Random(seed);
  const { cpus = 1 } = options;
  return randomTasks(seed, {
    tasks: random.between(cpus + 1, cpus + 6),
    utilization: cpus * (0.5 + 0.55 * (random.next() / 2 ** 32)),
    hyperperiod: random.pick([360, 720, 840]),
    shortest: 6,
    deadlines: random.pick(DEADLINES),
    ...options,
  });
}

/** Jobs that come each period. */
export const PERIODIC: Jobs = { pattern: "periodic" };

/** Calls with so many seeds, others for each policy. */
export function eachSeed(
  place: number,
  count: { quick: number; full: number },
  of: (seed: number) => void,
) {
  for (let seed = 0; seed < sweep(count); seed++) of(place * 100_000 + seed);
}
