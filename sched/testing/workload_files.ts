/**
 * Workload files that are right, and files that are wrong in one thing each, for whoever reads
 * them.
 *
 * @module
 */

/** A file that is wrong. */
export interface BadFile {
  /** JSON path of what is wrong. */
  readonly path: string;
  /** The file. */
  readonly file: unknown;
  /** What its message says was expected, or a part of it. */
  readonly expected: string;
  /** Whether no schema can tell. */
  readonly beyondSchema?: boolean;
}

const run = { type: "run", time: 3 };

/** A file with one thread, which does these steps. */
function doing(steps: unknown, more: Record<string, unknown> = {}): unknown {
  return { threads: [{ name: "a", steps }], ...more };
}

/** A file with one thread that has these fields besides its name and steps. */
function having(fields: Record<string, unknown>, more: Record<string, unknown> = {}): unknown {
  return { threads: [{ name: "a", steps: [run], ...fields }], ...more };
}

const mutexes = [{ name: "m" }];
const lock = { type: "lock", mutex: "m" };
const unlock = { type: "unlock", mutex: "m" };
const periodic = { pattern: "periodic" };

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
          { type: "io", time: 4 },
          { type: "io", time: { least: 0, most: 4 }, device: "d" },
          lock,
          { type: "wait", condition: "c", mutex: "m" },
          unlock,
          { type: "acquire", semaphore: "s" },
          { type: "release", semaphore: "s" },
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

