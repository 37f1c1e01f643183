import { assert, assertEquals, assertThrows } from "@std/assert";
import { SchedError } from "../errors.ts";
import { Random } from "../../util/random.ts";
import { sweep } from "../../util/testing/sweep.ts";
import { compareSum } from "./ratio.ts";
import { processorDemand } from "./demand.ts";
import { checkTasks, hyperperiod, utilizations } from "./task.ts";
import { anyJobs, schedule, worstJobs } from "./testing/brute_force.ts";
import { set } from "./testing/sets.ts";
import { randomTasks } from "./uunifast.ts";

Deno.test("processorDemand, published sets", () => {
  // Buttazzo, "Hard Real-Time Computing Systems", chapter 4: deadlines 4, 5, 7, 10, 13, 16, 21, 22
  // are to be looked at.
  const buttazzo = set([2, 6, 4], [2, 8, 5], [3, 9, 7]);
  assertEquals(processorDemand(buttazzo), {
    test: "processor demand (QPA)",
    promise: "exact",
    schedulable: true,
    why: "utilization 0.9167, and no stretch has too much due",
  });
  const sooner = set([2, 6, 4], [2, 8, 5], [3, 9, 6]);
  const { schedulable, why } = processorDemand(sooner);
  assertEquals([schedulable, why], [false, "within 6 as much as 7 is due"]);
  // Liu and Layland 1973, theorem 7: up to U = 1, exactly.
  assertEquals(processorDemand(set([2, 4], [3, 6])).schedulable, true);
  assertEquals(processorDemand(set([1, 2], [1, 3], [1, 6])).schedulable, true);
  assertEquals(processorDemand(set([1, 2], [1, 3], [1, 6], [1, 2 ** 53 - 1])), {
    test: "processor demand (QPA)",
    promise: "exact",
    schedulable: false,
    why: "utilization 1 of 1",
  });
});

Deno.test("processorDemand, with blocking and switches it is sufficient", () => {
  const tasks = set([1, 4, 2], [2, 8]);
  const blocked = (blocking: number) => tasks.map((task) => ({ ...task, blocking }));
  assertEquals(processorDemand(blocked(1)).schedulable, true);
  assertEquals(processorDemand(blocked(2)), {
    test: "processor demand (QPA)",
    promise: "sufficient",
    schedulable: "unknown",
    why: "within 2 as much as 3 is due",
  });
  const long = tasks.map(({ time, period, deadline = 0 }) => ({
    ...{ time: time * 8, period: period * 8, deadline: deadline * 8 },
  }));
  assertEquals(processorDemand(long, { switchCost: 1 }).schedulable, true);
  assertEquals(processorDemand(long, { switchCost: 4 }).schedulable, "unknown");
});

Deno.test("processorDemand, late jobs are found if and only if there are any", () => {
  let [late, never] = [0, 0];
  const sets = sweep({ quick: 70, full: 800 });
  for (let seed = 0; seed < sets; seed++) {
    const random = new Random(seed);
    const from = random.pick(["arrival", "release"] as const);
    const tasks = checkTasks(
      randomTasks(seed, {
        tasks: random.between(1, 4),
        utilization: 0.5 + 0.5 * random.next() / 2 ** 32,
        hyperperiod: 60,
        shortest: 3,
        deadlines: random.pick(["implicit", "constrained", "arbitrary"]),
      }).map((task) => ({ ...task, jitter: seed % 2 * random.between(0, task.period) })),
    );
    const { schedulable, why } = processorDemand(tasks, { deadlinesFrom: from });
    // A late job is due by then if all keep up; if they do not, it takes a backlog that grows by 1
    // in each hyperperiod.
    const all = hyperperiod(tasks);
    const until = (compareSum(utilizations(tasks), { over: 1, under: 1 }) > 0 ? 500 : 6) * all + 60;
    const key = ({ deadline }: { deadline: number }): number => deadline;
    const inTime = (jobs: ReturnType<typeof worstJobs>): boolean => {
      const done = schedule(jobs, { key, until: until + 60 });
      return jobs.every(({ deadline }, at) =>
        deadline > until || (done[at] ?? Infinity) <= deadline
      );
    };
    assertEquals(inTime(worstJobs(tasks, { until, from })), schedulable, `seed ${seed}: ${why}`);
    if (schedulable === true) {
      never++;
      for (let pattern = 0; pattern < 2; pattern++) {
        assert(inTime(anyJobs(tasks, { until: 300, from, random })), `seed ${seed}`);
      }
    } else late++;
  }
  assert(late > sets / 6 && never > sets / 6, `${late} and ${never}`);
});

Deno.test("processorDemand, ends with an error where numbers or steps would not", () => {
  // Full CPUs whose hyperperiods are no safe integers.
  const primes = set(
    [2147483629, 6442450887],
    [2147483587, 6442450761],
    [2147483579, 6442450737],
  );
  const far = set([2 ** 52, 2 ** 53 - 1, 2 ** 52], [2 ** 52 - 1, 2 ** 53 - 1, 2 ** 52]);
  for (const tasks of [primes, far]) {
    const error = assertThrows(() => processorDemand(tasks), SchedError);
    assertEquals(error.kind, "analysis-limit");
  }
  assertThrows(() => processorDemand(set([1, 0])), SchedError, "period 0");
  // All but full, and as far: the busy period is short.
  assertEquals(
    processorDemand(set([2 ** 51, 2 ** 53 - 1], [2 ** 52, 2 ** 53 - 1])).schedulable,
    true,
  );
});
