// Global policies: with several CPUs the most urgent threads run, wherever their affinity has them.
import { assert, assertEquals } from "@std/assert";
import { createPolicy, randomWorkload, simulate, type ThreadSpec } from "../../mod.ts";
import type { ParameterOptions, ThreadParameters } from "../../parameters.ts";
import { Hosted } from "../../testing/hosted.ts";
import { cpusOf, instants } from "../../testing/instants.ts";
import { someCpus, turmoil } from "../../testing/turmoil.ts";
import { sweep } from "../../../util/testing/sweep.ts";
import { Random } from "../../../util/random.ts";

/** Ranks of a thread by its parameters, the smallest the most urgent. */
const RANKS: Readonly<Record<string, (spec: ThreadSpec) => number>> = {
  priority: ({ priority = 0 }) => -priority,
  rm: ({ period = 0 }) => period,
  dm: ({ deadline = 0 }) => deadline,
  edf: ({ arrival, deadline = 0 }) => Number(arrival) + deadline,
};

/** Threads with affinities at random, which all arrive in few instants. */
function workload(random: Random, cpus: number): ThreadSpec[] {
  return randomWorkload(random.below(2 ** 30), { threads: 12, arrival: 4, burst: 12, sleep: 8 })
    .map((spec) => {
      const period = random.between(400, 900);
      const affinity = Array.from({ length: cpus }, (_, cpu) => cpu)
        .filter(() => random.below(2) === 0);
      return {
        ...spec,
        priority: random.below(6),
        period,
        deadline: period - random.below(300),
        affinity: affinity.length === 0 ? null : affinity,
      };
    });
}

for (const [name, rank] of Object.entries(RANKS)) {
  Deno.test(`${name}, no ready thread is more urgent than one that runs where it may run`, () => {
    for (let seed = 0; seed < sweep({ quick: 60, full: 2000 }); seed++) {
      const random = new Random(seed);
      const cpus = random.between(2, 4);
      const specs = workload(random, cpus);
      for (const { time, ready, on } of instants(specs, createPolicy(name), { cpus })) {
        for (const thread of ready) {
          for (const cpu of cpusOf(specs[thread]!, cpus)) {
            const running = on.get(cpu);
            const what = `seed ${seed}, ${time}: ${thread} waits, ${running} has CPU ${cpu}`;
            assert(running !== undefined && rank(specs[running]!) <= rank(specs[thread]!), what);
          }
        }
      }
    }
  });

  Deno.test(`${name}, threads that wake up together take a CPU each from the least urgent`, () => {
    const kicked = new Set<number>();
    const on = new Hosted(createPolicy(name), { cpus: 2, kick: (cpu) => kicked.add(cpu) });
    const start = (thread: number, urgency: number): void => {
      const period = 1_000 - urgency;
      on.ready(thread, { priority: urgency, period });
      for (const cpu of [0, 1]) if (on.host.preempts(thread, cpu)) kicked.add(cpu);
    };
    for (const cpu of [0, 1]) {
      start(cpu, 10 + 10 * cpu);
      on.run(cpu);
    }
    kicked.clear();
    on.host.admit(2, { priority: 50, period: 950 });
    on.host.admit(3, { priority: 40, period: 960 });
    const sent = [2, 3].map((thread) => on.host.enqueue(thread, { reason: "start" }));
    assertEquals(sent, [0, 1], "the second does not count on the CPU the first is to take");
    // The first CPU gives its thread back, which is less urgent than all others.
    on.stop(0, { cpu: 0, reason: "preempted" });
    on.ready(0, { reason: "preempt" });
    assertEquals([on.run(0), [...kicked]], [2, []]);
    on.stop(1, { cpu: 1, reason: "preempted" });
    on.ready(1, { reason: "preempt" });
    assertEquals([on.run(1), on.host.fault], [3, null]);
  });

  Deno.test(`${name}, a thread that must leave its CPU takes another from a less urgent one`, () => {
    const kicked: number[] = [];
    const on = new Hosted(createPolicy(name), { cpus: 2, kick: (cpu) => kicked.push(cpu) });
    on.ready(0, { priority: 20, period: 980 });
    on.run(0);
    on.ready(1, { priority: 10, period: 990 });
    on.run(1);
    on.ready(2, { priority: 30, period: 970, affinity: [0] });
    assertEquals(on.host.preempts(2, 0), true);
    on.stop(0, { cpu: 0, reason: "preempted" });
    on.ready(0, { reason: "preempt" });
    assertEquals([on.run(0), kicked], [2, [1]]);
    on.stop(1, { cpu: 1, reason: "preempted" });
    on.ready(1, { reason: "preempt" });
    assertEquals([on.run(1), on.picks()], [0, [1]]);
  });

  Deno.test(`${name}, goes on with its claims from a snapshot`, () => {
    const on = [0, 1].map(() => new Hosted(createPolicy(name), { cpus: 2 }));
    for (const each of on.slice(0, 1)) {
      for (const cpu of [0, 1]) {
        each.ready(cpu, { priority: 10, period: 900 });
        each.run(cpu);
      }
      each.ready(2, { priority: 20, period: 800 });
    }
    on[1]!.host.restore(on[0]!.host.save());
    const sent = on.map((each) => {
      each.host.admit(3, { priority: 15, period: 850 });
      return each.host.enqueue(3, { reason: "start" });
    });
    assertEquals(sent, [1, 1]);
    assertEquals(on[1]!.host.save(), on[0]!.host.save());
  });
}

Deno.test("edf, who gives way on the CPU that picks does not claim it back, in circles", () => {
  // At 7000 three jobs come at once, while CPUs 2 and 3 are promised to less urgent ones.
  const tasks = [
    [192, 480, 372],
    [576, 1080, 780],
    [228, 864, 684],
    [96, 240, 192],
    [72, 120, 108],
    [84, 1440, 780],
    [840, 1080, 1068],
    [348, 864, 744],
    [180, 288, 252],
  ].map(([time = 0, period = 0, deadline = 0], arrival): ThreadSpec => ({
    name: `t${arrival}`,
    ...{ arrival, period, deadline },
    jobs: { pattern: "periodic" },
    steps: [{ type: "run", time }],
  }));
  const events = [...simulate(tasks, createPolicy("edf"), { cpus: 4, until: 7_200 })];
  assertEquals(events.filter(({ type }) => type === "policy-fault"), []);
});

/** Ranks by what is asked for, where that is all a policy goes by. */
const STATIC = {
  priority: ({ priority }: ThreadParameters) => -priority,
  rm: ({ period }: ThreadParameters) => period || Infinity,
  dm: ({ deadline }: ThreadParameters) => deadline || Infinity,
};

for (const [name, rank] of Object.entries(STATIC)) {
  Deno.test(`${name}, whatever becomes of threads and their parameters, the most urgent run`, () => {
    for (let seed = 0; seed < sweep({ quick: 40, full: 2_000 }); seed++) {
      const given = (random: Random, cpus: number): ParameterOptions => ({
        priority: random.below(6),
        period: random.between(1, 6),
        affinity: someCpus(random, cpus),
      });
      for (const { host, cpus, ready, running } of turmoil(name, new Random(seed), given)) {
        for (const thread of ready) {
          const own = host.parameters(thread);
          for (const cpu of cpusOf(own, cpus)) {
            const other = running.get(cpu);
            const what = `seed ${seed}: ${thread} waits, ${other} has CPU ${cpu}`;
            assert(other !== undefined && rank(host.parameters(other)) <= rank(own), what);
          }
        }
      }
    }
  });
}
