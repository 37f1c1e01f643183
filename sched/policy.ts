/**
 * The scheduling policy contract, in the terms of Linux's `sched_ext_ops`. A policy knows threads
 * by id and parameters only; its *host* is elsewhere, and the same object drives the engine-free
 * simulator and the real machine. Whatever a policy does, the host stays sound: one that breaks the
 * contract is put out, and round robin takes over (`host/sound_policy.ts`).
 *
 * Times are integers of one clock: guest instructions on the machine, the workload's unit in the
 * simulator. A policy may use no other source of time or chance than its view, or runs would not
 * repeat.
 *
 * @module
 */
import type { Plain } from "../util/plain.ts";
import type { Random } from "../util/random.ts";
import type { ThreadParameters, UrgencyParameter } from "./parameters.ts";

/** Identifies a thread to a policy: a small non-negative integer, never reused within a run. */
export type ThreadId = number;

/** Threads have numbers below this. */
export const MAX_THREADS: number = 2 ** 22;

/**
 * Why a thread becomes ready: it starts, its wait is over, the next job of a periodic thread is
 * due, it gave way by itself, the CPU was taken from it, or it has to leave its CPU.
 */
export type ReadyReason = "start" | "wakeup" | "release" | "yield" | "preempt" | "migrated";

/**
 * What its waker knows: nothing; that it goes on with the waker's work and could have its CPU
 * (Mach's handoff); that the waker is about to block (Linux's synchronous wake-up).
 */
export type WakeHint = "none" | "handoff" | "sync";

/**
 * Why a thread stopped running: its quantum is used up, something more urgent took the CPU, it
 * waits for something, it gave way by itself, or it is over.
 */
export type StopReason = "quantum" | "preempted" | "blocked" | "yielded" | "ended";

/** Where a thread might go that becomes ready; a record of the host's, not to be kept. */
export interface Placement {
  /** CPU it ran on last, or the first it may run on. */
  readonly previous: number;
  /** Who made it ready, if a thread did. */
  readonly waker: ThreadId | null;
  /** What the waker knows. */
  readonly hint: WakeHint;
}

/** How a thread becomes ready; a record of the host's, not to be kept. */
export interface Wakeup extends Placement {
  /** CPU chosen for it by `selectCpu`, or where it has been running. */
  readonly cpu: number;
  /** Why it becomes ready. */
  readonly reason: ReadyReason;
  /** CPU time it needs until it blocks or ends, where the host knows the future; else 0. */
  readonly burst: number;
  /**
   * When the job it goes on with was released, where the host knows; else `null`. A deadline counts
   * from there, and that is before now if the job before was late.
   */
  readonly released: number | null;
}

/** What a thread has run; a record of the host's, not to be kept. */
export interface Charge {
  /** Where it runs. */
  readonly cpu: number;
  /** Time since it was charged last, or since it got the CPU. */
  readonly elapsed: number;
}

/** A charge, and why it is the last for now; a record of the host's, not to be kept. */
export interface Stop extends Charge {
  /** Why the thread stops. */
  readonly reason: StopReason;
}

/** What a host lets its policy see and ask for. */
export interface SchedulerView {
  /** Number of CPUs, 1 to 64. */
  readonly cpus: number;
  /** The time. */
  readonly now: number;
  /** Seeded, and saved with the policy's state. */
  readonly random: Random;
  /** Parameters of a thread that was admitted. */
  parameters(thread: ThreadId): ThreadParameters;
  /** Whether the affinity of a thread has a CPU. */
  allows(thread: ThreadId, cpu: number): boolean;
  /** The thread that has a CPU, or `null`. */
  running(cpu: number): ThreadId | null;
  /** Has a CPU give its thread back and `pick` again, at the next chance. */
  kick(cpu: number): void;
  /**
   * Has `timer` called at that time, or as soon after as the host can. There is one timer: a later
   * call replaces an earlier one, `Infinity` takes it back.
   */
  timer(at: number): void;
}

/**
 * A scheduling policy: decides which ready thread runs next, on which CPU, and when the running one
 * must give way. Methods with a question mark may be missing.
 */
export interface Policy {
  /** Name used on the command line and in logs. */
  readonly name: string;
  /**
   * Longest time a thread may be ready without being picked: after that the policy is put out.
   * `Infinity` if starving threads is what it is meant to do; the host's own limit if absent.
   */
  readonly timeout?: number;
  /** The parameter that says who is more urgent, which locks have threads inherit; `priority` if absent. */
  readonly urgency?: UrgencyParameter;
  /** The policy gets its host, before anything else. */
  attach?(view: SchedulerView): void;
  /** A thread exists from now on, not ready. */
  admit?(thread: ThreadId, parameters: ThreadParameters): void;
  /** A thread, ready or not, has other parameters from now on. */
  update?(thread: ThreadId, parameters: ThreadParameters): void;
  /** A thread is over, and not ready: nothing more will be heard of it. */
  forget?(thread: ThreadId): void;
  /**
   * The CPU for a thread that starts or wakes up, of those it may run on. Without it, that is the
   * previous one if idle, else the first idle one, else the previous one.
   */
  selectCpu?(thread: ThreadId, placement: Placement): number;
  /** Makes a thread ready that is not. */
  enqueue(thread: ThreadId, wakeup: Wakeup): void;
  /** Withdraws a ready thread. Returns whether the policy had it. */
  dequeue(thread: ThreadId): boolean;
  /**
   * Removes and returns the thread a CPU is to run next, or `null` if it is to idle. The host may
   * find that it cannot run now; it then comes back by `enqueue`.
   */
  pick(cpu: number): ThreadId | null;
  /** A thread has got a CPU. */
  running?(thread: ThreadId, cpu: number): void;
  /**
   * The running thread has used up more time.
   * @returns whether it must give way at the next chance
   */
  tick(thread: ThreadId, charge: Charge): boolean;
  /**
   * How long from its last charge a thread may run until `tick` matters, where the host can be
   * exact; `Infinity` if it never does. Without it, `tick` is called at each of the host's ticks.
   */
  slice?(thread: ThreadId, cpu: number): number;
  /**
   * The running thread stops, before it is queued again if it stays ready. Together with `tick`
   * this charges all its time exactly once.
   */
  stopping?(thread: ThreadId, stop: Stop): void;
  /** Whether a thread that has just become ready must take a CPU from its thread at once. */
  preempts?(candidate: ThreadId, running: ThreadId, cpu: number): boolean;
  /**
   * A running thread is about to give its CPU up, and would have a ready one have it next: its
   * `stopping` follows, then `pick`. Without it, and if the answer is no, it gives way as any other.
   * @returns whether the policy does so
   */
  yieldTo?(thread: ThreadId, to: ThreadId): boolean;
  /** The time asked for by `SchedulerView.timer` has come. */
  timer?(now: number): void;
  /** Everything the policy remembers, as plain data: part of a machine's snapshot. */
  save(): Plain;
  /**
   * Takes over what {@linkcode Policy.save} returned, of a policy of the same kind and options, in
   * place of all it remembers. `admit` has been called just before for each thread of that time.
   */
  restore(state: Plain): void;
}
