/**
 * The scheduling policy contract. A policy knows threads by id and parameters only; the loop that
 * calls it is elsewhere, and the same object drives the engine-free simulator and the real machine.
 *
 * @module
 */
import type { Plain } from "../util/plain.ts";

/** Identifies a thread to a policy: a small non-negative integer, never reused within a run. */
export type ThreadId = number;

/** What a policy may know of a thread. */
export interface ThreadParameters {
  /** Priority, 0 (least urgent) to 127 (most urgent). */
  readonly priority: number;
}

/** Why a thread becomes ready. */
export type ReadyReason = "start" | "wakeup" | "yield" | "preempt";

/**
 * Why a thread stopped running: its quantum is used up, something more urgent took the CPU, it
 * waits for something, it gave way by itself, or it is over.
 */
export type StopReason = "quantum" | "preempted" | "blocked" | "yielded" | "ended";

/**
 * A scheduling policy: decides which ready thread runs next and when the running one must give way.
 */
export interface Policy {
  /** Name used on the command line and in logs. */
  readonly name: string;
  /**
   * Makes a thread ready.
   * @param thread id, not ready at present
   * @param options parameters of the thread and why it becomes ready
   */
  enqueue(thread: ThreadId, options: { parameters: ThreadParameters; reason: ReadyReason }): void;
  /**
   * Withdraws a ready thread (it is to be suspended, or handed the CPU). Returns whether it was
   * ready.
   */
  dequeue(thread: ThreadId): boolean;
  /** The thread is over, ready or not: nothing more will be heard of it. */
  forget(thread: ThreadId): void;
  /** Removes and returns the thread to run next, or `null` if none is ready. */
  pick(): ThreadId | null;
  /**
   * The running thread has used up `elapsed` more instructions; returns whether it must give way at
   * the next chance.
   * @param running id of the running thread
   * @param elapsed guest instructions since its last `tick` or `pick`
   */
  tick(running: ThreadId, elapsed: number): boolean;
  /**
   * The running thread stops, before it is queued again if it stays ready. Together with `tick`
   * this charges every instruction of a thread exactly once.
   * @param running id of the thread
   * @param options `elapsed`, guest instructions since its last `tick` or `pick`, and why it stops
   */
  stopped(running: ThreadId, options: { elapsed: number; reason: StopReason }): void;
  /**
   * Whether a thread that has just become ready must preempt the running one at once.
   * @param candidate parameters of the ready thread
   * @param running parameters of the running thread
   */
  preempts(candidate: ThreadParameters, running: ThreadParameters): boolean;
  /** Number of ready threads. */
  readonly size: number;
  /** Everything the policy remembers, as plain data: part of a machine's snapshot. */
  save(): Plain;
  /** Takes over what {@linkcode Policy.save} returned, of a policy of the same kind and options. */
  restore(state: Plain): void;
}
