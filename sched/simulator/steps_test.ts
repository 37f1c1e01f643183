import { assert, assertEquals, assertThrows } from "@std/assert";
import { SchedError } from "../errors.ts";
import { FixedPriority } from "../policies/realtime/fixed_priority.ts";
import { createPolicy } from "../policies/registry.ts";
import { RoundRobin } from "../policies/sharing/round_robin.ts";
import type { Charge, Policy, Stop, Wakeup } from "../policy.ts";
import type { SimulationOptions } from "./conditions.ts";
import { isThreadEvent } from "./events.ts";
import { simulate } from "./simulator.ts";
import type { GivenWorkload, Step } from "./workload.ts";

const run = (time: number): Step => ({ type: "run", time });

/** What threads do, as text: `3 0 dispatch`, with the CPU if there are several. */
function told(
  workload: GivenWorkload,
  options: SimulationOptions & { policy?: Policy } = {},
): string[] {
  const { policy = new FixedPriority({ quantum: 1_000 }), ...conditions } = options;
  return [...simulate(workload, policy, conditions)].flatMap((event) => {
    assert(event.type !== "policy-fault");
    if (event.type === "switch") return [`${event.time} ${event.thread} switch ${event.cost}`];
    if (!isThreadEvent(event)) return [];
    const { time, thread, type, cpu, on } = event;
    const where = cpu === undefined ? "" : ` on ${cpu}`;
    return [`${time} ${thread} ${type}${where}${on === undefined ? "" : ` ${on.kind} ${on.name}`}`];
  });
}

Deno.test("io, a device serves one request after the other, and other waits are not in its way", () => {
  const io = (time: number, device?: string): Step[] => [run(1), { type: "io", time, device }];
  const lines = told({
    threads: [
      { name: "a", steps: io(10, "disk") },
      { name: "b", steps: io(5, "disk") },
      { name: "c", steps: io(5) },
    ],
    devices: [{ name: "disk" }],
  });
  assertEquals(lines.filter((line) => /io|wake/.test(line)), [
    "1 0 io device disk",
    "2 1 io device disk",
    "3 2 io",
    "8 2 wake",
    "11 0 wake",
    "16 1 wake",
  ]);
});

Deno.test("start, a more urgent thread takes the CPU before its starter's next step", () => {
  const lines = told([
    { name: "a", priority: 1, steps: [run(2), { type: "start", thread: "b" }, { type: "yield" }] },
    { name: "b", priority: 2, arrival: "started", steps: [run(3)] },
  ]);
  assertEquals(lines, [
    ...["0 0 arrive", "0 0 dispatch", "2 1 arrive", "2 0 preempt", "2 1 dispatch", "5 1 exit"],
    ...["5 0 dispatch", "5 0 yield", "5 0 dispatch", "5 0 exit"],
  ]);
});

Deno.test("start and release, policies hear who made a thread ready, and what it says of that", () => {
  const heard: unknown[] = [];
  class Listening extends RoundRobin {
    override enqueue(thread: number, wakeup: Wakeup): void {
      heard.push([thread, wakeup.reason, wakeup.waker, wakeup.hint]);
      super.enqueue(thread, wakeup);
    }
  }
  const threads = [
    {
      name: "a",
      steps: [
        { type: "start", thread: "b", hint: "handoff" },
        ...[run(2), { type: "release", semaphore: "s", hint: "sync" } as const],
        ...[run(2), { type: "release", semaphore: "s" } as const],
      ],
    },
    {
      name: "b",
      arrival: "started",
      steps: [{ type: "acquire", semaphore: "s" }, { type: "acquire", semaphore: "s" }],
    },
  ] as const;
  told({ threads, semaphores: [{ name: "s" }] }, { policy: new Listening({ quantum: 1 }) });
  const woken = [[1, "start", 0, "handoff"], [1, "wakeup", 0, "sync"], [1, "wakeup", 0, "none"]];
  assertEquals(heard.filter((each) => (each as unknown[])[0] === 1), woken);
});

Deno.test("set, a thread that is less urgent now gives way before its next step", () => {
  const set = (priority: number): Step => ({ type: "set", parameters: { priority } });
  const lines = told([
    { name: "a", priority: 5, steps: [run(2), set(1), run(1), set(9), run(1)] },
    { name: "b", priority: 3, steps: [run(4)] },
  ]);
  assertEquals(lines.filter((line) => /dispatch|preempt|exit/.test(line)), [
    ...["0 0 dispatch", "2 0 preempt", "2 1 dispatch", "6 1 exit"],
    ...["6 0 dispatch", "8 0 exit"],
  ]);
});

