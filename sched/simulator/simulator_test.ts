import { assert, assertEquals, assertThrows } from "@std/assert";
import { SchedError } from "../errors.ts";
import { FixedPriority } from "../policies/realtime/fixed_priority.ts";
import { describeFault } from "../host/mod.ts";
import type { Charge, Wakeup } from "../policy.ts";
import { mean, means, outcome } from "../testing/outcome.ts";
import { RoundRobin } from "../policies/sharing/round_robin.ts";
import type { SimulationOptions } from "./conditions.ts";
import type { SimulationEvent } from "./events.ts";
import { simulate } from "./simulator.ts";
import { randomWorkload } from "./random_workload.ts";
import type { Step, ThreadSpec } from "./workload.ts";

function job(name: string, options: Partial<ThreadSpec> & { time?: number }): ThreadSpec {
  const { time, ...rest } = options;
  return { name, steps: time === undefined ? [] : [{ type: "run", time }], ...rest };
}

// Published schedules. Where a book numbers priorities from 1 (most urgent), priority p is 127 − p
// here.

Deno.test("simulate, round robin of Silberschatz et al., Operating System Concepts, 10th ed., section 5.3.3", () => {
  const workload = [job("P1", { time: 24 }), job("P2", { time: 3 }), job("P3", { time: 3 })];
  const result = outcome(workload, new RoundRobin({ quantum: 4 }));
  assertEquals(result.chart, "P1 0-4, P2 4-7, P3 7-10, P1 10-30");
  assertEquals(means(result, "waiting"), [6, 4, 7]);
  assertEquals(mean(result, "waiting"), 17 / 3);
});

Deno.test("simulate, an endless quantum is first come first served, section 5.3.1 of the same book", () => {
  const workload = [job("P1", { time: 24 }), job("P2", { time: 3 }), job("P3", { time: 3 })];
  const result = outcome(workload, new RoundRobin({ quantum: 1_000 }));
  assertEquals(result.chart, "P1 0-24, P2 24-27, P3 27-30");
  assertEquals([mean(result, "waiting"), mean(result, "turnaround")], [17, 27]);
});

Deno.test("simulate, priorities of section 5.3.4 of the same book", () => {
  const workload = [[10, 3], [1, 1], [2, 4], [1, 5], [5, 2]].map(([time = 0, rank = 0], index) =>
    job(`P${index + 1}`, { time, priority: 127 - rank })
  );
  const result = outcome(workload, new FixedPriority());
  assertEquals(result.chart, "P2 0-1, P5 1-6, P1 6-16, P3 16-18, P4 18-19");
  assertEquals(mean(result, "waiting"), 8.2);
});

Deno.test("simulate, priorities with round robin among equals, section 5.3.4 of the same book", () => {
  const workload = [[4, 3], [5, 2], [8, 2], [7, 1], [3, 3]].map(([time = 0, rank = 0], index) =>
    job(`P${index + 1}`, { time, priority: 127 - rank })
  );
  const result = outcome(workload, new FixedPriority({ quantum: 2 }));
  assertEquals(
    result.chart,
    "P4 0-7, P2 7-9, P3 9-11, P2 11-13, P3 13-15, P2 15-16, P3 16-20, " +
      "P1 20-22, P5 22-24, P1 24-26, P5 26-27",
  );
});

// Stallings, Operating Systems: Internals and Design Principles, tables 9.4 and 9.5.
const STALLINGS: readonly ThreadSpec[] = [
  job("A", { arrival: 0, time: 3 }),
  job("B", { arrival: 2, time: 6 }),
  job("C", { arrival: 4, time: 4 }),
  job("D", { arrival: 6, time: 5 }),
  job("E", { arrival: 8, time: 2 }),
];

Deno.test("simulate, round robin with quantum 1 of Stallings, table 9.5", () => {
  const result = outcome(STALLINGS, new RoundRobin({ quantum: 1 }));
  assertEquals(result.threads.map(({ finish }) => finish), [4, 18, 17, 20, 15]);
  assertEquals(means(result, "turnaround"), [4, 16, 13, 14, 7]);
  assertEquals(mean(result, "turnaround"), 10.8);
});

Deno.test("simulate, round robin with quantum 4 of Stallings, table 9.5", () => {
  const result = outcome(STALLINGS, new RoundRobin({ quantum: 4 }));
  assertEquals(result.threads.map(({ finish }) => finish), [3, 17, 11, 20, 19]);
  assertEquals(means(result, "turnaround"), [3, 15, 7, 14, 11]);
  assertEquals(mean(result, "turnaround"), 10);
});

