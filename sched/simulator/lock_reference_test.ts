// The simulator's schedules with mutexes against those of a reference that goes from unit of time
// to unit of time, knows of no queue and hands nothing over: whoever is the most urgent and could
// go on runs, and takes what is free.
import { assert, assertEquals } from "@std/assert";
import type { MutexProtocol } from "../locks/mod.ts";
import { createPolicy } from "../policies/registry.ts";
import { sweep } from "../../util/testing/sweep.ts";
import { Random } from "../../util/random.ts";
import { makeLockCase } from "../testing/lock_cases.ts";
import { simulate } from "./simulator.ts";
import type { Step, Workload } from "./workload.ts";

interface Task {
  readonly priority: number;
  readonly steps: readonly Step[];
  readonly releases: readonly number[];
  /** Jobs released and done. */
  released: number;
  done: number;
  /** Next step of the job, and what is left of a run. */
  at: number;
  left: number;
  /** The mutex it has asked for in vain. */
  wants: string | null;
}

class Reference {
  readonly #tasks: Task[];
  readonly #owners = new Map<string, number>();
  readonly #protocol: MutexProtocol;

  constructor({ threads }: Workload, protocol: MutexProtocol) {
    this.#protocol = protocol;
    this.#tasks = threads.map(({ priority = 0, steps, arrival = 0, period = 0 }) => ({
      ...{ priority, steps, released: 0, done: 0, at: 0, left: 0, wants: null },
      releases: [0, 1, 2, 3].map((job) => Number(arrival) + job * period),
    }));
  }

  #ceiling(mutex: string): number {
    return Math.max(
      ...this.#tasks.filter(({ steps }) =>
        steps.some((step) => step.type === "lock" && step.mutex === mutex)
      ).map(({ priority }) => priority),
    );
  }

  /** The mutex in the way of a task that wants one, or `null`. */
  #obstacle(id: number, mutex: string, priorities: readonly number[]): string | null {
    if (this.#owners.has(mutex)) return mutex;
    if (this.#protocol !== "original-ceiling") return null;
    const others = [...this.#owners].filter(([, owner]) => owner !== id).map(([each]) => each);
    const [first] = others.sort((a, b) => this.#ceiling(b) - this.#ceiling(a));
    if (first === undefined || priorities[id]! > this.#ceiling(first)) return null;
    return first;
  }

  /** The priorities that hold, by their definition. */
  #priorities(): number[] {
    const priorities = this.#tasks.map(({ priority }) => priority);
    for (let changed = true; changed;) {
      changed = false;
      const raise = (id: number, to: number) => {
        if (to <= priorities[id]!) return;
        priorities[id] = to;
        changed = true;
      };
      if (this.#protocol === "ceiling") {
        for (const [mutex, owner] of this.#owners) raise(owner, this.#ceiling(mutex));
      }
      if (this.#protocol !== "inherit" && this.#protocol !== "original-ceiling") continue;
      for (const [id, { wants }] of this.#tasks.entries()) {
        const obstacle = wants === null ? null : this.#obstacle(id, wants, priorities);
        if (obstacle !== null) raise(this.#owners.get(obstacle)!, priorities[id]!);
      }
    }
    return priorities;
  }

  /** The task that is to run: among equals one that was raised, as it had the CPU when it was. */
  #first(): number {
    const priorities = this.#priorities();
    const able = [...this.#tasks.keys()].filter((id) => {
      const { released, done, wants } = this.#tasks[id]!;
      if (released === done) return false;
      return wants === null || this.#obstacle(id, wants, priorities) === null;
    });
    able.sort((a, b) =>
      priorities[b]! - priorities[a]! || this.#tasks[a]!.priority - this.#tasks[b]!.priority
    );
    return able[0] ?? -1;
  }

  /** Does what takes no time until it runs, waits, is done, or is not the first any more. */
  #advance(id: number): void {
    const task = this.#tasks[id]!;
    do {
      const step = task.steps[task.at];
      if (step === undefined) {
        task.done++;
        task.at = 0;
        return;
      }
      if (step.type === "run") {
        task.left = step.time as number;
        task.at++;
        return;
      }
      if (step.type === "lock") {
        task.wants = null;
        if (this.#obstacle(id, step.mutex, this.#priorities()) !== null) {
          task.wants = step.mutex;
          return;
        }
        this.#owners.set(step.mutex, id);
      } else if (step.type === "unlock") this.#owners.delete(step.mutex);
      task.at++;
    } while (this.#first() === id);
  }

  /** Who runs in each unit of time; -1 for nobody. */
  run(): number[] {
    const timeline: number[] = [];
    let running = -1;
    const pending = () => this.#tasks.some(({ done, releases }) => done < releases.length);
    for (let now = 0; pending(); now++) {
      for (const task of this.#tasks) {
        while (task.releases[task.released]! <= now) task.released++;
      }
      // A run that ends just when somebody comes is followed by the next step.
      if (running >= 0 && this.#tasks[running]!.left === 0) this.#advance(running);
      for (;;) {
        running = this.#first();
        if (running < 0 || this.#tasks[running]!.left > 0) break;
        this.#advance(running);
      }
      timeline.push(running);
      if (running >= 0) this.#tasks[running]!.left--;
      assert(now < 10_000, "the reference comes to an end");
    }
    while (timeline.at(-1) === -1) timeline.pop();
    return timeline;
  }
}

function timelineOf(workload: Workload): number[] {
  const timeline: number[] = [];
  let running = -1;
  for (const event of simulate(workload, createPolicy("priority", { quantum: 100_000 }))) {
    while (timeline.length < event.time) timeline.push(running);
    if (event.type === "dispatch") running = event.thread;
    if (["preempt", "block", "sleep", "exit"].includes(event.type)) running = -1;
  }
  return timeline;
}

const SEEDS = sweep({ quick: 20, full: 3_000 });

for (const protocol of ["none", "inherit", "ceiling", "original-ceiling"] as const) {
  Deno.test(`simulate priority with ${protocol}, runs whom the definition has run, unit by unit`, () => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const { workload } = makeLockCase(new Random(seed), protocol);
      assertEquals(timelineOf(workload), new Reference(workload, protocol).run(), `seed ${seed}`);
    }
  });
}
