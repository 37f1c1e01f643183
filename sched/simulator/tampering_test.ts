// What a host hands to a policy is the policy's to read: one that writes to it, freezes it or takes
// its own methods away is put out, or has deceived nobody but itself.
import { assert, assertEquals } from "@std/assert";
import { describeFault } from "../host/mod.ts";
import { FixedPriority } from "../policies/realtime/fixed_priority.ts";
import type { Policy, SchedulerView } from "../policy.ts";
import { copyPlain } from "../../util/plain.ts";
import { busyThreads, type Way } from "../testing/every_method.ts";
import { simulate } from "./simulator.ts";

/** Has every method called; thread 2 may run on CPU 1 only. */
const THREADS = busyThreads({ type: "set", parameters: { priority: 3 } });

type Parts = Record<string, Way | undefined>;

/** Methods, with a record that the host hands them. */
const TOLD = ["selectCpu", "enqueue", "tick", "stopping"] as const;
const METHODS = [
  ...TOLD,
  ...["attach", "admit", "update", "forget", "dequeue", "pick"],
  ...["running", "slice", "preempts", "timer", "save", "restore"],
];

/** A policy that does something more before one of its methods. */
function tampering(method: string, before: (own: Parts, ...given: unknown[]) => void): Policy {
  const base = new FixedPriority({ quantum: 2 }) as unknown as Parts;
  const parts: Parts = {};
  for (const name of METHODS) parts[name] = base[name]?.bind(base);
  parts.selectCpu ??= (_, placement) => (placement as { previous: number }).previous;
  const right = parts[method] ?? (() => {});
  parts[method] = (...given) => {
    before(parts, ...given);
    return right(...given);
  };
  return { name: "bad", ...parts } as unknown as Policy;
}

/** The policy is put out by the method that is named, if any, and all threads come to their ends. */
function assertSound(policy: Policy, call: readonly string[]): void {
  const ends: number[] = [];
  const calls: string[] = [];
  for (const event of simulate(THREADS, policy, { cpus: 2, timeout: 1_000 })) {
    if (event.type === "exit") ends.push(event.thread);
    if (event.type === "dispatch" && event.thread === 2) assertEquals(event.cpu, 1);
    if (event.type !== "policy-fault") continue;
    calls.push(event.fault.call);
    assert(describeFault(event.fault).startsWith('policy "bad": '));
    assertEquals(copyPlain(event.fault), event.fault);
  }
  assertEquals(ends.sort(), [0, 1, 2, 3]);
  assertEquals(calls, call);
}

for (const method of TOLD) {
  Deno.test(`a policy whose ${method} freezes what it is handed is put out`, () => {
    const policy = tampering(method, (_, __, record) => Object.freeze(record));
    // It shows when the record is written to again: these two have the same.
    const shows: Record<string, string> = { selectCpu: "enqueue", enqueue: "selectCpu" };
    assertSound(policy, [shows[method] ?? method]);
  });

  Deno.test(`a policy whose ${method} fills what it is handed with nonsense is put out if it throws`, () => {
    for (const nonsense of [NaN, new Map(), Symbol("nonsense")]) {
      const policy = tampering(method, (_, __, record) => {
        const fields = record as Record<string, unknown>;
        for (const field of Object.keys(fields)) fields[field] = nonsense;
        fields.itself = fields;
        throw new Error("bad");
      });
      assertSound(policy, [method]);
    }
  });
}

for (const method of ["admit", "update"]) {
  Deno.test(`a policy whose ${method} writes to parameters is put out`, () => {
    for (const affinity of [5, [0], [], null]) {
      const write = (_: Parts, __: unknown, given: unknown): void => {
        (given as { affinity: unknown }).affinity = affinity;
      };
      assertSound(tampering(method, write), [method]);
    }
    const extend = (_: Parts, __: unknown, given: unknown): void => {
      (given as { affinity: number[] | null }).affinity?.push(0);
    };
    assertSound(tampering(method, extend), [method]);
  });
}

Deno.test("a policy that writes to its view, or to what that shows, is put out", () => {
  const deeds: ((view: Record<string, unknown> & SchedulerView) => void)[] = [
    (view) => view.allows = () => true,
    (view) => Object.defineProperty(view, "now", { value: 0 }),
    (view) => view.random.save = () => [NaN, NaN, NaN, NaN],
  ];
  for (const deed of deeds) {
    assertSound(tampering("attach", (_, view) => deed(view as never)), ["attach"]);
  }
});

for (const method of ["running", "slice", "stopping", "preempts"]) {
  Deno.test(`a policy whose ${method} turns into what throws when it is looked at is put out`, () => {
    const policy = tampering("attach", () => {}) as unknown as Record<string, Way>;
    const enqueue = policy.enqueue!;
    policy.enqueue = (...given) => {
      Object.defineProperty(policy, method, {
        get: () => {
          throw new Error("bad");
        },
      });
      policy.enqueue = enqueue;
      return enqueue(...given);
    };
    assertSound(policy as unknown as Policy, [method]);
  });
}

Deno.test("a policy that is a proxy, revoked in the midst, is put out", () => {
  const { proxy, revoke } = Proxy.revocable(tampering("pick", () => revoke()), {});
  assertSound(proxy, ["running"]);
});

Deno.test("SchedulerView.timer, a time beyond what is exact never comes", () => {
  let view: SchedulerView | undefined;
  const policy = tampering("attach", (_, given) => view = given as SchedulerView);
  const enqueue = policy.enqueue;
  const late = {
    ...policy,
    enqueue: (...given: Parameters<Policy["enqueue"]>) => {
      view!.timer(1e300);
      enqueue(...given);
    },
  };
  assertSound(late, []);
});
