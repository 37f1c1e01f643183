// The contract of policy.ts, for every policy of the registry, and what each policy adds to it.
import { assertEquals, assertThrows } from "@std/assert";
import { SchedError } from "./errors.ts";
import { FixedPriority } from "./policies/realtime/fixed_priority.ts";
import { DEFAULT_QUANTUM } from "./policies/common/quantum.ts";
import { QuantumPolicy } from "./policies/common/quantum_policy.ts";
import { createPolicy, policyNames } from "./policies/registry.ts";
import { RoundRobin } from "./policies/sharing/round_robin.ts";
import type { ReadyReason } from "./policy.ts";
import { Hosted } from "./testing/hosted.ts";

function kindOf(action: () => unknown): string {
  return assertThrows(action, SchedError).kind;
}

for (const name of ["rr", "priority"]) {
  const make = (quantum = 100): Hosted => new Hosted(createPolicy(name, { quantum }));

  Deno.test(`Policy ${name}, pick of nothing is null`, () => {
    const on = make();
    assertEquals([on.host.name, on.host.size, on.host.pick(0)], [name, 0, null]);
    on.ready(1);
    on.ready(2);
    assertEquals(on.host.size, 2);
    on.host.pick(0);
    assertEquals(on.host.size, 1);
  });

  Deno.test(`Policy ${name}, equals are picked first in first out, whatever made them ready`, () => {
    const on = make();
    const reasons: ReadyReason[] = ["start", "wakeup", "yield", "release", "migrated"];
    for (const [thread, reason] of reasons.entries()) on.ready(thread, { reason });
    assertEquals(on.picks(), [0, 1, 2, 3, 4]);
  });

  Deno.test(`Policy ${name}, dequeue withdraws a ready thread once`, () => {
    const on = make();
    for (const thread of [1, 2, 3]) on.ready(thread);
    const { host } = on;
    assertEquals([host.dequeue(2), host.dequeue(2), host.dequeue(99)], [true, false, false]);
    assertEquals(on.picks(), [1, 3]);
  });

  Deno.test(`Policy ${name}, tick gives way exactly when the quantum is used up and an equal is ready`, () => {
    const on = make(100);
    on.ready(1);
    on.ready(2);
    assertEquals(on.run(), 1);
    assertEquals(on.tick(1, 60), false);
    assertEquals(on.host.slice(1, 0), 40);
    assertEquals(on.tick(1, 39), false);
    assertEquals(on.tick(1, 1), true);
    assertEquals(on.tick(1, 0), true, "stays due until the thread gave way");
    on.stop(1);
    on.ready(1, { reason: "preempt" });
    assertEquals(on.picks(), [2, 1], "an expired thread goes to the tail");
    on.host.running(1, 0);
    assertEquals(on.tick(1, 99), false, "with a full quantum");
  });

  Deno.test(`Policy ${name}, a quantum that ends with nobody ready is renewed`, () => {
    const on = make(100);
    on.ready(1);
    on.run();
    assertEquals(on.tick(1, 100), false);
    on.ready(2);
    assertEquals(on.tick(1, 99), false);
    assertEquals(on.tick(1, 1), true);
  });

  Deno.test(`Policy ${name}, a thread preempted within its quantum resumes first, with the rest of it`, () => {
    const on = make(100);
    for (const thread of [1, 2]) on.ready(thread);
    on.run();
    assertEquals(on.tick(1, 70), false);
    on.stop(1, { reason: "preempted" });
    on.ready(1, { reason: "preempt" });
    assertEquals(on.run(), 1);
    assertEquals(on.tick(1, 29), false);
    assertEquals(on.tick(1, 1), true);
  });

  for (const reason of ["yield", "wakeup"] as const) {
    Deno.test(`Policy ${name}, ${reason} renews the quantum and goes to the tail`, () => {
      const on = make(100);
      for (const thread of [1, 2]) on.ready(thread);
      on.run();
      on.tick(1, 70);
      on.stop(1);
      on.ready(1, { reason });
      assertEquals(on.host.pick(0), 2);
      assertEquals(on.run(), 1);
      on.ready(2);
      assertEquals([on.tick(1, 99), on.tick(1, 1)], [false, true]);
    });
  }

  Deno.test(`Policy ${name}, a withdrawn thread handed the CPU keeps its level and quantum`, () => {
    const on = make(100);
    on.ready(1, { priority: 50 });
    on.ready(2, { priority: 50 });
    assertEquals(on.host.dequeue(1), true);
    on.host.running(1, 0);
    assertEquals([on.tick(1, 99), on.tick(1, 1)], [false, true]);
  });

  Deno.test(`Policy ${name}, charges what ran since the last tick when a thread stops`, () => {
    const on = make(100);
    for (const thread of [1, 2]) on.ready(thread);
    on.run();
    assertEquals(on.tick(1, 60), false);
    on.stop(1, { elapsed: 39, reason: "preempted" });
    on.ready(1, { reason: "preempt" });
    assertEquals(on.run(), 1, "it has not used its quantum up");
    on.stop(1, { elapsed: 1 });
    on.ready(1, { reason: "preempt" });
    assertEquals(on.picks(), [2, 1]);
  });

  Deno.test(`Policy ${name}, a thread that is over leaves nothing behind`, () => {
    const on = make(100);
    for (const thread of [1, 2, 3]) on.ready(thread);
    on.run();
    on.tick(1, 30);
    on.host.forget(1);
    on.host.forget(3);
    on.host.forget(77);
    assertEquals(on.picks(), [2]);
    on.host.forget(2);
    assertEquals(on.host.save(), make(100).host.save());
  });

  Deno.test(`Policy ${name}, with several CPUs threads run where their affinity has them`, () => {
    const on = new Hosted(createPolicy(name), { cpus: 3 });
    on.ready(1, { affinity: [2] });
    on.ready(2, { affinity: [0, 2] });
    on.ready(3);
    assertEquals([on.run(1), on.run(0), on.run(1), on.run(2)], [3, 2, null, 1]);
    assertEquals(on.host.fault, null);
  });

  Deno.test(`Policy ${name}, refuses a quantum that is not a positive integer`, () => {
    for (const quantum of [0, -5, 1.5, NaN, Infinity]) {
      assertEquals(kindOf(() => make(quantum)), "invalid-option");
    }
    assertEquals(kindOf(() => createPolicy(name, { tickInterval: -1 })), "invalid-option");
  });

  Deno.test(`Policy ${name}, goes on as the one that was saved`, () => {
    const on = make(100);
    for (const [thread, priority] of [10, 30, 10, 20].entries()) on.ready(thread, { priority });
    const running = on.run() ?? -1;
    on.tick(running, 70);
    const other = make(100);
    other.ready(77);
    other.host.restore(on.host.save());
    assertEquals([other.tick(running, 29), on.tick(running, 29)], [false, false]);
    assertEquals(other.host.size, 3);
    assertEquals(other.picks(), on.picks());
  });
}

