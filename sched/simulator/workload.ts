/**
 * Workloads for the simulator: threads described by what they do, without any code. Times are
 * integers of the simulation's clock, in whatever unit the workload means.
 *
 * @module
 */
import type { MutexProtocol } from "../locks/mod.ts";
import type { ParameterOptions } from "../parameters.ts";
import type { WakeHint } from "../policy.ts";

/** A time chosen at random, both ends included; the seed and the thread decide. */
export interface TimeRange {
  /** Shortest. */
  readonly least: number;
  /** Longest; less than 2^32 more, if all are as likely. */
  readonly most: number;
  /**
   * Mean of a normal distribution, of which what is below `least` or above `most` becomes these;
   * with `deviation`, or else all times of the range are as likely.
   */
  readonly mean?: number | undefined;
  /** Standard deviation of that. */
  readonly deviation?: number | undefined;
}

/** How long something takes: an integer, or a range of them. */
export type Duration = number | TimeRange;

/** One thing a simulated thread does. */
export type Step =
  | {
    /** Needs the CPU. */
    readonly type: "run";
    /** For how long; at least 1. */
    readonly time: Duration;
  }
  | {
    /** Blocks and wakes up later. */
    readonly type: "sleep";
    /** How much later; at least 0. */
    readonly time: Duration;
  }
  | {
    /** Gives the CPU up but stays ready. */
    readonly type: "yield";
    /** Name of a thread that is to have it next, if it is ready and the policy heeds that. */
    readonly to?: string | undefined;
  }
  | {
    /** Blocks until a request is served. */
    readonly type: "io";
    /** How long it takes to serve; at least 0. */
    readonly time: Duration;
    /** Serves one request at a time, in the order they came; absent if nothing is shared. */
    readonly device?: string | undefined;
  }
  | {
    /** Takes a mutex, or blocks until it has it; gives one back. */
    readonly type: "lock" | "unlock";
    /** Its name. */
    readonly mutex: string;
  }
  | {
    /** Takes one from a semaphore (P), or blocks until there is one. */
    readonly type: "acquire";
    /** Its name. */
    readonly semaphore: string;
  }
  | {
    /** Adds one to a semaphore (V). */
    readonly type: "release";
    /** Its name. */
    readonly semaphore: string;
    /** What policies are told of who becomes ready; `none` if absent. */
    readonly hint?: WakeHint | undefined;
    /**
     * Name of one to take one from in the same step: if the thread blocks, the one that it has woken
     * is handed its CPU.
     */
    readonly acquire?: string | undefined;
  }
  | {
    /** Gives the mutex back and blocks until the condition is signaled, then takes it again. */
    readonly type: "wait";
    /** Name of the condition. */
    readonly condition: string;
    /** Name of the mutex, which the thread must have. */
    readonly mutex: string;
  }
  | {
    /** Wakes one thread that waits for a condition, or all. */
    readonly type: "signal" | "broadcast";
    /** Name of the condition. */
    readonly condition: string;
    /** What policies are told of who becomes ready; `none` if absent. */
    readonly hint?: WakeHint | undefined;
  }
  | {
    /** Tells that the thread has come so far; takes no time. */
    readonly type: "mark";
    /** What to tell. */
    readonly label: string;
  }
  | {
    /** Has another thread become ready, whose arrival is `started`. */
    readonly type: "start";
    /** Its name. */
    readonly thread: string;
    /** What policies are told of who becomes ready; `none` if absent. */
    readonly hint?: WakeHint | undefined;
  }
  | {
    /** Releases a job of another thread, whose jobs are `triggered`. */
    readonly type: "trigger";
    /** Its name. */
    readonly thread: string;
    /** What policies are told of who becomes ready; `none` if absent. */
    readonly hint?: WakeHint | undefined;
  }
  | {
    /**
     * Changes parameters of the thread itself. A period or deadline is the policy's only: jobs
     * come, and miss deadlines, as the thread's own say.
     */
    readonly type: "set";
    /** Those that change. */
    readonly parameters: ParameterOptions;
  }
  | {
    /** Does steps again and again. */
    readonly type: "repeat";
    /** How often, at least 1; for ever if absent. */
    readonly times?: number | undefined;
    /** What; a pass must take time. */
    readonly steps: readonly Step[];
  };

