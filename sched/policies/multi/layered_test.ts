import { assert, assertEquals, assertThrows } from "@std/assert";
import { SchedError, simulate, type ThreadSpec } from "../../mod.ts";
import type { ParameterOptions } from "../../parameters.ts";
import { MachTimeSharing } from "../sharing/mach_time_sharing.ts";
import { Hosted } from "../../testing/hosted.ts";
import { cpusOf, instants } from "../../testing/instants.ts";
import { randomEverything } from "../../testing/random_everything.ts";
import { stretches, timeline, turns } from "../../testing/timeline.ts";
import { someCpus, turmoil } from "../../testing/turmoil.ts";
import { sweep } from "../../../util/testing/sweep.ts";
import { Random } from "../../../util/random.ts";
import { EarliestDeadlineFirst } from "../realtime/earliest_deadline_first.ts";
import { RoundRobin } from "../sharing/round_robin.ts";
import { Layered } from "./layered.ts";
import { LinuxClasses } from "./linux.ts";

/** A thread of each class of Linux. */
const CLASSES: readonly ThreadSpec[] = [
  { name: "idle", weight: 3, steps: turns(12) },
  { name: "fair", steps: turns(10) },
  { name: "fixed", arrival: 2, priority: 1, steps: turns(3, 4, 2) },
  { name: "server", arrival: 3, budget: 2, period: 10, steps: turns(5) },
];

Deno.test("LinuxClasses, a class runs only when no higher one has a thread that may", () => {
  // The server is throttled at 5 and 15; fixed sleeps from 7 to 11.
  assertEquals(
    timeline(CLASSES, new LinuxClasses({ quantum: 100 }), { until: 60 }),
    "fair 0-2, fixed 2-3, server 3-5, fixed 5-7, fair 7-11, fixed 11-13, server 13-15, " +
      "fair 15-19, idle 19-23, server 23-24, idle 24-32",
  );
});

Deno.test("LinuxClasses, with several CPUs the highest classes run, and none idles", () => {
  const ran = stretches(CLASSES, new LinuxClasses({ quantum: 100 }), { until: 60, cpus: 2 });
  assertEquals(ran.map(({ name, cpu, from, to }) => `${name}${cpu} ${from}-${to}`), [
    ...["fair0 0-3", "idle1 0-2", "fixed1 2-5", "server0 3-5", "fair0 5-12", "idle1 5-9"],
    ...["fixed1 9-11", "idle1 11-17", "server0 13-15", "server0 23-24"],
  ]);
});

/** Which class a thread of Linux's is in. */
function classOf(parameters: ParameterOptions): number {
  const { budget = 0, period = 0, priority = 0, weight = 1_024 } = parameters;
  if (budget > 0 && period > 0) return 0;
  return priority > 0 ? 1 : weight > 3 ? 2 : 3;
}

Deno.test("LinuxClasses, no thread waits for a CPU that a lower class has, but throttled ones", () => {
  for (let seed = 0; seed < sweep({ quick: 120, full: 3000 }); seed++) {
    const random = new Random(seed);
    const cpus = random.between(1, 4);
    const threads = Array.from({ length: 10 }, (_, index): ThreadSpec => {
      const affinity = Array.from({ length: cpus }, (_, cpu) => cpu)
        .filter(() => random.below(3) > 0);
      const kind = random.below(4);
      return {
        name: `${index}`,
        arrival: random.below(6),
        affinity: affinity.length === 0 ? null : affinity,
        ...[{ budget: 3, period: 12 }, { priority: random.between(1, 3) }, {}, { weight: 2 }][kind],
        steps: turns(...Array.from({ length: 9 }, () => random.between(1, 9))),
      };
    });
    const policy = new LinuxClasses({ quantum: 4 });
    for (const { time, ready, on } of instants(threads, policy, { cpus })) {
      for (const thread of ready) {
        const own = classOf(threads[thread]!);
        if (own === 0) continue;
        for (const cpu of cpusOf(threads[thread]!, cpus)) {
          const running = on.get(cpu);
          const what = `seed ${seed}, ${time}: ${thread} waits, ${running} has CPU ${cpu}`;
          assert(running !== undefined && classOf(threads[running]!) <= own, what);
        }
      }
    }
  }
});

Deno.test("LinuxClasses, whatever becomes of threads and their parameters, higher classes run", () => {
  const given = (random: Random, cpus: number): ParameterOptions => {
    const affinity = someCpus(random, cpus);
    const kinds = [{ budget: 3, period: 12 }, { priority: random.between(1, 3) }, {}, {
      weight: 2,
    }];
    return { priority: 0, affinity, ...kinds[random.below(4)] };
  };
  for (let seed = 0; seed < sweep({ quick: 40, full: 2_000 }); seed++) {
    for (const { host, cpus, ready, running } of turmoil("linux", new Random(seed), given)) {
      for (const thread of ready) {
        const own = host.parameters(thread);
        if (classOf(own) === 0) continue;
        for (const cpu of cpusOf(own, cpus)) {
          const other = running.get(cpu);
          const what = `seed ${seed}: ${thread} waits, ${other} has CPU ${cpu}`;
          assert(other !== undefined && classOf(host.parameters(other)) <= classOf(own), what);
        }
      }
    }
  }
});

