import { assert, assertEquals, assertThrows } from "@std/assert";
import { SchedError, type ThreadSpec } from "../../mod.ts";
import { EarliestDeadlineFirst } from "../realtime/earliest_deadline_first.ts";
import { MachTimeSharing } from "../sharing/mach_time_sharing.ts";
import { Hosted } from "../../testing/hosted.ts";
import { cpusOf, instants } from "../../testing/instants.ts";
import { turns } from "../../testing/timeline.ts";
import { sweep } from "../../../util/testing/sweep.ts";
import { Random } from "../../../util/random.ts";
import { type StealingOptions, WorkStealing } from "./work_stealing.ts";

Deno.test("WorkStealing, no CPU idles while a thread is ready that it may run", () => {
  for (let seed = 0; seed < sweep({ quick: 60, full: 2000 }); seed++) {
    const random = new Random(seed);
    const cpus = random.between(2, 6);
    const threads = Array.from({ length: 14 }, (_, index): ThreadSpec => {
      const affinity = Array.from({ length: cpus }, (_, cpu) => cpu)
        .filter(() => random.below(2) === 0);
      return {
        name: `${index}`,
        arrival: random.below(20),
        weight: random.between(1, 900),
        affinity: affinity.length === 0 ? null : affinity,
        steps: turns(...Array.from({ length: 7 }, () => random.between(1, 20))),
      };
    });
    const within = random.pick(["rr", "stride", "cfs", "eevdf"] as const);
    const policy = new WorkStealing({ quantum: 4, within, balance: random.pick([7, Infinity]) });
    for (const { time, ready, on } of instants(threads, policy, { cpus })) {
      for (const thread of ready) {
        for (const cpu of cpusOf(threads[thread]!, cpus)) {
          assert(on.has(cpu), `seed ${seed}, ${time}: ${thread} waits, CPU ${cpu} idles`);
        }
      }
    }
  }
});

/** A host whose CPUs have threads 0, 1, … that run, and others that wait for CPU 0 and 1. */
function loaded(waiting: readonly (readonly number[])[], options: StealingOptions = {}) {
  const policy = new WorkStealing({ quantum: 10, ...options });
  const on = new Hosted(policy, { cpus: 3 });
  for (const cpu of [0, 1, 2]) {
    on.ready(cpu, { affinity: [cpu] });
    on.run(cpu);
  }
  for (const [cpu, threads] of waiting.entries()) {
    for (const thread of threads) {
      on.ready(thread, { affinity: [cpu] });
      on.host.update(thread, {});
    }
  }
  return { policy, on };
}

Deno.test("WorkStealing, takes the longest waiting thread of the CPU that has most, of those it may run", () => {
  const { policy, on } = loaded([[10, 11], [20, 21, 22]]);
  on.host.update(20, { affinity: [0, 1] });
  on.stop(2, { cpu: 2, reason: "blocked" });
  assertEquals([on.run(2), policy.homeOf(21)], [21, 2]);
  on.stop(21, { cpu: 2, reason: "blocked" });
  assertEquals([on.run(2), policy.homeOf(10)], [10, 2], "both have two: the first CPU's");
  on.stop(10, { cpu: 2, reason: "blocked" });
  assertEquals(on.run(2), 22);
  on.stop(22, { cpu: 2, reason: "blocked" });
  assertEquals(on.run(2), 11);
  on.stop(11, { cpu: 2, reason: "blocked" });
  assertEquals([on.run(2), on.host.size, on.host.fault], [null, 1, null]);
});

Deno.test("WorkStealing, a thread wakes up where it was, unless another CPU has much less to do", () => {
  const place = (waiting: readonly (readonly number[])[], previous: number): number => {
    const { on } = loaded(waiting);
    on.host.admit(50, { affinity: [previous] });
    on.host.update(50, {});
    return on.host.enqueue(50, { reason: "wakeup" });
  };
  assertEquals(place([[], [], []], 1), 1);
  assertEquals(place([[10], [11], []], 1), 1, "one less is no reason");
  assertEquals(place([[10], [11, 12], []], 1), 2);
  const { on } = loaded([[], [], []]);
  on.stop(2, { cpu: 2, reason: "blocked" });
  on.host.admit(50, { affinity: [1] });
  on.host.update(50, {});
  assertEquals(on.host.enqueue(50, { reason: "wakeup" }), 2, "it idles");
});

Deno.test("WorkStealing, load is evened out while no CPU idles", () => {
  // One CPU has five threads, the other one.
  const shares = (balance: number): number[] => {
    const policy = new WorkStealing({ quantum: 10, balance });
    const on = new Hosted(policy, { cpus: 2 });
    on.ready(0, { affinity: [1] });
    on.run(1);
    for (let thread = 1; thread <= 5; thread++) {
      on.ready(thread, { affinity: [0] });
      on.host.update(thread, {});
    }
    on.run(0);
    on.now = 1_000;
    on.host.runTimer();
    return [0, 1].map((cpu) =>
      [0, 1, 2, 3, 4, 5].filter((each) => policy.homeOf(each) === cpu).length
    );
  };
  assertEquals([shares(100), shares(Infinity)], [[3, 3], [5, 1]]);
});

Deno.test("WorkStealing, a thread that is moved is not handed what another was woken up with", () => {
  const policy = new WorkStealing({ balance: 100, within: () => new MachTimeSharing() });
  const on = new Hosted(policy, { cpus: 2 });
  for (const cpu of [0, 1]) {
    on.ready(cpu, { affinity: [cpu] });
    on.run(cpu);
  }
  for (const thread of [10, 11, 12]) {
    on.ready(thread, { affinity: [0] });
    on.host.update(thread, { priority: 10 });
  }
  on.host.admit(20, { priority: 10, affinity: [1] });
  on.host.enqueue(20, { reason: "wakeup", waker: 1, hint: "handoff" });
  on.now = 100;
  on.host.runTimer();
  assertEquals(policy.homeOf(10), 1);
  on.stop(1, { cpu: 1, reason: "blocked" });
  assertEquals([on.run(1), on.host.fault], [20, null]);
});

Deno.test("WorkStealing, nothing is left to be evened out when nothing is ready", () => {
  const { on } = loaded([[10, 11], [], []]);
  assertEquals(on.host.timerAt, 100);
  for (const thread of [10, 11]) on.host.dequeue(thread);
  on.now = 100;
  on.host.runTimer();
  assertEquals(on.host.timerAt, Infinity);
});

Deno.test("WorkStealing, within a CPU any policy decides", () => {
  const policy = new WorkStealing({ within: () => new EarliestDeadlineFirst() });
  const on = new Hosted(policy, { cpus: 2 });
  for (const [cpu, thread] of [0, 1].entries()) {
    on.ready(thread, { period: 100, affinity: [cpu] });
    on.run(cpu);
  }
  on.ready(2, { period: 50, affinity: [1] });
  assertEquals([on.host.preempts(2, 0), on.host.preempts(2, 1)], [false, true]);
  for (const options of [{ within: "edf" }, { within: "constructor" }, { balance: 0 }]) {
    const error = assertThrows(() => new WorkStealing(options as StealingOptions), SchedError);
    assertEquals(error.kind, "invalid-option");
  }
});
