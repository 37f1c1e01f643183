/**
 * What threads would have got of the CPUs if these could be shared without end: each thread that
 * wants to run runs at a speed in proportion to its weight, but never faster than one CPU. Those
 * whose share would be more get a CPU each, and the others share the rest: generalized processor
 * sharing (A. K. Parekh and R. G. Gallager, "A Generalized Processor Sharing Approach to Flow
 * Control in Integrated Services Networks", IEEE/ACM Transactions on Networking 1(3), 1993), with
 * the weights readjusted for several CPUs as in A. Chandra, M. Adler, P. Goyal and P. Shenoy,
 * "Surplus Fair Scheduling", OSDI 2000, section 2.1.
 *
 * @module
 */
import type { ThreadId } from "../policy.ts";
import { OrderedQueue } from "../queues/ordered_queue.ts";

/** The fluid shares of threads. As long as there are no more than CPUs, each has one. */
export class FluidShare {
  readonly #weights: Float64Array;
  readonly #cpus: number;
  /** Threads that share, the largest weight first. */
  readonly #sharing = new OrderedQueue();
  /** Threads that have a CPU each. */
  #whole: ThreadId[] = [];
  readonly #isWhole: Uint8Array;
  /** Sum of the weights of those that share. */
  #weight = 0;
  /** What a thread of weight 1 that always shares would have got. */
  #virtual = 0;
  #now = 0;
  /** What each thread has got until it last changed between sharing and not. */
  readonly #got: Float64Array;
  /** The time, or the virtual time, from which on it gets more. */
  readonly #from: Float64Array;

  /** Nobody wants to run. */
  constructor(weights: Float64Array, cpus: number) {
    this.#weights = weights;
    this.#cpus = cpus;
    this.#isWhole = new Uint8Array(weights.length);
    this.#got = new Float64Array(weights.length);
    this.#from = new Float64Array(weights.length);
  }

  /** A thread wants to run from now on. */
  join(thread: ThreadId, now: number): void {
    this.#advance(now);
    this.#got[thread] = 0;
    if (this.#sharing.size === 0 && this.#whole.length < this.#cpus) {
      this.#isWhole[thread] = 1;
      this.#from[thread] = now;
      this.#whole.push(thread);
      return;
    }
    this.#isWhole[thread] = 0;
    this.#from[thread] = this.#virtual;
    this.#share(thread);
    this.#settle();
  }

  /** A thread that wants to run does so no more. */
  leave(thread: ThreadId, now: number): void {
    this.#advance(now);
    if (this.#sharing.remove(thread)) this.#weight -= this.#weights[thread]!;
    else this.#whole.splice(this.#whole.indexOf(thread), 1);
    if (this.#sharing.size > 0) this.#settle();
    else this.#weight = 0;
  }

  /** What a thread that wants to run would have got since it does. */
  got(thread: ThreadId, now: number): number {
    this.#advance(now);
    return this.#got[thread]! + this.#more(thread);
  }

  #more(thread: ThreadId): number {
    const from = this.#from[thread]!;
    return this.#isWhole[thread]! !== 0
      ? this.#now - from
      : (this.#virtual - from) * this.#weights[thread]!;
  }

  #advance(now: number): void {
    if (now === this.#now) return;
    if (this.#weight > 0) {
      this.#virtual += (now - this.#now) * (this.#cpus - this.#whole.length) / this.#weight;
    }
    this.#now = now;
  }

  #share(thread: ThreadId): void {
    const weight = this.#weights[thread]!;
    this.#sharing.insert(thread, -weight, thread);
    this.#weight += weight;
  }

  /** Finds out who gets a whole CPU: whose share of the CPUs that are left is at least one. */
  #settle(): void {
    const before = this.#whole;
    for (const thread of before) this.#share(thread);
    const whole: ThreadId[] = [];
    for (let left = this.#cpus; left > 0 && this.#sharing.size > 0; left--) {
      const weight = -this.#sharing.least;
      if (weight * left < this.#weight) break;
      whole.push(this.#sharing.shift()!);
      this.#weight = this.#sharing.size === 0 ? 0 : this.#weight - weight;
    }
    this.#whole = whole;
    for (const thread of before) if (this.#sharing.has(thread)) this.#change(thread, 0);
    for (const thread of whole) if (this.#isWhole[thread]! === 0) this.#change(thread, 1);
  }

  #change(thread: ThreadId, whole: 0 | 1): void {
    this.#got[thread]! += this.#more(thread);
    this.#isWhole[thread] = whole;
    this.#from[thread] = whole === 0 ? this.#virtual : this.#now;
  }
}
