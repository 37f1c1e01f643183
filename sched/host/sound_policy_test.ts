// Whatever a policy does, its host goes on with round robin, and says what was wrong.
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { SchedError } from "../errors.ts";
import { RoundRobin } from "../policies/sharing/round_robin.ts";
import type { Policy, SchedulerView } from "../policy.ts";
import { Hosted } from "../testing/hosted.ts";
import { Random } from "../../util/random.ts";
import type { Plain } from "../../util/plain.ts";
import { describeFault, type PolicyFault } from "./fault.ts";
import { SoundPolicy } from "./sound_policy.ts";

/** A host of round robin that does some things otherwise. */
function hosted(changes: Partial<Policy>, cpus = 1): { on: Hosted; faults: PolicyFault[] } {
  const faults: PolicyFault[] = [];
  const policy = Object.assign(new RoundRobin({ quantum: 100 }), { name: "bad" }, changes);
  const on = new Hosted(policy, { cpus, onFault: (fault) => faults.push(fault) });
  return { on, faults };
}

/** Threads 1, 2 and 3 are ready and 1 runs, whatever the policy does. */
function begin(on: Hosted): void {
  for (const thread of [1, 2, 3]) on.ready(thread);
  assertEquals(on.run(), 1);
}

const fail = (): never => {
  throw new RangeError("oops");
};

const wrongPicks: [unknown, RegExp][] = [
  [1, /returned 1, which runs already: expected one of 2, 3, or null/],
  [4, /returned 4, which is none of its threads: expected one of 2, 3, or null/],
  [5, /returned 5, which is not ready: expected one of 2, 3, or null/],
  [-1, /returned -1, which is none of its threads/],
  [1.5, /returned 1.5, which is none of its threads/],
  [NaN, /returned NaN, which is none of its threads/],
  ["2", /returned 2, which is none of its threads/],
  [undefined, /returned undefined, which is none of its threads/],
  [{ thread: 2 }, /returned a Object, which is none of its threads/],
];

for (const [picked, why] of wrongPicks) {
  Deno.test(`SoundPolicy, pick of ${JSON.stringify(picked)} puts the policy out`, () => {
    let wrong = false;
    const policy = new RoundRobin({ quantum: 100 });
    const { on, faults } = hosted({
      enqueue: (thread, wakeup) => policy.enqueue(thread, wakeup),
      admit: (thread, parameters) => policy.admit(thread, parameters),
      pick: (cpu) => wrong ? picked as number : policy.pick(cpu),
    });
    on.host.admit(5);
    begin(on);
    wrong = true;
    assertEquals(on.picks(), [2, 3], "round robin, in the order they became ready");
    assertEquals(faults.length, 1);
    assertEquals([faults[0]?.call, faults[0]?.arguments], ["pick", [0]]);
    assertMatch(faults[0]?.why ?? "", why);
    assertEquals(on.host.fault, faults[0]);
  });
}

Deno.test("SoundPolicy, a thread picked twice puts the policy out", () => {
  const { on, faults } = hosted({ pick: () => 1 });
  begin(on);
  assertEquals(on.run(), 2);
  assertMatch(faults[0]?.why ?? "", /returned 1, which runs already/);
});

Deno.test("SoundPolicy, a thread picked for a CPU outside of its affinity puts the policy out", () => {
  const { on, faults } = hosted({ pick: () => 7 }, 4);
  on.ready(7, { affinity: [1, 3] });
  on.ready(8);
  assertEquals(on.run(0), 8);
  assertEquals(on.run(3), 7);
  assertEquals(faults.map(describeFault), [
    'policy "bad": pick(0) returned thread 7, which may run on 1,3 only',
  ]);
});

Deno.test("SoundPolicy, an exception in any method puts the policy out, and the call is answered", () => {
  const done: string[] = [];
  const methods = [
    ...["attach", "admit", "update", "forget", "selectCpu", "enqueue", "dequeue", "pick"],
    ...["running", "tick", "slice", "stopping", "preempts", "timer", "save", "restore"],
  ] as const;
  for (const method of methods) {
    const { on, faults } = hosted({ [method]: fail }, 2);
    on.ready(1);
    on.ready(2);
    on.ready(3);
    const { host } = on;
    const first = on.run();
    assertEquals(first, 1, method);
    assertEquals(typeof host.slice(1, 0), "number");
    host.update(1, { priority: 3 });
    assertEquals(typeof host.preempts(2, 0), "boolean");
    assertEquals(host.dequeue(2), true, method);
    on.ready(2, { reason: "wakeup" });
    on.tick(1, 10);
    on.stop(1);
    on.ready(1, { reason: "preempt" });
    const saved = host.save();
    host.restore(saved);
    if (method === "timer") {
      const { on: timed, faults: told } = hosted({
        timer: fail,
        attach: (view: SchedulerView) => view.timer(5),
      });
      assertEquals(timed.host.timerAt, 5);
      timed.now = 7;
      timed.ready(1);
      assertEquals(timed.run(), 1);
      faults.push(...told);
    }
    const left = new Set(on.picks());
    assertEquals(left, new Set([1, 2, 3]), `${method}: none lost, none twice`);
    host.forget(1);
    assertEquals(faults.map(({ call, why }) => `${call} ${why}`), [
      `${method} threw RangeError: oops`,
    ]);
    done.push(method);
  }
  assertEquals(done.length, methods.length);
});

