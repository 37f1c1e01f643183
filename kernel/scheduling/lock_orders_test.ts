// Random threads that lock, signal and wait: real ones on a machine and simulated ones reach their
// marks in the same order, with the same priorities.
import { assert, assertEquals } from "@std/assert";
import type { ArchName } from "../../arch/arch.ts";
import { SchedError } from "../../sched/errors.ts";
import { createPolicy } from "../../sched/policies/registry.ts";
import { hasCeiling, MUTEX_PROTOCOLS } from "../../sched/locks/mod.ts";
import { simulate } from "../../sched/simulator/simulator.ts";
import type { Step, ThreadSpec, Workload } from "../../sched/simulator/workload.ts";
import { Random } from "../../util/random.ts";
import { sweep } from "../../util/testing/sweep.ts";
import { Audit } from "../testing/audit.ts";
import { ARCH_NAMES } from "../testing/programs.ts";
import { Session } from "../testing/session.ts";
import { stepsProgram } from "../testing/steps_program.ts";

/** Nobody's turn ends by the clock. */
const QUANTUM = 10_000_000;

/**
 * What a thread does with mutexes that it does not hold: those behind the last it holds, or any
 * (`free`) if threads may come to wait for each other.
 */
function section(
  random: Random,
  mutexes: readonly string[],
  options: { free: boolean; threads: readonly string[] },
): Step[] {
  const { free, threads } = options;
  const steps: Step[] = [];
  const count = random.between(1, 3);
  for (let i = 0; i < count; i++) {
    switch (random.below(10)) {
      case 0:
        steps.push({ type: "yield", to: random.pick([undefined, ...threads]) });
        break;
      case 1:
        steps.push(random.pick<Step>([
          { type: "acquire", semaphore: "s" },
          { type: "release", semaphore: "s" },
          { type: "release", semaphore: "s" },
          { type: "release", semaphore: "s", acquire: "s2" },
          { type: "release", semaphore: "s2", acquire: "s" },
        ]));
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
        if (mutexes.length === 0) break;
        const index = random.below(mutexes.length);
        const mutex = mutexes[index]!;
        const rest = mutexes.filter((_, other) => free ? other !== index : other > index);
        const inner = section(random, rest, options);
        // Whoever waits with the innermost mutex only does not close a cycle when it comes back.
        const waits = !free && index === mutexes.length - 1 && random.below(4) === 0;
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
function randomThreads(random: Random, free = false): Workload {
  const mutexes = Array.from({ length: 3 }, (_, i) => {
    const protocol = random.pick(MUTEX_PROTOCOLS);
    return { name: `mutex${i}`, protocol, ...(hasCeiling(protocol) ? { ceiling: 20 } : {}) };
  });
  const names = mutexes.map(({ name }) => name);
  const threads = Array.from({ length: random.between(2, 6) }, (_, i) => `t${i}`);
  const options = { free, threads };
  const others = threads.map((name): ThreadSpec => ({
    name,
    priority: random.between(1, 12),
    arrival: "started",
    steps: [...section(random, names, options), ...section(random, names, options)],
  }));
  const main: Step[] = others.flatMap(({ name }): Step[] => [
    { type: "start", thread: name },
    ...(random.below(2) === 0 ? section(random, names, options) : []),
  ]);
  return {
    ...{
      mutexes,
      semaphores: [{ name: "s", count: 1 }, { name: "s2", count: 1 }],
      conditions: [{ name: "c" }],
    },
    threads: [{ name: "main", priority: random.between(1, 12), steps: main }, ...others],
  };
}

/** Marks, and the cycle of a deadlock if it comes to one. */
interface Order {
  readonly marks: string[];
  readonly cycle: string[] | null;
}

function simulated(policy: string, workload: Workload): Order {
  const marks: string[] = [];
  let cycle: string[] | null = null;
  const nameOf = (thread: number): string => workload.threads[thread]!.name;
  try {
    for (const event of simulate(workload, createPolicy(policy, { quantum: QUANTUM }))) {
      if (event.type === "mark") {
        marks.push(`${nameOf(event.thread)} ${event.label} ${event.priority}`);
      }
      if (event.type !== "deadlock") continue;
      cycle = event.cycle.map(({ thread, on }) => `${nameOf(thread)} ${on.name}`);
    }
  } catch (error) {
    assert(cycle !== null && error instanceof SchedError && error.kind === "deadlock", `${error}`);
  }
  return { marks, cycle };
}

function run(arch: ArchName, policy: string, workload: Workload): Order {
  using session = new Session({
    arch,
    programs: [stepsProgram(arch, workload)],
    policy,
    quantum: QUANTUM,
    memory: 8 * 2 ** 20,
  });
  const audit = new Audit(session.machine);
  session.finish();
  audit.check();
  const [deadlock] = session.of("deadlock");
  const before = session.of("console").filter(({ seq }) => seq < (deadlock?.seq ?? Infinity));
  const marks = before.map(({ text }) => text).join("").split("\n").slice(0, -1);
  // Threads are made in the order of the workload, and so are mutexes; an object may be used again.
  const threads = session.of("thread-create")
    .filter(({ task, seq }) => task === "steps" && seq < (deadlock?.seq ?? 0));
  const nameOf = (address: bigint): string =>
    workload.threads[threads.findLastIndex(({ thread }) => thread === address)]!.name;
  const cycle = deadlock?.cycle.map(({ thread, mutex }) =>
    `${nameOf(thread.address)} mutex${mutex - 1}`
  );
  return { marks, cycle: cycle ?? null };
}

for (const arch of ARCH_NAMES) {
  for (const free of [false, true]) {
    const what = free ? "and deadlock as it does" : "as the simulator has it";
    Deno.test(`steps ${arch}, random threads reach their marks ${what}`, () => {
      let [marks, deadlocks] = [0, 0];
      // The quick form has deadlocks under both policies.
      const first = free ? 15 : 1;
      for (let seed = first; seed < first + sweep({ quick: free ? 8 : 4, full: 300 }); seed++) {
        const workload = randomThreads(new Random(seed), free);
        // One that heeds handoffs, and one that does not.
        const policy = seed % 2 === 0 ? "mach" : "priority";
        const order = run(arch, policy, workload);
        assertEquals(order, simulated(policy, workload), `seed ${seed}`);
        marks += order.marks.length;
        if (order.cycle !== null) deadlocks++;
      }
      assert(marks > 50 && deadlocks > 0 === free, `${marks} marks, ${deadlocks} deadlocks`);
    });
  }
}
