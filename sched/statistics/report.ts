/**
 * What a simulation was like, as plain data that JSON takes. Times are on the simulation's clock.
 *
 * A *job* is a job of a thread that has jobs; the life of any other thread counts as one. Of each
 * job
 *
 * - *response* is the time from its release until it first has a CPU,
 * - *turnaround* that until it is done (what real-time people call its response time),
 * - *waiting* what of this it neither ran nor was blocked: it was ready, was being switched to, or
 *   waited for the job before,
 * - *lateness* the time from its deadline until it is done, negative if that is before, and
 *   *tardiness* the lateness where it is positive, else 0.
 *
 * Jobs that are not done, or abandoned, are in none of these but response.
 *
 * @module
 */
import type { PolicyFault } from "../host/fault.ts";
import type { ObjectKind } from "../simulator/program.ts";
import type { Spread } from "./distribution.ts";

/** Numbers of jobs. */
export interface JobCounts {
  /** Released. */
  readonly released: number;
  /** Done. */
  readonly completed: number;
  /** Not done at their deadlines. */
  readonly missed: number;
  /** Abandoned at their deadlines. */
  readonly aborted: number;
}

/** How jobs went. */
export interface JobReport {
  /** Numbers of jobs. */
  readonly jobs: JobCounts;
  /** From release to the first instant on a CPU. */
  readonly response: Spread | null;
  /** From release to the end. */
  readonly turnaround: Spread | null;
  /** What of that was neither running nor being blocked. */
  readonly waiting: Spread | null;
  /** From the deadline to the end; `null` if no job that is done had one. */
  readonly lateness: Spread | null;
  /** Lateness where positive, else 0. */
  readonly tardiness: Spread | null;
}

/** How one thread went. */
export interface ThreadReport extends JobReport {
  /** Its name. */
  readonly name: string;
  /** When it arrived; `null` if it did not. */
  readonly arrival: number | null;
  /** When it exited; `null` if it did not. */
  readonly finish: number | null;
  /** Time it had a CPU. */
  readonly run: number;
  /** Time it was ready, or was being switched to. */
  readonly ready: number;
  /** Time it waited for something else, but not for its next job. */
  readonly blocked: number;
  /** Part of all the time of one CPU that it had. */
  readonly share: number;
  /** Longest time it was ready without a CPU. */
  readonly longestWait: number;
  /** How often it was given a CPU. */
  readonly dispatches: number;
  /** How often a CPU was taken from it. */
  readonly preemptions: number;
  /** How often it was given another CPU than it had last. */
  readonly migrations: number;
  /**
   * How much later than by its period jobs were released, counted from its arrival; `null` if it
   * has no periodic jobs.
   */
  readonly releaseJitter: Spread | null;
  /** How much turnaround differs: at most, and at most between two jobs after each other. */
  readonly responseJitter: { readonly range: number; readonly step: number } | null;
  /**
   * Service it had less than its fluid share, by the weights that the workload gives threads, since
   * it last became ready: the least and the most at any time; negative where it had more. `null` if
   * it never ran.
   */
  readonly lag: { readonly least: number; readonly most: number } | null;
}

/** How one CPU went. */
export interface CpuReport {
  /** Time it ran threads. */
  readonly busy: number;
  /** Time it was being switched. */
  readonly switching: number;
  /** Time it had no thread. */
  readonly idle: number;
  /** Part of all time that it ran threads. */
  readonly utilization: number;
  /** How often it was given to a thread. */
  readonly dispatches: number;
  /** How often that was another thread than before. */
  readonly switches: number;
}

/** How many waited at once. */
export interface QueueReport {
  /** Mean over time. */
  readonly mean: number;
  /** Most. */
  readonly most: number;
}

/** How one mutex, semaphore, condition or device went. */
export interface ObjectReport extends QueueReport {
  /** What it is. */
  readonly kind: ObjectKind;
  /** Its name. */
  readonly name: string;
  /** How long threads waited for it, those served by a device included. */
  readonly waits: Spread | null;
}

/** How all of it went. */
export interface TotalReport extends JobReport {
  /** Time all CPUs ran threads. */
  readonly busy: number;
  /** Time all CPUs were being switched. */
  readonly switching: number;
  /** Part of the time of all CPUs that they ran threads. */
  readonly utilization: number;
  /** How often a thread was given a CPU. */
  readonly dispatches: number;
  /** How often that was another thread than the CPU had before. */
  readonly switches: number;
  /** How often a CPU was taken from a thread. */
  readonly preemptions: number;
  /** How often a thread was given another CPU than it had last. */
  readonly migrations: number;
  /** When the last thread exited, 0 if none did. */
  readonly makespan: number;
}

/** What a simulation was like. */
export interface StatisticsReport {
  /** The time until which it was simulated. */
  readonly time: number;
  /** All of it. */
  readonly total: TotalReport;
  /** By thread. */
  readonly threads: readonly ThreadReport[];
  /** By CPU. */
  readonly cpus: readonly CpuReport[];
  /** Threads that were ready, or were being switched to. */
  readonly ready: QueueReport;
  /** By what threads share. */
  readonly objects: readonly ObjectReport[];
  /** Why the policy was put out, `null` if it was not. */
  readonly fault: PolicyFault | null;
}