Deno.test("simulate, response time of Arpaci-Dusseau, Operating Systems: Three Easy Pieces, section 7.7", () => {
  const workload = [job("A", { time: 5 }), job("B", { time: 5 }), job("C", { time: 5 })];
  const result = outcome(workload, new RoundRobin({ quantum: 1 }));
  assertEquals(means(result, "response"), [0, 1, 2]);
  assertEquals(means(result, "turnaround"), [13, 14, 15]);
  assertEquals([mean(result, "response"), mean(result, "turnaround")], [1, 14]);
});

// What the books leave out, by hand.

Deno.test("simulate, an urgent wakeup preempts at once and the victim keeps the rest of its quantum", () => {
  const low = [{ type: "run", time: 10 }] satisfies Step[];
  const workload: readonly ThreadSpec[] = [
    job("a", { priority: 1, steps: low }),
    job("b", { priority: 1, steps: low }),
    job("u", {
      priority: 9,
      arrival: 1,
      steps: [{ type: "run", time: 1 }, { type: "sleep", time: 4 }, { type: "run", time: 2 }],
    }),
  ];
  const result = outcome(workload, new FixedPriority({ quantum: 5 }));
  // a has used 1 of 5 when u arrives, and all 5 at time 6, when u wakes up; b's quantum ends at 13.
  assertEquals(result.chart, "a 0-1, u 1-2, a 2-6, u 6-8, b 8-13, a 13-18, b 18-23");
  assertEquals(means(result, "response"), [0, 8, 0]);
  assertEquals(result.threads.map(({ preemptions }) => preemptions), [2, 1, 0]);
});

Deno.test("simulate, the whole event stream of a sleep, a yield and an idle CPU", () => {
  const workload: readonly ThreadSpec[] = [
    job("a", {
      steps: [{ type: "run", time: 2 }, { type: "yield" }, { type: "run", time: 1 }, {
        type: "sleep",
        time: 5,
      }],
    }),
    job("b", { time: 3, arrival: 1 }),
  ];
  const { events, cpus, total } = outcome(workload, new RoundRobin({ quantum: 100 }));
  assertEquals(events, [
    { type: "arrive", time: 0, thread: 0 },
    { type: "dispatch", time: 0, thread: 0 },
    { type: "arrive", time: 1, thread: 1 },
    { type: "yield", time: 2, thread: 0 },
    { type: "dispatch", time: 2, thread: 1 },
    { type: "exit", time: 5, thread: 1 },
    { type: "dispatch", time: 5, thread: 0 },
    { type: "sleep", time: 6, thread: 0 },
    { type: "idle", time: 6, until: 11 },
    { type: "wake", time: 11, thread: 0 },
    { type: "dispatch", time: 11, thread: 0 },
    { type: "exit", time: 11, thread: 0 },
  ]);
  assertEquals([cpus[0]?.idle, total.makespan, total.dispatches], [5, 11, 4]);
});

Deno.test("simulate, a coarse timer lets a quantum end at the next tick only", () => {
  const workload = [job("a", { time: 12 }), job("b", { time: 4 })];
  const result = outcome(workload, new RoundRobin({ quantum: 4 }), { tickInterval: 5 });
  assertEquals(result.chart, "a 0-5, b 5-9, a 9-16");
});

Deno.test("simulate, switch cost is paid between different threads only and leaves gaps", () => {
  const workload = [job("a", { time: 5 }), job("b", { time: 3 })];
  const result = outcome(workload, new RoundRobin({ quantum: 2 }), { switchCost: 1 });
  assertEquals(result.chart, "a 0-2, b 3-5, a 6-8, b 9-10, a 11-12");
});

Deno.test("simulate, a thread that becomes ready during a switch preempts before the first instruction", () => {
  const workload = [
    job("a", { time: 2, priority: 1 }),
    job("b", { time: 2, priority: 1 }),
    job("u", { time: 1, priority: 2, arrival: 4 }),
  ];
  const result = outcome(workload, new FixedPriority(), { switchCost: 3 });
  assertEquals(result.chart, "a 0-2, u 8-9, b 12-14");
  assertEquals(result.threads[1]?.preemptions, 1);
});

