/**
 * Recurring tasks as schedulability tests see them, and what is checked of them first.
 *
 * @module
 */
import { checkIntegerOption, SchedError } from "../errors.ts";
import { leastCommonMultiple, type Ratio } from "./ratio.ts";

/**
 * A task whose jobs recur, at least a period apart (Mok's sporadic task). All times are integers of
 * one clock.
 */
export interface RecurringTask {
  /** What to call it; its place in the set if absent. */
  readonly name?: string;
  /** Longest time a job needs the CPU (C), at least 1. */
  readonly time: number;
  /** Least time between two arrivals (T), at least 1. */
  readonly period: number;
  /** Time a job has to be done in (D), at least 1; the period if absent. */
  readonly deadline?: number;
  /** Longest time from a job's arrival to its release (J); 0 if absent. */
  readonly jitter?: number;
  /** Longest time a job is kept from running by less urgent ones (B); 0 if absent. */
  readonly blocking?: number;
  /** Priority where priorities are given, the larger the more urgent; 0 if absent. */
  readonly priority?: number;
}

/** A task with every choice made. */
export type CheckedTask = Required<RecurringTask>;

/** What holds for all tasks of a set. */
export interface TaskSetOptions {
  /**
   * Since when deadlines count: a job's `arrival`, as the literature on release jitter has it, or
   * its `release`, as the simulator has it; `arrival` if absent. Without jitter it is the same.
   */
  readonly deadlinesFrom?: "arrival" | "release";
  /** Time it costs to give a CPU to another task; 0 if absent. */
  readonly switchCost?: number;
}

/**
 * Checks a set of tasks and makes the choices left open.
 * @param tasks the tasks
 * @throws {SchedError} `invalid-task-set`, naming the task, the field and what was expected
 */
export function checkTasks(tasks: readonly RecurringTask[]): readonly CheckedTask[] {
  return tasks.map((task, index) => {
    const { name = `${index}`, time, period, jitter = 0, blocking = 0, priority = 0 } = task;
    const { deadline = period } = task;
    const check = (field: keyof RecurringTask, value: number, least: number): void => {
      if (Number.isSafeInteger(value) && value >= least) return;
      throw new SchedError("invalid-task-set", {
        message:
          `Cannot analyze task "${name}" with ${field} ${value}: it must be an integer of at least ${least}`,
        value,
      });
    };
    check("time", time, 1);
    check("period", period, 1);
    check("deadline", deadline, 1);
    check("jitter", jitter, 0);
    check("blocking", blocking, 0);
    check("priority", priority, Number.MIN_SAFE_INTEGER);
    return { name, time, period, deadline, jitter, blocking, priority };
  });
}

/** The switch cost of a set. */
export function checkSwitchCost({ switchCost = 0 }: TaskSetOptions): number {
  checkIntegerOption("switchCost", switchCost, { least: 0 });
  return switchCost;
}

/** Why a test that knows no jitter and no blocking does not apply, or `null`. */
export function delays(tasks: readonly CheckedTask[]): string | null {
  for (const { name, jitter, blocking } of tasks) {
    if (jitter > 0) return `task "${name}" has release jitter`;
    if (blocking > 0) return `task "${name}" can be blocked`;
  }
  return null;
}

/** Why a test that knows no deadlines within the period does not apply, or `null`. */
export function early(tasks: readonly CheckedTask[]): string | null {
  const found = tasks.find(({ deadline, period }) => deadline < period);
  return found ? `task "${found.name}" has a deadline before the end of its period` : null;
}

/** The utilizations (C / T) of tasks. */
export function utilizations(tasks: readonly CheckedTask[]): readonly Ratio[] {
  return tasks.map(({ time, period }) => ({ over: time, under: period }));
}

/** The densities (C / min(D, T)) of tasks. */
export function densities(tasks: readonly CheckedTask[]): readonly Ratio[] {
  return tasks.map(({ time, period, deadline }) => ({
    over: time,
    under: Math.min(period, deadline),
  }));
}

/** The least common multiple of the periods, or `Infinity` if it is no safe integer. */
export function hyperperiod(tasks: Iterable<{ readonly period: number }>): number {
  const periods = new Set<number>();
  for (const { period } of tasks) periods.add(period);
  return leastCommonMultiple(periods);
}

/** Tasks with other worst-case times: each job brings a switch to it and one back with it. */
export function withSwitches(tasks: readonly CheckedTask[], cost: number): readonly CheckedTask[] {
  if (cost === 0) return tasks;
  return tasks.map((task) => ({ ...task, time: safe(task.time + 2 * cost, task.name) }));
}

/** A number that counts time is exact, or the analysis ends. */
export function safe(value: number, task: string): number {
  if (value <= Number.MAX_SAFE_INTEGER) return value;
  throw tooMuch(`a time of task "${task}" is beyond 2^53 - 1`, value);
}

/** What a computation may cost in all: about a second. */
export class Steps {
  #left = 50_000_000;

  /** Takes so many steps more. @throws {SchedError} `analysis-limit` */
  take(steps: number, what: string): void {
    this.#left -= steps;
    if (this.#left < 0) throw tooMuch(`${what} takes too many steps`, what);
  }
}

/** What a computation gives, or what is made of the reason if it would cost too much. */
export function orLimit<T, L>(run: () => T, limited: (why: string) => L): T | L {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof SchedError) || error.kind !== "analysis-limit") throw error;
    return limited(error.message);
  }
}

/** The analysis would not end in any time worth the wait. */
export function tooMuch(why: string, value: unknown): SchedError {
  return new SchedError("analysis-limit", { message: `Cannot finish the analysis: ${why}`, value });
}
