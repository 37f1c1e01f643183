/**
 * The recurring tasks of a simulated workload, as far as tests can know them.
 *
 * @module
 */
import type { GivenWorkload, MutexSpec, Step, ThreadSpec } from "../simulator/workload.ts";
import { workloadOf } from "../simulator/workload.ts";
import type { CriticalSection } from "./blocking.ts";
import type { RecurringTask } from "./task.ts";

/** A thread whose jobs recur. */
export interface AnalyzedTask extends RecurringTask {
  /** Name of the thread. */
  readonly name: string;
  /** Its id. */
  readonly thread: number;
  /** Deadlines count from the release. */
  readonly deadline: number;
  /** What its jobs hold. */
  readonly sections: readonly CriticalSection[];
  /** CPU time it may have in a period, 0 for no limit. */
  readonly budget: number;
  /** CPUs it may run on, `null` for all. */
  readonly affinity: readonly number[] | null;
}

/** A thread without jobs. */
export interface OtherThread {
  /** The thread. */
  readonly spec: ThreadSpec;
  /** What it holds at any time. */
  readonly sections: readonly CriticalSection[];
  /** Why that cannot be told, or `null`. */
  readonly hindrance: string | null;
}

/** What tests can know of a workload. */
export interface Recurring {
  /** Threads with jobs, those that need no CPU left out. */
  readonly tasks: readonly AnalyzedTask[];
  /** Threads without jobs. */
  readonly others: readonly OtherThread[];
  /** Mutexes by name. */
  readonly mutexes: ReadonlyMap<string, MutexSpec>;
  /** Whether jobs may come together at once, as is worst for all. */
  readonly together: boolean;
  /** Whether all threads arrive at the same time. */
  readonly atOnce: boolean;
  /** Why nothing can be said, or what is taken as the worst. */
  readonly notes: readonly string[];
  /** Whether nothing can be said. */
  readonly unknown: boolean;
}

/** Steps that take no time and never wait. */
const PASSING: ReadonlySet<string> = new Set(["yield", "release", "signal", "broadcast", "mark"]);

/** Finds the recurring tasks of a workload that was checked. */
export function recurringTasks(given: GivenWorkload): Recurring {
  const { threads, mutexes = [] } = workloadOf(given);
  const tasks: AnalyzedTask[] = [];
  const others: OtherThread[] = [];
  const obstacles: string[] = [];
  const notes: string[] = [];
  const arrivals = new Set<number>();
  const firsts = new Set<number>();
  let finite = false;
  threads.forEach((spec, thread) => {
    const body = new Body(spec.steps);
    if (spec.jobs === undefined) {
      others.push({ spec, sections: body.sections, hindrance: body.hindrance });
      return;
    }
    const { name, jobs, period = 0, arrival = 0, priority = 0, affinity = null } = spec;
    const { deadline = period, budget = 0 } = spec;
    const say = (why: string): unknown => obstacles.push(`thread "${name}" ${why}`);
    if (body.obstacle !== null) return say(body.obstacle);
    if (arrival === "started") return say("is started by another");
    if (deadline === 0) return say("has no deadline");
    if (jobs.pattern !== "periodic" && jobs.pattern !== "sporadic" && jobs.pattern !== "bursty") {
      return say(`has jobs that come neither periodically nor a period apart`);
    }
    const burst = jobs.pattern === "bursty" ? jobs.burst : 1;
    if (body.time === 0) return;
    const time = body.time + (body.endsUnlocking ? 1 : 0);
    firsts.add(arrival);
    if (jobs.pattern !== "sporadic") arrivals.add(arrival);
    finite ||= jobs.count !== undefined;
    tasks.push({
      ...{ name, thread, time: time * burst, period, deadline, priority, budget, affinity },
      jitter: jobs.pattern === "periodic" ? jobs.jitter ?? 0 : 0,
      sections: body.sections,
    });
  });
  if (arrivals.size > 1) notes.push("threads that arrive apart are taken to arrive together");
  if (finite) notes.push("jobs are taken to go on for ever");
  return {
    ...{ tasks, others, mutexes: new Map(mutexes.map((mutex) => [mutex.name, mutex])) },
    ...{ together: arrivals.size <= 1, atOnce: firsts.size <= 1, notes: [...obstacles, ...notes] },
    unknown: obstacles.length > 0,
  };
}

/** What the steps of a thread come to. */
class Body {
  /** Longest CPU time. */
  time = 0;
  /**
   * Whether it ends with an unlock: who is woken by that runs at once, and the job, which has no
   * time left to run, is done only when its thread has the CPU again.
   */
  endsUnlocking = false;
  /** Stretches in which it holds a mutex. */
  readonly sections: CriticalSection[] = [];
  /** Why jobs of it cannot be analyzed, or `null`. */
  obstacle: string | null = null;
  /** Why it cannot be told how long a thread without jobs holds what, or `null`. */
  hindrance: string | null = null;
  /** Whether what follows is never reached. */
  #endless = false;
  /** When it took what it holds, and what it held then. */
  readonly #held = new Map<string, { since: number; within: readonly string[] }>();

  constructor(steps: readonly Step[]) {
    this.#add(steps);
    if (this.obstacle === null && this.#held.size > 0) {
      this.obstacle = "does not unlock what it has locked";
    }
  }

  #add(steps: readonly Step[]): void {
    for (const step of steps) {
      if (this.#endless) return;
      if (PASSING.has(step.type) && !("acquire" in step)) continue;
      if (step.type === "run") {
        this.time += typeof step.time === "number" ? step.time : step.time.most;
        this.endsUnlocking = false;
      } else if (step.type === "lock") {
        const within = [...this.#held.keys()];
        this.#held.set(step.mutex, { since: this.time, within });
      } else if (step.type === "unlock") {
        const { since, within } = this.#held.get(step.mutex) ?? { since: this.time, within: [] };
        this.#held.delete(step.mutex);
        this.endsUnlocking = true;
        this.sections.push({ mutex: step.mutex, time: this.time - since, within });
      } else if (step.type === "repeat") {
        this.#repeat(step.steps, step.times ?? Infinity);
      } else {
        this.obstacle ??= `waits, or changes what holds, in a job (${step.type})`;
        // What it starts or triggers is another thread's.
        if (step.type === "start" || step.type === "trigger") continue;
        if (step.type === "set") this.hindrance ??= "changes its parameters";
        else if (this.#held.size > 0) {
          this.hindrance ??= `waits while it holds a mutex (${step.type})`;
        }
      }
    }
  }

  /** One pass, then time: what is held from one pass to the next seems held throughout the rest. */
  #repeat(steps: readonly Step[], times: number): void {
    const start = this.time;
    const held = this.#held.size;
    this.#add(steps);
    const pass = this.time - start;
    if (this.#endless) return;
    if (times === Infinity) {
      this.#endless = true;
      this.obstacle ??= "repeats without end";
      if (this.#held.size > 0) this.hindrance ??= "holds a mutex from one endless pass to the next";
      return;
    }
    if (this.#held.size !== held) {
      this.obstacle ??= "locks in one pass of a repeat and not in another";
    }
    this.time += pass * (times - 1);
  }
}