Deno.test("RoundRobin, ignores priorities and never preempts", () => {
  const on = new Hosted(new RoundRobin());
  on.ready(1, { priority: 0 });
  assertEquals(on.run(), 1);
  on.ready(2, { priority: 255 });
  assertEquals(on.host.preempts(2, 0), false);
});

Deno.test("FixedPriority, picks the most urgent of all 256 priorities", () => {
  const on = new Hosted(new FixedPriority());
  const shuffled = Array.from({ length: 256 }, (_, index) => (index * 37) % 256);
  for (const priority of shuffled) on.ready(priority, { priority });
  assertEquals(on.picks(), Array.from({ length: 256 }, (_, index) => 255 - index));
});

Deno.test("FixedPriority, preempts for strictly more urgent threads only", () => {
  const on = new Hosted(new FixedPriority());
  on.ready(1, { priority: 4 });
  on.run();
  for (const priority of [5, 4, 3]) on.ready(priority, { priority });
  assertEquals([5, 4, 3].map((each) => on.host.preempts(each, 0)), [true, false, false]);
});

Deno.test("FixedPriority, tick ignores less urgent threads and gives way to more urgent ones at once", () => {
  const on = new Hosted(new FixedPriority({ quantum: 100 }));
  on.ready(1, { priority: 20 });
  on.run();
  on.ready(2, { priority: 19 });
  assertEquals(on.tick(1, 1_000), false);
  on.ready(3, { priority: 21 });
  assertEquals(on.tick(1, 1), true);
});

Deno.test("FixedPriority, a thread whose priority changes is queued anew, or gives way", () => {
  const on = new Hosted(new FixedPriority());
  on.ready(1, { priority: 20 });
  on.run();
  on.ready(2, { priority: 10 });
  on.ready(3, { priority: 10 });
  on.host.update(3, { priority: 11 });
  assertEquals(on.tick(1, 1), false);
  on.host.update(1, { priority: 5 });
  assertEquals(on.tick(1, 1), true);
  assertEquals(on.picks(), [3, 2]);
});

Deno.test("FixedPriority, a thread wakes up on the CPU with the least urgent thread", () => {
  const on = new Hosted(new FixedPriority(), { cpus: 3 });
  for (const [cpu, priority] of [30, 10, 20].entries()) {
    on.ready(cpu, { priority, affinity: [cpu] });
    on.run(cpu);
  }
  on.host.admit(9, { priority: 15 });
  assertEquals(on.host.enqueue(9, { reason: "start" }), 1);
  assertEquals(on.host.preempts(9, 1), true);
});

Deno.test("createPolicy, makes every policy it names, with the default quantum if none is given", () => {
  for (const name of policyNames()) {
    const policy = createPolicy(name);
    assertEquals(policy.name, name);
    if (policy instanceof QuantumPolicy) assertEquals(policy.quantum, DEFAULT_QUANTUM);
  }
});

Deno.test("createPolicy, unknown policy names those that exist", () => {
  const error = assertThrows(() => createPolicy("chance"), SchedError);
  assertEquals([error.kind, error.value, error.name], ["unknown-policy", "chance", "SchedError"]);
  const names = policyNames().join(", ");
  assertEquals(error.message, `Cannot find policy "chance": there are ${names}`);
  assertEquals(kindOf(() => createPolicy("constructor")), "unknown-policy");
});

Deno.test("createPolicy, unknown option names those that exist", () => {
  const options: object = { quantum: 5, slice: 3 };
  const error = assertThrows(() => createPolicy("rr", options), SchedError);
  assertEquals([error.kind, error.value], ["unknown-option", "slice"]);
  assertEquals(
    error.message,
    'Cannot set option "slice" of policy "rr": there are quantum, tickInterval',
  );
  const none = assertThrows(() => createPolicy("fifo", { quantum: 5 }), SchedError);
  assertEquals(none.message, 'Cannot set option "quantum" of policy "fifo": there are none');
});

Deno.test("QuantumPolicy.tick, a quantum ends at the tick nearest to its end", () => {
  const on = new Hosted(new RoundRobin({ quantum: 100, tickInterval: 60 }));
  for (const thread of [1, 2]) on.ready(thread);
  on.run();
  assertEquals([on.tick(1, 10), on.tick(1, 59), on.tick(1, 1)], [false, false, true]);
});
