// What stride scheduling, CFS and EEVDF have in common: a timeline per CPU.
import { assert, assertEquals } from "@std/assert";
import { createPolicy } from "../../mod.ts";
import { Hosted } from "../../testing/hosted.ts";
import { endless, services } from "../../testing/services.ts";
import type { ThreadSpec } from "../../simulator/workload.ts";

/** Half of the time that shares are measured in. */
const HALF = 20_000;

for (const name of ["stride", "cfs", "eevdf"]) {
  const make = (cpus: number): Hosted => new Hosted(createPolicy(name, { quantum: 10 }), { cpus });

  /** Shares of a CPU that threads get in the long run. */
  const shares = (threads: readonly ThreadSpec[], cpus: number): number[] => {
    const until = 2 * HALF;
    let last: readonly number[] = [];
    const policy = createPolicy(name, { quantum: 10 });
    for (const { had } of services(threads, policy, { cpus, until })) last = had;
    return last.map((had) => had / until);
  };
  const near = (got: readonly number[], expected: readonly number[]): void => {
    const fits = expected.every((each, index) => Math.abs(got[index]! - each) < 0.02);
    assert(fits, `${got} instead of ${expected}`);
  };

  Deno.test(`Policy ${name}, threads that cannot be split evenly take turns on the CPUs`, () => {
    near(shares(["A", "B", "C"].map((each) => endless(each)), 2), [2 / 3, 2 / 3, 2 / 3]);
  });

  Deno.test(`Policy ${name}, a thread too heavy for its share has a CPU, the others share the rest`, () => {
    const threads = [endless("A", { weight: 1_000_000 }), endless("B"), endless("C")];
    const got = shares(threads, 2);
    // The heavy one never loses its CPU, so nothing is told of it.
    near([got[1]!, got[2]!], [0.5, 0.5]);
  });

  Deno.test(`Policy ${name}, threads bound to one CPU share it by weight, one with its own CPU is no measure`, () => {
    const threads = [
      endless("A", { affinity: [0], weight: 100 }),
      endless("B", { affinity: [0], weight: 300 }),
      endless("C", { affinity: [1] }),
      endless("D", { affinity: [0], weight: 100, arrival: HALF }),
    ];
    near(shares(threads, 2), [0.225, 0.675]);
    near([shares(threads, 2)[3]!], [0.1]);
  });

  Deno.test(`Policy ${name}, a thread that wakes up on a crowded CPU gets its share, however far others are elsewhere`, () => {
    const crowd = Array.from({ length: 9 }, (_, id) => endless(`${id}`, { affinity: [0] }));
    const sleeper: ThreadSpec = {
      ...endless("sleeper", { affinity: [0] }),
      steps: [
        { type: "run", time: 10 },
        { type: "sleep", time: HALF },
        { type: "run", time: 100_000 },
      ],
    };
    const got = shares([...crowd, sleeper, endless("alone", { affinity: [1] })], 2);
    // Half of a tenth, and CFS's bonus.
    near([got[9]!], [0.05]);
  });

  Deno.test(`Policy ${name}, threads run where their affinity has them, an idle CPU takes from others`, () => {
    const on = make(3);
    on.ready(1, { affinity: [2] });
    on.ready(2, { affinity: [0, 2] });
    on.ready(3);
    assertEquals([on.run(0), on.run(1), on.run(2)], [2, 3, 1]);
    on.ready(4, { affinity: [0, 1] });
    on.ready(5, { affinity: [0] });
    on.stop(3, { cpu: 1, reason: "blocked" });
    assertEquals([on.run(1), on.host.pick(1), on.host.fault], [4, null, null]);
  });

  Deno.test(`Policy ${name}, a ready thread whose affinity changes goes where it may run`, () => {
    const kicked: number[] = [];
    const on = new Hosted(createPolicy(name, { quantum: 10 }), {
      cpus: 2,
      kick: (cpu) => kicked.push(cpu),
    });
    on.ready(1, { affinity: [0] });
    on.ready(2, { affinity: [0] });
    assertEquals(on.run(0), 1);
    on.host.update(2, { priority: 10, affinity: [1] });
    assertEquals([kicked, on.run(1), on.host.fault], [[1], 2, null]);
  });

  Deno.test(`Policy ${name}, one whose waker is about to block goes to the waker's CPU`, () => {
    const on = make(2);
    for (const thread of [1, 2]) {
      on.ready(thread);
      assertEquals(on.run(thread - 1), thread);
    }
    on.host.admit(3);
    const cpu = on.host.enqueue(3, { reason: "wakeup", hint: "sync", waker: 2 });
    assertEquals(cpu, 1);
  });

  Deno.test(`Policy ${name}, a thread that was withdrawn and is handed the CPU takes part again`, () => {
    const on = make(1);
    for (const thread of [1, 2]) on.ready(thread);
    assertEquals(on.host.dequeue(1), true);
    on.host.running(1, 0);
    assertEquals(on.host.slice(1, 0)! < Infinity, true);
    on.stop(1, { elapsed: 5, reason: "blocked" });
    assertEquals([on.picks(), on.host.fault], [[2], null]);
  });

  Deno.test(`Policy ${name}, goes on as the one that was saved in the middle`, () => {
    const on = make(2);
    const cpus = [0, 1];
    const running: (number | null)[] = [];
    const turn = (each: Hosted, round: number): void => {
      for (const cpu of cpus) {
        const thread = running[cpu];
        if (thread === null || thread === undefined) continue;
        const expired = each.host.tick(thread, { cpu, elapsed: 7 });
        if (!expired && round % 5 > 0) continue;
        const reason = round % 5 === 0 ? "blocked" : "quantum";
        each.host.stopping(thread, { cpu, elapsed: 0, reason });
        if (reason === "quantum") each.host.enqueue(thread, { reason: "preempt" });
        running[cpu] = each.run(cpu);
        if (reason === "blocked") each.host.enqueue(thread, { reason: "wakeup" });
      }
    };
    for (let thread = 1; thread < 9; thread++) on.ready(thread, { nice: 3 - thread });
    for (const cpu of cpus) running[cpu] = on.run(cpu);
    for (let round = 1; round < 33; round++) {
      on.now += 7;
      turn(on, round);
    }
    on.host.forget(running[1] ?? -1);
    running[1] = null;
    const other = make(2);
    other.ready(77);
    other.now = on.now;
    other.host.restore(on.host.save());
    const before = [...running];
    const trace = (each: Hosted): unknown[] => {
      running.splice(0, 2, ...before);
      const seen: unknown[] = [];
      for (let round = 33; round < 80; round++) {
        each.now += 7;
        turn(each, round);
        seen.push([...running]);
      }
      return seen;
    };
    assertEquals(trace(other), trace(on));
    assertEquals(other.host.save(), on.host.save());
    assertEquals(on.host.fault, null);
  });
}
