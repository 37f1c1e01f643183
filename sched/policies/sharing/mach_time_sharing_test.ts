import { assert, assertEquals } from "@std/assert";
import { createPolicy, type ThreadSpec } from "../../mod.ts";
import { Hosted } from "../../testing/hosted.ts";
import { endless, services } from "../../testing/services.ts";
import { MachTimeSharing } from "./mach_time_sharing.ts";

/** A second is 33 quanta of 10. */
const SECOND = 330;

/** A thread of base priority 0 that has used nothing is in this queue. */
const TOP = 39;

/** Hosts a policy; quanta are 10. */
function host(cpus = 1): { on: Hosted; policy: MachTimeSharing; kicked: number[] } {
  const policy = new MachTimeSharing({ quantum: 10 });
  const kicked: number[] = [];
  const on = new Hosted(policy, { cpus, kick: (cpu) => kicked.push(cpu) });
  return { on, policy, kicked };
}

/** A thread runs alone for so many quanta. */
function burn(on: Hosted, thread: number, quanta: number): void {
  for (let count = 0; count < quanta; count++) on.tick(thread, 10);
}

Deno.test("MachTimeSharing, a second of the CPU costs 7.6 levels, and is forgotten by 3/8 a second", () => {
  const { on, policy } = host();
  on.ready(1, { priority: 0 });
  on.run();
  const levels = Array.from({ length: 8 }, () => {
    burn(on, 1, 32);
    const deepest = policy.level(1);
    burn(on, 1, 1);
    return [TOP - deepest, TOP - policy.level(1)];
  });
  // Of usage u in seconds: (u + 32/33) * 10^6 / 2^17, and 5/8 of u + 1, as the second begins.
  let usage = 0;
  const expected = levels.map(() => {
    const deepest = Math.floor((usage + 32 / 33) * 1e6 / 2 ** 17);
    usage = (usage + 1) * 5 / 8;
    return [deepest, Math.floor(usage * 1e6 / 2 ** 17)];
  });
  assertEquals(levels, expected);
  assertEquals(levels.at(-1), [19, 12]);
});

Deno.test("MachTimeSharing, priorities fall as far where many share the CPU: usage counts by the load", () => {
  for (const count of [2, 4, 12]) {
    const policy = new MachTimeSharing({ quantum: 10 });
    const threads = Array.from({ length: count }, (_, id) => endless(`${id}`));
    let [sum, samples] = [0, 0];
    for (const { time } of services(threads, policy, { until: 40 * SECOND })) {
      if (time < 20 * SECOND) continue;
      samples++;
      for (let thread = 0; thread < count; thread++) sum += (TOP - policy.level(thread)) / count;
    }
    // A thread alone goes between 12 and 19; without the load, one of 12 would not fall by 3.
    assert(sum / samples > 11 && sum / samples < 22, `${count}: ${sum / samples}`);
  }
});

Deno.test("MachTimeSharing, equals share alike, and one that uses little goes first", () => {
  const threads: ThreadSpec[] = [
    endless("A"),
    endless("B"),
    {
      name: "I",
      steps: Array.from({ length: 200 }, () => [
        { type: "run", time: 2 } as const,
        { type: "sleep", time: 50 } as const,
      ]).flat(),
    },
  ];
  let last: readonly number[] = [];
  const until = 200 * 52 + 2 * SECOND;
  for (const { had } of services(threads, new MachTimeSharing({ quantum: 10 }), { until })) {
    last = had;
  }
  assertEquals(last[2], 400, "with hardly a wait");
  assert(Math.abs(last[0]! - last[1]!) < SECOND, `${last}`);
});

Deno.test("MachTimeSharing, nobody starves below a thread whose base priority is not too far above", () => {
  const share = (name: string, above: number): number => {
    const threads = [endless("low", { priority: 20 }), endless("high", { priority: 20 + above })];
    const until = 60 * SECOND;
    let had = 0;
    for (const now of services(threads, createPolicy(name, { quantum: 10 }), { until })) {
      had = now.had[0]!;
    }
    return had / until;
  };
  assertEquals([share("priority", 4), share("priority", 12)], [0, 0]);
  const [near, far] = [share("mach", 4), share("mach", 12)];
  assert(near > 0.25 && far > 0.02 && far < near, `${near}, ${far}`);
  assertEquals(share("mach", 45), 0, "farther than any usage");
});

Deno.test("MachTimeSharing, the thread scan raises one that waits, on every second second, till it takes the CPU", () => {
  const { on, policy, kicked } = host();
  on.ready(1, { priority: 0 });
  on.run();
  burn(on, 1, 3 * 33);
  on.stop(1);
  on.ready(1, { reason: "preempt" });
  const fallen = TOP - policy.level(1);
  assertEquals(fallen, Math.floor((1 + 1 * 5 / 8 + 25 / 64) * 5 / 8 * 1e6 / 2 ** 17));
  // One of less base priority that has used nothing runs: its queue is 5 below the other's.
  on.ready(2, { priority: 0 });
  on.host.update(1, { priority: 4 });
  assertEquals(on.run(), 2);
  on.host.update(2, { priority: 0 });
  const seen: [number, number, number][] = [];
  for (let second = 4; second <= 12; second++) {
    on.now = second * SECOND;
    on.host.runTimer();
    seen.push([second, TOP + 4 - policy.level(1), kicked.length]);
  }
  // Looked at in second 3, so not before 6, when 125/512 are left; that is higher than what runs.
  assertEquals(seen.filter(([second]) => second % 2 === 0), [
    [4, fallen, 0],
    [6, 2, 1],
    [8, 0, 2],
    [10, 0, 2],
    [12, 0, 2],
  ]);
  assertEquals(on.host.timerAt, Infinity, "none is left to rise");
});

