// How long less urgent threads keep more urgent ones from running, measured on random workloads
// and held to what the protocols promise on one CPU.
import { assert, assertEquals } from "@std/assert";
import type { MutexProtocol } from "../locks/mod.ts";
import type { UrgencyParameter } from "../parameters.ts";
import { createPolicy } from "../policies/registry.ts";
import { sweep } from "../../util/testing/sweep.ts";
import { Random } from "../../util/random.ts";
import type { SimulationEvent } from "./events.ts";
import { type LockCase, makeLockCase, MUTEXES, type Section } from "../testing/lock_cases.ts";
import { simulate } from "./simulator.ts";

/** A job that could run, and what has kept it from running that is less urgent. */
interface Pending {
  readonly key: number;
  lost: number;
}

/** The longest that a job of each thread was kept from running by a less urgent one. */
function measure(
  { workload }: LockCase,
  options: { events: Iterable<SimulationEvent>; keyOf(thread: number, deadline: number): number },
): number[] {
  const { events, keyOf } = options;
  const longest = workload.threads.map(() => 0);
  const waiting = workload.threads.map((): Pending[] => []);
  const locked = new Map<string, number>();
  let running = -1;
  let since = 0;
  for (const event of events) {
    const active = waiting[running]?.[0];
    for (const [thread, [job]] of waiting.entries()) {
      if (job === undefined || active === undefined || thread === running) continue;
      if (active.key > job.key) job.lost += event.time - since;
      longest[thread] = Math.max(longest[thread]!, job.lost);
    }
    since = event.time;
    if (!("thread" in event)) continue;
    const { thread, type } = event;
    if (type === "dispatch") running = thread;
    else if (["preempt", "block", "sleep", "exit"].includes(type)) running = -1;
    else if (type === "release") {
      waiting[thread]!.push({ key: keyOf(thread, event.deadline!), lost: 0 });
    } else if (type === "complete") waiting[thread]!.shift();
    else if (type === "acquire") {
      assert(!locked.has(event.on.name), "a mutex has one owner");
      locked.set(event.on.name, thread);
    } else if (type === "unlock") {
      assertEquals(locked.get(event.on.name), thread);
      locked.delete(event.on.name);
    }
  }
  assertEquals([locked.size, waiting.flat().length], [0, 0]);
  return longest;
}

/** Urgency of threads under a policy, the smaller the more urgent. */
function keysOf({ workload }: LockCase, by: UrgencyParameter): number[] {
  return workload.threads.map((spec) => by === "priority" ? -spec.priority! : spec[by]!);
}

/** The longest sections of other threads that may be in the way of a thread. */
function longestSections(
  { workload, sections }: LockCase,
  options: { thread: number; keys: readonly number[]; protocol: MutexProtocol; dynamic: boolean },
): number[] {
  const { thread, keys, protocol, dynamic } = options;
  const ceiling = (mutex: string): number =>
    Math.min(...keys.filter((_, user) => sections[user]!.some((s) => s.mutexes.includes(mutex))));
  const inTheWay = ({ mutexes }: Section): boolean =>
    dynamic || protocol === "inherit" || mutexes.some((mutex) => ceiling(mutex) <= keys[thread]!);
  return workload.threads.flatMap((_, other) => {
    if (other === thread || (!dynamic && keys[other]! <= keys[thread]!)) return [];
    return [Math.max(0, ...sections[other]!.filter(inTheWay).map(({ length }) => length))];
  });
}

const POLICIES = { priority: "priority", rm: "period", dm: "deadline", edf: "deadline" } as const;
const SEEDS = sweep({ quick: 20, full: 3_000 });

for (const [name, by] of Object.entries(POLICIES)) {
  for (const protocol of ["inherit", "ceiling", "original-ceiling"] as const) {
    Deno.test(`simulate ${name} with ${protocol}, inversion is bounded by sections of others`, () => {
      let reached = 0;
      for (let seed = 0; seed < SEEDS; seed++) {
        const given = makeLockCase(new Random(seed), protocol);
        const keys = keysOf(given, by);
        const dynamic = name === "edf";
        const longest = measure(given, {
          events: simulate(given.workload, createPolicy(name)),
          keyOf: (thread, deadline) => dynamic ? deadline : keys[thread]!,
        });
        for (const [thread, lost] of longest.entries()) {
          const sections = longestSections(given, { thread, keys, protocol, dynamic });
          // By inheritance each other thread blocks once at most, and so does each mutex.
          const times = protocol === "inherit" ? MUTEXES.length : 1;
          const longestOnes = sections.sort((a, b) => b - a).slice(0, times);
          const bound = longestOnes.reduce((total, length) => total + length, 0);
          assert(lost <= bound, `seed ${seed}, thread ${thread}: ${lost} of at most ${bound}`);
          if (lost > bound / 2) reached++;
        }
      }
      assert(reached > 0);
    });
  }
}

Deno.test("simulate priority without a protocol, inversion goes beyond all sections of others", () => {
  let beyond = 0;
  for (let seed = 0; seed < SEEDS; seed++) {
    const given = makeLockCase(new Random(seed), "none");
    const keys = keysOf(given, "priority");
    const longest = measure(given, {
      events: simulate(given.workload, createPolicy("priority")),
      keyOf: (thread) => keys[thread]!,
    });
    for (const [thread, lost] of longest.entries()) {
      const options = { thread, keys, protocol: "inherit", dynamic: false } as const;
      const sections = longestSections(given, options);
      if (lost > sections.reduce((total, length) => total + length, 0)) beyond++;
    }
  }
  assert(beyond > 0);
});
