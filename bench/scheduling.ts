/**
 * Measures what a scheduling decision costs the host, without an engine:
 * `deno run bench/scheduling.ts`. Decisions a second of whole simulations, and of policies alone,
 * queues and locks with many threads against few.
 *
 * @module
 */
import {
  checkParameters,
  createHostedPolicy,
  Locks,
  MUTEX_PROTOCOLS,
  type MutexOptions,
  type MutexProtocol,
  policyNames,
  prepareSimulation,
  Statistics,
  type StopReason,
  type Wakeup,
} from "../sched/mod.ts";
import { OrderedQueue } from "../sched/queues/ordered_queue.ts";
import { RunQueues } from "../sched/queues/run_queues.ts";
import { Timelines } from "../sched/queues/timelines.ts";
import type { Mutable } from "../util/mutable.ts";
import { Random } from "../util/random.ts";

/** Result of one simulation. */
export interface DecisionRate {
  /** Threads given a CPU. */
  readonly decisions: number;
  /** How many of them in a second of the host's. */
  readonly perSecond: number;
}

/**
 * Simulates threads that always want to run and take turns.
 * @param name policy
 * @param options number of threads and CPUs, how many decisions to make, about, and whether
 *   statistics are gathered
 */
export function decisionRate(
  name: string,
  options: { threads: number; cpus: number; decisions: number; statistics?: boolean },
): DecisionRate {
  const { threads, cpus } = options;
  const quantum = 10;
  const time = Math.ceil(options.decisions * quantum / threads);
  const workload = Array.from({ length: threads }, (_, id) => ({
    name: `t${id}`,
    steps: [{ type: "run", time } as const],
  }));
  let decisions = 0;
  const statistics = options.statistics === true ? new Statistics(workload, { cpus }) : null;
  const simulation = prepareSimulation(workload, {
    policy: createHostedPolicy(name, { quantum }),
    cpus,
    sink: statistics ?? { thread: (type) => decisions += type === "dispatch" ? 1 : 0 },
  });
  const start = performance.now();
  simulation.run();
  const taken = performance.now() - start;
  if (statistics !== null) decisions = statistics.report().total.dispatches;
  return { decisions, perSecond: decisions / taken * 1_000 };
}

/** The shared queues, and what a decision does to each: takes the first, queues it again. */
export const QUEUES: Readonly<Record<string, () => (thread?: number) => void>> = {
  "run queues": () => {
    const queues = new RunQueues(256);
    return (thread) => {
      const next = thread ?? queues.shift() ?? 0;
      queues.push(next, next & 255);
    };
  },
  "ordered queue": () => {
    const queue = new OrderedQueue();
    const random = new Random(1);
    return (thread) => {
      const key = thread === undefined ? queue.least : 0;
      const next = thread ?? queue.shift() ?? 0;
      queue.insert(next, key + 1 + random.below(1_000));
    };
  },
  "timelines": () => {
    const timelines = new Timelines(1);
    const random = new Random(1);
    let tie = 0;
    return (thread) => {
      const first = timelines.first(0);
      const time = first < 0 ? 0 : timelines.time(first);
      const next = thread ?? timelines.earliest(0, time + 500);
      timelines.remove(next);
      const later = time + 1 + random.below(1_000);
      const deadline = later + random.below(1_000);
      timelines.insert(next, { timeline: 0, time: later, deadline, tie: tie++ });
    };
  },
};

/** Nanoseconds of a decision with so many threads queued: the best of five. */
export function queueCost(name: string, threads: number, rounds = 400_000): number {
  const step = QUEUES[name]?.();
  if (step === undefined) throw new Error(`Cannot measure "${name}": no such queue`);
  for (let thread = 0; thread < threads; thread++) step(thread);
  return bestTime(step, rounds);
}

/** Policies that are about jobs: there each thread does one after the other. */
const BY_JOBS: ReadonlySet<string> = new Set([
  ...["rm", "dm", "edf", "llf", "cbs", "deadline", "sporadic", "pedf", "linux"],
]);

