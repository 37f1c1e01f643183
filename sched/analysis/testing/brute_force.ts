/**
 * Schedules by the definition, one unit of time after the other, with nothing of the simulator's or
 * the analysis's.
 *
 * @module
 */
import type { Random } from "../../../util/random.ts";
import type { CheckedTask } from "../task.ts";

/** One job. */
export interface Job {
  readonly task: number;
  readonly arrival: number;
  readonly release: number;
  /** Latest end. */
  readonly deadline: number;
  readonly time: number;
}

/**
 * Jobs that are the worst for all tasks at once: all are released at time 0, the first as late as
 * their jitter allows, later ones as soon as they may be.
 */
export function worstJobs(
  tasks: readonly CheckedTask[],
  { until, from = "arrival" }: { until: number; from?: "arrival" | "release" },
): Job[] {
  return tasks.flatMap(({ time, period, deadline, jitter }, task) => {
    const jobs: Job[] = [];
    for (let arrival = -jitter; Math.max(0, arrival) < until; arrival += period) {
      const release = Math.max(0, arrival);
      const start = from === "arrival" ? arrival : release;
      jobs.push({ task, arrival, release, deadline: start + deadline, time });
    }
    return jobs;
  });
}

/** Jobs as they may also come. */
export function anyJobs(
  tasks: readonly CheckedTask[],
  { until, from = "arrival", random }: {
    until: number;
    from?: "arrival" | "release";
    random: Random;
  },
): Job[] {
  return tasks.flatMap(({ time, period, deadline, jitter }, task) => {
    const jobs: Job[] = [];
    for (let arrival = random.below(period + 1); arrival < until;) {
      const before = jobs.at(-1)?.release ?? 0;
      const release = Math.max(before, arrival + random.between(0, jitter));
      const start = from === "arrival" ? arrival : release;
      const needs = random.chance(0.8) ? time : random.between(1, time);
      jobs.push({ task, arrival, release, deadline: start + deadline, time: needs });
      arrival += period + (random.chance(0.7) ? 0 : random.below(period));
    }
    return jobs;
  });
}

/**
 * Runs jobs, those of one task in order, and returns when each is done; `undefined` if not by then.
 * @param jobs the jobs
 * @param options the smaller `key` runs first, among equals the job of the smaller task
 */
export function schedule(
  jobs: readonly Job[],
  { key, until, cpus = 1 }: { key: (job: Job) => number; until: number; cpus?: number },
): readonly (number | undefined)[] {
  const left = jobs.map(({ time }) => time);
  const done: (number | undefined)[] = jobs.map(() => undefined);
  const queues: number[][] = [];
  jobs.forEach(({ task }, index) => (queues[task] ??= []).push(index));
  const next = queues.map(() => 0);
  for (let now = 0; now < until; now++) {
    const ready = queues.flatMap((queue, task) => {
      const index = queue[next[task]!];
      return index === undefined || jobs[index]!.release > now ? [] : [index];
    });
    ready.sort((a, b) => key(jobs[a]!) - key(jobs[b]!) || jobs[a]!.task - jobs[b]!.task);
    for (const index of ready.slice(0, cpus)) {
      if (--left[index]! > 0) continue;
      done[index] = now + 1;
      next[jobs[index]!.task]!++;
    }
  }
  return done;
}
