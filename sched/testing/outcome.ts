/**
 * A simulation to its end, and what tests ask of it.
 *
 * @module
 */
import type { Policy } from "../policy.ts";
import type { SimulationOptions } from "../simulator/conditions.ts";
import type { SimulationEvent } from "../simulator/events.ts";
import { simulate } from "../simulator/simulator.ts";
import type { ThreadSpec } from "../simulator/workload.ts";
import type { JobReport, StatisticsReport } from "../statistics/report.ts";
import { Statistics } from "../statistics/statistics.ts";
import { stretchesOf, timelineOf } from "./timeline.ts";

/** How a simulation went. */
export interface Outcome extends StatisticsReport {
  /** All that happened. */
  readonly events: readonly SimulationEvent[];
  /** Who ran when, `A 0-4, B 4-7`; of one CPU. */
  readonly chart: string;
}

/** Simulates threads to the end. */
export function outcome(
  threads: readonly ThreadSpec[],
  policy: Policy,
  options: SimulationOptions = {},
): Outcome {
  const events = [...simulate(threads, policy, options)];
  const statistics = new Statistics(threads, options);
  for (const event of events) statistics.add(event);
  return {
    ...statistics.report(),
    events,
    chart: timelineOf(stretchesOf(threads, events, Infinity)),
  };
}

/** A mean over all jobs, 0 if there are none. */
export function mean({ total }: Outcome, field: keyof Omit<JobReport, "jobs">): number {
  return total[field]?.mean ?? 0;
}

/** The mean of each thread's jobs; a thread without jobs is one. */
export function means(
  { threads }: Outcome,
  field: keyof Omit<JobReport, "jobs">,
): (number | undefined)[] {
  return threads.map((thread) => thread[field]?.mean);
}
