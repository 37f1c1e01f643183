/**
 * Which CPUs have been handed to whom, as in Mach's `thread_run`: a thread that hands its CPU to
 * another, which it wakes up or finds ready (`thread_switch`), and gives it up at once is followed by
 * the other, whatever else waits. If it goes on running or loses the CPU, nothing has been handed
 * over.
 *
 * @module
 */
import type { SchedulerView, ThreadId } from "../../policy.ts";
import { runsOn } from "../common/claims.ts";

/** No thread, no CPU. */
const NONE = -1;

/** A CPU's, as it is saved. */
export type HandoffRecord = readonly [to: ThreadId, by: ThreadId, used: number];

/** By CPU, the thread that is to have it next, and the one that has said so. */
export class Handoffs {
  readonly #view: SchedulerView;
  readonly #to: Int32Array;
  readonly #by: Int32Array;
  /** What the one that has handed a CPU over had used of its quantum. */
  readonly #used: Float64Array;

  /** Nothing is handed over. */
  constructor(view: SchedulerView) {
    this.#view = view;
    this.#to = new Int32Array(view.cpus).fill(NONE);
    this.#by = new Int32Array(view.cpus).fill(NONE);
    this.#used = new Float64Array(view.cpus);
  }

  /** The CPU on which a waker runs, if a thread may run there, else -1. */
  cpuOf(waker: ThreadId, thread: ThreadId): number {
    const cpu = runsOn(this.#view, waker);
    return cpu !== NONE && this.#view.allows(thread, cpu) ? cpu : NONE;
  }

  /** A running thread hands its CPU to a ready one; returns whether that may run there. */
  offer(thread: ThreadId, by: ThreadId): boolean {
    const cpu = this.cpuOf(by, thread);
    if (cpu === NONE) return false;
    this.#to[cpu] = thread;
    this.#by[cpu] = by;
    return true;
  }

  /** A thread stops on a CPU, perhaps by itself, having used so much of its quantum. */
  stopped(thread: ThreadId, at: { cpu: number; givesUp: boolean; used: number }): void {
    if (at.givesUp && this.#by[at.cpu] === thread) this.#used[at.cpu] = at.used;
    else this.#to[at.cpu] = NONE;
  }

  /** Who is to have a CPU next, or -1; it is asked once. */
  take(cpu: number): ThreadId {
    const thread = this.#to[cpu]!;
    this.#to[cpu] = NONE;
    return thread;
  }

  /** What was used of the quantum that goes with a CPU. */
  used(cpu: number): number {
    return this.#used[cpu]!;
  }

  /** By CPU. */
  save(): HandoffRecord[] {
    return Array.from(this.#to, (to, cpu) => [to, this.#by[cpu]!, this.#used[cpu]!] as const);
  }

  /** Takes over what {@linkcode Handoffs.save} returned. */
  restore(records: readonly HandoffRecord[]): void {
    for (const [cpu, [to, by, used]] of records.entries()) {
      this.#to[cpu] = to;
      this.#by[cpu] = by;
      this.#used[cpu] = used;
    }
  }
}
