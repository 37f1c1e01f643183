import { assert, assertEquals } from "@std/assert";
import { EarliestDeadlineFirst } from "../policies/realtime/earliest_deadline_first.ts";
import { FixedPriority } from "../policies/realtime/fixed_priority.ts";
import { createHostedPolicy } from "../policies/registry.ts";
import { RoundRobin } from "../policies/sharing/round_robin.ts";
import type { Policy } from "../policy.ts";
import type { SimulationOptions } from "../simulator/conditions.ts";
import { randomWorkload } from "../simulator/random_workload.ts";
import { isThreadEvent, type SimulationEvent, type ThreadStateEvent } from "../simulator/events.ts";
import { prepareSimulation, simulate } from "../simulator/simulator.ts";
import type { GivenWorkload, Step } from "../simulator/workload.ts";
import { Random } from "../../util/random.ts";
import type { Spread } from "./distribution.ts";
import type { StatisticsReport } from "./report.ts";
import { Statistics } from "./statistics.ts";

const run = (time: number): Step => ({ type: "run", time });

function report(
  workload: GivenWorkload,
  options: SimulationOptions & { policy: Policy },
): StatisticsReport {
  const statistics = new Statistics(workload, options);
  const simulation = prepareSimulation(workload, { ...options, sink: statistics });
  simulation.run();
  return statistics.report(simulation.now);
}

/** Count, least, mean and most. */
function short(spread: Spread | null): number[] | null {
  return spread && [spread.count, spread.least, spread.mean, spread.most];
}

Deno.test("Statistics, two periodic threads by hand", () => {
  // fast (2 of 5, first) and slow (4 of 10, deadline 7) until 20: fast 0-2, slow 2-5, fast 5-7,
  // slow 7-8 (late by 1), and the same again from 10 on.
  const result = report([
    {
      name: "fast",
      period: 5,
      priority: 2,
      jobs: { pattern: "periodic", count: 4 },
      steps: [run(2)],
    },
    {
      name: "slow",
      period: 10,
      deadline: 7,
      priority: 1,
      jobs: { pattern: "periodic", count: 2 },
      steps: [run(4)],
    },
  ], { policy: new FixedPriority() });
  const [fast, slow] = result.threads;
  assertEquals(fast?.jobs, { released: 4, completed: 4, missed: 0, aborted: 0 });
  assertEquals(slow?.jobs, { released: 2, completed: 2, missed: 2, aborted: 0 });
  assertEquals([short(fast!.response), short(fast!.turnaround)], [[4, 0, 0, 0], [4, 2, 2, 2]]);
  assertEquals([short(slow!.response), short(slow!.turnaround)], [[2, 2, 2, 2], [2, 8, 8, 8]]);
  assertEquals([short(slow!.waiting), short(slow!.lateness)], [[2, 4, 4, 4], [2, 1, 1, 1]]);
  assertEquals([short(fast!.lateness), short(fast!.tardiness)], [[4, -3, -3, -3], [4, 0, 0, 0]]);
  assertEquals([slow?.run, slow?.ready, slow?.blocked, slow?.preemptions], [8, 8, 0, 2]);
  assertEquals([slow?.longestWait, slow?.dispatches, slow?.migrations], [2, 4, 0]);
  // The last is done at 18.
  assertEquals([result.time, result.total.makespan, slow?.share], [18, 18, 8 / 18]);
  assertEquals(result.cpus, [{
    ...{ busy: 16, switching: 0, idle: 2, utilization: 16 / 18, dispatches: 8, switches: 7 },
  }]);
  assertEquals([result.total.preemptions, result.total.jobs.missed], [2, 2]);
  // slow is ready 0-2, 5-7, 10-12 and 15-17; nobody else ever waits.
  assertEquals(result.ready, { mean: 8 / 18, most: 2 });
  assertEquals(JSON.parse(JSON.stringify(result)), result as unknown);
});

