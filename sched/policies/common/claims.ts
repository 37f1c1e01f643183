/**
 * What global policies have in common, whose most urgent threads run on whatever CPU: which CPU a
 * thread is to take that has become ready. A CPU picks a little later than it is told to, and more
 * threads may have become ready by then: each claims a CPU, so that no two count on the same one.
 *
 * With affinities this keeps to what A. Gujarati, F. Cerqueira and B. B. Brandenburg ("Multiprocessor
 * real-time scheduling with arbitrary processor affinities", Real-Time Systems 51, 2015) call weak
 * scheduling, as Linux does: no ready thread is more urgent than one that runs on a CPU it may run
 * on. Running threads are not moved to make room for a less urgent one.
 *
 * @module
 */
import type { SchedulerView, ThreadId } from "../../policy.ts";
import { grown, positives } from "../../queues/grown.ts";

/** No thread, or no CPU. */
const NONE = -1;

/** How urgent threads are, and which of them are ready. */
export interface Ranks {
  /** Rank of a thread that is ready or runs; the smallest is the most urgent. */
  rank(thread: ThreadId): number;
  /** Whether it is ready. */
  isReady(thread: ThreadId): boolean;
}

/** Claims, as they are saved. */
export type ClaimsRecord = {
  readonly claims: readonly (readonly [cpu: number, thread: ThreadId])[];
  readonly restricted: readonly ThreadId[];
};

/** Claims to CPUs, of which one CPU alone has no need. */
export class Claims {
  readonly #ranks: Ranks;
  readonly #view: SchedulerView;
  /** Who is to take each CPU, or -1. */
  readonly #claims: Int32Array;
  #outstanding = 0;
  /** Which threads may not run everywhere, and how many. */
  #restricted = new Uint8Array(0);
  #restrictions = 0;

  /** Nobody claims anything. */
  constructor(ranks: Ranks, view: SchedulerView) {
    this.#ranks = ranks;
    this.#view = view;
    this.#claims = new Int32Array(view.cpus).fill(NONE);
  }

  /** A thread has such an affinity from now on; `null` when it is over. */
  restrict(thread: ThreadId, affinity: readonly number[] | null): void {
    const claimed = this.#claimed(thread);
    if (claimed !== NONE && affinity?.includes(claimed) === false) this.#set(claimed, NONE);
    const is = affinity === null ? 0 : 1;
    if (thread >= this.#restricted.length) {
      if (is === 0) return;
      this.#restricted = grown(this.#restricted, thread);
    }
    this.#restrictions += is - this.#restricted[thread]!;
    this.#restricted[thread] = is;
  }

  /** The CPU with the least urgent thread, idle ones before; the previous one among equals. */
  select(thread: ThreadId, previous: number): number {
    return this.#largest(thread, previous, this.#rankOn(previous), NONE);
  }

  /**
   * A thread that was sent to a CPU is to take it, if it is more urgent than who has it.
   * @returns whether it is
   */
  claim(thread: ThreadId, cpu: number, except = NONE): boolean {
    const rank = this.#rankOn(cpu);
    if (rank !== undefined && rank <= this.#ranks.rank(thread)) return false;
    const before = this.#claims[cpu]!;
    this.#drop(thread);
    this.#set(cpu, thread);
    if (before !== NONE && before !== thread && this.#ranks.isReady(before)) {
      this.place(before, except);
    }
    return true;
  }

  /**
   * A thread has given its CPU back and is still ready, with another first in line, or itself. It
   * claims the CPU again if nobody else does, unless an equal is to have its turn. Who has taken the
   * CPU may not have been allowed on another, which is for the thread then.
   */
  gaveBack(thread: ThreadId, { cpu, first }: { cpu: number; first: ThreadId }): void {
    this.#drop(thread);
    const turns = first !== thread && this.#ranks.rank(first) === this.#ranks.rank(thread);
    if (!turns && this.claim(thread, cpu)) return;
    if (this.#restrictions > 0) this.place(thread, cpu);
  }

  /** Has a ready thread take a CPU other than that one, if it is more urgent than who has it. */
  place(thread: ThreadId, except = NONE): void {
    if (this.#claimed(thread) !== NONE) return;
    const chosen = this.#largest(thread, NONE, this.#ranks.rank(thread), except);
    if (chosen === NONE) return;
    // A CPU that picks or is about to has no thread, but is not to be had: nor for who gives way.
    this.claim(thread, chosen, except);
    this.#view.kick(chosen);
  }

  /** A CPU has picked a thread, or none. Who meant to take it, and is ready, looks for another. */
  picked(cpu: number, picked: ThreadId | null): void {
    if (this.#outstanding === 0) return;
    const thread = this.#claims[cpu]!;
    this.#set(cpu, NONE);
    if (picked !== null) this.#drop(picked);
    if (thread !== NONE && this.#ranks.isReady(thread)) this.place(thread, cpu);
  }

  /** Claims and restrictions. */
  save(): ClaimsRecord {
    const restricted = positives(this.#restricted).map(([thread]) => thread);
    const claims = [...this.#claims.entries()].filter(([, thread]) => thread !== NONE);
    return { claims, restricted };
  }

  /** Takes over what {@linkcode Claims.save} returned. */
  restore({ claims, restricted }: ClaimsRecord): void {
    this.#claims.fill(NONE);
    this.#outstanding = 0;
    this.#restricted.fill(0);
    this.#restrictions = 0;
    for (const thread of restricted) this.restrict(thread, []);
    for (const [cpu, thread] of claims) this.#set(cpu, thread);
  }

  /** The CPU a thread is to take, or -1. */
  #claimed(thread: ThreadId): number {
    return this.#outstanding === 0 ? NONE : this.#claims.indexOf(thread);
  }

  #drop(thread: ThreadId): void {
    const cpu = this.#claimed(thread);
    if (cpu !== NONE) this.#set(cpu, NONE);
  }

  #set(cpu: number, thread: ThreadId): void {
    this.#outstanding += (thread === NONE ? 0 : 1) - (this.#claims[cpu] === NONE ? 0 : 1);
    this.#claims[cpu] = thread;
  }

  /** The CPU with the largest rank above one to begin with, idle ones before; else `chosen`. */
  #largest(thread: ThreadId, chosen: number, largest: number | undefined, except: number): number {
    for (let cpu = 0; cpu < this.#view.cpus && largest !== undefined; cpu++) {
      if (cpu === except || !this.#view.allows(thread, cpu)) continue;
      const rank = this.#rankOn(cpu);
      if (rank !== undefined && rank <= largest) continue;
      chosen = cpu;
      largest = rank;
    }
    return chosen;
  }

  /** Rank of who is to have a CPU; `undefined` if nobody is. */
  #rankOn(cpu: number): number | undefined {
    const claim = this.#claims[cpu]!;
    if (claim !== NONE && this.#ranks.isReady(claim)) return this.#ranks.rank(claim);
    const running = this.#view.running(cpu);
    return running === null ? undefined : this.#ranks.rank(running);
  }
}

/** The CPU a thread runs on, or -1. */
export function runsOn(view: SchedulerView, thread: ThreadId): number {
  for (let cpu = 0; cpu < view.cpus; cpu++) if (view.running(cpu) === thread) return cpu;
  return NONE;
}

/** The previous CPU of a thread if idle, else the first idle one, else the previous one. */
export function idlest(view: SchedulerView, thread: ThreadId, previous: number): number {
  if (view.running(previous) === null) return previous;
  for (let cpu = 0; cpu < view.cpus; cpu++) {
    if (view.running(cpu) === null && view.allows(thread, cpu)) return cpu;
  }
  return previous;
}
