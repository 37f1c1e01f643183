/**
 * Which workloads never end by themselves.
 *
 * @module
 */
import type { Step, ThreadSpec } from "./workload.ts";

/** A thread that never ends, or has others run for ever; none if the workload ends. */
export function endlessThread(threads: readonly ThreadSpec[]): ThreadSpec | undefined {
  return threads.find(isEndless) ?? triggeringForEver(threads);
}

function isEndless({ jobs, steps }: ThreadSpec): boolean {
  if (someStep(steps, (step) => step.type === "repeat" && step.times === undefined)) return true;
  if (jobs === undefined || jobs.pattern === "listed" || jobs.pattern === "triggered") return false;
  return jobs.count === undefined;
}

/** A thread whose jobs are triggered, by way of others or not, by jobs that they trigger. */
function triggeringForEver(threads: readonly ThreadSpec[]): ThreadSpec | undefined {
  const targets = new Map(threads.map(({ name, steps }) => [name, triggeredBy(steps)]));
  const triggers = new Map<string, number>();
  const count = (name: string, by: number): number => {
    const left = (triggers.get(name) ?? 0) + by;
    triggers.set(name, left);
    return left;
  };
  for (const target of [...targets.values()].flat()) count(target, 1);
  // Those that nobody triggers, and then those that only these do, and so on.
  const ending = threads.filter(({ name }) => count(name, 0) === 0).map(({ name }) => name);
  for (const name of ending) {
    for (const target of targets.get(name)!) if (count(target, -1) === 0) ending.push(target);
  }
  const ends = new Set(ending);
  return threads.find(({ name }) => !ends.has(name));
}

/** Threads that steps trigger, as often as they are named. */
function triggeredBy(steps: readonly Step[]): readonly string[] {
  return steps.flatMap((step) =>
    step.type === "trigger" ? [step.thread] : step.type === "repeat" ? triggeredBy(step.steps) : []
  );
}

function someStep(steps: readonly Step[], test: (step: Step) => boolean): boolean {
  return steps.some((step) => test(step) || step.type === "repeat" && someStep(step.steps, test));
}