/**
 * When jobs of a thread are released: each is one pass through its steps, due the thread's deadline
 * after its release. A job released while the one before is not done waits its turn.
 */
export type Jobs = ReleasePattern & {
  /**
   * What becomes of a job that is not done at its deadline: it goes on (the default), or it is
   * abandoned, gets no more CPU time, and ends when its thread is picked next. Only jobs that do
   * nothing but run, and trigger others at their end, can be abandoned; they trigger all the same.
   */
  readonly onMiss?: MissedJob | undefined;
};

/** What becomes of a job that is not done at its deadline. */
export type MissedJob = "continue" | "abort";

/** When jobs are released. */
export type ReleasePattern =
  | {
    /** Job k is released k periods after the first, and a jitter later. */
    readonly pattern: "periodic";
    /** Number of jobs; no end if absent. */
    readonly count?: number | undefined;
    /** Largest jitter, at most the period; 0 if absent. */
    readonly jitter?: number | undefined;
  }
  | {
    /** At least a period lies between two releases. */
    readonly pattern: "sporadic";
    /** Number of jobs; no end if absent. */
    readonly count?: number | undefined;
    /** Longest time between two releases. */
    readonly most: number;
  }
  | {
    /** Several jobs are released at once each period. */
    readonly pattern: "bursty";
    /** Number of jobs; no end if absent. */
    readonly count?: number | undefined;
    /** How many at once; at least 1. */
    readonly burst: number;
  }
  | {
    /** Jobs are released at certain times. */
    readonly pattern: "listed";
    /** When, counted from the arrival; at least one, none before another. */
    readonly times: readonly number[];
  }
  | {
    /** A job is released whenever a `trigger` step of another thread says so. */
    readonly pattern: "triggered";
  };

/** A simulated thread; its id is its place in the workload. */
export interface ThreadSpec extends ParameterOptions {
  /** Name in charts and messages. */
  readonly name: string;
  /** When it becomes ready first, or that a step of another thread starts it; 0 if absent. */
  readonly arrival?: number | "started" | undefined;
  /** What it does, in order: once, or in each of its jobs. It exits after the last step or job. */
  readonly steps: readonly Step[];
  /** When its jobs are released; the first three patterns want a period. */
  readonly jobs?: Jobs | undefined;
}

/** A lock of one owner. */
export interface MutexSpec {
  /** Its name. */
  readonly name: string;
  /** How urgent threads are kept from waiting long for it; `none` if absent. */
  readonly protocol?: MutexProtocol | undefined;
  /**
   * With a ceiling's protocol, the priority of the most urgent thread that locks it. If absent, and
   * under policies that go by period or deadline, it is found in the workload.
   */
  readonly ceiling?: number | undefined;
}

/** A counting semaphore. */
export interface SemaphoreSpec {
  /** Its name. */
  readonly name: string;
  /** What it counts at first; 0 if absent. */
  readonly count?: number | undefined;
}

/** A condition variable, or a device: nothing but a name. */
export interface NamedSpec {
  /** Its name. */
  readonly name: string;
}

/** Threads, and what they share. */
export interface Workload {
  /** The threads, by id. */
  readonly threads: readonly ThreadSpec[];
  /** Mutexes. */
  readonly mutexes?: readonly MutexSpec[] | undefined;
  /** Semaphores. */
  readonly semaphores?: readonly SemaphoreSpec[] | undefined;
  /** Condition variables. */
  readonly conditions?: readonly NamedSpec[] | undefined;
  /** Devices. */
  readonly devices?: readonly NamedSpec[] | undefined;
}

/** The unit that times are shown in. */
export interface TimeUnit {
  /** Its name, such as `ms`. */
  readonly name: string;
  /** How long it is on the clock. */
  readonly length: number;
}

/** A workload, or just threads that share nothing. */
export type GivenWorkload = Workload | readonly ThreadSpec[];

/** A workload as such. */
export function workloadOf(given: GivenWorkload): Workload {
  return Array.isArray(given) ? { threads: given } : given as Workload;
}
