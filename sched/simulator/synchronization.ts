/**
 * What the simulation asks when a step of a thread is about a mutex, a semaphore or a condition.
 *
 * @module
 */
import type { ThreadId } from "../policy.ts";
import type { Op } from "./program.ts";

/** What synchronization asks of the simulation. */
export interface SynchronizationHost {
  /** A thread that was blocked goes on. */
  ready(thread: ThreadId): void;
}

/** Mutexes, semaphores and conditions of a simulation. */
export interface Synchronization {
  /** A thread exists from now on; the host knows it. */
  admit(thread: ThreadId): void;
  /** A thread is over. */
  forget(thread: ThreadId): void;
  /**
   * A running thread does a step.
   * @param object place of the mutex, semaphore or condition in {@linkcode Program.objects}
   * @param mutex that of the mutex that a `wait` gives back
   * @returns whether it goes on; it is blocked otherwise
   */
  step(op: Op, thread: ThreadId, object: number, mutex: number): boolean;
}