Deno.test("Statistics, a job that waits for the one before waits, and jitters are told", () => {
  const jobs = { pattern: "listed", times: [0, 1, 20] } as const;
  const { threads: [thread] } = report(
    [{ name: "a", jobs, steps: [run(4)] }],
    { policy: new RoundRobin() },
  );
  // Turnarounds 4, 7 and 4.
  assertEquals([short(thread!.turnaround), short(thread!.waiting)], [[3, 4, 5, 7], [3, 0, 1, 3]]);
  assertEquals([short(thread!.response), thread!.responseJitter], [
    [3, 0, 1, 3],
    { range: 3, step: 3 },
  ]);
  assertEquals([thread!.lateness, thread!.releaseJitter], [null, null]);
  const periodic = { pattern: "periodic", count: 300, jitter: 4 } as const;
  const { threads: [late] } = report(
    [{ name: "a", arrival: 3, period: 10, jobs: periodic, steps: [run(1)] }],
    { policy: new RoundRobin(), seed: 1 },
  );
  assertEquals([late!.releaseJitter?.least, late!.releaseJitter?.most], [0, 4]);
});

Deno.test("Statistics, switches and migrations cost what they cost", () => {
  // Quantum 2: a 0-2, switch, b 3-5, switch, a 6-7 exit, switch, b 8-9 exit.
  const policy = new RoundRobin({ quantum: 2 });
  const { cpus, threads, ready } = report(
    [{ name: "a", steps: [run(3)] }, { name: "b", steps: [run(3)] }],
    { policy, switchCost: 1 },
  );
  assertEquals(cpus[0], {
    ...{ busy: 6, switching: 3, idle: 0, utilization: 6 / 9, dispatches: 4, switches: 3 },
  });
  assertEquals(threads.map(({ ready }) => ready), [4, 6], "being switched to is no running");
  assertEquals(ready.mean, 10 / 9);
  const moved = report([
    { name: "a", affinity: [0], arrival: 1, priority: 1, steps: [run(5)] },
    { name: "b", steps: [run(4)] },
  ], { policy: new FixedPriority(), cpus: 2 });
  assertEquals(moved.threads.map(({ migrations }) => migrations), [0, 1]);
  assertEquals(moved.cpus.map(({ busy }) => busy), [6, 3]);
});

Deno.test("Statistics, waits for a device and how many wait are told", () => {
  const io = (time: number): Step[] => [run(1), { type: "io", time, device: "disk" }, run(1)];
  const { threads, objects, time } = report({
    threads: [{ name: "a", steps: io(10) }, { name: "b", steps: io(5) }],
    devices: [{ name: "disk" }],
  }, { policy: new RoundRobin() });
  // a waits 1-11, b 2-16.
  assertEquals(threads.map(({ blocked }) => blocked), [10, 14]);
  const [{ waits, ...disk } = { waits: null }] = objects;
  assertEquals(disk as unknown, { kind: "device", name: "disk", mean: 24 / 17, most: 2 });
  assertEquals([short(waits), time], [[2, 10, 12, 14], 17]);
});

Deno.test("Statistics, lag is what a thread has less than its fluid share", () => {
  const { threads } = report(
    [{ name: "a", weight: 300, steps: [run(6)] }, { name: "b", weight: 100, steps: [run(2)] }],
    { policy: new RoundRobin({ quantum: 2 }) },
  );
  // Fluid: a has 3/4. a runs 0-2 (has 2, due 1.5), b 2-4 (has 2, due 1; a has 2, due 3), a 4-8.
  assertEquals(threads.map(({ lag }) => lag), [{ least: -0.5, most: 1 }, { least: -1, most: 0.5 }]);
});

Deno.test("Statistics, lag tells fair policies from others: within a quantum under EEVDF, without bound by turns", () => {
  const forever: Step[] = [{ type: "repeat", steps: [run(1_000)] }];
  for (let seed = 0; seed < 12; seed++) {
    const random = new Random(seed);
    const workload = Array.from({ length: random.between(2, 12) }, (_, id) => ({
      name: `t${id}`,
      weight: 100 * (id + 1) + random.below(100),
      steps: forever,
    }));
    const furthest = (name: string): number => {
      const policy = createHostedPolicy(name, { quantum: 10 });
      const { threads } = report(workload, { policy, until: 9_000 });
      return Math.max(...threads.map(({ lag }) => Math.max(-lag!.least, lag!.most)));
    };
    assert(furthest("eevdf") <= 10, `seed ${seed}`);
    assert(furthest("rr") > 100, `seed ${seed}`);
  }
});

Deno.test("Statistics, times of what is not over are counted until the end", () => {
  const forever: Step[] = [{ type: "repeat", steps: [run(100)] }];
  const { threads, cpus, time } = report(
    [{ name: "a", steps: forever }, { name: "b", steps: [run(1), { type: "sleep", time: 90 }] }],
    { policy: new RoundRobin({ quantum: 10 }), until: 30 },
  );
  assertEquals([threads[0]?.run, threads[0]?.finish, threads[0]?.turnaround], [29, null, null]);
  assertEquals([threads[1]?.ready, threads[1]?.blocked], [10, 19]);
  assertEquals([cpus[0]?.busy, time], [30, 30]);
});

