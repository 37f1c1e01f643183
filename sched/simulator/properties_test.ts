// What holds of every policy, over random workloads that use everything there is.
import { assert, assertEquals } from "@std/assert";
import { describeFault } from "../host/mod.ts";
import { createHostedPolicy, policyNames } from "../policies/registry.ts";
import { Statistics } from "../statistics/statistics.ts";
import { randomEverything, requiredTime } from "../testing/random_everything.ts";
import { sweep } from "../../util/testing/sweep.ts";
import type { SimulationOptions } from "./conditions.ts";
import { isThreadEvent, type SimulationEvent, type ThreadStateEvent } from "./events.ts";
import { simulate } from "./simulator.ts";
import type { Workload } from "./workload.ts";

/** Policies that leave a CPU idle on purpose: each thread has its own, or a budget. */
const IDLES: ReadonlySet<string> = new Set(["pedf", "deadline", "linux"]);

const SEEDS = sweep({ quick: 9, full: 600 });

type ThreadState = "away" | "ready" | "running" | "waiting" | "over";

/** From which state each event takes a thread, and to which. */
const CHANGES: Readonly<Record<ThreadStateEvent["type"], readonly [ThreadState, ThreadState]>> = {
  arrive: ["away", "ready"],
  wake: ["waiting", "ready"],
  dispatch: ["ready", "running"],
  preempt: ["running", "ready"],
  yield: ["running", "ready"],
  sleep: ["running", "waiting"],
  io: ["running", "waiting"],
  block: ["running", "waiting"],
  exit: ["running", "over"],
};

/** Follows a run, and finds whatever no machine could do. */
class Follower {
  readonly states: ThreadState[];
  readonly #workload: Workload;
  readonly #conserves: boolean;
  /** The thread of each CPU, or the one it is being switched to. */
  readonly #on: (number | null)[];
  /** Threads that CPUs are being switched to. */
  readonly #coming = new Set<number>();
  #time = 0;

  constructor(workload: Workload, options: { cpus: number; conserves: boolean }) {
    this.#workload = workload;
    this.states = workload.threads.map(() => "away");
    this.#on = new Array(options.cpus).fill(null);
    this.#conserves = options.conserves;
  }

  follow(event: SimulationEvent): void {
    assert(event.type !== "policy-fault" || fail(describeFault(event.fault)));
    assert(event.time >= this.#time, "time goes on");
    if (event.time > this.#time) this.#rests();
    this.#time = event.time;
    if (event.type === "switch") {
      const { thread, cpu = 0 } = event;
      assertEquals([this.states[thread], this.#on[cpu]], ["ready", null]);
      this.#on[cpu] = thread;
      this.#coming.add(thread);
    }
    if (isThreadEvent(event)) this.#changes(event);
  }

  /** All of an instant has happened. */
  #rests(): void {
    if (!this.#conserves) return;
    for (const [cpu, on] of this.#on.entries()) {
      if (on !== null) continue;
      const idle = this.states.findIndex((state, thread) =>
        state === "ready" && !this.#coming.has(thread) && this.#allows(thread, cpu)
      );
      assert(
        idle < 0,
        `CPU ${cpu} has nothing to do at ${this.#time}, and thread ${idle} is ready`,
      );
    }
  }

  #changes({ type, thread, cpu = 0 }: ThreadStateEvent): void {
    const [from, to] = CHANGES[type];
    assertEquals(this.states[thread], from, `${type} of thread ${thread} at ${this.#time}`);
    this.states[thread] = to;
    if (type === "dispatch") {
      const coming = this.#coming.delete(thread);
      assertEquals(this.#on[cpu], coming ? thread : null);
      assert(this.#allows(thread, cpu), `thread ${thread} may not run on CPU ${cpu}`);
      this.#on[cpu] = thread;
    } else if (from === "running") {
      assertEquals(this.#on[cpu], thread);
      this.#on[cpu] = null;
    }
  }

  #allows(thread: number, cpu: number): boolean {
    return this.#workload.threads[thread]!.affinity?.includes(cpu) ?? true;
  }
}

function fail(message: string): never {
  throw new Error(message);
}

function conditions(seed: number): SimulationOptions & { cpus: number } {
  return {
    cpus: seed % 25 === 24 ? 64 : 1 + seed % 5,
    seed,
    tickInterval: 1 + seed % 3,
    switchCost: seed % 2,
    migrationCost: seed % 4,
  };
}

for (const name of policyNames()) {
  Deno.test(`simulate ${name}, no thread is lost or doubled, no CPU idles, and times add up`, () => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const options = conditions(seed);
      const workload = randomEverything(seed, options);
      const follower = new Follower(workload, { ...options, conserves: !IDLES.has(name) });
      const statistics = new Statistics(workload, options);
      const policy = createHostedPolicy(name, { quantum: 1 + seed % 9 });
      try {
        for (const event of simulate(workload, policy, options)) {
          follower.follow(event);
          statistics.add(event);
        }
        assert(follower.states.every((state) => state === "over"), `${follower.states}`);
        const { time, cpus, threads, total } = statistics.report();
        for (const [id, thread] of threads.entries()) {
          const { jobs, steps } = workload.threads[id]!;
          const { released, completed } = thread.jobs;
          assertEquals(completed, released);
          const [least, most] = requiredTime(steps).map((each) => each * completed);
          assert(thread.run >= least! && thread.run <= most!, `thread ${id} ran ${thread.run}`);
          const turnaround = thread.turnaround!.mean * completed;
          const waiting = thread.waiting!.mean * completed;
          const sum = thread.run + thread.blocked + waiting;
          assert(Math.abs(sum - turnaround) < 1e-6, `thread ${id}: ${sum}, not ${turnaround}`);
          if (jobs === undefined) assertEquals(waiting, thread.ready);
          assert(thread.lag!.least <= thread.lag!.most);
        }
        for (const { busy, switching, idle } of cpus) assertEquals(busy + switching + idle, time);
        assertEquals(total.busy, threads.reduce((sum, { run }) => sum + run, 0));
      } catch (error) {
        throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
      }
    }
  });

  Deno.test(`simulate ${name}, the same seed gives the same bytes`, () => {
    for (let seed = 0; seed < SEEDS / 5; seed++) {
      const options = conditions(seed);
      const once = (): string => {
        const policy = createHostedPolicy(name, { quantum: 3 });
        return JSON.stringify([...simulate(randomEverything(seed, options), policy, options)]);
      };
      assertEquals(once(), once());
    }
  });
}
