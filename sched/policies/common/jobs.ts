/**
 * When the job in progress of each thread was released: its deadline counts from there.
 *
 * A host that knows of jobs says with each wake-up when the job was released that goes on. Where it
 * does not, a job begins when its thread starts, and with the first wake-up past the deadline, as of
 * a thread that sleeps until its next job by itself; any other wake-up is the end of a wait within
 * the job, for a lock or a device.
 *
 * @module
 */
import type { ThreadId, Wakeup } from "../../policy.ts";
import { grown } from "../../queues/grown.ts";

/** A thread's job, as it is saved. */
export type JobRecord = readonly [thread: ThreadId, release: number, announced: boolean];

/** The jobs in progress, by thread. */
export class Jobs {
  /** When each began, plus one; 0 if there is none. */
  #releases = new Float64Array(0);
  /** Whether the host has said when one of the thread's was released. */
  #announced = new Uint8Array(0);

  /** A thread has no job yet. */
  admit(thread: ThreadId): void {
    if (thread >= this.#releases.length) {
      this.#releases = grown(this.#releases, thread);
      this.#announced = grown(this.#announced, thread);
    }
    this.forget(thread);
  }

  /** A thread has no job any more. */
  forget(thread: ThreadId): void {
    this.#releases[thread] = 0;
    this.#announced[thread] = 0;
  }

  /** A thread becomes ready; returns whether a job begins. */
  ready(
    thread: ThreadId,
    { reason, released }: Wakeup,
    { now, deadline }: { now: number; deadline: number },
  ): boolean {
    const before = this.#releases[thread]!;
    if (released !== null || reason === "release") {
      this.#announced[thread] = 1;
      this.#releases[thread] = 1 + (released ?? now);
      return reason === "release" || this.#releases[thread] !== before;
    }
    const begins = reason === "start" ||
      (reason === "wakeup" && this.#announced[thread] === 0 && this.due(thread, deadline) <= now);
    if (begins) this.#releases[thread] = 1 + now;
    return begins;
  }

  /** The absolute deadline of a thread's job, by the relative one; -1 if it has no job yet. */
  due(thread: ThreadId, deadline: number): number {
    const release = this.#releases[thread]!;
    return release === 0 ? -1 : release - 1 + deadline;
  }

  /** Jobs as plain data. */
  save(): JobRecord[] {
    const list: JobRecord[] = [];
    this.#releases.forEach((release, thread) => {
      if (release > 0) list.push([thread, release - 1, this.#announced[thread] === 1]);
    });
    return list;
  }

  /** Takes over what {@linkcode Jobs.save} returned. */
  restore(list: readonly JobRecord[]): void {
    this.#releases.fill(0);
    this.#announced.fill(0);
    for (const [thread, release, announced] of list) {
      this.#releases[thread] = release + 1;
      this.#announced[thread] = announced ? 1 : 0;
    }
  }
}
