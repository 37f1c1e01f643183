import { assert, assertEquals, assertThrows } from "@std/assert";
import { SchedError } from "../errors.ts";
import { EarliestDeadlineFirst } from "../policies/realtime/earliest_deadline_first.ts";
import { FixedPriority } from "../policies/realtime/fixed_priority.ts";
import type { Policy } from "../policy.ts";
import type { SimulationOptions } from "./conditions.ts";
import { simulate } from "./simulator.ts";
import type { Jobs, ThreadSpec } from "./workload.ts";

const ABORT: Jobs = { pattern: "periodic", onMiss: "abort" };

function thread(name: string, spec: Partial<ThreadSpec> & { readonly time: number }): ThreadSpec {
  const { time, ...rest } = spec;
  return { name, jobs: ABORT, steps: [{ type: "run", time }], ...rest };
}

/** What becomes of jobs, and when threads have a CPU: `4 a abort 0`, `4 a dispatch`. */
function told(
  threads: readonly ThreadSpec[],
  options: SimulationOptions & { policy?: Policy },
): string[] {
  const { policy = new FixedPriority({ quantum: 1_000 }), ...conditions } = options;
  return [...simulate(threads, policy, conditions)].flatMap((event) => {
    if (event.type === "idle" || event.type === "wake" || event.type === "arrive") return [];
    assert("thread" in event && event.type !== "deadlock");
    const job = "job" in event ? ` ${event.job}` : "";
    return [`${event.time} ${threads[event.thread]?.name} ${event.type}${job}`];
  });
}

Deno.test("jobs that are abandoned, one that runs ends at its deadline, and the next begins", () => {
  assertEquals(told([thread("a", { period: 4, time: 5 })], { until: 9 }), [
    "0 a release 0",
    "0 a dispatch",
    "4 a release 1",
    "4 a miss 0",
    "4 a abort 0",
    "4 a sleep",
    "4 a dispatch",
    "8 a release 2",
    "8 a miss 1",
    "8 a abort 1",
    "8 a sleep",
    "8 a dispatch",
  ]);
});

Deno.test("jobs that are abandoned, one that is ready gets no more time", () => {
  const threads = [
    thread("low", { period: 10, deadline: 6, time: 4 }),
    thread("high", { period: 20, time: 8, priority: 1, arrival: 2 }),
  ];
  assertEquals(told(threads, { until: 14 }), [
    "0 low release 0",
    "0 low dispatch",
    "2 high release 0",
    "2 low preempt",
    "2 high dispatch",
    "6 low miss 0",
    "6 low abort 0",
    "10 low release 1",
    "10 high complete 0",
    "10 high sleep",
    "10 low dispatch",
    "10 low sleep",
    "10 low dispatch",
  ]);
});

Deno.test("jobs that are abandoned, one that has not begun when its deadline passes never does", () => {
  const jobs: Jobs = { pattern: "bursty", burst: 2, count: 2, onMiss: "abort" };
  const lines = told([thread("a", { period: 10, deadline: 4, time: 6, jobs })], {});
  assertEquals(lines, [
    "0 a release 0",
    "0 a release 1",
    "0 a dispatch",
    "4 a miss 0",
    "4 a abort 0",
    "4 a miss 1",
    "4 a abort 1",
    "4 a sleep",
    "4 a dispatch",
    "4 a exit",
  ]);
});

Deno.test("jobs that are abandoned, one that is done in time is not", () => {
  const threads = [thread("a", { period: 4, time: 4 })];
  const lines = told(threads, { until: 40, policy: new EarliestDeadlineFirst() });
  assertEquals(lines.filter((line) => /miss|abort/.test(line)), []);
  const switched = told([...threads, thread("b", { period: 100, time: 1 })], {
    ...{ until: 6, switchCost: 2, policy: new EarliestDeadlineFirst() },
  });
  assertEquals(switched.filter((line) => line.includes("abort")), []);
});

Deno.test("jobs that are abandoned, random times are those of a thread that is never late", () => {
  const random = { least: 1, most: 9 };
  const steps = [{ type: "run", time: random }, { type: "run", time: random }] as const;
  const runs = (deadline: number): Map<number, number> => {
    const spec = { name: "a", period: 20, deadline, jobs: ABORT, steps };
    const began = new Map<number, number>();
    const took = new Map<number, number>();
    let time = 0;
    for (const event of simulate([spec], new FixedPriority(), { until: 2_000, seed: 5 })) {
      if (event.type === "release") began.set(event.job, event.time);
      if (event.type === "complete") took.set(event.job, event.time - began.get(event.job)!);
      time = event.time;
    }
    assert(time > 1_900);
    return took;
  };
  const [all, some] = [runs(20), runs(10)];
  assert(some.size > 10 && some.size < all.size);
  for (const [job, time] of some) assertEquals(time, all.get(job));
});

Deno.test("jobs that are abandoned, do nothing but run and have a deadline", () => {
  const run = { type: "run", time: 1 } as const;
  const cases: readonly (readonly [Partial<ThreadSpec>, string])[] = [
    [{ period: 4, steps: [run, { type: "sleep", time: 1 }] }, "$.threads[0].steps[1].type"],
    [{ jobs: { pattern: "listed", times: [3], onMiss: "abort" } }, "$.threads[0].deadline"],
    [{ period: 4, jobs: { ...ABORT, onMiss: "skip" as "abort" } }, "$.threads[0].jobs.onMiss"],
  ];
  for (const [spec, path] of cases) {
    const error = assertThrows(
      () => told([{ name: "a", jobs: ABORT, steps: [run], ...spec }], { until: 9 }),
      SchedError,
    );
    assertEquals([error.kind, error.path], ["invalid-workload", path]);
  }
});