Deno.test("SoundPolicy, answers of the wrong type put the policy out", () => {
  const cases: [keyof Policy, unknown, string][] = [
    ["tick", undefined, "returned undefined, expected a boolean"],
    ["tick", 1, "returned 1, expected a boolean"],
    ["tick", Promise.resolve(true), "returned a Promise, expected a boolean"],
    ["preempts", "yes", "returned yes, expected a boolean"],
    ["slice", NaN, "returned NaN, expected a number"],
    ["slice", null, "returned null, expected a number"],
    ["dequeue", undefined, "returned undefined for a ready thread"],
    ["dequeue", false, "returned false for a ready thread"],
    ["selectCpu", 2, "returned 2, expected a CPU it may run on"],
    ["selectCpu", -1, "returned -1, expected a CPU it may run on"],
    ["selectCpu", 0.5, "returned 0.5, expected a CPU it may run on"],
    ["selectCpu", undefined, "returned undefined, expected a CPU it may run on"],
  ];
  for (const [method, answer, why] of cases) {
    const { on, faults } = hosted({ [method]: () => answer }, 2);
    begin(on);
    on.tick(1, 1);
    on.host.preempts(2, 0);
    on.host.slice(1, 0);
    on.host.dequeue(2);
    assertEquals(faults.map(({ call, why }) => [call, why]), [[method, why]]);
    assertEquals(on.picks(), [3]);
  }
});

Deno.test("SoundPolicy, state that is no plain data puts the policy out when it is saved", () => {
  const { on, faults } = hosted({ save: () => new Map() as never });
  begin(on);
  const saved = on.host.save();
  assertEquals(faults.map(({ call, why }) => `${call} ${why}`), [
    "save threw TypeError: what it has saved is a Map, expected plain data",
  ]);
  const other = hosted({});
  other.on.host.restore(saved);
  assertEquals(other.on.host.fault, on.host.fault, "it stays out where it is restored");
  assertEquals([other.on.picks(), on.picks()], [[2, 3], [2, 3]]);
});

Deno.test("SoundPolicy.restore, to before the fault gives the policy another chance", () => {
  let wrong = false;
  const rr = new RoundRobin({ quantum: 100 });
  const { on, faults } = hosted({
    enqueue: (thread, wakeup) => rr.enqueue(thread, wakeup),
    admit: (thread, parameters) => rr.admit(thread, parameters),
    save: () => rr.save(),
    restore: (state) => rr.restore(state),
    pick: (cpu) => wrong ? 99 : rr.pick(cpu),
  });
  begin(on);
  const saved = on.host.save();
  wrong = true;
  on.run();
  wrong = false;
  assert(on.host.fault !== null);
  on.host.restore(saved);
  assertEquals([on.host.fault, on.picks(), faults.length], [null, [2, 3], 1]);
});

Deno.test("SoundPolicy, a thread starved past the limit has its policy put out", () => {
  const { on, faults } = hosted({ timeout: 1_000 });
  begin(on);
  on.tick(1, 1_000);
  assertEquals(faults.length, 0);
  assertEquals(on.host.starvesAt, 1_001);
  on.tick(1, 1);
  assertEquals(faults.map(({ why }) => why), [
    "left thread 2 ready for 1001, expected at most 1000",
  ]);
  assertEquals(on.picks(), [2, 3]);
});