Deno.test("Layered, a thread whose parameters change goes to its layer, wherever it is", () => {
  const kicked: number[] = [];
  const policy = new LinuxClasses({ quantum: 100 });
  const on = new Hosted(policy, { kick: (cpu) => kicked.push(cpu) });
  for (const thread of [1, 2]) on.ready(thread, { priority: 0 });
  assertEquals(on.run(), 1);
  on.host.update(2, { priority: 7 });
  assertEquals([policy.layerOf(2), kicked, on.host.preempts(2, 0)], [1, [0], true]);
  on.host.update(1, { budget: 5, period: 20 });
  assertEquals([policy.layerOf(1), kicked], [2, [0, 0]], "it runs, and is moved when it stops");
  on.stop(1, { elapsed: 3, reason: "preempted" });
  on.ready(1, { reason: "preempt" });
  assertEquals([policy.layerOf(1), on.run(), on.host.slice(1, 0)], [0, 1, 5]);
  on.host.update(1, { weight: 2 });
  on.host.update(1, { budget: 4, period: 20 });
  on.stop(1, { elapsed: 1, reason: "blocked" });
  on.ready(1, { reason: "wakeup" });
  assertEquals([policy.layerOf(1), on.picks(), on.host.fault], [0, [1, 2], null]);
});

Deno.test("Layered, a throttled thread takes no CPU from the layers below", () => {
  const on = new Hosted(new LinuxClasses({ quantum: 100 }), { cpus: 2 });
  on.ready(1, { budget: 2, period: 10 });
  assertEquals([on.run(0), on.tick(1, 2, 0)], [1, true]);
  on.stop(1, { reason: "blocked", cpu: 0 });
  for (const [cpu, thread] of [2, 3].entries()) {
    on.ready(thread, { priority: 0 });
    assertEquals(on.run(cpu), thread);
  }
  const cpu = on.host.enqueue(1, { reason: "wakeup" });
  assertEquals([on.host.preempts(1, cpu), on.run(cpu)], [false, null]);
  // Nor is the CPU taken for it: one of a layer between has it.
  on.ready(4, { priority: 9 });
  assertEquals([0, 1].filter((each) => on.host.preempts(4, each)), [0, 1]);
});

Deno.test("Layered, a layer's policy hands CPUs over within the layer", () => {
  const layers = [0, 7].map((least) => ({
    policy: new MachTimeSharing({ quantum: 10 }),
    holds: ({ priority }: { priority: number }) => priority >= 7 - least,
  }));
  const on = new Hosted(new Layered(layers));
  for (const thread of [1, 2, 3]) on.ready(thread, { priority: 1 });
  assertEquals(on.run(), 1);
  on.ready(4, { priority: 9 });
  assertEquals([4, 9, 3].map((to) => on.host.yieldTo(1, to)), [false, false, true]);
  assertEquals(on.host.dequeue(4), true);
  on.stop(1, { reason: "yielded" });
  on.ready(1, { reason: "yield" });
  assertEquals([on.run(), on.host.fault], [3, null]);
});

Deno.test("Layered, layers share the one timer", () => {
  const layers = [20, 30].map((period) => ({
    policy: new LinuxClasses(),
    holds: (parameters: { period: number }) => parameters.period === period,
  }));
  const on = new Hosted(new Layered(layers));
  for (const period of [20, 30]) {
    on.ready(period, { budget: 5, period });
    assertEquals(on.run(), period);
    on.tick(period, 5);
    on.stop(period, { reason: "preempted" });
    on.ready(period, { reason: "preempt" });
  }
  assertEquals([on.host.timerAt, on.run()], [20, null]);
  on.now = 20;
  assertEquals([on.run(), on.host.timerAt], [20, 35]);
  on.stop(20, { reason: "blocked" });
  on.now = 35;
  assertEquals([on.run(), on.host.timerAt], [30, Infinity]);
});

Deno.test("Layered, refuses to be without layers, and a policy without slice hears every tick", () => {
  assertEquals(assertThrows(() => new Layered([]), SchedError).kind, "invalid-option");
  const own = Object.assign(new RoundRobin({ quantum: 5 }), { slice: undefined });
  const on = new Hosted(
    new Layered([
      { policy: new EarliestDeadlineFirst(), holds: ({ deadline }) => deadline > 0 },
      { policy: own, holds: () => true },
    ], { name: "mine", urgency: "deadline" }),
  );
  assertEquals([on.host.name, on.host.urgency], ["mine", "deadline"]);
  on.ready(1);
  assertEquals([on.run(), on.host.slice(1, 0)], [1, 0]);
});

Deno.test("Layered, a thread that its layer holds back claims no CPU", () => {
  // One was held back after it had claimed a CPU, and was sent to another without end.
  const options = { cpus: 5, seed: 114, migrationCost: 2 };
  const workload = randomEverything(114, options);
  const events = [...simulate(workload, new LinuxClasses({ quantum: 7 }), options)];
  assertEquals(events.filter(({ type }) => type === "policy-fault"), []);
});
