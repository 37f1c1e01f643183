import { assertEquals } from "@std/assert";
import { firstFit, firstFitEdfBound, firstFitRateMonotonicBound } from "./partition.ts";
import { set } from "./testing/sets.ts";
import { randomTasks } from "./uunifast.ts";

Deno.test("firstFit, places tasks where the test of one CPU has room", () => {
  const tasks = set([3, 10], [6, 10], [7, 10], [4, 10]);
  const edf = firstFit(tasks, { cpus: 2, scheduling: "edf" });
  assertEquals([edf.schedulable, edf.cpus], [true, [0, 1, 0, 1]]);
  const asGiven = firstFit(tasks, { cpus: 2, scheduling: "edf", decreasing: false });
  assertEquals([asGiven.schedulable, asGiven.cpus], ["unknown", [0, 0, 1, null]]);
  assertEquals(asGiven.why, 'no CPU has room for task "3"');
  // Rate-monotonic priorities leave no room for the second of these beside the first.
  const pair = set([2, 4], [3, 6]);
  const rm = firstFit(pair, { cpus: 1, scheduling: "rate-monotonic" });
  assertEquals([rm.cpus, firstFit(pair, { cpus: 1, scheduling: "edf" }).cpus], [[0, null], [0, 0]]);
});

Deno.test("firstFitEdfBound, is (beta m + 1) / (beta + 1), with equality", () => {
  // Two of the largest fit on a CPU: (2 * 2 + 1) / 3.
  const tasks = set([1, 2], [1, 2], [1, 3], [1, 3]);
  assertEquals(firstFitEdfBound(tasks, 2).why, "density 1.6667, bound 1.6667");
  assertEquals(firstFitEdfBound(tasks, 2).schedulable, true);
  assertEquals(firstFitEdfBound([...tasks, ...set([1, 1e9])], 2).schedulable, "unknown");
  // Three of little more than a half each do not fit on two CPUs: the bound is near 3/2.
  assertEquals(firstFitEdfBound(set([51, 100], [51, 100], [51, 100]), 2).schedulable, "unknown");
});

Deno.test("first fit finds room where the bounds say so", () => {
  let promised = 0;
  for (let seed = 0; seed < 200; seed++) {
    const options = { tasks: 8, hyperperiod: 5040, shortest: 10 };
    const tasks = randomTasks(seed, { ...options, utilization: 0.8 + seed % 20 / 10 });
    const cpus = 3;
    if (firstFitEdfBound(tasks, cpus).schedulable === true) {
      promised++;
      for (const decreasing of [true, false]) {
        assertEquals(firstFit(tasks, { cpus, scheduling: "edf", decreasing }).schedulable, true);
      }
    }
    if (firstFitRateMonotonicBound(tasks, cpus).schedulable === true) {
      promised++;
      const { schedulable } = firstFit(tasks, { cpus, scheduling: "rate-monotonic" });
      assertEquals(schedulable, true, `seed ${seed}`);
    }
  }
  assertEquals(promised > 100, true, `${promised}`);
});