Deno.test("SoundPolicy, who has been ready longest is known again after a fault and a restore, and round robin goes on in that order", () => {
  let broken = false;
  const policy = new RoundRobin({ quantum: 100 });
  const { on, faults } = hosted({
    timeout: 50,
    admit: (thread, parameters) => policy.admit(thread, parameters),
    enqueue: (thread, wakeup) => policy.enqueue(thread, wakeup),
    dequeue: (thread) => policy.dequeue(thread),
    pick: (cpu) => broken ? fail() : policy.pick(cpu),
    save: () => policy.save(),
    restore: (state) => policy.restore(state),
  });
  for (const thread of [3, 1, 2]) {
    on.ready(thread);
    on.now += 10;
  }
  on.host.dequeue(3);
  on.ready(3, { reason: "wakeup" });
  const before = on.host.save();
  broken = true;
  assertEquals([on.picks(), faults[0]?.ready], [[1, 2, 3], [1, 2, 3]]);
  broken = false;
  on.host.restore(before);
  assertEquals([on.host.fault, on.host.starvesAt, on.host.size], [null, 61, 3]);
  assertEquals([on.host.pick(0), on.host.starvesAt], [1, 71]);
  on.now = 71;
  on.host.watch();
  assertMatch(faults[1]?.why ?? "", /left thread 2 ready for 51/);
});

Deno.test("SoundPolicy, threads kept back while nothing is due have the policy put out", () => {
  const { on, faults } = hosted({ pick: () => null });
  for (const thread of [1, 2]) on.ready(thread);
  assertEquals(on.run(), null);
  assertEquals([on.host.stuck(), on.run(), on.run()], [true, 1, 2]);
  assertEquals([on.host.stuck(), faults.length], [false, 1]);
});

Deno.test("SoundPolicy, the view's methods refuse nonsense, which puts the policy out", () => {
  const cases: [(view: SchedulerView) => void, RegExp][] = [
    [(view) => view.kick(9), /threw TypeError: there is no CPU 9 to be kicked/],
    [(view) => view.kick("length" as never), /there is no CPU length/],
    [(view) => view.timer(NaN), /the timer is set to NaN, expected a time/],
  ];
  for (const [call, why] of cases) {
    const { on, faults } = hosted({ attach: call });
    begin(on);
    assertMatch(faults[0]?.why ?? "", why);
  }
});

Deno.test("SoundPolicy.update, a thread that may run elsewhere only leaves its CPU, or is looked for", () => {
  const kicked: number[] = [];
  const on = new Hosted(new RoundRobin(), { cpus: 3, kick: (cpu) => kicked.push(cpu) });
  on.ready(1);
  on.ready(2);
  on.run(0);
  on.host.update(1, { affinity: [0, 1] });
  assertEquals(kicked, []);
  on.host.update(1, { affinity: [2] });
  assertEquals(kicked, [0]);
  on.host.update(2, { affinity: [1, 2] });
  assertEquals(kicked, [0, 1, 2]);
  on.host.update(2, { priority: 3, affinity: [0] });
  assertEquals(kicked, [0, 1, 2], "CPU 0 is not idle");
});

Deno.test("SoundPolicy.enqueue, hands over when the job was due, null if it is not told", () => {
  const heard: unknown[] = [];
  const rr = new RoundRobin();
  const { on } = hosted({
    enqueue: (thread, wakeup) => {
      heard.push([thread, wakeup.released]);
      rr.enqueue(thread, wakeup);
    },
    admit: (thread, parameters) => rr.admit(thread, parameters),
  });
  on.ready(1, { reason: "release", released: 7 });
  on.ready(2);
  assertEquals(heard, [[1, 7], [2, null]]);
});

Deno.test("SoundPolicy, a report has the policy's state and the ready threads", () => {
  const { on, faults } = hosted({ tick: fail, save: () => ({ memory: [1n, 2] }) });
  begin(on);
  on.tick(1, 30);
  const [fault] = faults;
  assertEquals(fault, {
    policy: "bad",
    call: "tick",
    arguments: [1, { cpu: 0, elapsed: 30 }],
    why: "threw RangeError: oops",
    state: { memory: [1n, 2] },
    time: 30,
    ready: [2, 3],
  });
});

Deno.test("SoundPolicy, what is no policy is refused by what it lacks", () => {
  const shared = new RoundRobin();
  const host = (policy: unknown) =>
    new SoundPolicy(policy, { now: () => 0, fallback: () => new RoundRobin() });
  host(shared);
  const cases: [unknown, RegExp][] = [
    [shared, /policy "rr": another machine or simulation has this object/],
    [7, /it is 7, expected an object/],
    [null, /it is null, expected an object/],
    [Object.assign(new RoundRobin(), { name: "" }), /its name is , expected some text/],
    [{ ...new RoundRobin(), name: "x" }, /"x" has no method enqueue/],
    [Object.assign(new RoundRobin(), { restore: 1 }), /"rr" has no method restore/],
    [Object.assign(new RoundRobin(), { slice: 1 }), /slice of "rr" is no method/],
    [
      Object.assign(new RoundRobin(), { urgency: "nice" }),
      /urgency of "rr" is nice, expected priority, period, deadline/,
    ],
    [
      Object.assign(new RoundRobin(), { timeout: -1 }),
      /timeout of "rr" is -1, expected a positive/,
    ],
  ];
  for (const [policy, message] of cases) {
    const error = assertThrows(() => host(policy), SchedError);
    assertEquals(error.kind, "invalid-policy");
    assertMatch(error.message, message);
  }
});

