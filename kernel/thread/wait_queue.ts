/**
 * Queues of blocked threads.
 *
 * @module
 */

import type { Thread } from "./thread.ts";

/** Everything a queue keeps, threads by number. */
export interface WaitQueueRecord {
  /** Who waits, first come first. */
  readonly threads: readonly number[];
  /** Whether a wake-up found nobody. */
  readonly signalled: boolean;
}

/** Threads that wait for the same event, first come first served. */
export class WaitQueue {
  #threads: Thread[] = [];
  #signalled = false;

  /** Number of waiting threads. */
  get size(): number {
    return this.#threads.length;
  }

  /** Adds a thread that is about to block. */
  add(thread: Thread): void {
    this.#threads.push(thread);
  }

  /** Takes a thread off, if it is on. */
  remove(thread: Thread): void {
    this.#threads = this.#threads.filter((other) => other !== thread);
  }

  /**
   * Takes off and returns every thread, to be woken; if there is none, the next call of
   * {@linkcode takeSignal} returns true.
   */
  takeAll(): readonly Thread[] {
    const threads = this.#threads;
    if (threads.length === 0) this.#signalled = true;
    else this.#threads = [];
    return threads;
  }

  /** Whether {@linkcode takeAll} was called while nobody waited, since the last call of this. */
  takeSignal(): boolean {
    const signalled = this.#signalled;
    this.#signalled = false;
    return signalled;
  }

  /** Everything there is to know. */
  save(): WaitQueueRecord {
    return { threads: this.#threads.map(({ id }) => id), signalled: this.#signalled };
  }

  /** Takes over a record; `thread` finds a thread by its number. */
  restore(record: WaitQueueRecord, thread: (id: number) => Thread): void {
    this.#threads = record.threads.map(thread);
    this.#signalled = record.signalled;
  }
}