/**
 * Nanoseconds of a decision of a policy alone, without host or workload, among threads that always
 * want to run: the next is picked, runs for a quantum and is queued again, or has done its job and
 * the next is released. The threads' weights, periods and priorities differ.
 */
export function policyCost(name: string, threads: number, rounds = 200_000): number {
  const quantum = 10;
  const byJobs = BY_JOBS.has(name);
  const policy = createHostedPolicy(name, { quantum });
  const of = { cpus: 1, thread: "a thread" };
  const parameters = Array.from({ length: threads }, (_, thread) => {
    const nice = thread % 5 - 2;
    const period = 1_000 + thread % 50;
    if (!byJobs) return checkParameters({ nice, priority: thread % 8, period }, of);
    // Together they need nearly all of the CPU, and each uses up its budget.
    const long = quantum * threads + thread % 1_000;
    return checkParameters({ priority: thread % 8, period: long, budget: quantum }, of);
  });
  let [now, timer, running] = [0, Infinity, 0];
  policy.attach?.({
    cpus: 1,
    get now(): number {
      return now;
    },
    random: new Random(1),
    parameters: (thread) => parameters[thread]!,
    allows: () => true,
    running: () => running,
    kick: () => {},
    timer: (at) => void (timer = at),
  });
  const charge = { cpu: 0, elapsed: quantum };
  const stop = { cpu: 0, elapsed: 0, reason: "quantum" as StopReason };
  const wakeup: Mutable<Wakeup> = {
    ...{ cpu: 0, previous: 0, waker: null, hint: "none", burst: quantum, released: null },
    reason: "start",
  };
  const step = (): void => {
    for (let picked = null; picked === null;) {
      if (timer <= now) {
        timer = Infinity;
        policy.timer?.(now);
      }
      picked = policy.pick(0);
      if (picked === null) now = timer;
      else running = picked;
    }
    policy.running?.(running, 0);
    now += quantum;
    const expired = policy.tick(running, charge);
    stop.reason = byJobs ? "blocked" : expired ? "quantum" : "yielded";
    policy.stopping?.(running, stop);
    wakeup.reason = byJobs ? "release" : expired ? "preempt" : "yield";
    policy.enqueue(running, wakeup);
  };
  for (const [thread, given] of parameters.entries()) {
    policy.admit?.(thread, given);
    policy.enqueue(thread, wakeup);
  }
  for (let round = 0; round < threads; round++) step();
  return bestTime(step, rounds);
}

/** What is done with locks, over and over, by how many threads and mutexes. */
export const LOCKING: Readonly<Record<string, (size: number) => () => void>> = {
  "lock and unlock, inherit": (size) => uncontended(size, { protocol: "inherit" }),
  "lock and unlock, ceiling": (size) => uncontended(size, { protocol: "ceiling", ceiling: 255 }),
  "release and acquire a semaphore": (size) => {
    const locks = makeLocks(size);
    const semaphores = Array.from({ length: size }, () => locks.createSemaphore());
    let next = 0;
    return () => {
      const semaphore = semaphores[next = (next + 1) % size]!;
      locks.release(semaphore);
      locks.tryAcquire(next, semaphore);
    };
  },
  "hand over, that many waiting": (size) => {
    const locks = makeLocks(size);
    const mutex = locks.createMutex({ protocol: "inherit" });
    for (let thread = 0; thread < size; thread++) locks.lock(thread, mutex);
    return () => {
      const owner = locks.owner(mutex)!;
      locks.unlock(owner, mutex);
      locks.lock(owner, mutex);
    };
  },
};

function makeLocks(size: number): Locks {
  const locks = new Locks({ update: () => {}, wake: () => {} });
  for (let thread = 0; thread < size; thread++) {
    const of = { cpus: 1, thread: `thread ${thread}` };
    locks.admit(thread, checkParameters({ priority: thread % 256 }, of));
  }
  return locks;
}

