/**
 * Workload files that are wrong in what they say of a thread, or as a whole.
 *
 * @module
 */
import type { BadFile } from "./bad_file.ts";
import { doing, having, periodic, run } from "./parts.ts";

/** A thread, its parameters, its jobs. */
export const BAD_THREADS: readonly BadFile[] = [
  { path: "$", file: [], expected: "a record of threads" },
  { path: "$.threads", file: {}, expected: "a value" },
  { path: "$.threads", file: { threads: {} }, expected: "a list" },
  { path: "$.thread", file: { threads: [], thread: [] }, expected: "one of threads" },
  { path: '$["a b"]', file: { threads: [], "a b": 1 }, expected: "one of threads" },
  { path: "$.threads[0]", file: { threads: ["a"] }, expected: "a record of name" },
  { path: "$.threads[0].name", file: { threads: [{ steps: [] }] }, expected: "a value" },
  { path: "$.threads[0].name", file: having({ name: "" }), expected: "a name" },
  { path: "$.threads[0].perod", file: having({ perod: 3 }), expected: "one of name, steps" },
  {
    path: "$.threads[1].name",
    file: { threads: [{ name: "a", steps: [] }, { name: "a", steps: [] }] },
    expected: "a name that no other thread has",
    beyondSchema: true,
  },
  { path: "$.threads[0].arrival", file: having({ arrival: -1 }), expected: "an integer from 0" },
  { path: "$.threads[0].arrival", file: having({ arrival: "soon" }), expected: '"started"' },
  {
    path: "$.threads[0].arrival",
    file: having({ arrival: "started" }),
    expected: "a time, as no step starts the thread",
    beyondSchema: true,
  },
  { path: "$.threads[0].priority", file: having({ priority: 256 }), expected: "from 0 to 255" },
  { path: "$.threads[0].nice", file: having({ nice: 20 }), expected: "from -20 to 19" },
  { path: "$.threads[0].nice", file: having({ nice: null }), expected: "from -20 to 19" },
  { path: "$.threads[0].weight", file: having({ weight: 0 }), expected: "from 1 to 1048576" },
  { path: "$.threads[0].weight", file: having({ weight: null }), expected: "from 1 to 1048576" },
  { path: "$.threads[0].period", file: having({ period: -5 }), expected: "an integer from 0" },
  { path: "$.threads[0].deadline", file: having({ deadline: 0.5 }), expected: "an integer" },
  {
    path: "$.threads[0].budget",
    file: having({ period: 4, budget: 5 }),
    expected: "at most the period, 4",
    beyondSchema: true,
  },
  { path: "$.threads[0].affinity", file: having({ affinity: [] }), expected: "at least one" },
  { path: "$.threads[0].affinity", file: having({ affinity: [64] }), expected: "from 0 to 63" },
  { path: "$.threads[0].affinity", file: having({ affinity: [1, 1] }), expected: "ascending" },
  {
    path: "$.threads[0].affinity",
    file: having({ affinity: [3] }, { simulation: { cpus: 3 } }),
    expected: "from 0 to 2",
    beyondSchema: true,
  },
  {
    path: "$.threads[0].affinity",
    file: having({ affinity: [1, 0] }),
    expected: "ascending",
    beyondSchema: true,
  },
  // Jobs.
  { path: "$.threads[0].jobs", file: having({ jobs: "periodic" }), expected: "with a pattern" },
  { path: "$.threads[0].jobs.pattern", file: having({ jobs: {} }), expected: '"periodic"' },
  {
    path: "$.threads[0].jobs.pattern",
    file: having({ period: 4, jobs: { pattern: "often" } }),
    expected: '"bursty"',
  },
  { path: "$.threads[0].period", file: having({ jobs: periodic }), expected: "at least 1" },
  {
    path: "$.threads[0].period",
    file: having({ period: 0, jobs: periodic }),
    expected: "at least 1",
  },
  {
    path: "$.threads[0].jobs.count",
    file: having({ period: 4, jobs: { ...periodic, count: 0 } }),
    expected: "from 1",
  },
  {
    path: "$.threads[0].steps[0].thread",
    file: doing([{ type: "trigger", thread: "a" }]),
    expected: 'the name of a thread whose jobs are "triggered"',
    beyondSchema: true,
  },
  {
    path: "$.threads[0].arrival",
    file: having({ arrival: 3, jobs: { pattern: "triggered" } }),
    expected: "none, as its first job has it arrive",
  },
  {
    path: "$.threads[0].steps",
    file: doing([{ type: "yield" }], {
      threads: [
        { name: "a", jobs: { pattern: "triggered" }, steps: [{ type: "trigger", thread: "a" }] },
      ],
    }),
    expected: "something that takes time",
    beyondSchema: true,
  },
  {
    path: "$.threads[0].steps[0].time.deviation",
    file: doing([{ type: "run", time: { least: 1, most: 9, mean: 3 } }]),
    expected: "a number from 0 to",
  },
  {
    path: "$.threads[0].steps[0].time.mean",
    file: doing([{ type: "run", time: { least: 1, most: 9, mean: -1, deviation: 1 } }]),
    expected: "a number from 0 to",
  },
  {
    path: "$.threads[0].jobs.onMiss",
    file: having({ period: 4, jobs: { ...periodic, onMiss: "skip" } }),
    expected: 'one of "continue", "abort"',
  },
  {
    path: "$.threads[0].steps[1].type",
    file: having({
      ...{ period: 4, jobs: { ...periodic, onMiss: "abort" } },
      steps: [run, { type: "yield" }],
    }),
    expected: '"run", or "trigger" at the end',
    beyondSchema: true,
  },
  {
    path: "$.threads[0].jobs.jitter",
    file: having({ period: 4, jobs: { ...periodic, jitter: 5 } }),
    expected: "from 0 to 4",
    beyondSchema: true,
  },
  {
    path: "$.threads[0].jobs.most",
    file: having({ period: 4, jobs: { pattern: "sporadic" } }),
    expected: "a value",
  },
  {
    path: "$.threads[0].jobs.most",
    file: having({ period: 4, jobs: { pattern: "sporadic", most: 3 } }),
    expected: "from 4",
    beyondSchema: true,
  },
  {
    path: "$.threads[0].jobs.burst",
    file: having({ period: 4, jobs: { pattern: "bursty", burst: 0 } }),
    expected: "from 1",
  },
  {
    path: "$.threads[0].jobs.burst",
    file: having({ period: 4, jobs: { ...periodic, burst: 2 } }),
    expected: "one of pattern, count, jitter",
  },
  {
    path: "$.threads[0].jobs.times",
    file: having({ jobs: { pattern: "listed", times: [] } }),
    expected: "at least one",
  },
  {
    path: "$.threads[0].jobs.times[1]",
    file: having({ jobs: { pattern: "listed", times: [4, 3] } }),
    expected: "from 4",
    beyondSchema: true,
  },
];
