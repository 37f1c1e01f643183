/**
 * Workload files that are right.
 *
 * @module
 */
import { doing, lock, mutexes, run, unlock } from "./parts.ts";

/** Files that are right. */
export const GOOD_FILES: readonly unknown[] = [
  { threads: [] },
  {
    $schema: "workload.schema.json",
    description: "everything there is",
    threads: [
      {
        name: "a",
        arrival: 5,
        priority: 255,
        nice: -20,
        weight: 1_048_576,
        period: 10,
        deadline: 12,
        budget: 10,
        affinity: [0, 3],
        jobs: { pattern: "periodic", count: 3, jitter: 10, onMiss: "continue" },
        steps: [
          run,
          { type: "run", time: { least: 1, most: 1 } },
          { type: "run", time: { least: 1, most: 9, mean: 4.5, deviation: 0 } },
          { type: "sleep", time: 0 },
          { type: "sleep", time: { least: 0, most: 9 } },
          { type: "yield" },
          { type: "yield", to: "b" },
          { type: "io", time: 4 },
          { type: "io", time: { least: 0, most: 4 }, device: "d" },
          lock,
          { type: "wait", condition: "c", mutex: "m" },
          unlock,
          { type: "acquire", semaphore: "s" },
          { type: "release", semaphore: "s" },
          { type: "release", semaphore: "s", acquire: "t" },
          { type: "signal", condition: "c", hint: "sync" },
          { type: "broadcast", condition: "c" },
          { type: "mark", label: "here" },
          { type: "set", parameters: { priority: 3, affinity: null } },
          { type: "repeat", times: 2, steps: [{ type: "repeat", steps: [run] }] },
        ],
      },
      { name: "b", affinity: null, steps: [{ type: "start", thread: "c" }] },
      { name: "g", steps: [{ type: "trigger", thread: "h" }] },
      { name: "h", jobs: { pattern: "triggered" }, steps: [run] },
      { name: "c", arrival: "started", steps: [] },
      { name: "d", period: 4, jobs: { pattern: "sporadic", most: 4 }, steps: [run] },
      { name: "e", period: 4, jobs: { pattern: "bursty", burst: 2 }, steps: [run] },
      { name: "f", jobs: { pattern: "listed", times: [0, 0, 7] }, steps: [run] },
    ],
    mutexes: [
      ...mutexes,
      { name: "i", protocol: "inherit" },
      {
        name: "n",
        protocol: "ceiling",
        ceiling: 9,
      },
      { name: "o", protocol: "original-ceiling" },
      { name: "p", protocol: "none" },
    ],
    semaphores: [{ name: "s" }, { name: "t", count: 4 }],
    conditions: [{ name: "c" }],
    devices: [{ name: "d" }],
    simulation: {
      ...{ cpus: 4, seed: 3, until: 1_000, tickInterval: 1, switchCost: 0, migrationCost: 2 },
      timeout: 9,
    },
    unit: { name: "ms", length: 1_000 },
  },
  doing([lock, { type: "repeat", times: 3, steps: [unlock, run, lock] }, unlock], { mutexes }),
  doing([{ type: "repeat", times: 1, steps: [lock, run] }, unlock], { mutexes }),
];
