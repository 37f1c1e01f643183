import { assert, assertEquals } from "@std/assert";
import { createPolicy, simulate, type ThreadSpec } from "../../mod.ts";
import { stretches, timeline } from "../../testing/timeline.ts";
import { sweep } from "../../../util/testing/sweep.ts";
import { Random } from "../../../util/random.ts";
import { LeastLaxity } from "./least_laxity.ts";

/** Periodic threads by time and period. */
function periodic(tasks: readonly (readonly [time: number, period: number])[]): ThreadSpec[] {
  return tasks.map(([time, period], index) => ({
    name: "ABCDEFGH"[index]!,
    budget: time,
    period,
    steps: [{ type: "run", time }],
    jobs: { pattern: "periodic" },
  }));
}

const once = (name: string, time: number, options: Partial<ThreadSpec>): ThreadSpec => ({
  name,
  budget: time,
  steps: [{ type: "run", time }],
  ...options,
});

/** How often a thread gets the CPU until all are done. */
function dispatches(threads: readonly ThreadSpec[], quantum: number): number {
  return [...simulate(threads, new LeastLaxity({ quantum }))]
    .filter(({ type }) => type === "dispatch").length;
}

Deno.test("LeastLaxity, meets all deadlines of 100 random task sets that need the whole CPU", () => {
  for (let seed = 0; seed < sweep({ quick: 100, full: 2000 }); seed++) {
    const random = new Random(seed);
    // Periods divide 24, so that the utilization can be made 1 exactly.
    const tasks: [number, number][] = [];
    let left = 24;
    while (left > 0) {
      const period = random.pick([2, 3, 4, 6, 8, 12, 24]);
      const share = 24 / period;
      if (share > left) continue;
      const time = random.between(1, Math.min(period, Math.floor(left / share)));
      tasks.push([time, period]);
      left -= time * share;
    }
    const policy = new LeastLaxity({ quantum: 1 });
    const ran = stretches(periodic(tasks.slice(0, 8)), policy, { until: 49, kept: () => true });
    if (tasks.length <= 8) assertEquals(ran.reduce((sum, { from, to }) => sum + to - from, 0), 49);
  }
});

Deno.test("LeastLaxity, Dhall and Liu's effect: two CPUs are enough, unlike for global EDF", () => {
  const tasks = periodic([[2, 10], [2, 10], [10, 11]]);
  const make = (name: string) => createPolicy(name, name === "llf" ? { quantum: 1 } : {});
  const run = (name: string) =>
    stretches(tasks, make(name), { cpus: 2, until: 110, kept: () => true });
  let message = "";
  try {
    run("edf");
  } catch (error) {
    message = String(error);
  }
  assertEquals(message, "Error: C misses its deadline at 11");
  assert(run("llf").length > 0);
});

Deno.test("LeastLaxity, equals take turns by quanta, and a pair that starts together ends together", () => {
  const pair = ["A", "B"].map((name) => once(name, 4, { deadline: 20 }));
  // The running one's laxity stays, the other's shrinks: they change places when that is less.
  assertEquals(
    timeline(pair, new LeastLaxity({ quantum: 1 }), { until: 20 }),
    "A 0-1, B 1-3, A 3-5, B 5-7, A 7-8",
  );
  assertEquals(timeline(pair, new LeastLaxity({ quantum: 4 }), { until: 20 }), "A 0-4, B 4-8");
  const long = ["A", "B"].map((name) => once(name, 1_000, { deadline: 4_000 }));
  assertEquals([1, 10, 100, 1_000].map((quantum) => dispatches(long, quantum)), [1001, 101, 11, 2]);
});

Deno.test("LeastLaxity, a thread without laxity left does not wait for the end of a quantum", () => {
  const threads = [once("A", 50, { deadline: 70 }), once("B", 10, { deadline: 40 })];
  const policy = new LeastLaxity({ quantum: 1_000 });
  assertEquals(timeline(threads, policy, { until: 70 }), "A 0-30, B 30-40, A 40-60");
});

Deno.test("LeastLaxity, a job that has run is compared by what it has left", () => {
  const threads = [
    once("A", 40, { deadline: 60 }), // laxity 20
    once("B", 10, { arrival: 30, deadline: 25 }), // laxity 15 at 30; A's is 20 still
    once("C", 2, { arrival: 31, deadline: 20 }), // laxity 18
  ];
  const policy = new LeastLaxity({ quantum: 100 });
  assertEquals(timeline(threads, policy, { until: 60 }), "A 0-30, B 30-40, C 40-42, A 42-52");
});

Deno.test("LeastLaxity, threads without a deadline run when no other is ready, in order", () => {
  const threads = [once("X", 5, {}), once("Y", 5, {}), once("A", 3, { arrival: 2, deadline: 9 })];
  const policy = new LeastLaxity({ quantum: 1 });
  assertEquals(timeline(threads, policy, { until: 60 }), "X 0-2, A 2-5, X 5-8, Y 8-13");
});
