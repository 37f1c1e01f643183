import { assert, assertEquals, assertThrows } from "@std/assert";
import { SchedError } from "../errors.ts";
import { FixedPriority } from "../policies/realtime/fixed_priority.ts";
import type { SimulationOptions } from "./conditions.ts";
import { simulate } from "./simulator.ts";
import type { Jobs, Step, ThreadSpec } from "./workload.ts";

const TRIGGERED: Jobs = { pattern: "triggered" };

function run(time: number): Step {
  return { type: "run", time };
}

function trigger(thread: string): Step {
  return { type: "trigger", thread };
}

/** What becomes of jobs, and when threads have a CPU. */
function told(threads: readonly ThreadSpec[], options: SimulationOptions = {}): string[] {
  const policy = new FixedPriority({ quantum: 1_000 });
  return [...simulate(threads, policy, options)].flatMap((event) => {
    if (event.type === "idle") return [];
    assert("thread" in event && event.type !== "deadlock");
    const job = "job" in event ? ` ${event.job}` : "";
    return [`${event.time} ${threads[event.thread]?.name} ${event.type}${job}`];
  });
}

Deno.test("jobs that are triggered, each is released when another thread says so", () => {
  const lines = told([
    { name: "a", steps: [run(3), trigger("b"), run(2), trigger("b")] },
    { name: "b", deadline: 4, jobs: TRIGGERED, steps: [run(5)] },
  ]);
  assertEquals(lines, [
    "0 a arrive",
    "0 a dispatch",
    "3 b release 0",
    "3 b arrive",
    "5 b release 1",
    "5 a exit",
    "5 b dispatch",
    "7 b miss 0",
    "9 b miss 1",
    "10 b complete 0",
    "10 b sleep",
    "10 b wake",
    "10 b dispatch",
    "15 b complete 1",
    "15 b sleep",
  ]);
});

Deno.test("jobs that are triggered, a more urgent one preempts who has triggered it", () => {
  const lines = told([
    { name: "a", steps: [run(3), trigger("b"), trigger("b"), run(2)] },
    { name: "b", priority: 9, jobs: TRIGGERED, steps: [run(5)] },
  ]);
  assertEquals(lines.filter((line) => !line.includes("sleep")), [
    "0 a arrive",
    "0 a dispatch",
    "3 b release 0",
    "3 b arrive",
    "3 a preempt",
    "3 b dispatch",
    "8 b complete 0",
    "8 a dispatch",
    "8 b release 1",
    "8 b wake",
    "8 a preempt",
    "8 b dispatch",
    "13 b complete 1",
    "13 a dispatch",
    "15 a exit",
  ]);
});

Deno.test("jobs that are triggered, two at one instant are two", () => {
  const lines = told([
    { name: "a", priority: 1, steps: [run(1), trigger("b"), trigger("b"), run(1)] },
    { name: "b", jobs: TRIGGERED, steps: [run(1)] },
  ]);
  assertEquals(lines.filter((line) => /release|complete/.test(line)), [
    "1 b release 0",
    "1 b release 1",
    "3 b complete 0",
    "4 b complete 1",
  ]);
});

Deno.test("jobs that are triggered, one that is abandoned triggers the next all the same", () => {
  const lines = told([
    {
      ...{ name: "a", period: 10, deadline: 4, steps: [run(6), trigger("b")] },
      jobs: { pattern: "periodic", count: 1, onMiss: "abort" },
    },
    { name: "b", jobs: TRIGGERED, steps: [run(2)] },
  ]);
  assertEquals(lines.slice(-7), [
    "4 a abort 0",
    "4 b release 0",
    "4 b arrive",
    "4 a exit",
    "4 b dispatch",
    "6 b complete 0",
    "6 b sleep",
  ]);
});

Deno.test("jobs that are triggered, threads that trigger each other are told that they never end", () => {
  const circle = ["a", "b", "c"].map((name, i): ThreadSpec => ({
    name,
    jobs: TRIGGERED,
    steps: [run(1), trigger(["b", "c", "a"][i]!)],
  }));
  const start: ThreadSpec = { name: "start", steps: [run(1), trigger("a")] };
  const error = assertThrows(() => told([start, ...circle]), SchedError, 'thread "a" never ends');
  assertEquals(error.kind, "invalid-option");
  assertEquals(told([start, ...circle], { until: 7 }).at(-1), "6 c dispatch");
  told([start, ...circle.slice(0, 2), { name: "c", jobs: TRIGGERED, steps: [run(1)] }]);
  const chain = Array.from({ length: 3_000 }, (_, i): ThreadSpec => ({
    name: `t${i}`,
    ...(i === 0 ? {} : { jobs: TRIGGERED }),
    steps: i === 2_999 ? [run(1)] : [run(1), trigger(`t${i + 1}`)],
  }));
  assertEquals(told(chain).at(-1), "3000 t2999 sleep");
});
