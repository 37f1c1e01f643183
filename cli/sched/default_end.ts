/**
 * When a simulation ends that nobody has given an end.
 *
 * @module
 */
import { hyperperiod } from "../../sched/analysis/mod.ts";
import type { ThreadSpec, Workload } from "../../sched/mod.ts";

/** Most jobs that are simulated unasked. */
const MOST_JOBS = 1_000_000;

/**
 * Two hyperperiods after the last thread has arrived, if the threads that never end are periodic
 * and that is not too long; by then a schedule has shown all it has. No end is given to a workload
 * that has one, nor to any other.
 */
export function defaultEnd({ threads }: Workload): number | undefined {
  const endless = threads.filter(({ jobs }) =>
    jobs !== undefined && jobs.pattern !== "listed" && jobs.pattern !== "triggered" &&
    jobs.count === undefined
  );
  if (endless.length === 0) return undefined;
  if (endless.some(({ jobs }) => jobs?.pattern === "sporadic")) return undefined;
  const cycle = hyperperiod(endless.map(({ period = 0 }) => ({ period })));
  const arrivals = threads.map(({ arrival }) => typeof arrival === "number" ? arrival : 0);
  const until = arrivals.reduce((last, each) => Math.max(last, each), 0) + 2 * cycle;
  return jobsUntil(endless, until) <= MOST_JOBS ? until : undefined;
}

function jobsUntil(threads: readonly ThreadSpec[], until: number): number {
  return threads.reduce((sum, { period = 1, jobs }) => {
    const burst = jobs?.pattern === "bursty" ? jobs.burst : 1;
    return sum + burst * until / period;
  }, 0);
}
