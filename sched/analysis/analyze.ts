/**
 * All that schedulability tests say of a simulated workload under a policy.
 *
 * @module
 */
import type { GivenWorkload, ThreadSpec } from "../simulator/workload.ts";
import { blockingTimes, type LockingTask } from "./blocking.ts";
import { byCpu, oneCpu, type OneCpuOptions, severalCpus } from "./batteries.ts";
import { firstFitEdfBound } from "./partition.ts";
import { type AnalyzedTask, type Recurring, recurringTasks } from "./recurring.ts";
import type { PriorityOrder } from "./response_time.ts";
import { orLimit } from "./task.ts";
import { necessary } from "./utilization_bounds.ts";
import type { Verdict } from "./verdict.ts";

/** Under what a workload is to be analyzed. */
export interface AnalyzeOptions {
  /** Name of the policy, as {@linkcode createPolicy} knows it. */
  readonly policy: string;
  /** Number of CPUs; 1 if absent. */
  readonly cpus?: number | undefined;
  /** Time it costs to give a CPU to another thread; 0 if absent. */
  readonly switchCost?: number | undefined;
  /** Time it costs besides to give a thread another CPU; 0 if absent. */
  readonly migrationCost?: number | undefined;
}

/** What is known without running a workload; plain data. */
export interface Analysis {
  /** The recurring threads; the responses of verdicts are in their order. */
  readonly tasks: readonly AnalyzedTask[];
  /** What each test says that can say something. */
  readonly verdicts: readonly Verdict[];
  /** Why there are no verdicts, or what they take for granted. */
  readonly notes: readonly string[];
}

/** Policies of fixed priorities, and what their priorities are. */
const ORDERS: ReadonlyMap<string, PriorityOrder> = new Map<string, PriorityOrder>([
  ["priority", "given"],
  ["rm", "rate-monotonic"],
  ["dm", "deadline-monotonic"],
]);

/**
 * Says whether the jobs of a workload meet their deadlines, by every test that applies. Nothing is
 * thrown for what no test can tell: then there are no verdicts, and notes say why. Threads without
 * jobs are left out where they cannot come before any that has some.
 *
 * @example Exact on one CPU
 * ```ts
 * import { analyze } from "@trapline/trapline/sched/analysis";
 *
 * const workload = [[2, 4], [3, 6]].map(([time = 0, period = 0]) => ({
 *   name: `${time} of ${period}`,
 *   period,
 *   jobs: { pattern: "periodic" } as const,
 *   steps: [{ type: "run", time } as const],
 * }));
 * for (const policy of ["rm", "edf"]) {
 *   const { verdicts } = analyze(workload, { policy });
 *   console.log(policy, verdicts.at(-1)?.schedulable); // false, and true
 * }
 * ```
 *
 * @param workload the workload, checked
 * @param options policy and CPUs
 * @throws {SchedError} `invalid-option` if a cost or the number of CPUs makes no sense
 */
export function analyze(workload: GivenWorkload, options: AnalyzeOptions): Analysis {
  const { policy, cpus = 1, switchCost = 0, migrationCost = 0 } = options;
  const found = recurringTasks(workload);
  const notes = [...found.notes];
  const { tasks } = found;
  const none = (why?: string): Analysis => ({
    ...{ tasks, verdicts: [], notes: why === undefined ? notes : [...notes, why] },
  });
  if (found.unknown) return none();
  if (tasks.length === 0) return none("no thread has jobs");
  const always = necessary(tasks, cpus);
  const finish = (verdicts: readonly Verdict[], why?: string): Analysis => ({
    tasks,
    verdicts: [always, ...verdicts].map((verdict) => apart(verdict, found)),
    notes: why === undefined ? notes : [...notes, why],
  });
  if (policy === "pedf") {
    const reason = unpartitioned(found, switchCost);
    return reason === null ? finish([partitionBound(tasks, cpus)]) : finish([], reason);
  }
  const order = ORDERS.get(policy);
  if (order === undefined && policy !== "edf") return finish([], `no test is for policy ${policy}`);
  const rival = found.others.find(({ spec }) => mayComeBefore(spec, { policy, tasks }));
  if (rival !== undefined) {
    return finish([], `thread "${rival.spec.name}" has no jobs and may run before those that have`);
  }
  const hindrance = hindranceOf(found);
  if (hindrance !== null) return finish([], hindrance);
  const blocking = blockingOf(found, { policy, switchCost });
  if (typeof blocking === "string") return finish([], blocking);
  if (sharesAcross(found, cpus)) return finish([], "no test for several CPUs counts mutexes");
  const blocked = tasks.map((task, index) => ({ ...task, blocking: blocking[index]! }));
  const settings: OneCpuOptions = { order, deadlinesFrom: "release", switchCost };
  const pins = pinned(blocked, cpus);
  if (pins === "mixed") return finish([], "some threads may run on several CPUs, but not on all");
  if (cpus === 1) return finish(oneCpu(blocked, settings));
  if (pins !== null) return finish(byCpu(blocked, pins, settings));
  if (switchCost > 0 || migrationCost > 0) {
    return finish([], "no test for several CPUs counts what switches and migrations cost");
  }
  return finish(severalCpus(blocked, { order, cpus }));
}

/** A verdict of what may happen says less of threads that never arrive together. */
function apart(verdict: Verdict, { together }: Recurring): Verdict {
  if (together || verdict.promise !== "exact") return verdict;
  return { ...verdict, promise: "sufficient", schedulable: verdict.schedulable || "unknown" };
}

