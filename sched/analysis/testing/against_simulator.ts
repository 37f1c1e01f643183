/**
 * Holds what tests promise against what the simulator does.
 *
 * @module
 */
import { describeFault } from "../../host/fault.ts";
import { createPolicy } from "../../policies/registry.ts";
import type { SimulationOptions } from "../../simulator/conditions.ts";
import { prepareSimulation } from "../../simulator/simulator.ts";
import { type GivenWorkload, workloadOf } from "../../simulator/workload.ts";
import type { Analysis } from "../analyze.ts";

/** What a simulation was like. */
export interface Run {
  /** Longest time from release to end of each thread's jobs that ended. */
  readonly responses: readonly number[];
  /** Number of deadlines missed. */
  readonly misses: number;
}

/** Runs a workload. */
export function runWorkload(
  workload: GivenWorkload,
  options: SimulationOptions & { readonly policy: string },
): Run {
  const { threads } = workloadOf(workload);
  const responses = threads.map(() => 0);
  let misses = 0;
  const simulation = prepareSimulation(workload, {
    ...options,
    policy: createPolicy(options.policy),
    sink: {
      thread: () => {},
      job(type, time, thread, _job, deadline) {
        if (type === "miss") misses++;
        if (type !== "complete") return;
        const { deadline: relative, period = 0 } = threads[thread]!;
        const release = deadline - (relative ?? period);
        responses[thread] = Math.max(responses[thread]!, time - release);
      },
      fault: (fault) => {
        throw new Error(describeFault(fault));
      },
    },
  });
  simulation.run();
  return { responses, misses };
}

/**
 * What a run and an analysis do not agree in, in words; empty if they do.
 * @param worst whether the run is the worst case, so that exact tests must be met exactly
 */
export function contradictions(
  { tasks, verdicts }: Analysis,
  { run, worst }: { run: Run; worst: boolean },
): string[] {
  const found: string[] = [];
  for (const { test, promise, schedulable, responses } of verdicts) {
    if (schedulable === true && run.misses > 0) {
      found.push(`${test} promises all deadlines, ${run.misses} were missed`);
    }
    if (schedulable === false && worst && run.misses === 0) {
      found.push(`${test} says that one is late, none was`);
    }
    // Bounds of global tests hold together or not at all.
    const holds = test === "global response-time analysis" ? schedulable === true : true;
    responses?.forEach((response, index) => {
      const seen = run.responses[tasks[index]!.thread]!;
      // Under EDF the longest need not be seen when all arrive together.
      const attained = test === "response-time analysis" && worst;
      const exact = promise === "exact" && attained && response !== null;
      if (exact ? seen !== response : holds && seen > (response ?? Infinity)) {
        found.push(`${test} says ${response} of thread ${index}, ${seen} was seen`);
      }
    });
  }
  return found;
}
