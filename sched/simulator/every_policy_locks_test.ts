// Mutexes, semaphores and conditions under every policy and on several CPUs.
import { assertEquals } from "@std/assert";
import { MUTEX_PROTOCOLS } from "../locks/mod.ts";
import { createPolicy, policyNames } from "../policies/registry.ts";
import { sweep } from "../../util/testing/sweep.ts";
import { Random } from "../../util/random.ts";
import { simulate } from "./simulator.ts";
import type { Step, ThreadSpec, Workload } from "./workload.ts";

const run = (random: Random, most: number): Step => ({
  type: "run",
  time: random.between(1, most),
});

/** Threads that lock in the order of the mutexes, wait for their turn, and pass it on. */
function makeWorkload(random: Random): Workload {
  const names = ["a", "b", "c"];
  const count = random.between(3, 6);
  const threads = Array.from({ length: count }, (_, index): ThreadSpec => {
    const steps: Step[] = [run(random, 20)];
    for (let left = random.between(1, 4); left > 0; left--) steps.push(...section(random, 0));
    // Everybody waits for a signal, which the last one gives as often as it takes.
    steps.push(
      { type: "lock", mutex: "a" },
      { type: "wait", condition: "c", mutex: "a" },
      ...[run(random, 5), { type: "unlock", mutex: "a" } as const],
    );
    const period = random.between(50, 500);
    return {
      ...{ name: `t${index}`, priority: random.below(200), nice: random.between(-5, 5) },
      ...{ period, deadline: period, budget: random.between(20, 50), arrival: random.below(50) },
      steps,
    };
  });
  const signals: Step[] = Array.from({ length: 40 }, (): Step[] => [
    ...[{ type: "sleep", time: 100 } as const, run(random, 3)],
    random.below(3) === 0
      ? { type: "broadcast", condition: "c" }
      : { type: "signal", condition: "c" },
  ]).flat();
  threads.push({
    ...{ name: "signals", priority: 250, nice: -10, period: 100, deadline: 40, budget: 40 },
    steps: signals,
  });
  // A thread that waits because of an original ceiling may hold a mutex of another protocol that is
  // wanted by the one it waits for.
  const original = random.below(4) === 0;
  const others = MUTEX_PROTOCOLS.filter((each) => each !== "original-ceiling");
  const protocol = () => original ? "original-ceiling" : random.pick(others);
  return {
    mutexes: names.map((name) => ({ name, protocol: protocol() })),
    semaphores: [{ name: "s", count: 2 }],
    conditions: [{ name: "c" }],
    threads,
  };
}

function section(random: Random, first: number): Step[] {
  const mutex = (["a", "b", "c"] as const)[first]!;
  const inner = first < 2 && random.below(2) === 0 ? section(random, first + 1) : [];
  const sleep: Step[] = random.below(4) === 0 ? [{ type: "sleep", time: random.below(9) }] : [];
  const held: Step[] = [run(random, 9), ...sleep, ...inner, run(random, 3)];
  // Never inside a mutex, whose owners could then wait for each other without a cycle of mutexes.
  return first === 0 && random.below(4) === 0
    ? [{ type: "acquire", semaphore: "s" }, ...held, { type: "release", semaphore: "s" }]
    : [{ type: "lock", mutex }, ...held, { type: "unlock", mutex }];
}

const SEEDS = sweep({ quick: 4, full: 200 });

for (const name of policyNames()) {
  Deno.test(`simulate ${name}, locks have one owner, lose nobody and put no policy out`, () => {
    for (const cpus of [1, 2, 4]) {
      for (let seed = 0; seed < SEEDS; seed++) {
        const workload = makeWorkload(new Random(seed));
        const owners = new Map<string, number>();
        const over = new Set<number>();
        let semaphore = 2;
        for (const event of simulate(workload, createPolicy(name), { cpus, seed })) {
          const { type } = event;
          if (type === "policy-fault" || type === "deadlock" || type === "stranded") {
            throw new Error(`${name}, seed ${seed}, ${cpus} CPUs: ${JSON.stringify(event)}`);
          }
          if (type === "exit") over.add(event.thread);
          if (type === "post") semaphore++;
          if (type === "unlock") {
            assertEquals(owners.get(event.on.name), event.thread);
            owners.delete(event.on.name);
          }
          if (type !== "acquire") continue;
          if (event.on.kind === "semaphore") semaphore--;
          else {
            assertEquals(owners.get(event.on.name), undefined, `${name}, seed ${seed}`);
            owners.set(event.on.name, event.thread);
          }
          assertEquals(semaphore >= 0, true);
        }
        assertEquals([over.size, semaphore], [workload.threads.length, 2], `${name} ${seed}`);
      }
    }
  });
}