Deno.test("MachTimeSharing, all is forgotten after 30 seconds of sleep", () => {
  for (const [seconds, fallen] of [[2, 1], [31, 0]] as const) {
    const { on, policy } = host();
    on.ready(1, { priority: 0 });
    on.run();
    burn(on, 1, 33);
    on.stop(1, { reason: "blocked" });
    on.now += seconds * SECOND;
    on.ready(1, { reason: "wakeup" });
    assertEquals(TOP - policy.level(1), fallen);
  }
});

Deno.test("MachTimeSharing, a first quantum ends before a tick gives way to a higher queue", () => {
  const { on } = host();
  on.ready(1, { priority: 5 });
  on.run();
  on.ready(2, { priority: 6 });
  assertEquals(
    [on.tick(1, 9), on.host.preempts(2, 0)],
    [false, true],
    "who wakes up need not wait",
  );
  assertEquals(on.tick(1, 1), true);
  on.host.dequeue(2);
  assertEquals(on.tick(1, 0), false);
  on.ready(2, { reason: "wakeup" });
  assertEquals(on.tick(1, 1), true, "in its second quantum");
});

Deno.test("MachTimeSharing, a CPU that was handed over goes to that thread, with the rest of the quantum", () => {
  const hand = (
    reason: "blocked" | "yielded" | "preempted",
  ): [number | null, number | undefined] => {
    const { on } = host();
    for (const thread of [1, 2, 3]) on.ready(thread, { priority: 5 });
    on.host.admit(4, { priority: 1 });
    assertEquals([on.run(), on.tick(1, 6)], [1, false]);
    on.host.enqueue(4, { reason: "wakeup", hint: "handoff", waker: 1 });
    on.stop(1, { reason, elapsed: 1 });
    if (reason !== "blocked") {
      on.ready(1, { reason: reason === "yielded" ? "yield" : "preempt" });
    }
    const next = on.run();
    return [next, next === null ? undefined : on.host.slice(next, 0)];
  };
  assertEquals([hand("blocked"), hand("yielded")], [[4, 3], [4, 3]]);
  assertEquals(hand("preempted"), [1, 3], "lost, not given");
});

Deno.test("MachTimeSharing, what is handed over is the waker's CPU, once, to who may run there", () => {
  const { on } = host(2);
  for (const thread of [1, 2]) {
    on.ready(thread, { priority: 5 });
    on.run(thread - 1);
  }
  on.host.admit(3, { priority: 5, affinity: [0] });
  on.host.admit(4, { priority: 1 });
  on.host.admit(5, { priority: 9 });
  const handed = { reason: "wakeup", hint: "handoff", waker: 2 } as const;
  assertEquals(on.host.enqueue(3, handed), 0, "where it may run");
  assertEquals(on.host.enqueue(4, handed), 1);
  assertEquals(on.host.enqueue(5, { reason: "wakeup" }), 0);
  on.stop(2, { cpu: 1, reason: "blocked" });
  assertEquals([on.run(1), on.host.fault], [4, null]);
  on.stop(4, { cpu: 1, reason: "blocked" });
  assertEquals([on.run(1), on.run(0)], [5, 3]);
});

Deno.test("MachTimeSharing, a thread that runs elsewhere meanwhile is not handed the CPU", () => {
  const { on } = host();
  on.ready(1, { priority: 5 });
  on.ready(2, { priority: 5 });
  on.run();
  on.host.admit(4, { priority: 1 });
  on.host.enqueue(4, { reason: "wakeup", hint: "handoff", waker: 1 });
  assertEquals(on.host.dequeue(4), true);
  on.stop(1, { reason: "blocked" });
  assertEquals([on.run(), on.host.fault], [2, null]);
});

Deno.test("MachTimeSharing, goes on as the one that was saved in the middle", () => {
  const { on } = host();
  for (const thread of [1, 2, 3]) on.ready(thread, { priority: thread });
  assertEquals(on.run(), 3);
  burn(on, 3, 40);
  on.stop(3);
  on.ready(3, { reason: "preempt" });
  on.run();
  on.tick(2, 4);
  on.host.admit(4, { priority: 0 });
  on.host.enqueue(4, { reason: "wakeup", hint: "handoff", waker: 2 });
  const { on: other } = host();
  other.ready(77);
  other.now = on.now;
  other.host.restore(on.host.save());
  for (const each of [on, other]) {
    each.now = 4 * SECOND;
    each.host.runTimer();
    each.stop(2, { elapsed: 1, reason: "blocked" });
    assertEquals(each.run(), 4);
  }
  assertEquals(other.host.save(), on.host.save());
  assertEquals(other.picks(), on.picks());
});
