import { assertEquals, assertThrows } from "@std/assert";
import { SchedError } from "../errors.ts";
import { policyNames } from "../policies/registry.ts";
import type { Jobs, Step, ThreadSpec, Workload } from "../simulator/workload.ts";
import { leftToFull } from "../../util/testing/sweep.ts";
import { type Analysis, analyze, type AnalyzeOptions } from "./analyze.ts";
import { runWorkload } from "./testing/against_simulator.ts";

const run = (time: number): Step => ({ type: "run", time });

/** A thread with jobs. */
function recurring(time: number, period: number, more: Partial<ThreadSpec> = {}): ThreadSpec {
  const jobs: Jobs = { pattern: "periodic" };
  return { name: `${time} of ${period}`, period, jobs, steps: [run(time)], ...more };
}

/** Each verdict in short. */
function says({ verdicts }: Analysis): string[] {
  return verdicts.map(({ test, promise, schedulable }) => `${test}: ${schedulable}, ${promise}`);
}

const FULL = [recurring(2, 4), recurring(3, 6)];

Deno.test("analyze, one CPU: the bounds and the exact test of each policy", () => {
  const rm = analyze(FULL, { policy: "rm" });
  assertEquals(says(rm), [
    "necessary conditions: unknown, necessary",
    "Liu-Layland bound: unknown, sufficient",
    "hyperbolic bound: unknown, sufficient",
    "response-time analysis: false, exact",
  ]);
  assertEquals(rm.verdicts.at(-1)?.responses, [2, 7]);
  assertEquals(says(analyze(FULL, { policy: "edf" })), [
    "necessary conditions: unknown, necessary",
    "processor demand (QPA): true, exact",
  ]);
  assertEquals(analyze(FULL, { policy: "edf" }).verdicts[1]?.responses, [4, 6]);
  const urgent = FULL.map((spec, priority) => ({ ...spec, priority }));
  const given = analyze(urgent, { policy: "priority" });
  assertEquals([says(given).length, given.verdicts[1]?.responses], [2, [6, 3]]);
  assertEquals(given.tasks.map(({ name, time, period }) => [name, time, period]), [
    ["2 of 4", 2, 4],
    ["3 of 6", 3, 6],
  ]);
});

Deno.test("analyze, several CPUs: global tests, or CPU by CPU if threads are pinned", () => {
  const light = [recurring(1, 4), recurring(1, 5), recurring(1, 6)];
  assertEquals(says(analyze(light, { policy: "edf", cpus: 2 })), [
    "necessary conditions: unknown, necessary",
    "Goossens-Funk-Baruah bound (density): true, sufficient",
    "global response-time analysis: true, sufficient",
  ]);
  assertEquals(says(analyze(light, { policy: "rm", cpus: 2 })), [
    "necessary conditions: unknown, necessary",
    "Bertogna-Cirinei-Lipari bound (density): true, sufficient",
    "Andersson-Baruah-Jonsson bound (rate-monotonic): true, sufficient",
    "global response-time analysis: true, sufficient",
  ]);
  const pinned = [0, 0, 1].map((cpu, index) => ({
    ...[...FULL, ...FULL][index]!,
    affinity: [cpu],
  }));
  const { verdicts } = analyze(pinned, { policy: "rm", cpus: 2 });
  assertEquals(verdicts[1], {
    test: "response-time analysis, CPU by CPU",
    promise: "exact",
    schedulable: false,
    why: 'CPU 0: task "3 of 6" takes up to 7',
    responses: [2, 7, 2],
    cpus: [0, 0, 1],
  });
});

Deno.test("analyze pedf, by budgets, if these are what jobs take and are placed at once", () => {
  const tasks = [[1, 2], [1, 2], [1, 3], [1, 3]].map(([time = 0, period = 0], index) =>
    recurring(time, period, { name: `${index}`, budget: time })
  );
  const says = (threads: readonly ThreadSpec[], more: { switchCost?: number } = {}) => {
    const { verdicts, notes } = analyze(threads, { policy: "pedf", cpus: 2, ...more });
    return verdicts[1] ?? notes.join();
  };
  assertEquals(says(tasks), {
    test: "Lopez-Diaz-Garcia bound (density)",
    promise: "sufficient",
    schedulable: true,
    why: "density 1.6667, bound 1.6667",
  });
  const change = (more: Partial<ThreadSpec>) => [{ ...tasks[0]!, ...more }, ...tasks.slice(1)];
  assertEquals(says(change({ budget: 0 })), 'thread "0" has a budget of less than its jobs take');
  assertEquals(says(change({ affinity: [1] })), "threads are bound to CPUs");
  assertEquals(
    says(change({ arrival: 1 })),
    "threads that arrive apart are taken to arrive together," +
      "threads are placed one by one, as they arrive",
  );
  const other = { name: "a", budget: 1, period: 9, steps: [run(1)] };
  assertEquals(says([...tasks, other]), "a thread without jobs has a budget");
  assertEquals(
    says(tasks, { switchCost: 1 }),
    "no test for several CPUs counts what switches cost",
  );
});

