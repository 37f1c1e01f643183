/**
 * How long less urgent tasks may keep a task from running by what they hold: L. Sha, R. Rajkumar
 * and J. P. Lehoczky, "Priority Inheritance Protocols: An Approach to Real-Time Synchronization",
 * IEEE Transactions on Computers 39(9), 1990.
 *
 * @module
 */
import { SchedError } from "../errors.ts";
import { Steps } from "./task.ts";

/** A stretch of a job in which it holds a mutex. */
export interface CriticalSection {
  /** Which mutex. */
  readonly mutex: string;
  /** Longest CPU time from the lock to the unlock, sections within it included. */
  readonly time: number;
  /** Mutexes it holds already; none if absent. */
  readonly within?: readonly string[];
}

/** What a task holds in a job. */
export interface LockingTask {
  /** Its priority, the larger the more urgent. */
  readonly priority: number;
  /** Its critical sections; those within others too. */
  readonly sections: readonly CriticalSection[];
}

/**
 * What mutexes do:
 *
 * - `inheritance`: each less urgent task blocks with one section at most, and each mutex does once
 *   (theorem 6 of Sha, Rajkumar and Lehoczky, and what follows on semaphores).
 * - `ceiling`: the priority ceiling protocol, and the immediate ceiling: one section in all
 *   (theorem 12).
 */
export type BlockingProtocol = "inheritance" | "ceiling";

/**
 * Longest time each task may be blocked. A section counts for a task if a task of at least its
 * priority uses the mutex, too, or one that the mutex is held within.
 *
 * @param tasks the tasks
 * @param protocol what mutexes do
 * @param given ceilings that mutexes were given, by name, where they are above what is needed
 * @throws {SchedError} `invalid-task-set`, `analysis-limit`
 */
export function blockingTimes(
  tasks: readonly LockingTask[],
  protocol: BlockingProtocol,
  given: ReadonlyMap<string, number> = new Map(),
): readonly number[] {
  const ceilings = ceilingsOf(tasks, given);
  const holders = tasks.filter(({ sections }) => sections.length > 0);
  const steps = new Steps();
  return tasks.map(({ priority }) => {
    const byTask = new Map<LockingTask, number>();
    const byMutex = new Map<string, number>();
    for (const other of holders) {
      steps.take(1 + other.sections.length, "blocking");
      if (other.priority >= priority) continue;
      for (const { mutex, time } of other.sections) {
        if ((ceilings.get(mutex) ?? -Infinity) < priority) continue;
        byTask.set(other, Math.max(time, byTask.get(other) ?? 0));
        byMutex.set(mutex, Math.max(time, byMutex.get(mutex) ?? 0));
      }
    }
    if (protocol === "ceiling") return most(byTask.values());
    return Math.min(sum(byTask.values()), sum(byMutex.values()));
  });
}

/** The priority of the most urgent task that may wait for each mutex, itself or for who holds it. */
function ceilingsOf(
  tasks: readonly LockingTask[],
  given: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const ceilings = new Map(given);
  const raise = (mutex: string, to: number): boolean => {
    if (to <= (ceilings.get(mutex) ?? -Infinity)) return false;
    ceilings.set(mutex, to);
    return true;
  };
  for (const { priority, sections } of tasks) {
    for (const { mutex, time } of sections) {
      raise(mutex, priority);
      if (Number.isSafeInteger(time) && time >= 0) continue;
      throw new SchedError("invalid-task-set", {
        message:
          `Cannot analyze a section of mutex "${mutex}" with time ${time}: it must be an integer of at least 0`,
        value: time,
      });
    }
  }
  for (let again = true; again;) {
    again = false;
    for (const { sections } of tasks) {
      for (const { mutex, within = [] } of sections) {
        for (const outer of within) again = raise(mutex, ceilings.get(outer) ?? -Infinity) || again;
      }
    }
  }
  return ceilings;
}

function most(values: Iterable<number>): number {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, value);
  return largest;
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
