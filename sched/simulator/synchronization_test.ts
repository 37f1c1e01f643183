import { assertEquals, assertThrows } from "@std/assert";
import { SchedError } from "../errors.ts";
import { createPolicy } from "../policies/registry.ts";
import type { SimulationEvent } from "./events.ts";
import { simulate } from "./simulator.ts";
import type { Step, ThreadSpec, Workload } from "./workload.ts";

const run = (time: number): Step => ({ type: "run", time });
const lock = (mutex: string): Step => ({ type: "lock", mutex });
const unlock = (mutex: string): Step => ({ type: "unlock", mutex });

/** Events in short: time, type, thread, and what it is about. */
function tell(workload: Workload, policy = "priority"): string[] {
  return [...simulate(workload, createPolicy(policy))].map((event) => describe(workload, event));
}

function describe(workload: Workload, event: SimulationEvent): string {
  const { time, type } = event;
  if (!("thread" in event)) return `${time} ${type}`;
  const on = "on" in event && event.on !== undefined ? ` ${event.on.name}` : "";
  return `${time} ${type} ${workload.threads[event.thread]?.name}${on}`;
}

function thread(name: string, priority: number, steps: Step[], arrival = 0): ThreadSpec {
  return { name, priority, steps, arrival };
}

Deno.test("simulate, the whole event stream of a mutex with inheritance", () => {
  const workload: Workload = {
    mutexes: [{ name: "m", protocol: "inherit" }],
    threads: [
      thread("low", 1, [lock("m"), run(4), unlock("m"), run(1)]),
      thread("mid", 5, [run(3)], 2),
      thread("high", 9, [lock("m"), run(2), unlock("m")], 1),
    ],
  };
  assertEquals(tell(workload), [
    ...["0 arrive low", "0 dispatch low", "0 acquire low m"],
    ...["1 arrive high", "1 preempt low", "1 dispatch high", "1 block high m", "1 dispatch low"],
    ...["2 arrive mid", "4 unlock low m", "4 wake high", "4 preempt low", "4 dispatch high"],
    ...["4 acquire high m", "6 unlock high m", "6 exit high", "6 dispatch mid", "9 exit mid"],
    ...["9 dispatch low", "10 exit low"],
  ]);
});

Deno.test("simulate, a raised thread takes a CPU from a less urgent one, and a free one first", () => {
  const threads = [
    { ...thread("low", 1, [lock("m"), run(6), unlock("m")]), affinity: [0] },
    { ...thread("mid", 5, [run(5)], 1), affinity: [0] },
    { ...thread("high", 9, [lock("m"), run(1), unlock("m")], 2), affinity: [1] },
  ];
  const workload: Workload = { mutexes: [{ name: "m", protocol: "inherit" }], threads };
  const events = [...simulate(workload, createPolicy("priority"), { cpus: 2 })];
  const preempted = events.filter(({ type }) => type === "preempt");
  assertEquals(preempted.map((event) => describe(workload, event)), [
    ...["1 preempt low", "2 preempt mid", "7 preempt low"],
  ]);
  assertEquals(describe(workload, events.findLast(({ type }) => type === "wake")!), "7 wake high");

  const free = threads.map((spec) => ({ ...spec, affinity: null }));
  const stream = [...simulate({ ...workload, threads: free }, createPolicy("priority"), {
    cpus: 2,
  })];
  // High leaves its CPU to low, which has lost its own to it, and mid keeps its one.
  const lost = stream.filter(({ type }) => type === "preempt");
  assertEquals(lost.map((event) => describe(workload, event)), ["2 preempt low", "6 preempt low"]);
});

Deno.test("simulate, a broadcast hands the mutex from one to the next, the most urgent first", () => {
  const waits = (name: string, priority: number) =>
    thread(name, priority, [
      ...[lock("m"), { type: "wait", condition: "c", mutex: "m" } as const],
      ...[run(2), unlock("m")],
    ]);
  const workload: Workload = {
    mutexes: [{ name: "m" }],
    conditions: [{ name: "c" }],
    threads: [
      ...[waits("a", 3), waits("b", 4)],
      thread("main", 1, [lock("m"), run(1), { type: "broadcast", condition: "c" }, unlock("m")]),
    ],
  };
  assertEquals(tell(workload).filter((line) => /acquire|block|unlock/.test(line)), [
    ...["0 acquire b m", "0 unlock b m", "0 block b c", "0 acquire a m", "0 unlock a m"],
    ...["0 block a c", "0 acquire main m", "1 unlock main m", "1 acquire b m", "3 unlock b m"],
    ...["3 acquire a m", "5 unlock a m"],
  ]);
});