Deno.test("analyze, takes the longest times, bursts as one, and arrivals that are together", () => {
  const steps: Step[] = [
    { type: "repeat", times: 3, steps: [{ type: "run", time: { least: 1, most: 2 } }] },
    { type: "yield" },
    run(1),
  ];
  const tasks = (spec: ThreadSpec) => analyze([spec], { policy: "edf" }).tasks;
  // Another may come between its unlock and its end.
  const own: Step[] = [{ type: "lock", mutex: "m" }, run(3), { type: "unlock", mutex: "m" }];
  assertEquals(tasks(recurring(0, 20, { steps: own }))[0]?.time, 4);
  assertEquals(tasks(recurring(0, 20, { steps }))[0]?.time, 7);
  assertEquals(tasks(recurring(2, 20, { jobs: { pattern: "bursty", burst: 3 } }))[0]?.time, 6);
  const jitter: Jobs = { pattern: "periodic", jitter: 4, count: 9 };
  const analysis = analyze([recurring(2, 20, { jobs: jitter, arrival: 3 }), recurring(19, 20)], {
    policy: "edf",
  });
  assertEquals(analysis.tasks[0]?.jitter, 4);
  assertEquals(analysis.notes, [
    "threads that arrive apart are taken to arrive together",
    "jobs are taken to go on for ever",
  ]);
  // 21 of 20: it is too much all the same.
  assertEquals(says(analysis), [
    "necessary conditions: false, necessary",
    "processor demand (QPA): unknown, sufficient",
  ]);
});

Deno.test("analyze, says why it says nothing", () => {
  const cases: [Workload | ThreadSpec[], AnalyzeOptions, string][] = [
    [[], { policy: "edf" }, "no thread has jobs"],
    [[{ name: "a", steps: [run(1)] }], { policy: "rm" }, "no thread has jobs"],
    [FULL, { policy: "rr" }, "no test is for policy rr"],
    [
      [recurring(1, 9, { name: "a", steps: [run(1), { type: "sleep", time: 1 }] })],
      { policy: "rm" },
      'thread "a" waits, or changes what holds, in a job (sleep)',
    ],
    [
      [recurring(1, 9, { name: "a", steps: [{ type: "repeat", steps: [run(1)] }] })],
      { policy: "rm" },
      'thread "a" repeats without end',
    ],
    [
      [recurring(1, 9, { name: "a", deadline: 0 })],
      { policy: "edf" },
      'thread "a" has no deadline',
    ],
    [
      [recurring(1, 9, { name: "a", arrival: "started" })],
      { policy: "edf" },
      'thread "a" is started by another',
    ],
    [
      [...FULL, { name: "a", steps: [run(9)] }],
      { policy: "priority" },
      'thread "a" has no jobs and may run before those that have',
    ],
    [
      [...FULL, { name: "a", period: 9, steps: [run(9)] }],
      { policy: "rm" },
      'thread "a" has no jobs and may run before those that have',
    ],
    [
      FULL.map((spec, index) => index === 0 ? { ...spec, affinity: [0, 1] } : spec),
      { policy: "edf", cpus: 3 },
      "some threads may run on several CPUs, but not on all",
    ],
    [
      FULL,
      { policy: "edf", cpus: 2, migrationCost: 1 },
      "no test for several CPUs counts what switches and migrations cost",
    ],
  ];
  for (const [workload, options, note] of cases) {
    const { verdicts, notes } = analyze(workload, options);
    assertEquals(notes, [note]);
    assertEquals(verdicts.every(({ promise }) => promise === "necessary"), true, note);
  }
  const idle = [...FULL, { name: "a", steps: [run(99)] }];
  const holdsUp = "no test under edf counts what threads without jobs hold up";
  assertEquals(analyze(idle, { policy: "edf", switchCost: 1 }).notes, [holdsUp]);
  const held: Workload = {
    mutexes: [{ name: "m", protocol: "inherit" }],
    threads: [
      recurring(0, 10, { steps: holding("m", 1, 1) }),
      { name: "a", steps: holding("m", 5, 1) },
    ],
  };
  assertEquals(analyze(held, { policy: "edf" }).notes, [holdsUp]);
  assertEquals(analyze(held, { policy: "rm" }).verdicts.at(-1)?.responses, [7]);
  assertEquals(analyze(idle, { policy: "rm" }).notes, [], "it runs when no other is ready");
});

/** A job that holds a mutex from its first instant on. */
function holding(mutex: string, held: number, rest: number): Step[] {
  return [{ type: "lock", mutex }, run(held), { type: "unlock", mutex }, run(rest)];
}