function uncontended(size: number, options: MutexOptions): () => void {
  const locks = makeLocks(size);
  const mutexes = Array.from({ length: size }, () => locks.createMutex(options));
  let next = 0;
  return () => {
    const mutex = mutexes[next = (next + 1) % size]!;
    locks.lock(next, mutex);
    locks.unlock(next, mutex);
  };
}

/** Nanoseconds of what is done, the best of five. */
function bestTime(step: () => void, rounds: number): number {
  let best = Infinity;
  for (let sample = 0; sample < 5; sample++) {
    const start = performance.now();
    for (let round = 0; round < rounds; round++) step();
    best = Math.min(best, (performance.now() - start) * 1e6 / rounds);
  }
  return best;
}

/** Nanoseconds of something done with locks. */
export function lockCost(name: string, size: number, rounds = 400_000): number {
  const make = LOCKING[name];
  if (make === undefined) throw new Error(`Cannot measure "${name}": no such use of locks`);
  return bestTime(make(size), rounds);
}

/**
 * Passes a second of simulated threads through a mutex that they contend for, each with a run inside
 * and one outside: the best of three simulations.
 */
export function passRate(protocol: MutexProtocol, passes: number): number {
  const threads = 4;
  const mutex = "m";
  const pass = [
    ...[{ type: "lock", mutex }, { type: "run", time: 1 }, { type: "unlock", mutex }],
    { type: "run", time: 1 },
  ] as const;
  const steps = [{ type: "repeat", times: passes / threads, steps: pass }] as const;
  let best = 0;
  for (let sample = 0; sample < 3; sample++) {
    const simulation = prepareSimulation({
      mutexes: [{ name: mutex, protocol }],
      threads: Array.from({ length: threads }, (_, id) => ({
        ...{ name: `t${id}`, priority: id % 2, steps },
      })),
    }, { policy: createHostedPolicy("priority", { quantum: 3 }), sink: { thread: () => {} } });
    const start = performance.now();
    simulation.run();
    best = Math.max(best, passes / (performance.now() - start) * 1_000);
  }
  return best;
}

function main(): void {
  for (const statistics of [false, true]) {
    const options = { threads: 1_000, cpus: 1, decisions: 3_000_000, statistics };
    decisionRate("rr", options);
    const millions = (decisionRate("rr", options).perSecond / 1e6).toFixed(2);
    console.log(`rr with${statistics ? "" : "out"} statistics: ${millions} million decisions/s`);
  }
  for (const name of policyNames()) {
    for (const [threads, cpus] of [[100, 1], [1_000, 1], [100_000, 1], [1_000, 64]] as const) {
      decisionRate(name, { threads, cpus, decisions: 200_000 });
      const { perSecond } = decisionRate(name, { threads, cpus, decisions: 2_000_000 });
      const millions = (perSecond / 1e6).toFixed(2);
      console.log(`${name}, ${threads} threads, ${cpus} CPUs: ${millions} million decisions/s`);
    }
  }
  const policies = Object.fromEntries(policyNames().map((name) => [name, null]));
  const tables = [[policies, policyCost], [QUEUES, queueCost], [LOCKING, lockCost]] as const;
  for (const [table, cost] of tables) {
    for (const name of Object.keys(table)) {
      const [few, many] = [cost(name, 100), cost(name, 100_000)];
      const ratio = (many / few).toFixed(2);
      console.log(
        `${name}: ${few.toFixed(0)} ns with 100, ${
          many.toFixed(0)
        } ns with 100,000: ${ratio} times`,
      );
    }
  }
  for (const protocol of MUTEX_PROTOCOLS) {
    const millions = (passRate(protocol, 400_000) / 1e6).toFixed(2);
    console.log(`simulated mutex, ${protocol}: ${millions} million passes/s`);
  }
}

if (import.meta.main) main();
