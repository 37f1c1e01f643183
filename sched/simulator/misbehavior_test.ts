// Whatever a policy does, in whichever of its methods: it is put out, the report names the method,
// and every thread comes to its end.
import { assert, assertEquals } from "@std/assert";
import type { PolicyFault } from "../host/mod.ts";
import { FixedPriority } from "../policies/realtime/fixed_priority.ts";
import { RoundRobin } from "../policies/sharing/round_robin.ts";
import type { Policy, SchedulerView, ThreadId } from "../policy.ts";
import { Statistics } from "../statistics/statistics.ts";
import { busyThreads, type Way } from "../testing/every_method.ts";
import { prepareSimulation } from "./simulator.ts";
import type { GivenWorkload } from "./workload.ts";

const CPUS = 2;

/** Has every method called, with 60 of CPU time in all. */
const WORKLOAD: GivenWorkload = [
  ...busyThreads({ type: "yield", to: "e" }),
  {
    name: "e",
    arrival: 2,
    steps: [{ type: "repeat", times: 4, steps: [{ type: "run", time: 3 }] }],
  },
];

const METHODS = [
  ...["attach", "admit", "update", "forget", "selectCpu", "enqueue", "dequeue", "pick"],
  ...["running", "tick", "slice", "stopping", "preempts", "yieldTo", "timer", "save"],
] as const;
type Method = typeof METHODS[number];

/** A policy that does as it should but for one method, which does something else from a call on. */
function misbehaving(method: Method, way: Way, from: number): Policy {
  const base = new FixedPriority({ quantum: 2 });
  let view: SchedulerView | undefined;
  const whole: Record<string, Way> = {};
  for (const name of METHODS) {
    const own = (base as unknown as Record<string, Way | undefined>)[name];
    const none = name === "yieldTo" ? () => false : () => undefined;
    whole[name] = own === undefined ? none : own.bind(base);
  }
  whole.attach = (given) => {
    view = given as SchedulerView;
    base.attach(view);
    view.timer(7);
  };
  let calls = 0;
  const right = whole[method]!;
  whole[method] = (...given) => ++calls < from ? right(...given) : way(...given);
  return { name: "bad", ...whole, restore: (state: never) => base.restore(state) } as never;
}

/** Simulates; returns the faults. All threads are done then, or this throws. */
function faults(policy: Policy, timeout = Infinity): PolicyFault[] {
  const statistics = new Statistics(WORKLOAD, { cpus: CPUS });
  const found: PolicyFault[] = [];
  const simulation = prepareSimulation(WORKLOAD, {
    ...{ policy, cpus: CPUS, timeout },
    sink: {
      thread: (...given) => statistics.thread(...given),
      job: (...given) => statistics.job(...given),
      idle: (...given) => statistics.idle(...given),
      fault: (fault) => found.push(fault),
    },
  });
  let asked = false;
  for (let instants = 0; simulation.step(); instants++) {
    assert(instants < 20_000, "it comes to an end");
    if (asked || simulation.now < 9) continue;
    asked = true;
    const ready = [0, 1, 2, 4].find((thread) => simulation.host.dequeue(thread));
    assert(ready !== undefined);
    simulation.host.enqueue(ready, { reason: "migrated" });
    simulation.host.save();
  }
  const { threads, total } = statistics.report();
  assertEquals(threads.map(({ finish }) => finish !== null), threads.map(() => true));
  assertEquals([total.busy, total.jobs.completed], [60, 8]);
  return found;
}

function throwing(what: () => unknown): Way {
  return () => {
    throw what();
  };
}

const THROWN: Readonly<Record<string, () => unknown>> = {
  "an error": () => new Error("bad"),
  "a text": () => "bad",
  "nothing": () => undefined,
  "a symbol": () => Symbol("bad"),
  "an object without prototype": () => Object.create(null),
  "what throws when it is shown": () => ({
    toString: () => {
      throw new Error("worse");
    },
  }),
  "an error without a message to get": () =>
    Object.defineProperty(new Error(), "message", {
      get: () => {
        throw new Error("worse");
      },
    }),
  "a proxy that refuses all": refusing,
};