Deno.test("analyze, blocking by what less urgent threads hold", () => {
  const workload = (protocol: "none" | "inherit" | "ceiling"): Workload => ({
    mutexes: [{ name: "m", protocol, ceiling: 3 }, { name: "own" }],
    threads: [
      recurring(0, 10, { name: "a", priority: 3, steps: holding("m", 1, 1) }),
      recurring(0, 20, { name: "b", priority: 2, steps: holding("own", 1, 1) }),
      recurring(0, 40, { name: "c", priority: 1, steps: holding("m", 5, 1) }),
    ],
  });
  const analysis = (
    protocol: "none" | "inherit" | "ceiling",
    policy = "priority",
    switchCost = 0,
  ) => analyze(workload(protocol), { policy, switchCost });
  for (const protocol of ["inherit", "ceiling"] as const) {
    const { verdicts } = analysis(protocol);
    assertEquals([verdicts[1]?.responses, verdicts[1]?.promise], [[7, 9, 10], "sufficient"]);
  }
  assertEquals(analysis("inherit", "rm").verdicts.at(-1)?.responses, [7, 9, 10]);
  const notes = [
    analysis("none"),
    analysis("inherit", "priority", 1),
  ].map(({ notes }) => notes);
  const edf = analysis("inherit", "edf").verdicts[1];
  assertEquals([edf?.schedulable, edf?.promise], [true, "sufficient"]);
  const spread = { ...workload("inherit") };
  const apart = { ...spread, threads: spread.threads.map((t, cpu) => ({ ...t, affinity: [cpu] })) };
  for (const each of [spread, apart]) {
    assertEquals(analyze(each, { policy: "rm", cpus: 3 }).notes, [
      "no test for several CPUs counts mutexes",
    ]);
  }
  const together = { ...spread, threads: spread.threads.map((t) => ({ ...t, affinity: [1] })) };
  assertEquals(analyze(together, { policy: "rm", cpus: 3 }).verdicts[1]?.responses, [7, 9, 10]);
  assertEquals(notes, [
    ['mutex "m" bounds no blocking'],
    ["no test counts the switches of inheritance"],
  ]);
});

Deno.test("analyze, threads without jobs hold what they hold after they have waited, too", () => {
  const mutexes = [{ name: "m", protocol: "inherit" }] as const;
  const [lock, unlock] = (["lock", "unlock"] as const).map((type): Step => ({ type, mutex: "m" }));
  const rest: Step = { type: "sleep", time: 10 };
  const beside = (...steps: Step[]): Workload => ({
    mutexes,
    threads: [
      recurring(0, 20, { priority: 9, arrival: 12, steps: [lock!, run(2), unlock!] }),
      { name: "other", priority: 1, steps },
    ],
  });
  const told = (...steps: Step[]) => {
    const { verdicts, notes } = analyze(beside(...steps), { policy: "priority" });
    return verdicts.length === 1 ? notes.at(-1) : verdicts.at(-1)?.responses;
  };
  const late = beside(run(1), rest, lock!, run(50), unlock!);
  const { responses, misses } = runWorkload(late, { policy: "priority", until: 200 });
  assertEquals([responses[0]! > 20, misses > 0], [true, true]);
  assertEquals(analyze(late, { policy: "priority" }).verdicts.at(-1)?.schedulable, "unknown");
  assertEquals(told(run(1), rest, lock!, run(50), unlock!), [53]);
  assertEquals(told({ type: "repeat", steps: [rest, lock!, run(5), unlock!] }), [8]);
  const why = 'thread "other" has no jobs and';
  assertEquals(told(lock!, rest, unlock!), `${why} waits while it holds a mutex (sleep)`);
  assertEquals(
    told(lock!, { type: "repeat", steps: [unlock!, run(1), lock!, run(9)] }, unlock!),
    `${why} holds a mutex from one endless pass to the next`,
  );
  assertEquals(
    told(run(1), { type: "set", parameters: { priority: 200 } }, run(50)),
    `${why} changes its parameters`,
  );
});

Deno.test("analyze, says which test would take too long, and goes on", {
  ignore: leftToFull(),
}, () => {
  // The busy period is a million million jobs long.
  const full = [
    recurring(999_999, 1_000_000, { deadline: 2 ** 52, jobs: { pattern: "sporadic", most: 1e6 } }),
    recurring(1, 1_000_001, { name: "late" }),
    ...Array.from({ length: 40 }, (_, each) => recurring(1, 2 ** 50 + each)),
  ];
  const { verdicts } = analyze(full, { policy: "rm" });
  const { schedulable, why } = verdicts.at(-1)!;
  assertEquals(schedulable, "unknown");
  assertEquals(
    /^Cannot finish the analysis: the response time of task ".*" takes too many steps$/.test(why),
    true,
    why,
  );
});

Deno.test("analyze, answers for every policy, and refuses costs that make no sense", () => {
  for (const policy of policyNames()) {
    for (const cpus of [1, 2]) {
      const { verdicts, notes } = analyze(FULL, { policy, cpus });
      assertEquals(verdicts.length > 1 || notes.length === 1, true, policy);
    }
  }
  assertThrows(() => analyze(FULL, { policy: "rm", switchCost: -1 }), SchedError, "switchCost -1");
});
