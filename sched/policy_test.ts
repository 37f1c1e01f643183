// The contract of policy.ts, for every policy of the registry, and what each policy adds to it.
import { assertEquals, assertThrows } from "@std/assert";
import { SchedError } from "./errors.ts";
import { FixedPriority } from "./policies/fixed_priority.ts";
import type { Policy, ReadyReason } from "./policy.ts";
import { DEFAULT_QUANTUM, QuantumPolicy } from "./policies/quantum_policy.ts";
import { createPolicy, policyNames } from "./policies/registry.ts";
import { RoundRobin } from "./policies/round_robin.ts";

function ready(
  policy: Policy,
  thread: number,
  options: { priority?: number; reason?: ReadyReason } = {},
): void {
  const { priority = 10, reason = "start" } = options;
  policy.enqueue(thread, { parameters: { priority }, reason });
}

function picks(policy: Policy): number[] {
  const order: number[] = [];
  for (let thread = policy.pick(); thread !== null; thread = policy.pick()) order.push(thread);
  return order;
}

function kindOf(action: () => unknown): string {
  return assertThrows(action, SchedError).kind;
}

for (const name of ["rr", "priority"]) {
  const make = (quantum = 100): Policy => createPolicy(name, { quantum });

  Deno.test(`Policy ${name}, pick of nothing is null and size counts ready threads`, () => {
    const policy = make();
    assertEquals([policy.name, policy.size, policy.pick()], [name, 0, null]);
    ready(policy, 1);
    ready(policy, 2);
    assertEquals(policy.size, 2);
    policy.pick();
    assertEquals(policy.size, 1);
  });

  Deno.test(`Policy ${name}, equals are picked first in first out, whatever made them ready`, () => {
    const policy = make();
    const reasons: ReadyReason[] = ["start", "wakeup", "yield"];
    for (const [thread, reason] of reasons.entries()) ready(policy, thread, { reason });
    assertEquals(picks(policy), [0, 1, 2]);
  });

  Deno.test(`Policy ${name}, dequeue withdraws a ready thread once`, () => {
    const policy = make();
    for (const thread of [1, 2, 3]) ready(policy, thread);
    assertEquals([policy.dequeue(2), policy.dequeue(2), policy.dequeue(99)], [true, false, false]);
    assertEquals(picks(policy), [1, 3]);
  });

  Deno.test(`Policy ${name}, tick gives way exactly when the quantum is used up and an equal is ready`, () => {
    const policy = make(100);
    ready(policy, 1);
    ready(policy, 2);
    assertEquals(policy.pick(), 1);
    assertEquals(policy.tick(1, 60), false);
    assertEquals(policy.tick(1, 39), false);
    assertEquals(policy.tick(1, 1), true);
    assertEquals(policy.tick(1, 0), true, "stays due until the thread gave way");
    ready(policy, 1, { reason: "preempt" });
    assertEquals(picks(policy), [2, 1], "an expired thread goes to the tail");
    assertEquals(policy.tick(1, 99), false, "with a full quantum");
  });

  Deno.test(`Policy ${name}, a quantum that ends with nobody ready is renewed`, () => {
    const policy = make(100);
    ready(policy, 1);
    policy.pick();
    assertEquals(policy.tick(1, 100), false);
    ready(policy, 2);
    assertEquals(policy.tick(1, 99), false);
    assertEquals(policy.tick(1, 1), true);
  });

  Deno.test(`Policy ${name}, a thread preempted within its quantum resumes first, with the rest of it`, () => {
    const policy = make(100);
    for (const thread of [1, 2]) ready(policy, thread);
    policy.pick();
    assertEquals(policy.tick(1, 70), false);
    ready(policy, 1, { reason: "preempt" });
    assertEquals(policy.pick(), 1);
    assertEquals(policy.tick(1, 29), false);
    assertEquals(policy.tick(1, 1), true);
  });

  for (const reason of ["yield", "wakeup"] as const) {
    Deno.test(`Policy ${name}, ${reason} renews the quantum and goes to the tail`, () => {
      const policy = make(100);
      for (const thread of [1, 2]) ready(policy, thread);
      policy.pick();
      policy.tick(1, 70);
      ready(policy, 1, { reason });
      assertEquals(policy.pick(), 2);
      assertEquals(policy.pick(), 1);
      ready(policy, 2);
      assertEquals([policy.tick(1, 99), policy.tick(1, 1)], [false, true]);
    });
  }

  Deno.test(`Policy ${name}, a withdrawn thread handed the CPU keeps its level and quantum`, () => {
    const policy = make(100);
    ready(policy, 1, { priority: 50 });
    ready(policy, 2, { priority: 50 });
    assertEquals(policy.dequeue(1), true);
    assertEquals([policy.tick(1, 99), policy.tick(1, 1)], [false, true]);
  });

  Deno.test(`Policy ${name}, refuses what its contract excludes, with typed errors`, () => {
    const policy = make();
    ready(policy, 1);
    assertEquals(kindOf(() => ready(policy, 1)), "already-ready");
    for (const thread of [-1, 1.5, NaN, 2 ** 53]) {
      assertEquals(kindOf(() => ready(policy, thread)), "invalid-thread");
      assertEquals(kindOf(() => policy.tick(thread, 1)), "invalid-thread");
    }
    for (const priority of [-1, 128, 1.5, NaN]) {
      assertEquals(kindOf(() => ready(policy, 2, { priority })), "invalid-priority");
    }
    for (const elapsed of [-1, 0.5, NaN, Infinity]) {
      assertEquals(kindOf(() => policy.tick(1, elapsed)), "invalid-elapsed");
    }
    assertEquals(policy.size, 1, "a refused call changes nothing");
    assertEquals(picks(policy), [1]);
  });

  Deno.test(`Policy ${name}, refuses a quantum that is not a positive integer`, () => {
    for (const quantum of [0, -5, 1.5, NaN, Infinity]) {
      assertEquals(kindOf(() => make(quantum)), "invalid-option");
    }
  });
}