/** Files that are wrong. */
export const BAD_FILES: readonly BadFile[] = [
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
  // Steps.
  { path: "$.threads[0].steps", file: doing(run), expected: "a list" },
  { path: "$.threads[0].steps[1]", file: doing([run, "run"]), expected: "a step" },
  { path: "$.threads[0].steps[0].type", file: doing([{ time: 3 }]), expected: '"run", "sleep"' },
  { path: "$.threads[0].steps[0].type", file: doing([{ type: "walk" }]), expected: '"run"' },
  { path: "$.threads[0].steps[0].time", file: doing([{ type: "run" }]), expected: "a value" },
  {
    path: "$.threads[0].steps[0].time",
    file: doing([{ type: "run", time: 0 }]),
    expected: "an integer from 1",
  },
  {
    path: "$.threads[0].steps[1].time",
    file: doing([run, { type: "sleep", time: -3 }]),
    expected: "an integer from 0",
  },
  {
    path: "$.threads[0].steps[0].time",
    file: doing([{ type: "io", time: "4" }]),
    expected: "an integer from 0",
  },
  {
    path: "$.threads[0].steps[0].time.most",
    file: doing([{ type: "run", time: { least: 5, most: 4 } }]),
    expected: "from 5",
    beyondSchema: true,
  },
  {
    path: "$.threads[0].steps[0].time.most",
    file: doing([{ type: "run", time: { least: 5, most: 2 ** 40 } }]),
    expected: "to 4294967300",
    beyondSchema: true,
  },
  {
    path: "$.threads[0].steps[0].time.least",
    file: doing([{ type: "run", time: { most: 4 } }]),
    expected: "a value",
  },
  {
    path: "$.threads[0].steps[0].time.median",
    file: doing([{ type: "run", time: { least: 1, most: 4, median: 2 } }]),
    expected: "one of least, most",
  },
  {
    path: "$.threads[0].steps[0].device",
    file: doing([{ type: "run", time: 4, device: "d" }], { devices: [{ name: "d" }] }),
    expected: "one of type, time",
  },
  {
    path: "$.threads[0].steps[0].device",
    file: doing([{ type: "io", time: 4, device: "e" }], { devices: [{ name: "d" }] }),
    expected: "the name of a device: there are d",
    beyondSchema: true,
  },
  {
    path: "$.threads[0].steps[0].mutex",
    file: doing([lock]),
    expected: "the name of a mutex: there is none",
    beyondSchema: true,
  },
  { path: "$.threads[0].steps[0].mutex", file: doing([{ type: "lock" }]), expected: "a value" },
  {
    path: "$.threads[0].steps[0].mutex",
    file: doing([lock, run], { mutexes }),
    expected: "an unlock of it before the thread's steps end",
    beyondSchema: true,
  },
  {
    path: "$.threads[0].steps[0].mutex",
    file: doing([unlock], { mutexes }),
    expected: "a mutex that the thread has locked",
    beyondSchema: true,
  },
  {
    path: "$.threads[0].steps[1].mutex",
    file: doing([lock, lock], { mutexes }),
    expected: "a mutex that the thread has not locked already",
    beyondSchema: true,
  },
  {
    path: "$.threads[0].steps[0].mutex",
    file: doing([{ type: "wait", condition: "c", mutex: "m" }], {
      mutexes,
      conditions: [{ name: "c" }],
    }),
    expected: "a mutex that the thread has locked",
    beyondSchema: true,
  },
  {
    path: "$.threads[0].steps[0].steps[0].mutex",
    file: doing([{ type: "repeat", times: 2, steps: [lock, run] }], { mutexes }),
    expected: "a mutex that the thread has not locked already",
    beyondSchema: true,
  },
  {
    path: "$.threads[0].steps[0].steps",
    file: doing([{ type: "repeat", times: 2, steps: [{ type: "yield" }] }]),
    expected: "something that takes time",
    beyondSchema: true,
  },
  {
    path: "$.threads[0].steps[0].steps",
    file: doing([{ type: "repeat", steps: [] }]),
    expected: "something that takes time",
  },
  {
    path: "$.threads[0].steps[0].times",
    file: doing([{ type: "repeat", times: 0, steps: [run] }]),
    expected: "from 1",
  },
  {
    path: `$.threads[0]${".steps[0]".repeat(17)}`,
    file: doing([
      Array.from({ length: 17 }).reduce((steps) => ({ type: "repeat", steps: [steps] }), run),
    ]),
    expected: "at most 16 repeats",
    beyondSchema: true,
  },
  {
    path: "$.threads[0].steps[0].thread",
    file: doing([{ type: "start", thread: "b" }]),
    expected: "the name of a thread",
    beyondSchema: true,
  },
  {
    path: "$.threads[0].steps[0].thread",
    file: doing([{ type: "start", thread: "a" }]),
    expected: `of arrival "started"`,
    beyondSchema: true,
  },
  {
    path: "$.threads[0].steps[0].steps[1]",
    file: {
      threads: [{
        name: "a",
        steps: [{ type: "repeat", times: 2, steps: [run, { type: "start", thread: "b" }] }],
      }, { name: "b", arrival: "started", steps: [] }],
    },
    expected: "no start in a repeat",
    beyondSchema: true,
  },
  {
    path: "$.threads[0].steps[0].hint",
    file: doing([{ type: "signal", condition: "c", hint: "soon" }], {
      conditions: [{ name: "c" }],
    }),
    expected: '"none", "handoff", "sync"',
  },
  {
    path: "$.threads[0].steps[0].hint",
    file: doing([{ type: "run", time: 3, hint: "sync" }]),
    expected: "one of type, time",
  },
  {
    path: "$.threads[0].steps[0].label",
    file: doing([{ type: "mark", label: "" }]),
    expected: "a name",
  },
  {
    path: "$.threads[0].steps[0].parameters.nice",
    file: doing([{ type: "set", parameters: { nice: 99 } }]),
    expected: "from -20 to 19",
  },
  {
    path: "$.threads[0].steps[0].parameters.name",
    file: doing([{ type: "set", parameters: { name: "b" } }]),
    expected: "one of priority",
  },
  // What is shared.
  {
    path: "$.mutexes[1].name",
    file: { threads: [], mutexes: [...mutexes, ...mutexes] },
    expected: "a name that no other mutex has",
    beyondSchema: true,
  },
  {
    path: "$.mutexes[0].protocol",
    file: { threads: [], mutexes: [{ name: "m", protocol: "donate" }] },
    expected: '"none", "inherit", "ceiling"',
  },
  {
    path: "$.mutexes[0].ceiling",
    file: { threads: [], mutexes: [{ name: "m", ceiling: 3 }] },
    expected: 'none with protocol "none"',
  },
  {
    path: "$.mutexes[0].ceiling",
    file: { threads: [], mutexes: [{ name: "m", protocol: "ceiling", ceiling: 300 }] },
    expected: "from 0 to 255",
  },
  {
    path: "$.threads[0].steps[0].mutex",
    file: {
      threads: [{ name: "a", priority: 9, steps: [lock, unlock] }],
      mutexes: [{ name: "m", protocol: "ceiling", ceiling: 8 }],
    },
    expected: "a mutex whose ceiling is at least the thread's priority, 9",
    beyondSchema: true,
  },
  {
    path: "$.semaphores[0].count",
    file: { threads: [], semaphores: [{ name: "s", count: -1 }] },
    expected: "from 0",
  },
  {
    path: "$.devices[0].speed",
    file: { threads: [], devices: [{ name: "d", speed: 1 }] },
    expected: "one of name",
  },
  { path: "$.conditions", file: { threads: [], conditions: 3 }, expected: "a list" },
  // The rest of a file.
  {
    path: "$.simulation.cpus",
    file: { threads: [], simulation: { cpus: 65 } },
    expected: "from 1 to 64",
  },
  {
    path: "$.simulation.policy",
    file: { threads: [], simulation: { policy: "rr" } },
    expected: "one of cpus",
  },
  { path: "$.unit.name", file: { threads: [], unit: {} }, expected: "a value" },
  {
    path: "$.unit.length",
    file: { threads: [], unit: { name: "ms", length: 0 } },
    expected: "from 1",
  },
  { path: "$.description", file: { threads: [], description: 3 }, expected: "text" },
];