Deno.test("Statistics, records tell the same as a sink hears", () => {
  const workload: GivenWorkload = {
    threads: randomWorkload(3, { threads: 6 }).map((spec, id) => ({
      ...spec,
      period: 60 + id,
      jobs: { pattern: "sporadic", most: 90, count: 5 },
      steps: [...spec.steps, { type: "io", time: 3, device: "disk" }, run(1)],
    })),
    devices: [{ name: "disk" }],
  };
  const options = { cpus: 2, switchCost: 1, seed: 5 };
  const statistics = new Statistics(workload, options);
  const events = simulate(workload, new EarliestDeadlineFirst(), options);
  for (const event of events) statistics.add(event);
  const heard = report(workload, { ...options, policy: new EarliestDeadlineFirst() });
  assertEquals(statistics.report(), heard);
});

/** What one thread did, as its events say; each is a state that lasts until the next. */
function account(events: readonly SimulationEvent[], thread: number) {
  const own = events.filter((event): event is ThreadStateEvent =>
    isThreadEvent(event) && event.thread === thread
  );
  const spans = own.slice(1).map(({ time }, index) => {
    const before = own[index]!;
    return {
      running: before.type === "dispatch",
      asleep: before.type === "sleep",
      time: time - before.time,
    };
  });
  const sum = (list: readonly { time: number }[]) => list.reduce((all, { time }) => all + time, 0);
  const waits = spans.filter(({ running, asleep }) => !running && !asleep);
  return {
    finish: own.at(-1)!.time,
    run: sum(spans.filter(({ running }) => running)),
    ready: sum(waits),
    longestWait: Math.max(...waits.map(({ time }) => time)),
    dispatches: own.filter(({ type }) => type === "dispatch").length,
    preemptions: own.filter(({ type }) => type === "preempt").length,
    turnaround: sum(spans),
    response: own.find(({ type }) => type === "dispatch")!.time - own[0]!.time,
  };
}

Deno.test("Statistics, agree with the events of random workloads summed up", () => {
  for (let seed = 0; seed < 60; seed++) {
    const workload = randomWorkload(seed, { threads: 1 + seed % 9 });
    const options = { switchCost: seed % 3, cpus: 1 + seed % 4 };
    const policy = (): Policy => createHostedPolicy("rr", { quantum: 1 + seed % 7 });
    const result = report(workload, { ...options, policy: policy() });
    const events = [...simulate(workload, policy(), options)];
    const idle = result.cpus.reduce((sum, cpu) => sum + cpu.idle, 0);
    for (const [id, thread] of result.threads.entries()) {
      const { finish, run, ready, longestWait, dispatches, preemptions } = thread;
      const [turnaround, response] = [thread.turnaround?.mean, thread.response?.mean];
      assertEquals(
        { finish, run, ready, longestWait, dispatches, preemptions, turnaround, response },
        account(events, id),
      );
      assertEquals(run + ready + thread.blocked, turnaround);
    }
    const { busy, switching, dispatches, makespan } = result.total;
    assertEquals(busy + switching + idle, result.time * options.cpus);
    assertEquals(dispatches, events.filter(({ type }) => type === "dispatch").length);
    assertEquals(makespan, events.at(-1)?.time ?? 0);
    assert(result.total.utilization <= 1);
  }
});

Deno.test("Statistics, a job that is abandoned is missed and not done, the next one is of its own", () => {
  const jobs = { pattern: "periodic", count: 2, onMiss: "abort" } as const;
  const threads = [
    { name: "low", period: 10, deadline: 6, jobs, steps: [{ type: "run", time: 4 }] },
    { name: "high", priority: 1, arrival: 2, steps: [{ type: "run", time: 9 }] },
  ] as const;
  const statistics = new Statistics(threads);
  for (const event of simulate(threads, new FixedPriority())) statistics.add(event);
  const [low] = statistics.report().threads;
  assertEquals(low?.jobs, { released: 2, completed: 1, missed: 1, aborted: 1 });
  // Released at 10, picked at 11 when the other is over.
  assertEquals([low?.response?.most, low?.turnaround?.most, low?.run], [1, 5, 6]);
});