Deno.test("RoundRobin, ignores priorities and never preempts", () => {
  const policy = new RoundRobin();
  ready(policy, 1, { priority: 0 });
  ready(policy, 2, { priority: 127 });
  assertEquals(policy.preempts(), false);
  assertEquals(picks(policy), [1, 2]);
});

Deno.test("FixedPriority, picks the most urgent of all 128 priorities", () => {
  const policy = new FixedPriority();
  const shuffled = Array.from({ length: 128 }, (_, index) => (index * 37) % 128);
  for (const priority of shuffled) ready(policy, priority, { priority });
  assertEquals(picks(policy), Array.from({ length: 128 }, (_, index) => 127 - index));
});

Deno.test("FixedPriority, preempts for strictly more urgent threads only", () => {
  const policy = new FixedPriority();
  const preempts = (candidate: number, running: number): boolean =>
    policy.preempts({ priority: candidate }, { priority: running });
  assertEquals([preempts(5, 4), preempts(4, 4), preempts(3, 4)], [true, false, false]);
});

Deno.test("FixedPriority, tick ignores less urgent threads and gives way to more urgent ones at once", () => {
  const policy = new FixedPriority({ quantum: 100 });
  ready(policy, 1, { priority: 20 });
  policy.pick();
  ready(policy, 2, { priority: 19 });
  assertEquals(policy.tick(1, 1_000), false);
  ready(policy, 3, { priority: 21 });
  assertEquals(policy.tick(1, 1), true);
});

Deno.test("FixedPriority, a thread that was never ready gives way to anything above priority 0", () => {
  const policy = new FixedPriority({ quantum: 100 });
  assertEquals(policy.tick(7, 1), false);
  ready(policy, 1, { priority: 1 });
  assertEquals(policy.tick(7, 1), true);
});

Deno.test("QuantumPolicy.forget, a thread that is over leaves nothing behind", () => {
  const policy = new RoundRobin({ quantum: 100 });
  ready(policy, 1);
  policy.pick();
  policy.tick(1, 99);
  policy.forget(1);
  ready(policy, 2);
  assertEquals(policy.tick(1, 99), false);
});

Deno.test("createPolicy, makes every policy it names, with the default quantum if none is given", () => {
  assertEquals(policyNames(), ["rr", "priority"]);
  for (const name of policyNames()) {
    const policy = createPolicy(name);
    assertEquals(policy.name, name);
    assertEquals(policy instanceof QuantumPolicy && policy.quantum, DEFAULT_QUANTUM);
  }
});

Deno.test("createPolicy, unknown policy names those that exist", () => {
  const error = assertThrows(() => createPolicy("lottery"), SchedError);
  assertEquals([error.kind, error.value, error.name], ["unknown-policy", "lottery", "SchedError"]);
  assertEquals(error.message, 'Cannot find policy "lottery": there are rr, priority');
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
});

Deno.test("QuantumPolicy.stopped, charges what ran since the last tick", () => {
  const policy = new RoundRobin({ quantum: 100 });
  for (const thread of [1, 2]) ready(policy, thread);
  policy.pick();
  assertEquals(policy.tick(1, 60), false);
  policy.stopped(1, { elapsed: 39, reason: "preempted" });
  ready(policy, 1, { reason: "preempt" });
  assertEquals(policy.pick(), 1, "it has not used its quantum up");
  policy.stopped(1, { elapsed: 1, reason: "quantum" });
  ready(policy, 1, { reason: "preempt" });
  assertEquals(picks(policy), [2, 1]);
});

Deno.test("QuantumPolicy.tick, a quantum ends at the tick nearest to its end", () => {
  const policy = new RoundRobin({ quantum: 100, tickInterval: 60 });
  for (const thread of [1, 2]) ready(policy, thread);
  policy.pick();
  assertEquals([policy.tick(1, 10), policy.tick(1, 59), policy.tick(1, 1)], [false, false, true]);
  assertEquals(kindOf(() => new RoundRobin({ tickInterval: -1 })), "invalid-option");
});

Deno.test("Policy.restore, a policy goes on as the one that was saved", () => {
  for (const name of policyNames()) {
    const policy = createPolicy(name, { quantum: 100 });
    for (const [thread, priority] of [10, 30, 10, 20].entries()) {
      ready(policy, thread, { priority });
    }
    const running = policy.pick() ?? -1;
    policy.tick(running, 70);
    const other = createPolicy(name, { quantum: 100 });
    ready(other, 77);
    other.restore(policy.save());
    assertEquals([other.tick(running, 29), policy.tick(running, 29)], [false, false]);
    assertEquals(other.size, 3);
    assertEquals(picks(other), picks(policy));
  }
});
