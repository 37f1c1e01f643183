// Random threads that lock, signal and wait: real ones on a machine and simulated ones reach their
// marks in the same order, with the same priorities.
import { assert, assertEquals } from "@std/assert";
import { createPolicy } from "../sched/policies/registry.ts";
import { MUTEX_PROTOCOLS } from "../sched/locks/mod.ts";
import { simulate } from "../sched/simulator/simulator.ts";
import type { Step, ThreadSpec, Workload } from "../sched/simulator/workload.ts";
import { Random } from "../util/random.ts";
import { sweep } from "../util/testing/sweep.ts";
import { Audit } from "./testing/audit.ts";
import { ARCH_NAMES } from "./testing/programs.ts";
import { Session } from "./testing/session.ts";
import { stepsProgram } from "./testing/steps_program.ts";

/** Nobody's turn ends by the clock. */
const QUANTUM = 10_000_000;

/** What a thread does with mutexes from `from` on, which it locks in their order. */
function section(random: Random, mutexes: readonly string[], from: number): Step[] {
  const steps: Step[] = [];
  const count = random.between(1, 3);
  for (let i = 0; i < count; i++) {
    switch (random.below(10)) {
      case 0:
        steps.push({ type: "yield" });
        break;
      case 1:
        steps.push({ type: random.pick(["acquire", "release", "release"]), semaphore: "s" });
        break;
      case 2:
        steps.push({ type: "set", parameters: { priority: random.between(1, 12) } });
        break;
      case 3:
        steps.push({ type: random.pick(["signal", "broadcast"]), condition: "c" });
        break;
      case 4:
      case 5:
      case 6:
      case 7: {
        if (from >= mutexes.length) break;
        const index = random.between(from, mutexes.length - 1);
        const mutex = mutexes[index]!;
        const inner = section(random, mutexes, index + 1);
        // Whoever waits with the innermost mutex only does not close a cycle when it comes back.
        const waits = index === mutexes.length - 1 && random.below(4) === 0;
        const wait: Step[] = waits ? [{ type: "wait", condition: "c", mutex }] : [];
        steps.push({ type: "lock", mutex }, ...inner, ...wait, { type: "unlock", mutex });
        break;
      }
    }
    steps.push({ type: "mark", label: `m${random.below(100)}` });
  }
  return steps;
}

/** A few threads, which the first one starts. */
function randomThreads(random: Random): Workload {
  const mutexes = Array.from({ length: 3 }, (_, i) => {
    const protocol = random.pick(MUTEX_PROTOCOLS);
    const hasCeiling = protocol === "ceiling" || protocol === "original-ceiling";
    return { name: `mutex${i}`, protocol, ...(hasCeiling ? { ceiling: 20 } : {}) };
  });
  const names = mutexes.map(({ name }) => name);
  const others = Array.from({ length: random.between(2, 6) }, (_, i): ThreadSpec => ({
    name: `t${i}`,
    priority: random.between(1, 12),
    arrival: "started",
    steps: [...section(random, names, 0), ...section(random, names, 0)],
  }));
  const main: Step[] = others.flatMap(({ name }): Step[] => [
    { type: "start", thread: name },
    ...(random.below(2) === 0 ? section(random, names, 0) : []),
  ]);
  return {
    ...{ mutexes, semaphores: [{ name: "s", count: 1 }], conditions: [{ name: "c" }] },
    threads: [{ name: "main", priority: random.between(1, 12), steps: main }, ...others],
  };
}

function simulated(workload: Workload): string[] {
  const lines: string[] = [];
  for (const event of simulate(workload, createPolicy("priority", { quantum: QUANTUM }))) {
    if (event.type !== "mark") continue;
    lines.push(`${workload.threads[event.thread]?.name} ${event.label} ${event.priority}`);
  }
  return lines;
}

for (const arch of ARCH_NAMES) {
  Deno.test(`steps ${arch}, random threads reach their marks as the simulator has it`, () => {
    let marks = 0;
    for (let seed = 1; seed <= sweep({ quick: 15, full: 400 }); seed++) {
      const workload = randomThreads(new Random(seed));
      using session = new Session({
        arch,
        programs: [stepsProgram(arch, workload)],
        policy: "priority",
        quantum: QUANTUM,
        memory: 8 * 2 ** 20,
      });
      const audit = new Audit(session.machine);
      session.finish();
      audit.check();
      const lines = session.console().split("\n").slice(0, -1);
      assertEquals(lines, simulated(workload), `seed ${seed}`);
      marks += lines.length;
    }
    assert(marks > 100, `${marks}`);
  });
}
