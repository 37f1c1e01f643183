/**
 * Workloads made at random, for tests of policies.
 *
 * @module
 */
import { Random } from "../../util/random.ts";
import { PRIORITIES } from "../parameters.ts";
import type { Step, ThreadSpec } from "./workload.ts";

/** Bounds of a random workload; every bound is inclusive. */
export interface RandomWorkloadOptions {
  /** Number of threads. */
  readonly threads: number;
  /** Most run steps of a thread; each thread has at least 1. Default 5. */
  readonly bursts?: number;
  /** Longest run step. Default 50. */
  readonly burst?: number;
  /** Longest sleep between run steps. Default 50. */
  readonly sleep?: number;
  /** Latest arrival. Default 100. */
  readonly arrival?: number;
  /** Highest priority. Default 255. */
  readonly priority?: number;
}

/**
 * Makes a workload of threads that run, sleep and yield at random; the same seed makes the same
 * workload.
 * @param seed seed of the random numbers
 * @param options how many threads and how long their steps may be
 */
export function randomWorkload(seed: number, options: RandomWorkloadOptions): ThreadSpec[] {
  const random = new Random(seed);
  const { threads, bursts = 5, burst = 50, sleep = 50, arrival = 100 } = options;
  const { priority = PRIORITIES - 1 } = options;
  return Array.from({ length: threads }, (_, id): ThreadSpec => {
    const steps: Step[] = [];
    const count = random.between(1, bursts);
    for (let index = 0; index < count; index++) {
      steps.push({ type: "run", time: random.between(1, burst) });
      if (index === count - 1) break;
      if (random.below(3) === 0) steps.push({ type: "yield" });
      else steps.push({ type: "sleep", time: random.between(0, sleep) });
    }
    return {
      name: `t${id}`,
      arrival: random.between(0, arrival),
      priority: random.between(0, priority),
      steps,
    };
  });
}
