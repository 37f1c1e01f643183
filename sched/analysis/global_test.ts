import { assert, assertEquals } from "@std/assert";
import { Random } from "../../util/random.ts";
import { sweep } from "../../util/testing/sweep.ts";
import {
  anderssonBaruahJonsson,
  bertognaCirineiLipari,
  globalResponseTimes,
  goossensFunkBaruah,
  rmUs,
} from "./global.ts";
import { checkTasks } from "./task.ts";
import { anyJobs, type Job, schedule, worstJobs } from "./testing/brute_force.ts";
import { set } from "./testing/sets.ts";
import { randomTasks } from "./uunifast.ts";

Deno.test("global bounds, hold with equality", () => {
  // m - (m - 1) Umax = 2 - 1/2: three halves on two CPUs.
  const halves = set([1, 2], [2, 4], [4, 8]);
  assertEquals(goossensFunkBaruah(halves, 2).schedulable, true);
  assertEquals(goossensFunkBaruah([...halves, ...set([1, 1e9])], 2).schedulable, "unknown");
  // m/2 (1 - Umax) + Umax = 1/2 + 1/2 on two CPUs.
  assertEquals(bertognaCirineiLipari(halves.slice(1), 2).schedulable, true);
  assertEquals(bertognaCirineiLipari(halves, 2).schedulable, "unknown");
  // m^2 / (3m - 2) = 1, with tasks of at most 1/2.
  const abj = (tasks: typeof halves, priorities: "rm-us" | "rate-monotonic") =>
    anderssonBaruahJonsson(tasks, 2, priorities).schedulable;
  assertEquals(abj(halves.slice(1), "rate-monotonic"), true);
  const heavy = set([3, 5], [2, 5]);
  assertEquals([abj(heavy, "rate-monotonic"), abj(heavy, "rm-us")], ["unknown", true]);
  assertEquals(rmUs(set([3, 5], [1, 9], [1, 4], [1, 9]), 2), [3, 0, 2, 0]);
});

Deno.test("global bounds, promise nothing for Dhall and Liu's effect", () => {
  const dhall = set([2, 10], [2, 10], [10, 11]);
  const verdicts = [
    goossensFunkBaruah(dhall, 2),
    bertognaCirineiLipari(dhall, 2),
    anderssonBaruahJonsson(dhall, 2, "rate-monotonic"),
    globalResponseTimes(dhall, { cpus: 2, scheduling: "edf" }),
    globalResponseTimes(dhall, { cpus: 2, scheduling: [1, 1, 0] }),
  ];
  assertEquals(
    verdicts.map(({ schedulable }) => schedulable),
    verdicts.map(() => "unknown" as const),
  );
});

Deno.test("global bounds, with one CPU they are no better than those of one", () => {
  assertEquals(goossensFunkBaruah(set([2, 4], [3, 6]), 1).schedulable, true);
  assertEquals(goossensFunkBaruah(set([2, 4], [3, 6], [1, 99]), 1).schedulable, "unknown");
  const tasks = set([1, 4], [1, 5], [3, 9], [3, 18]);
  const { responses } = globalResponseTimes(tasks, { cpus: 1, scheduling: [4, 3, 2, 1] });
  assertEquals(responses?.every((each, at) => each === null || each >= [1, 2, 7, 18][at]!), true);
});

Deno.test("global tests, no job is late where one of them says so, and no bound is exceeded", () => {
  const promised = new Map<string, number>();
  for (let seed = 0; seed < sweep({ quick: 70, full: 2_000 }); seed++) {
    const random = new Random(seed);
    const cpus = random.between(2, 3);
    const tasks = checkTasks(randomTasks(seed, {
      tasks: random.between(cpus + 1, 7),
      utilization: cpus * (0.2 + 0.5 * random.next() / 2 ** 32),
      hyperperiod: 60,
      shortest: 4,
      deadlines: random.pick(["implicit", "constrained"]),
    }));
    const byDeadline = tasks.map(({ deadline }) => -deadline);
    const us = rmUs(tasks, cpus);
    const edf = ({ deadline }: Job): number => deadline;
    const by = (priorities: readonly number[]) => ({ task }: Job): number => -priorities[task]!;
    const cases = [
      [goossensFunkBaruah(tasks, cpus), edf],
      [bertognaCirineiLipari(tasks, cpus), by(byDeadline)],
      [anderssonBaruahJonsson(tasks, cpus, "rm-us"), by(us)],
      [anderssonBaruahJonsson(tasks, cpus, "rate-monotonic"), by(tasks.map((t) => -t.period))],
      [globalResponseTimes(tasks, { cpus, scheduling: "edf" }), edf],
      [globalResponseTimes(tasks, { cpus, scheduling: byDeadline }), by(byDeadline)],
    ] as const;
    const until = 130;
    const patterns = [
      worstJobs(tasks, { until }),
      anyJobs(tasks, { until, random }),
      anyJobs(tasks, { until, random }),
    ];
    for (const [{ test, schedulable, responses }, key] of cases) {
      if (schedulable !== true) continue;
      promised.set(test, (promised.get(test) ?? 0) + 1);
      for (const jobs of patterns) {
        const done = schedule(jobs, { key, until: until + 120, cpus });
        jobs.forEach(({ deadline, arrival, task }, at) => {
          assert(done[at]! <= deadline, `seed ${seed}, ${test}`);
          const bound = responses?.[task] ?? Infinity;
          assert(done[at]! - arrival <= bound, `seed ${seed}, ${test}`);
        });
      }
    }
  }
  assert(promised.size === 5 && [...promised.values()].every((count) => count >= 3));
});