Deno.test("SoundPolicy, its own callers' mistakes are typed errors and change nothing", () => {
  const { on } = hosted({});
  begin(on);
  const { host } = on;
  const kinds = [
    () => host.enqueue(2, { reason: "start" }),
    () => host.enqueue(99, { reason: "start" }),
    () => host.admit(1),
    ...[-1, 1.5, NaN, 2 ** 22, 2 ** 53].map((thread) => () => host.admit(thread)),
  ].map((action) => assertThrows(action, SchedError).kind);
  assertEquals(new Set(kinds), new Set(["invalid-thread"]));
  assertEquals(
    assertThrows(() => host.admit(50, { nice: 40 }), SchedError).kind,
    "invalid-parameter",
  );
  for (const cpus of [0, 65, 1.5]) {
    assertEquals(
      assertThrows(() => new Hosted(new RoundRobin(), { cpus }), SchedError).kind,
      "invalid-option",
    );
  }
  assertEquals(on.picks(), [2, 3]);
});

/** Answers and throws at random, for every method. */
function erratic(random: Random): Policy {
  const rr = new RoundRobin({ quantum: 5 });
  const anything: readonly unknown[] = [undefined, null, -1, 0, 1, 3, 7.5, NaN, "1", true, [], {}];
  const wild = <T>(sane: () => T): T => {
    const choice = random.below(40);
    if (choice === 0) throw random.pick([new Error("wild"), "text", undefined]);
    return choice === 1 ? random.pick(anything) as T : sane();
  };
  return {
    name: "erratic",
    timeout: 500,
    attach: (view) => rr.attach(view),
    admit: (thread, parameters) => wild(() => rr.admit(thread, parameters)),
    selectCpu: (_, { previous }) => wild(() => previous),
    enqueue: (thread, wakeup) => wild(() => rr.enqueue(thread, wakeup)),
    dequeue: (thread) => wild(() => rr.dequeue(thread)),
    pick: (cpu) => wild(() => rr.pick(cpu)),
    running: () => wild(() => undefined),
    tick: (thread, charge) => wild(() => rr.tick(thread, charge)),
    stopping: (thread, stop) => wild(() => rr.stopping(thread, stop)),
    preempts: () => wild(() => random.chance(0.5)),
    save: (): Plain => wild(() => rr.save()),
    restore: (state) => wild(() => rr.restore(state)),
  };
}

Deno.test("SoundPolicy, 300 erratic policies lose no thread and run none twice", () => {
  let faults = 0;
  for (let seed = 0; seed < 300; seed++) {
    const random = new Random(seed);
    const cpus = 1 + seed % 4;
    const on = new Hosted(erratic(random), { cpus, onFault: () => faults++ });
    const state = new Map<number, "ready" | "asleep" | number>();
    for (let count = 0; count < 200; count++) {
      on.now += random.below(20);
      const thread = random.below(12);
      const is = state.get(thread);
      if (is === undefined || is === "asleep") {
        on.ready(thread, { reason: "wakeup" });
        state.set(thread, "ready");
      } else if (is === "ready" && random.below(4) === 0) {
        assertEquals(on.host.dequeue(thread), true);
        state.set(thread, "asleep");
      } else if (typeof is === "number") {
        on.host.tick(thread, { cpu: is, elapsed: 1 });
        on.host.stopping(thread, { cpu: is, elapsed: 0, reason: "blocked" });
        state.set(thread, "asleep");
      }
      const cpu = random.below(cpus);
      if (![...state.values()].includes(cpu)) {
        const picked = on.run(cpu);
        if (picked !== null) {
          assertEquals(state.get(picked), "ready", `seed ${seed}`);
          state.set(picked, cpu);
        }
      }
      if (random.below(50) === 0) on.host.restore(on.host.save());
      const ready = [...state].filter(([, each]) => each === "ready").length;
      assertEquals(on.host.size, ready, `seed ${seed}`);
    }
    if (on.host.fault === null) continue;
    const left = [...state].flatMap(([thread, each]) => each === "ready" ? [thread] : []);
    assertEquals(new Set(on.picks()), new Set(left), `seed ${seed}`);
  }
  assert(faults > 250, `${faults}`);
});