Deno.test("set, a thread leaves a CPU that it may not run on any more", () => {
  const set: Step = { type: "set", parameters: { affinity: [1] } };
  const lines = told([{ name: "a", steps: [run(2), set, run(2)] }], { cpus: 2 });
  assertEquals(lines, [
    ...["0 0 arrive on 0", "0 0 dispatch on 0", "2 0 preempt on 0"],
    ...["2 0 dispatch on 1", "4 0 exit on 1"],
  ]);
});

Deno.test("set, changes add up, and a weight of before gives way to a nice value", () => {
  const updates: unknown[] = [];
  class Listening extends RoundRobin {
    override update(_: number, { weight, priority }: { weight: number; priority: number }): void {
      updates.push([weight, priority]);
    }
  }
  const steps: Step[] = [
    { type: "set", parameters: { priority: 4 } },
    { type: "set", parameters: { nice: 19 } },
    { type: "set", parameters: { weight: 70 } },
  ];
  told([{ name: "a", weight: 99, steps }], { policy: new Listening() });
  assertEquals(updates, [[99, 4], [15, 4], [70, 4]]);
});

Deno.test("set, changes that make no sense together are told with time and path", () => {
  const steps: Step[] = [
    run(3),
    { type: "set", parameters: { budget: 5 } },
    { type: "set", parameters: { period: 4 } },
  ];
  const error = assertThrows(() => told([{ name: "a", period: 9, steps }]), SchedError);
  assertEquals(error.kind, "invalid-workload");
  assert(error.message.includes("$.threads[0].steps[2] at time 3"), error.message);
});

Deno.test("repeat, steps are done so often, also within each other", () => {
  const steps: Step[] = [
    {
      type: "repeat",
      times: 2,
      steps: [{ type: "repeat", times: 3, steps: [run(1)] }, { type: "sleep", time: 1 }],
    },
    run(5),
  ];
  const lines = told([{ name: "a", steps }]);
  assertEquals(lines.filter((line) => /sleep|exit/.test(line)), [
    "3 0 sleep",
    "7 0 sleep",
    "13 0 exit",
  ]);
});

Deno.test("repeat, one without end goes on until the time given, and no longer", () => {
  const steps: Step[] = [{ type: "repeat", steps: [run(3), { type: "yield" }] }];
  const lines = told([{ name: "a", steps }, { name: "b", steps }], { until: 7 });
  assertEquals(lines.slice(-2), ["6 1 yield", "6 0 dispatch"]);
  const error = assertThrows(() => told([{ name: "a", steps }]), SchedError);
  assertEquals(error.kind, "invalid-option");
  assert(error.message.includes(`thread "a" never ends`), error.message);
});

Deno.test("repeat, how long a thread runs until it blocks is known across passes, and random times are", () => {
  const heard: string[] = [];
  class Listening extends RoundRobin {
    override enqueue(thread: number, wakeup: Wakeup): void {
      heard.push(`${wakeup.reason} ${wakeup.burst}`);
      super.enqueue(thread, wakeup);
    }
  }
  const steps: Step[] = [
    { type: "repeat", times: 3, steps: [run(2), { type: "yield" }] },
    { type: "sleep", time: 1 },
    { type: "run", time: { least: 5, most: 500 } },
    { type: "run", time: { least: 5, most: 500 } },
  ];
  const lines = told([{ name: "a", steps }], { policy: new Listening(), seed: 8 });
  assertEquals(heard.slice(0, 4), ["start 6", "yield 4", "yield 2", "yield 0"]);
  assertEquals(lines.at(-1), `${7 + Number(heard[4]!.split(" ")[1])} 0 exit`);
  const endless: Step[] = [{ type: "repeat", steps: [run(2), { type: "yield" }] }];
  heard.length = 0;
  told([{ name: "a", steps: endless }], { policy: new Listening(), until: 3 });
  assertEquals(heard, ["start Infinity", "yield Infinity"]);
});