Deno.test("simulate, a semaphore counts and wakes in order", () => {
  const takes = (name: string): ThreadSpec =>
    thread(name, 5, [
      ...[{ type: "acquire", semaphore: "s" } as const, run(2)],
      { type: "release", semaphore: "s" },
    ]);
  const workload: Workload = {
    semaphores: [{ name: "s", count: 1 }],
    threads: [takes("a"), takes("b"), takes("c")],
  };
  assertEquals(tell(workload).filter((line) => /acquire|block|post/.test(line)), [
    ...[
      "0 acquire a s",
      "2 post a s",
      "2 acquire b s",
      "4 post b s",
      "4 acquire c s",
      "6 post c s",
    ],
  ]);
});

Deno.test("simulate, a deadlock ends with an event and an error that name its cycle", () => {
  const steps = (first: string, second: string) => [
    ...[lock(first), run(1), { type: "sleep", time: 1 } as const, lock(second)],
    ...[unlock(second), unlock(first)],
  ];
  const workload: Workload = {
    mutexes: [{ name: "x" }, { name: "y" }, { name: "z" }],
    threads: [
      thread("a", 1, steps("x", "y")),
      thread("b", 1, steps("y", "z")),
      thread("c", 1, steps("z", "x")),
    ],
  };
  const events: SimulationEvent[] = [];
  const error = assertThrows(() => {
    for (const event of simulate(workload, createPolicy("priority"))) events.push(event);
  }, SchedError);
  assertEquals(error.kind, "deadlock");
  assertEquals(error.path, "$.threads[2].steps[3]");
  assertEquals(
    error.message,
    'Cannot go on simulating: $.threads[2].steps[3] at time 4 deadlock: thread "c" waits for ' +
      'mutex "x", which "a" has and waits for mutex "y", which "b" has and waits for mutex "z", ' +
      'which "c" has',
  );
  const on = (name: string) => ({ kind: "mutex" as const, name });
  assertEquals(events.at(-1), {
    type: "deadlock",
    time: 4,
    thread: 2,
    cycle: [
      ...[{ thread: 2, on: on("x") }, { thread: 0, on: on("y") }, { thread: 1, on: on("z") }],
    ],
  });
});

Deno.test("simulate, who waits for ever without a cycle is told at the end, with what for", () => {
  const workload: Workload = {
    mutexes: [{ name: "m" }],
    semaphores: [{ name: "s" }],
    conditions: [{ name: "c" }],
    threads: [
      thread("a", 3, [{ type: "acquire", semaphore: "s" }]),
      thread("b", 2, [lock("m"), { type: "wait", condition: "c", mutex: "m" }, unlock("m")]),
      thread("c", 1, [run(5)]),
    ],
  };
  assertEquals(tell(workload).slice(-3), ["5 exit c", "5 stranded a s", "5 stranded b c"]);
});

Deno.test("simulate, a ceiling that is not said is that of the most urgent who locks it", () => {
  const uses = [lock("m"), run(4), unlock("m")];
  const marked: Step[] = [lock("m"), { type: "mark", label: "has" }, run(4), unlock("m")];
  const specs: ThreadSpec[] = [
    { ...thread("low", 1, marked), period: 90, deadline: 50 },
    { ...thread("high", 4, uses, 1), period: 40, deadline: 30 },
    {
      ...thread("sets", 2, [{ type: "set", parameters: { priority: 7 } }, ...uses], 2),
      period: 60,
    },
    { ...thread("other", 9, [run(1)], 3), period: 10 },
  ];
  for (const protocol of ["ceiling", "original-ceiling"] as const) {
    const workload: Workload = { mutexes: [{ name: "m", protocol }], threads: specs };
    const marks = [...simulate(workload, createPolicy("priority"))].flatMap((event) =>
      event.type === "mark" ? [event.priority] : []
    );
    assertEquals(marks, [protocol === "ceiling" ? 7 : 1]);
    const exits = (policy: string) => tell(workload, policy).filter((line) => /exit/.test(line));
    const first = ["4 exit other", "9 exit high"];
    assertEquals(exits("rm"), [...first, "13 exit sets", "13 exit low"]);
    assertEquals(exits("dm"), [...first, "9 exit low", "13 exit sets"]);
  }
});

Deno.test("simulate, a ceiling is found however often a thread that locks it sets its priority", () => {
  const sets = Array.from({ length: 150_000 }, (_, n): Step => ({
    ...{ type: "set", parameters: { priority: n === 75_000 ? 8 : 2 } },
  }));
  const marked: Step[] = [lock("m"), { type: "mark", label: "has" }, unlock("m")];
  const workload: Workload = {
    mutexes: [{ name: "m", protocol: "ceiling" }],
    threads: [thread("a", 1, [...marked, run(1), ...sets])],
  };
  const marks = [...simulate(workload, createPolicy("priority"), { until: 1 })].flatMap((event) =>
    event.type === "mark" ? [event.priority] : []
  );
  assertEquals(marks, [8]);
});