Deno.test("simulate, threads without run steps come and go in no time", () => {
  const idle = job("i", { steps: [{ type: "yield" }, { type: "sleep", time: 0 }] });
  const result = outcome([idle, job("e", {}), job("r", { time: 2 })], new RoundRobin());
  assertEquals(result.chart, "r 0-2");
  assertEquals(means(result, "turnaround"), [2, 0, 2]);
});

Deno.test("simulate, an empty workload ends at once", () => {
  const result = outcome([], new RoundRobin());
  assertEquals([result.events, result.total.makespan, mean(result, "waiting")], [[], 0, 0]);
});

// Properties.

Deno.test("simulate rr, nobody waits longer than one quantum of each other thread", () => {
  for (let seed = 0; seed < 150; seed++) {
    const threads = 2 + seed % 12;
    const [quantum, tickInterval] = [1 + seed % 11, 1 + seed % 4];
    const workload = randomWorkload(seed, { threads, sleep: 10 });
    const result = outcome(workload, new RoundRobin({ quantum }), { tickInterval });
    // A quantum ends at a tick, so a turn may last one interval longer, less one.
    const bound = (threads - 1) * (quantum + tickInterval - 1);
    for (const { name, longestWait } of result.threads) {
      assert(longestWait <= bound, `seed ${seed} ${name}: ${longestWait} > ${bound}`);
    }
  }
});

Deno.test("simulate rr, turns are first in first out", () => {
  for (let seed = 0; seed < 100; seed++) {
    const workload = randomWorkload(seed, { threads: 9 });
    const queue: number[] = [];
    for (const event of simulate(workload, new RoundRobin({ quantum: 1 + seed % 9 }))) {
      if (event.type === "policy-fault") throw new Error(describeFault(event.fault));
      if (event.type === "idle") assertEquals(queue, []);
      else if (event.type === "dispatch") assertEquals(queue.shift(), event.thread);
      else if (event.type !== "sleep" && event.type !== "exit") queue.push(event.thread);
    }
  }
});

Deno.test("simulate priority, the CPU always has a most urgent ready thread", () => {
  for (let seed = 0; seed < 100; seed++) {
    const workload = randomWorkload(seed, { threads: 12, priority: 4 });
    const priority = (thread: number): number => workload[thread]?.priority ?? 0;
    const ready = new Set<number>();
    for (const event of simulate(workload, new FixedPriority({ quantum: 5 }))) {
      if (event.type === "policy-fault") throw new Error(describeFault(event.fault));
      if (event.type === "idle") assertEquals(ready.size, 0);
      else if (event.type === "dispatch") {
        ready.delete(event.thread);
        const rival = Math.max(-1, ...[...ready].map(priority));
        assert(priority(event.thread) >= rival, `seed ${seed} at ${event.time}`);
      } else if (event.type !== "sleep" && event.type !== "exit") ready.add(event.thread);
    }
  }
});

// Misuse.

Deno.test("simulate, refuses workloads and options that make no sense", () => {
  const cases: [readonly ThreadSpec[], SimulationOptions, string][] = [
    [[job("a", { time: 0 })], {}, "invalid-workload"],
    [[job("a", { time: 1.5 })], {}, "invalid-workload"],
    [[job("a", { steps: [{ type: "sleep", time: -1 }] })], {}, "invalid-workload"],
    [[job("a", { time: 1, arrival: -1 })], {}, "invalid-workload"],
    [[job("a", { time: 1, priority: 256 })], {}, "invalid-workload"],
    [[], { tickInterval: 0 }, "invalid-option"],
    [[], { switchCost: -1 }, "invalid-option"],
    [[], { cpus: 65 }, "invalid-option"],
    [[], { seed: -1 }, "invalid-option"],
    [[], { timeout: 0 }, "invalid-option"],
    [[], { until: -1 }, "invalid-option"],
    [[job("a", { time: 1, affinity: [1] })], {}, "invalid-workload"],
  ];
  for (const [workload, options, kind] of cases) {
    const error = assertThrows(() => outcome(workload, new RoundRobin(), options), SchedError);
    assertEquals(error.kind, kind);
  }
});

function faults(events: readonly SimulationEvent[]): string[] {
  return events.flatMap((event) =>
    event.type === "policy-fault" ? [`${event.time}: ${describeFault(event.fault)}`] : []
  );
}

