/**
 * Random sets of tasks of a given utilization, without a bias: E. Bini and G. C. Buttazzo,
 * "Measuring the Performance of Schedulability Tests", Real-Time Systems 30, 2005 (UUniFast); for
 * several CPUs sets with a task of more than 1 are drawn again, as in R. I. Davis and A. Burns,
 * "Priority Assignment for Global Fixed Priority Pre-emptive Scheduling in Multiprocessor Real-Time
 * Systems", RTSS 2009 (UUniFast-Discard).
 *
 * @module
 */
import { SchedError } from "../errors.ts";
import { Random } from "../../util/random.ts";
import type { RecurringTask } from "./task.ts";

/** Draws of one set before it is given up. */
const MOST_DRAWS = 100_000;

/**
 * Utilizations of so many tasks that add up to a total, each at most 1, all sets as likely as each
 * other.
 * @param seed seed of the random numbers
 * @param options number of tasks and their total utilization, at most the number
 * @throws {SchedError} `invalid-option`, also if no set is found, as happens near the number
 */
export function uunifast(
  seed: number,
  options: { tasks: number; utilization: number },
): readonly number[] {
  return draw(new Random(seed), options);
}

function draw(
  random: Random,
  { tasks, utilization }: { tasks: number; utilization: number },
): readonly number[] {
  const refuse = (name: string, value: number, expected: string): never => {
    throw new SchedError("invalid-option", {
      message: `Cannot draw utilizations with ${name} ${value}: it must be ${expected}`,
      value,
    });
  };
  if (!Number.isSafeInteger(tasks) || tasks < 1) refuse("tasks", tasks, "a positive integer");
  if (!(utilization > 0 && utilization <= tasks)) {
    refuse("utilization", utilization, `above 0 and at most ${tasks}`);
  }
  for (let set = 0; set < MOST_DRAWS; set++) {
    const drawn: number[] = [];
    let rest = utilization;
    for (let left = tasks - 1; left > 0; left--) {
      const next = rest * unit(random) ** (1 / left);
      drawn.push(rest - next);
      rest = next;
    }
    drawn.push(rest);
    if (drawn.every((each) => each <= 1)) return drawn;
  }
  return refuse("utilization", utilization, `further from ${tasks}, the number of tasks`);
}

/** What random tasks are like. */
export interface RandomTasksOptions {
  /** How many. */
  readonly tasks: number;
  /** Their utilization; that of the set differs a little, as times are integers. */
  readonly utilization: number;
  /**
   * Periods are divisors of this, so that the hyperperiod is at most as long: J. Goossens and
   * C. Macq, "Limitation of the Hyper-Period in Real-Time Periodic Task Set Generation", RTS 2001.
   */
  readonly hyperperiod: number;
  /** Shortest period; 1 if absent. */
  readonly shortest?: number;
  /** Longest period; the hyperperiod if absent. */
  readonly longest?: number;
  /**
   * Deadlines: the periods; `constrained`, anything from the time needed to the period; or
   * `arbitrary`, to twice the period. The periods if absent.
   */
  readonly deadlines?: "implicit" | "constrained" | "arbitrary";
}

/**
 * A random set of tasks: utilizations by {@linkcode uunifast}; periods log-uniform, as P. Emberson,
 * R. Stafford and R. I. Davis advise ("Techniques For The Synthesis Of Multiprocessor Tasksets",
 * WATERS 2010), moved to the nearest divisor of the hyperperiod.
 *
 * @example A set that needs nine tenths of a CPU
 * ```ts
 * import { processorDemand, randomTasks } from "@trapline/trapline/sched/analysis";
 *
 * const tasks = randomTasks(7, { tasks: 5, utilization: 0.9, hyperperiod: 5040, shortest: 10 });
 * console.log(processorDemand(tasks).why);
 * ```
 *
 * @param seed seed of the random numbers
 * @param options what the tasks are like
 * @throws {SchedError} `invalid-option`
 */
export function randomTasks(seed: number, options: RandomTasksOptions): RecurringTask[] {
  const { hyperperiod, shortest = 1, longest = hyperperiod, deadlines = "implicit" } = options;
  const divisors: number[] = [];
  for (let each = shortest; each <= Math.min(longest, hyperperiod); each++) {
    if (hyperperiod % each === 0) divisors.push(each);
  }
  if (divisors.length === 0) {
    throw new SchedError("invalid-option", {
      message:
        `Cannot draw periods from ${shortest} to ${longest}: no divisor of ${hyperperiod} is among them`,
      value: hyperperiod,
    });
  }
  const [least, most] = [Math.log(divisors[0]!), Math.log(divisors.at(-1)!)];
  const random = new Random(seed);
  return draw(random, options).map((utilization, index) => {
    const wanted = least + (most - least) * unit(random);
    const period = divisors.reduce((nearest, each) =>
      Math.abs(Math.log(each) - wanted) < Math.abs(Math.log(nearest) - wanted) ? each : nearest
    );
    const time = Math.max(1, Math.min(period, Math.round(utilization * period)));
    const latest = deadlines === "arbitrary" ? 2 * period : period;
    const deadline = deadlines === "implicit" ? period : random.between(time, latest);
    return { name: `t${index}`, time, period, deadline };
  });
}

/** A number above 0 and at most 1. */
function unit(random: Random): number {
  return (random.next() + 1) / 0x100000000;
}
