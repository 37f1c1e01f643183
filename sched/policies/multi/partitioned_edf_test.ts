import { assert, assertEquals, assertThrows } from "@std/assert";
import { firstFit, firstFitEdfBound } from "../../analysis/mod.ts";
import { createPolicy, SchedError, type ThreadSpec } from "../../mod.ts";
import { Hosted } from "../../testing/hosted.ts";
import { stretches } from "../../testing/timeline.ts";
import { sweep } from "../../../util/testing/sweep.ts";
import { Random } from "../../../util/random.ts";
import { type Fit, PartitionedEdf } from "./partitioned_edf.ts";

/** Periodic threads by budget and period, each of whose jobs runs for its budget. */
function periodic(tasks: readonly (readonly [budget: number, period: number])[]): ThreadSpec[] {
  return tasks.map(([budget, period], index) => ({
    name: `${index}`,
    budget,
    period,
    steps: [{ type: "run", time: budget }],
    jobs: { pattern: "periodic" },
  }));
}

/** The CPU of each thread, behind it a question mark if it was promised nothing. */
function partition(tasks: readonly (readonly [number, number])[], fit: Fit, cpus = 2): string[] {
  const policy = new PartitionedEdf({ fit });
  const on = new Hosted(policy, { cpus });
  tasks.forEach(([budget, period], thread) => on.ready(thread, { budget, period }));
  on.run(0);
  return tasks.map((_, thread) => policy.homeOf(thread) + (policy.isPromised(thread) ? "" : "?"));
}

Deno.test("PartitionedEdf, threads of one instant are placed largest first", () => {
  const tasks = [[2, 10], [3, 10], [4, 10], [5, 10], [6, 10]] as const;
  assertEquals(partition(tasks, "first"), ["1", "1", "0", "1", "0"]);
  assertEquals(partition(tasks, "best"), ["1", "1", "0", "1", "0"]);
  // 0.6 and 0.3, 0.5 and 0.4: for 0.2 there is no room.
  assertEquals(partition(tasks, "worst"), ["0?", "0", "1", "1", "0"]);
  const light = [[1, 10], [1, 10], [1, 10]] as const;
  assertEquals(partition(light, "first", 3), ["0", "0", "0"]);
  assertEquals(partition(light, "worst", 3), ["0", "1", "2"]);
  const tenths = Array.from({ length: 20 }, () => [1, 10] as const);
  assertEquals(partition(tenths, "first").filter((cpu) => cpu === "0").length, 10, "sum to 1");
});

Deno.test("PartitionedEdf, first fit decreasing is that of the analysis, and keeps to López, Díaz and García's bound", () => {
  let [fitting, bounded] = [0, 0];
  for (let seed = 0; seed < sweep({ quick: 200, full: 3000 }); seed++) {
    const random = new Random(seed);
    const cpus = random.between(2, 5);
    const tasks = Array.from({ length: random.between(cpus, 4 * cpus) }, (_, index) => {
      const period = random.between(4, 60);
      const time = random.between(1, Math.ceil(period * 0.7));
      return { name: `${index}`, time, period };
    });
    const homes = partition(tasks.map(({ time, period }) => [time, period]), "first", cpus);
    const { schedulable, cpus: expected } = firstFit(tasks, { cpus, scheduling: "edf" });
    if (schedulable === true) {
      fitting++;
      assertEquals(homes, expected!.map(String), `seed ${seed}`);
    } else {
      assert(homes.some((home) => home.endsWith("?")), `seed ${seed}`);
    }
    if (firstFitEdfBound(tasks, cpus).schedulable !== true) continue;
    bounded++;
    assert(homes.every((home) => !home.endsWith("?")), `seed ${seed}`);
  }
  assert(fitting > 50 && bounded > 5, `${fitting}, ${bounded}`);
});

Deno.test("PartitionedEdf, Dhall and Liu's effect: meets what global EDF and RM miss", () => {
  // Just over one CPU of two is needed: 2 × 2/100 + 100/101.
  const tasks = periodic([[2, 100], [2, 100], [100, 101]]);
  const late = (name: string): string => {
    try {
      stretches(tasks, createPolicy(name), { cpus: 2, until: 20_200, kept: () => true });
    } catch (error) {
      return (error as Error).message;
    }
    return "";
  };
  assertEquals(["edf", "rm", "pedf"].map(late), [
    ...["2 misses its deadline at 101", "2 misses its deadline at 101", ""],
  ]);
});