Deno.test("simulate, a policy that loses a thread is put out when nothing else is due", () => {
  class Forgetful extends RoundRobin {
    override pick(cpu: number): number | null {
      super.pick(cpu);
      return super.pick(cpu);
    }
  }
  const workload = [job("a", { time: 1 }), job("b", { time: 1 }), job("c", { time: 1 })];
  const { events, chart } = outcome(workload, new Forgetful());
  assertEquals(faults(events), [
    '1: policy "rr": pick(0) returned null, and nothing else is due for the ready threads',
  ]);
  assertEquals(chart, "b 0-1, a 1-2, c 2-3");
});

Deno.test("simulate, a policy that picks a thread that is not ready is put out", () => {
  class Stubborn extends RoundRobin {
    override pick(cpu: number): number | null {
      return super.pick(cpu) ?? 0;
    }
  }
  const steps = [{ type: "run", time: 1 }, { type: "sleep", time: 3 }] as const;
  const { events } = outcome([job("a", { steps })], new Stubborn());
  assertEquals(faults(events), [
    '1: policy "rr": pick(0) returned 0, which is not ready: expected null, as no thread is ready',
  ]);
  assertEquals(events.at(-1), { type: "exit", time: 4, thread: 0 });
});

Deno.test("simulate, a thread left ready for longer than the limit has its policy put out", () => {
  class Unfair extends RoundRobin {
    override readonly timeout = 50;
    override tick(): boolean {
      return false;
    }
  }
  const workload = [job("a", { time: 200 }), job("b", { time: 10 })];
  const { events, chart } = outcome(workload, new Unfair());
  assertEquals(faults(events), [
    '51: policy "rr": pick() left thread 1 ready for 51, expected at most 50',
  ]);
  assertEquals(chart, "a 0-200, b 200-210", "within the quantum of the one that takes over");
});

Deno.test("simulate, a policy that has the host decide for ever in one instant is put out", () => {
  class Kicking extends RoundRobin {
    override pick(cpu: number): number | null {
      this.view?.timer(this.view.now);
      return super.pick(cpu);
    }
    timer(): void {
      this.view?.kick(0);
    }
  }
  const { events, chart } = outcome([job("a", { time: 5 }), job("b", { time: 5 })], new Kicking());
  assertEquals(faults(events).length, 1);
  assert(faults(events)[0]?.includes("has had the host decide 10001 times in one instant"));
  assertEquals(chart.endsWith("-10"), true, chart);
});

// Several CPUs.

Deno.test("simulate priority, with several CPUs the most urgent threads run", () => {
  const workload = [
    job("low", { time: 10, priority: 1 }),
    job("mid", { time: 10, priority: 2 }),
    job("high", { time: 4, priority: 3, arrival: 2 }),
  ];
  const { events } = outcome(workload, new FixedPriority(), { cpus: 2 });
  const told = events.flatMap((event) =>
    event.type === "dispatch" || event.type === "preempt"
      ? [`${event.time} ${event.type} ${event.thread} ${event.cpu}`]
      : []
  );
  assertEquals(told, [
    "0 dispatch 1 0",
    "0 dispatch 0 1",
    "2 preempt 0 1",
    "2 dispatch 2 1",
    "6 dispatch 0 1",
  ]);
});

Deno.test("simulate, a quantum of many instructions costs one tick", () => {
  let ticks = 0;
  class Counting extends RoundRobin {
    override tick(thread: number, charge: Charge): boolean {
      ticks++;
      return super.tick(thread, charge);
    }
  }
  const workload = [job("a", { time: 10_000 }), job("b", { time: 10_000 })];
  outcome(workload, new Counting({ quantum: 1_000 }));
  assertEquals(ticks, 18);
});

Deno.test("simulate, tells how long a thread runs until it blocks or ends: runs on both sides of a yield, less what it has run", () => {
  const told: string[] = [];
  class Listening extends RoundRobin {
    override enqueue(thread: number, wakeup: Wakeup): void {
      told.push(`${thread} ${wakeup.reason} ${wakeup.burst}`);
      super.enqueue(thread, wakeup);
    }
  }
  const steps: Step[] = [
    { type: "run", time: 7 },
    { type: "yield" },
    { type: "run", time: 2 },
    { type: "sleep", time: 4 },
    { type: "run", time: 3 },
  ];
  outcome([job("a", { steps }), job("b", { time: 12 })], new Listening({ quantum: 5 }));
  assertEquals(told, [
    "0 start 9",
    "1 start 12",
    "0 preempt 4",
    "1 preempt 7",
    "0 yield 2",
    "1 preempt 2",
    "0 wakeup 3",
  ]);
});
