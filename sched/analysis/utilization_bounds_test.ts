import { assertEquals, assertThrows } from "@std/assert";
import { SchedError } from "../errors.ts";
import { set } from "./testing/sets.ts";
import { hyperbolic, liuLayland, necessary } from "./utilization_bounds.ts";

Deno.test("liuLayland, bounds of 1 to 4 tasks, and the sets of Burns and Wellings", () => {
  const bound = (n: number): string =>
    liuLayland(Array.from({ length: n }, () => ({ time: 1, period: 100 }))).why.split(" ")[3] ?? "";
  assertEquals([1, 2, 3, 4].map(bound), ["1", "0.8284", "0.7798", "0.7568"]);
  // Process sets A (0.82), B (0.775) and C (1, which is schedulable all the same).
  const sets = [
    set([12, 50], [10, 40], [10, 30]),
    set([32, 80], [5, 40], [4, 16]),
    set([40, 80], [10, 40], [5, 20]),
  ];
  assertEquals(sets.map((tasks) => liuLayland(tasks).schedulable), ["unknown", true, "unknown"]);
});

Deno.test("liuLayland, decides at the bound without rounding", () => {
  assertEquals(liuLayland(set([7, 7])).schedulable, true);
  // 2 (sqrt 2 - 1) is 0.82842712474619009...: two tasks of half that, rounded down, then up.
  const half = 41421356237309;
  const two = (time: number) => liuLayland(set([time, 1e14], [time, 1e14])).schedulable;
  assertEquals([two(half), two(half + 1)], [true, "unknown"]);
  assertEquals(liuLayland([]).schedulable, true);
});

Deno.test("hyperbolic, is met with equality, where the bound of Liu and Layland is exceeded", () => {
  // 3/2 * 4/3 = 2; U = 5/6 is above 0.8284.
  const tasks = set([1, 2], [1, 3]);
  assertEquals([hyperbolic(tasks).schedulable, liuLayland(tasks).schedulable], [true, "unknown"]);
  const more = set([1, 2], [1000000001, 3000000000]);
  assertEquals(hyperbolic(more).schedulable, "unknown");
  assertEquals(hyperbolic([]).schedulable, true);
});

Deno.test("liuLayland and hyperbolic, say why they do not apply", () => {
  const cases = [
    [{ time: 1, period: 4, deadline: 3 }, "has a deadline before the end of its period"],
    [{ time: 1, period: 4, jitter: 1 }, "has release jitter"],
    [{ time: 1, period: 4, blocking: 1 }, "can be blocked"],
  ] as const;
  for (const [task, reason] of cases) {
    for (const test of [liuLayland, hyperbolic]) {
      const { schedulable, why } = test([{ name: "a", ...task }]);
      assertEquals([schedulable, why], ["unknown", `task "a" ${reason}`]);
    }
  }
  assertThrows(() => liuLayland([{ time: 1.5, period: 4 }]), SchedError, "time 1.5");
});

Deno.test("necessary, refuses what no scheduler can do", () => {
  const says = (tasks: Parameters<typeof necessary>[0], cpus = 1): [unknown, string] => {
    const { schedulable, why } = necessary(tasks, cpus);
    return [schedulable, why];
  };
  assertEquals(says(set([2, 4], [3, 6])), ["unknown", "utilization 1 of 1"]);
  assertEquals(says(set([2, 4], [4, 6])), [false, "utilization 1.1667 of 1"]);
  assertEquals(says(set([2, 4], [4, 6]), 2), ["unknown", "utilization 1.1667 of 2"]);
  assertEquals(says(set([3, 4, 2]), 2), [false, 'task "0" needs 3 and has 2 to the deadline']);
  assertEquals(says(set([5, 4, 9]), 2), [false, 'task "0" needs 5 in a period of 4']);
});