/** Whether a thread without jobs may run while one with a job is ready. */
function mayComeBefore(
  { priority = 0, period = 0, deadline = period }: ThreadSpec,
  { policy, tasks }: { policy: string; tasks: readonly AnalyzedTask[] },
): boolean {
  if (policy === "rm") return period > 0;
  if (policy === "dm" || policy === "edf") return deadline > 0;
  return tasks.some((task) => priority >= (task.priority ?? 0));
}

/** Why it cannot be told what threads without jobs keep others from, or `null`. */
function hindranceOf({ others }: Recurring): string | null {
  const found = others.find(({ hindrance }) => hindrance !== null);
  return found === undefined
    ? null
    : `thread "${found.spec.name}" has no jobs and ${found.hindrance}`;
}

/** How long each task may be kept from running by those less urgent, or why that is not known. */
function blockingOf(
  { tasks, others, mutexes }: Recurring,
  { policy, switchCost }: { policy: string; switchCost: number },
): readonly number[] | string {
  const level = ({ priority = 0, period, deadline }: AnalyzedTask): number =>
    policy === "priority" ? priority : policy === "rm" ? -period : -deadline;
  const locking: LockingTask[] = [
    ...tasks.map((task) => ({ priority: level(task), sections: task.sections })),
    ...others.map(({ sections }) => ({ priority: -Infinity, sections })),
  ];
  const users = new Map<string, number>();
  for (const { sections } of locking) {
    for (const mutex of new Set(sections.map(({ mutex }) => mutex))) {
      users.set(mutex, (users.get(mutex) ?? 0) + 1);
    }
  }
  const ceilings = new Map<string, number>();
  let waits = false;
  let inherits = false;
  for (const [name, count] of users) {
    const { protocol = "none", ceiling } = mutexes.get(name) ?? {};
    if (count > 1 && protocol === "none") return `mutex "${name}" bounds no blocking`;
    // A relative deadline that is inherited counts from the owner's release: the owner may come
    // before threads, too, that are due sooner than who waits.
    if (policy === "edf") ceilings.set(name, Infinity);
    // Under policies that go by period or deadline it is what the threads that lock it need.
    else if (protocol.endsWith("ceiling") && policy === "priority" && ceiling !== undefined) {
      ceilings.set(name, ceiling);
    }
    // On one CPU nobody ever waits for a mutex of immediate ceiling: its owner runs first.
    waits ||= count > 1 && protocol !== "ceiling";
    inherits ||= count > 1 && protocol === "inherit";
  }
  if (waits && switchCost > 0) return "no test counts the switches of inheritance";
  if (policy === "edf" && others.length > 0) {
    // What has no deadline may hold up every deadline, and not only those before its own.
    const holds = others.some(({ sections }) =>
      sections.some(({ mutex }) => users.get(mutex)! > 1)
    );
    if (holds || switchCost > 0) {
      return "no test under edf counts what threads without jobs hold up";
    }
  }
  // A thread without jobs may be being switched to.
  const switching = others.length > 0 ? switchCost : 0;
  const times = orLimit(
    () => blockingTimes(locking, inherits ? "inheritance" : "ceiling", ceilings),
    (why) => why,
  );
  if (typeof times === "string") return times;
  return times.slice(0, tasks.length).map((time) => time + switching);
}

/** What partitioned EDF promises, which places threads by budget, those of an instant together. */
function partitionBound(tasks: readonly AnalyzedTask[], cpus: number): Verdict {
  return firstFitEdfBound(tasks.map((task) => ({ ...task, time: task.budget })), cpus);
}

/** Why nothing is known of partitioned EDF, or `null`. */
function unpartitioned(
  found: Recurring,
  switchCost: number,
): string | null {
  const { tasks, others, mutexes, atOnce } = found;
  const short = tasks.find(({ time, budget }) => budget < time);
  if (short !== undefined) return `thread "${short.name}" has a budget of less than its jobs take`;
  if (others.some(({ spec }) => (spec.budget ?? 0) > 0)) {
    return "a thread without jobs has a budget";
  }
  const hindrance = hindranceOf(found);
  if (hindrance !== null) return hindrance;
  if (tasks.some(({ affinity }) => affinity !== null)) return "threads are bound to CPUs";
  if (!atOnce) return "threads are placed one by one, as they arrive";
  if (mutexes.size > 0) return "no test for several CPUs counts mutexes";
  return switchCost > 0 ? "no test for several CPUs counts what switches cost" : null;
}

/** Whether threads of different CPUs share a mutex. */
function sharesAcross({ tasks, others }: Recurring, cpus: number): boolean {
  const homes = new Map<string, number | undefined>();
  const users = [
    ...tasks,
    ...others.map(({ spec, sections }) => ({ affinity: spec.affinity ?? null, sections })),
  ];
  for (const { affinity, sections } of cpus === 1 ? [] : users) {
    const home = affinity?.length === 1 ? affinity[0] : undefined;
    for (const { mutex } of sections) {
      if (homes.has(mutex) && (home === undefined || homes.get(mutex) !== home)) return true;
      homes.set(mutex, home);
    }
  }
  return false;
}

/** The CPU of each thread if each has one, `null` if all have all. */
function pinned(
  tasks: readonly AnalyzedTask[],
  cpus: number,
): readonly number[] | "mixed" | null {
  if (tasks.every(({ affinity }) => affinity === null || affinity.length === cpus)) return null;
  const pins = tasks.flatMap(({ affinity }) => affinity?.length === 1 ? [affinity[0]!] : []);
  return pins.length === tasks.length ? pins : "mixed";
}
