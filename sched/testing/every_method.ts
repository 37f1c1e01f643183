/**
 * Threads that have a host call every method that a policy has.
 *
 * @module
 */
import type { Step, ThreadSpec } from "../simulator/workload.ts";

/** A method of a policy that may do anything. */
export type Way = (...given: unknown[]) => unknown;

const run = (time: number): Step => ({ type: "run", time });

/** Four threads, the third of which may run on CPU 1 only and does some step in its midst. */
export function busyThreads(step: Step): readonly ThreadSpec[] {
  return [
    { name: "a", steps: [run(6), { type: "sleep", time: 3 }, run(6)] },
    {
      name: "b",
      priority: 3,
      steps: [run(5), { type: "set", parameters: { priority: 1 } }, run(7)],
    },
    { name: "c", arrival: 4, affinity: [1], priority: 2, steps: [run(9), step, run(3)] },
    {
      name: "d",
      period: 10,
      priority: 4,
      jobs: { pattern: "periodic", count: 4 },
      steps: [run(2), { type: "io", time: 2 }, run(1)],
    },
  ];
}