Deno.test("migrationCost, a thread pays where it did not run last", () => {
  const threads = [
    { name: "a", affinity: [0], steps: [run(4)] },
    { name: "b", affinity: [0], arrival: 1, priority: 1, steps: [run(2)] },
    { name: "c", arrival: 1, steps: [run(1), { type: "sleep", time: 1 }, run(3)] },
    { name: "d", arrival: 3, affinity: [1], priority: 1, steps: [run(9)] },
  ] as const;
  // c first runs on CPU 1, which d has from 3 on; CPU 0 is free of b and a at 6.
  const lines = told(threads, { cpus: 2, migrationCost: 2 });
  assertEquals(lines.filter((line) => /switch| 2 dispatch| 2 exit/.test(line)), [
    "1 2 dispatch on 1",
    "6 2 switch 2",
    "8 2 dispatch on 0",
    "11 2 exit on 0",
  ]);
});

Deno.test("cost, each decision costs what is said of it, in place of the switch cost", () => {
  const asked: number[][] = [];
  const cost = (...given: [number, number, number, number]): number => {
    asked.push(given);
    return given[0] * 10;
  };
  const threads = [{ name: "a", steps: [run(3)] }, { name: "b", steps: [run(2)] }];
  const lines = told(threads, { policy: new RoundRobin({ quantum: 2 }), cost, switchCost: 99 });
  assertEquals(asked, [[0, 0, -1, 0], [1, 0, 0, 1], [2, 0, 1, 0]]);
  assertEquals(lines.at(-1), "35 0 exit");
  const error = assertThrows(() => told(threads, { cost: () => -1 }), SchedError);
  assertEquals(error.kind, "invalid-option");
});

Deno.test("chargesCosts, a switch counts against the quantum of the thread switched to", () => {
  const charges: string[] = [];
  class Charging extends RoundRobin {
    override tick(thread: number, charge: Charge): boolean {
      charges.push(`tick ${charge.elapsed}`);
      return super.tick(thread, charge);
    }
    override stopping(thread: number, stop: Stop): void {
      charges.push(`${stop.reason} ${stop.elapsed}`);
      super.stopping(thread, stop);
    }
  }
  const threads = [{ name: "a", steps: [run(4)] }, { name: "b", steps: [run(4)] }];
  const policy = new Charging({ quantum: 3 });
  const lines = told(threads, { policy, switchCost: 1, chargesCosts: true });
  assertEquals(
    lines.filter((line) => /dispatch|preempt|exit/.test(line)),
    [
      "0 0 dispatch",
      "3 0 preempt",
      "4 1 dispatch",
      "6 1 preempt",
      "7 0 dispatch",
      "8 0 exit",
      "9 1 dispatch",
      "11 1 exit",
    ],
  );
  assertEquals(charges.slice(0, 4), ["tick 3", "quantum 0", "tick 3", "quantum 0"]);
});

Deno.test("simulate, every step there is repeats byte for byte with its seed", () => {
  const range = { least: 1, most: 9 };
  const workload: GivenWorkload = {
    threads: [0, 1, 2, 3].map((id) => ({
      name: `t${id}`,
      period: 50,
      jobs: { pattern: "sporadic", most: 99, count: 9 },
      steps: [
        { type: "run", time: range },
        { type: "io", time: range, device: "disk" },
        { type: "repeat", times: 3, steps: [{ type: "run", time: range }, { type: "yield" }] },
        { type: "set", parameters: { priority: id } },
        { type: "sleep", time: range },
        { type: "run", time: range },
      ],
    })),
    devices: [{ name: "disk" }],
  };
  const text = (seed: number): string =>
    JSON.stringify([...simulate(workload, createPolicy("lottery", { quantum: 3 }), { seed })]);
  assertEquals(text(1), text(1));
  assert(text(1) !== text(2));
});

Deno.test("run, times of a normal distribution are about its mean and within their range", () => {
  const time = { least: 40, most: 120, mean: 90, deviation: 20 };
  const threads = [{ name: "a", period: 200, jobs: { pattern: "periodic" as const } }].map((
    spec,
  ) => ({
    ...spec,
    steps: [{ type: "run", time } as const],
  }));
  const times = (seed: number): number[] => {
    const taken: number[] = [];
    for (const event of simulate(threads, new RoundRobin(), { until: 400_000, seed })) {
      if (event.type === "complete") taken.push(event.time % 200);
    }
    return taken;
  };
  const all = times(1);
  const mean = all.reduce((sum, each) => sum + each) / all.length;
  assert(Math.abs(mean - 89) < 2, `${mean}`);
  assertEquals([Math.min(...all), Math.max(...all)], [40, 120]);
  const cut = all.filter((each) => each === 120).length / all.length;
  assert(Math.abs(cut - 0.07) < 0.02, `${cut}: what is above the longest is the longest`);
  assertEquals(times(1), all);
  assert(times(2).some((each, i) => each !== all[i]));
});
