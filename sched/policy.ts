/**
 * The scheduling policy contract. A policy knows threads by id and parameters only; the loop that calls it is elsewhere,
 * and the same object drives the engine-free simulator and the real machine.
 *
 * @module
 */

/** Identifies a thread to a policy: a small non-negative integer, never reused within a run. */
export type ThreadId = number;

/** What a policy may know of a thread. */
export interface ThreadParameters {
  /** Priority, 0 (least urgent) to 127 (most urgent). */
  readonly priority: number;
}

/** Why a thread becomes ready. */
export type ReadyReason = "start" | "wakeup" | "yield" | "preempt";

/** A scheduling policy: decides which ready thread runs next and when the running one must give way. */
export interface Policy {
  /** Name used on the command line and in logs. */
  readonly name: string;
  /**
   * Makes a thread ready.
   * @param thread id, not ready at present
   * @param options parameters of the thread and why it becomes ready
   */
  enqueue(thread: ThreadId, options: { parameters: ThreadParameters; reason: ReadyReason }): void;
  /** Withdraws a ready thread (it was killed or suspended). Returns whether it was ready. */
  dequeue(thread: ThreadId): boolean;
  /** Removes and returns the thread to run next, or `null` if none is ready. */
  pick(): ThreadId | null;
  /**
   * The running thread has used up `elapsed` more instructions; returns whether it must give way at the next chance.
   * @param running id of the running thread
   * @param elapsed guest instructions since its last `tick` or `pick`
   */
  tick(running: ThreadId, elapsed: number): boolean;
  /**
   * Whether a thread that has just become ready must preempt the running one at once.
   * @param candidate parameters of the ready thread
   * @param running parameters of the running thread
   */
  preempts(candidate: ThreadParameters, running: ThreadParameters): boolean;
  /** Number of ready threads. */
  readonly size: number;
}
