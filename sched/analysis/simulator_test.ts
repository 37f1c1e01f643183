// The simulator never contradicts a test that promises. Sets by UUniFast; in the full sweep more
// than 10,000 of them.
import { assert, assertEquals } from "@std/assert";
import type { Jobs, ThreadSpec } from "../simulator/workload.ts";
import { Random } from "../../util/random.ts";
import { analyze } from "./analyze.ts";
import { anderssonBaruahJonsson, rmUs } from "./global.ts";
import { firstFit } from "./partition.ts";
import { hyperperiod } from "./task.ts";
import { contradictions, runWorkload } from "./testing/against_simulator.ts";
import { draw, eachSeed, PERIODIC, threads } from "./testing/random_workloads.ts";

for (const [place, policy] of ["priority", "rm", "dm", "edf"].entries()) {
  Deno.test(`analyze ${policy}, one CPU: late if and only if a job is, responses to the instant`, () => {
    const seen = { true: 0, false: 0, unknown: 0 };
    eachSeed(place, { quick: 25, full: 2_500 }, (seed) => {
      const tasks = draw(seed);
      const workload = threads(tasks, () => ({ jobs: PERIODIC }));
      const analysis = analyze(workload, { policy });
      const latest = Math.max(...tasks.map(({ deadline = 0 }) => deadline));
      // A backlog that grows by 1 in each hyperperiod is late at last.
      const late = analysis.verdicts[0]!.schedulable === false;
      const until = hyperperiod(tasks) * (late ? 2 * latest : 1) + 2 * latest;
      const run = runWorkload(workload, { policy, until: late ? Math.min(until, 20_000) : until });
      const worst = !late || tasks.every(({ period, deadline = 0 }) => deadline <= period);
      assertEquals(contradictions(analysis, { run, worst }), [], `seed ${seed}`);
      seen[`${analysis.verdicts.at(-1)!.schedulable}`]++;
    });
    assert(seen.true >= 4 && seen.false >= 4, JSON.stringify(seen));
  });

  Deno.test(`analyze ${policy}, one CPU: jitter, offsets, switches, bursts and random times keep within bounds`, () => {
    let promised = 0;
    eachSeed(place, { quick: 20, full: 1_000 }, (seed) => {
      const random = new Random(seed);
      const switchCost = random.below(2);
      const tasks = draw(seed, {
        hyperperiod: 5040,
        shortest: 40,
        utilization: 0.3 + seed % 7 / 10,
      });
      const workload = threads(tasks, ({ time, period }) => {
        const jobs: readonly Jobs[] = [
          { pattern: "periodic", jitter: random.below(period / 2) },
          { pattern: "sporadic", most: period + random.below(period) },
          { pattern: "bursty", burst: 2 },
        ];
        const steps = [{ type: "run", time: { least: 1, most: time } } as const];
        return {
          jobs: random.pick(jobs),
          steps: random.chance(0.5) ? steps : [{ type: "run", time }],
        };
      }).map((spec) => ({ ...spec, arrival: random.chance(0.5) ? random.below(50) : 0 }));
      const analysis = analyze(workload, { policy, switchCost });
      const run = runWorkload(workload, { policy, switchCost, seed, until: 10_000 });
      assertEquals(contradictions(analysis, { run, worst: false }), [], `seed ${seed}`);
      if (analysis.verdicts.at(-1)!.schedulable === true) promised++;
    });
    assert(promised >= 4, `${promised}`);
  });

  Deno.test(`analyze ${policy}, several CPUs: no job is late where a test says so, pinned or not`, () => {
    const promised = new Set<string>();
    eachSeed(place, { quick: 25, full: 1_000 }, (seed) => {
      const random = new Random(seed);
      const cpus = random.between(2, seed % 8 === 1 ? 8 : 4);
      const tasks = draw(seed, {
        ...{ cpus, utilization: cpus * (0.15 + 0.85 * random.next() / 2 ** 32) },
        deadlines: random.pick(["implicit", "constrained"]),
      });
      const pins = seed % 4 === 0;
      const workload = threads(tasks, ({ period }) => ({
        jobs: random.chance(0.5) ? PERIODIC : { pattern: "sporadic", most: 2 * period },
      })).map((spec, index) => ({
        ...spec,
        arrival: seed % 3 === 0 ? 0 : random.below(100),
        affinity: pins ? [index % cpus] : null,
      }));
      const analysis = analyze(workload, { policy, cpus });
      const run = runWorkload(workload, { policy, cpus, seed, until: 1_700 });
      assertEquals(contradictions(analysis, { run, worst: false }), [], `seed ${seed}`);
      for (const { test, schedulable } of analysis.verdicts) {
        if (schedulable === true) promised.add(test);
      }
    });
    assert(promised.size >= 2, [...promised].join(", "));
  });
}

Deno.test("rmUs and firstFit, no job is late where they say so, if placed and ranked as they say", () => {
  const promised = { us: 0, edf: 0, rm: 0, pedf: 0 };
  eachSeed(9, { quick: 20, full: 600 }, (seed) => {
    const random = new Random(seed);
    const cpus = random.between(2, 4);
    const utilization = cpus * (0.3 + 0.6 * random.next() / 2 ** 32);
    const tasks = draw(seed, { cpus, utilization, deadlines: "implicit" });
    const inTime = (policy: string, change: (index: number) => Partial<ThreadSpec>): void => {
      const workload = threads(tasks, () => ({ jobs: PERIODIC }))
        .map((spec, index) => ({ ...spec, ...change(index) }));
      const { misses } = runWorkload(workload, { policy, cpus, until: 1_700 });
      assertEquals(misses, 0, `seed ${seed}`);
    };
    if (anderssonBaruahJonsson(tasks, cpus, "rm-us").schedulable === true) {
      const priorities = rmUs(tasks, cpus);
      inTime("priority", (index) => ({ priority: priorities[index]! }));
      promised.us++;
    }
    const budgets = threads(tasks, ({ time }) => ({ jobs: PERIODIC, budget: time }));
    if (analyze(budgets, { policy: "pedf", cpus }).verdicts[1]?.schedulable === true) {
      inTime("pedf", (index) => ({ budget: tasks[index]!.time }));
      promised.pedf++;
    }
    for (const [policy, scheduling] of [["edf", "edf"], ["rm", "rate-monotonic"]] as const) {
      const { schedulable, cpus: places = [] } = firstFit(tasks, { cpus, scheduling });
      if (schedulable !== true) continue;
      inTime(policy, (index) => ({ affinity: [places[index]!] }));
      promised[policy]++;
    }
  });
  assert(Object.values(promised).every((count) => count >= 4), JSON.stringify(promised));
});
