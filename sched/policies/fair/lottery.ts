/**
 * Lottery scheduling: each quantum is drawn by lot among the ready threads, whose chances are their
 * tickets. C. A. Waldspurger and W. E. Weihl, "Lottery Scheduling: Flexible Proportional-Share
 * Resource Management", OSDI 1994, without its compensation tickets and currencies. See also
 * Arpaci-Dusseau, *Operating Systems: Three Easy Pieces*, chapter 9.
 *
 * @module
 */
import type { ThreadParameters } from "../../parameters.ts";
import type { Charge, Policy, SchedulerView, Stop, ThreadId, Wakeup } from "../../policy.ts";
import { grown, positives, restorePositives } from "../../queues/grown.ts";
import { Tickets } from "../../queues/tickets.ts";
import type { Plain } from "../../../util/plain.ts";
import { checkQuantum, type QuantumOptions } from "../common/quantum.ts";

/** Everything the policy remembers; the random numbers are the host's. */
type LotteryState = {
  readonly ready: readonly (readonly [ThreadId, number])[];
  readonly used: readonly (readonly [ThreadId, number])[];
};

/** Shares the CPU by chance, in proportion to the threads' weights. */
export class Lottery implements Policy {
  /** Always `lottery`. */
  readonly name = "lottery";
  /** No limit: bad luck has none. */
  readonly timeout: number = Infinity;
  /** Time a thread may run until the next draw. */
  readonly quantum: number;
  readonly #due: number;
  readonly #ready = new Tickets();
  #view: SchedulerView | undefined;
  #weights = new Float64Array(0);
  #used = new Float64Array(0);

  /**
   * Makes a policy without threads.
   * @param options the quantum
   * @throws {SchedError} `invalid-option` if the quantum is not a positive integer
   */
  constructor(options: QuantumOptions = {}) {
    ({ quantum: this.quantum, due: this.#due } = checkQuantum(options));
  }

  /** See {@linkcode Policy.attach}. */
  attach(view: SchedulerView): void {
    this.#view = view;
  }

  /** See {@linkcode Policy.admit}. */
  admit(thread: ThreadId, { weight }: ThreadParameters): void {
    if (thread >= this.#weights.length) {
      this.#weights = grown(this.#weights, thread);
      this.#used = grown(this.#used, thread);
    }
    this.#weights[thread] = weight;
    this.#used[thread] = 0;
  }

  /** Other tickets hold from the next draw on. */
  update(thread: ThreadId, { weight }: ThreadParameters): void {
    this.#weights[thread] = weight;
    if (this.#ready.of(thread) > 0) this.#ready.set(thread, weight);
  }

  /** See {@linkcode Policy.forget}. */
  forget(thread: ThreadId): void {
    this.#used[thread] = 0;
  }

  /** See {@linkcode Policy.enqueue}. */
  enqueue(thread: ThreadId, _: Wakeup): void {
    this.#used[thread] = 0;
    this.#ready.set(thread, this.#weights[thread]!);
  }

  /** See {@linkcode Policy.dequeue}. */
  dequeue(thread: ThreadId): boolean {
    if (this.#ready.of(thread) === 0) return false;
    this.#ready.set(thread, 0);
    return true;
  }

  /** Draws a thread; one that may not run on the CPU is left out, and drawn again. */
  pick(cpu: number): ThreadId | null {
    const ready = this.#ready;
    const view = this.#view!;
    const aside: ThreadId[] = [];
    let thread: ThreadId | null = null;
    while (ready.total > 0 && thread === null) {
      const drawn = ready.holder(this.#draw(ready.total));
      ready.set(drawn, 0);
      if (view.cpus === 1 || view.allows(drawn, cpu)) thread = drawn;
      else aside.push(drawn);
    }
    for (const each of aside) ready.set(each, this.#weights[each]!);
    return thread;
  }

  /** Gives way when its quantum is used up and another is ready, who may win. */
  tick(thread: ThreadId, { elapsed }: Charge): boolean {
    this.#used[thread]! += elapsed;
    if (this.#used[thread]! < this.#due) return false;
    if (this.#ready.total > 0) return true;
    this.#used[thread] = 0;
    return false;
  }

  /** What is left of the quantum. */
  slice(thread: ThreadId): number {
    return this.#due - this.#used[thread]!;
  }

  /** Charges the running thread for what it ran since the last tick. */
  stopping(thread: ThreadId, { elapsed }: Stop): void {
    this.#used[thread]! += elapsed;
  }

  /** Ready threads, and what is used of quanta. */
  save(): Plain {
    const state: LotteryState = { ready: this.#ready.save(), used: positives(this.#used) };
    return state;
  }

  /** Takes over what {@linkcode Lottery.save} returned. */
  restore(state: Plain): void {
    const { ready, used } = state as LotteryState;
    this.#ready.restore(ready);
    restorePositives(this.#used, used);
  }

  /** A number below a limit of up to 2^42, more than one random number has. */
  #draw(limit: number): number {
    const { random } = this.#view!;
    const high = random.next();
    return Math.floor((high * 2 ** 21 + (random.next() >>> 11)) / 2 ** 53 * limit);
  }
}