function refusing(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

for (const method of METHODS) {
  for (const [name, what] of Object.entries(THROWN)) {
    Deno.test(`a policy whose ${method} throws ${name} is put out`, () => {
      for (const from of method === "attach" ? [1] : [1, 2, 4]) {
        const found = faults(misbehaving(method, throwing(what), from));
        // Some are called less often.
        assertEquals(found.map(({ call }) => call), found.length === 0 && from > 1 ? [] : [method]);
        assert(found[0]?.why.startsWith("threw ") ?? true, found[0]?.why);
      }
    });
  }
}

const cyclic: unknown[] = [];
cyclic.push(cyclic);

/** What is no answer of a method. */
const ANSWERS: Partial<Record<Method, readonly unknown[]>> = {
  selectCpu: [
    -1,
    2,
    0.5,
    NaN,
    "0",
    null,
    undefined,
    {},
    1n,
    true,
    [0],
    Promise.resolve(0),
    refusing(),
  ],
  dequeue: [undefined, null, 0, 1, "true", {}, false, refusing()],
  pick: [
    -1,
    5,
    99,
    0.5,
    NaN,
    Infinity,
    "0",
    undefined,
    true,
    {},
    [0],
    0n,
    Promise.resolve(0),
    refusing(),
  ],
  tick: [undefined, null, 0, 1, "", "true", {}, [], Promise.resolve(true), refusing()],
  slice: [null, NaN, "5", {}, [], true, 5n, Promise.resolve(5), refusing()],
  preempts: [undefined, null, 0, 1, "", {}, Promise.resolve(false), refusing()],
  yieldTo: [undefined, null, 0, 1, "", {}, Promise.resolve(false), refusing()],
  save: [
    () => 0,
    Symbol("s"),
    new Date(0),
    new Map(),
    cyclic,
    Promise.resolve(0),
    new WeakMap(),
    refusing(),
  ],
};

for (const method of METHODS) {
  const answers = ANSWERS[method];
  if (answers === undefined) {
    Deno.test(`a policy whose ${method} returns something, which nobody asked for, stays`, () => {
      const right = new FixedPriority({ quantum: 2 }) as unknown as Record<string, Way | undefined>;
      const policy = misbehaving(method, () => 5, Infinity) as unknown as Record<string, Way>;
      assert(right[method] !== null);
      const own = policy[method]!;
      policy[method] = (...given) => {
        own(...given);
        return "something";
      };
      assertEquals(faults(policy as unknown as Policy), []);
    });
    continue;
  }
  Deno.test(`a policy whose ${method} answers with what is no answer is put out`, () => {
    for (const answer of answers) {
      for (const from of [1, 3]) {
        const found = faults(misbehaving(method, () => answer, from));
        const calls = found.map(({ call }) => call);
        assertEquals(calls, found.length === 0 && from > 1 ? [] : [method], String(typeof answer));
      }
    }
  });
}

/** Policies that are wrong in what they do, and a part of why they are put out. */
const DEEDS: Readonly<Record<string, { make: () => Policy; why: string; timeout?: number }>> = {
  "picks a thread twice": {
    make: () => {
      let last: ThreadId | null = null;
      return new class extends RoundRobin {
        override pick(cpu: number): ThreadId | null {
          return last ??= super.pick(cpu);
        }
      }({ quantum: 2 });
    },
    why: "which runs already",
  },
  "loses every third thread": {
    make: () => {
      let count = 0;
      return new class extends RoundRobin {
        override enqueue(thread: ThreadId, wakeup: never): void {
          if (++count % 3 > 0) super.enqueue(thread, wakeup);
        }
      }({ quantum: 2 });
    },
    why: "returned false for a ready thread",
  },
  "never picks": {
    make: () =>
      new class extends RoundRobin {
        override pick(): null {
          return null;
        }
      }(),
    why: "nothing else is due for the ready threads",
  },
  "lets nobody else run": {
    make: () =>
      new class extends RoundRobin {
        override tick(): boolean {
          return false;
        }
      }(),
    timeout: 5,
    why: "expected at most 5",
  },
  "picks for a CPU what may not run there": {
    make: () =>
      new class extends RoundRobin {
        override pick(cpu: number): ThreadId | null {
          return cpu === 0 && super.dequeue(2) ? 2 : super.pick(cpu);
        }
      }({ quantum: 2 }),
    why: "which may run on 1 only",
  },
  "kicks for ever": {
    make: () =>
      new class extends RoundRobin {
        override pick(cpu: number): ThreadId | null {
          const thread = super.pick(cpu);
          this.view?.timer(this.view.now);
          return thread;
        }
        timer(): void {
          for (let cpu = 0; cpu < CPUS; cpu++) this.view?.kick(cpu);
        }
      }(),
    why: "times in one instant",
  },
  "sets its timer for now for ever": {
    make: () =>
      new class extends RoundRobin {
        override attach(view: SchedulerView): void {
          super.attach(view);
          view.timer(0);
        }
        timer(now: number): void {
          this.view?.timer(now);
        }
      }(),
    why: "times in one instant",
  },
  "sets its timer to no time": {
    make: () =>
      new class extends RoundRobin {
        override tick(): boolean {
          this.view?.timer(NaN);
          return true;
        }
      }({ quantum: 2 }),
    why: "the timer is set to NaN",
  },
  "kicks a CPU that is not there": {
    make: () =>
      new class extends RoundRobin {
        override stopping(): void {
          this.view?.kick(CPUS);
        }
      }(),
    why: "there is no CPU 2",
  },
};

for (const [deed, { make, why, timeout }] of Object.entries(DEEDS)) {
  Deno.test(`a policy that ${deed} is put out`, () => {
    const found = faults(
      Object.defineProperty(make(), "timeout", { value: timeout ?? Infinity }),
      timeout,
    );
    assertEquals(found.length, 1);
    assert(found[0]!.why.includes(why), found[0]!.why);
  });
}
