/**
 * Queues of blocked threads.
 *
 * @module
 */

import type { Thread } from "./thread.ts";

/** Threads that wait for the same event, first come first served. */
export class WaitQueue {
  readonly #ready: (thread: Thread) => void;
  #threads: Thread[] = [];
  #signalled = false;

  /** `ready` is called with each thread that is woken. */
  constructor(ready: (thread: Thread) => void) {
    this.#ready = ready;
  }

  /** Number of waiting threads. */
  get size(): number {
    return this.#threads.length;
  }

  /** Adds a thread that is about to block. */
  add(thread: Thread): void {
    this.#threads.push(thread);
    thread.cancelWait = () => {
      this.#threads = this.#threads.filter((other) => other !== thread);
    };
  }

  /** Wakes every thread; if there is none, the next call of {@linkcode takeSignal} returns true. */
  wakeAll(): void {
    if (this.#threads.length === 0) {
      this.#signalled = true;
      return;
    }
    const threads = this.#threads;
    this.#threads = [];
    for (const thread of threads) this.#ready(thread);
  }

  /** Whether {@linkcode wakeAll} was called while nobody waited, since the last call of this. */
  takeSignal(): boolean {
    const signalled = this.#signalled;
    this.#signalled = false;
    return signalled;
  }
}