Deno.test("PartitionedEdf, who was promised a share never moves and never misses", () => {
  let promised = 0;
  for (let seed = 0; seed < sweep({ quick: 60, full: 3000 }); seed++) {
    const random = new Random(seed);
    const cpus = random.between(1, 4);
    const tasks = Array.from({ length: random.between(2, 4 * cpus) }, () => {
      const period = random.between(5, 40);
      return [random.between(1, Math.ceil(period * 0.8)), period] as const;
    });
    const threads = periodic(tasks);
    const policy = new PartitionedEdf({ fit: random.pick(["first", "worst", "best"]) });
    const kept = ({ name }: ThreadSpec): boolean => policy.isPromised(Number(name));
    const ran = stretches(threads, policy, { cpus, until: 400, kept });
    for (const [thread, { name }] of threads.entries()) {
      const homes = new Set(ran.filter((each) => each.name === name).map(({ cpu }) => cpu));
      assert(homes.size <= 1, `seed ${seed}: ${name} ran on CPUs ${[...homes]}`);
      promised += policy.isPromised(thread) ? 1 : 0;
    }
    for (let cpu = 0; cpu < cpus; cpu++) {
      const sum = tasks.reduce(
        (sum, [budget, period], thread) =>
          sum + (policy.homeOf(thread) === cpu && policy.isPromised(thread) ? budget / period : 0),
        0,
      );
      assert(sum < 1 + 1e-6, `seed ${seed}: CPU ${cpu} has promised ${sum}`);
    }
  }
  assert(promised > 150, `${promised}`);
});

Deno.test("PartitionedEdf, what fits nowhere and what says nothing runs behind, by deadline", () => {
  const policy = new PartitionedEdf();
  const on = new Hosted(policy);
  on.ready(0, { budget: 9, period: 10, deadline: 100 }); // 0.9
  on.ready(1, { budget: 2, period: 10 }); // does not fit
  on.ready(2, { period: 5 }); // no budget
  on.ready(3); // nothing
  assertEquals(on.picks(), [0, 2, 1, 3]);
  assertEquals([0, 1, 2, 3].map((thread) => policy.isPromised(thread)), [
    true,
    ...Array(3).fill(false),
  ]);
});

Deno.test("PartitionedEdf, a thread that comes later takes its CPU from a later deadline", () => {
  const kicked: number[] = [];
  const policy = new PartitionedEdf();
  const on = new Hosted(policy, { cpus: 2, kick: (cpu) => kicked.push(cpu) });
  on.ready(0, { budget: 60, period: 100 });
  on.ready(1, { budget: 70, period: 90 });
  assertEquals([on.run(0), on.run(1)], [1, 0]);
  kicked.length = 0;
  on.now = 5;
  on.ready(2, { budget: 8, period: 40 });
  on.host.runTimer();
  assertEquals([policy.homeOf(2), kicked], [0, [0]]);
  on.stop(1, { cpu: 0, reason: "preempted" });
  on.ready(1, { reason: "preempt" });
  assertEquals([on.run(0), on.host.fault], [2, null]);
});

Deno.test("PartitionedEdf, a thread leaves its CPU if it may not run there any more, or its share is free", () => {
  const policy = new PartitionedEdf();
  const on = new Hosted(policy, { cpus: 2 });
  for (const thread of [0, 1]) on.ready(thread, { budget: 4, period: 10 });
  assertEquals([on.run(0), policy.homeOf(1)], [0, 0]);
  on.host.update(1, { budget: 4, period: 10, affinity: [1] });
  assertEquals([policy.homeOf(1), policy.isPromised(1), on.run(1)], [1, true, 1]);
  // What grows beyond what its CPU has stays, without a promise.
  on.ready(2, { budget: 6, period: 10 });
  on.host.runTimer();
  assertEquals([policy.homeOf(2), policy.isPromised(2)], [0, true]);
  on.host.update(0, { budget: 5, period: 10 });
  assertEquals([policy.homeOf(0), policy.isPromised(0)], [0, false]);
  on.host.forget(2);
  on.host.update(0, { budget: 6, period: 10 });
  assertEquals(policy.isPromised(0), true);
  // A shorter deadline, as is inherited, changes no share.
  on.host.update(0, { budget: 6, period: 10, deadline: 5 });
  assertEquals(policy.isPromised(0), true);
});

Deno.test("PartitionedEdf, refuses a fit that is none", () => {
  const error = assertThrows(() => new PartitionedEdf({ fit: "last" as Fit }), SchedError);
  assertEquals([error.kind, error.message], [
    "invalid-option",
    "Cannot use fit last: expected first, worst or best",
  ]);
});
