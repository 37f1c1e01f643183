/**
 * Constant-bandwidth servers that are throttled: a thread whose budget is used up does not run until
 * its next period, though the CPU be idle. Linux's `SCHED_DEADLINE` (kernel/sched/deadline.c; see
 * J. Lelli, C. Scordino, L. Abeni and D. Faggioli, "Deadline scheduling in the Linux kernel",
 * Software: Practice and Experience 46(6), 2016), with its rules for wake-ups.
 *
 * @module
 */
import type { ThreadParameters } from "../../parameters.ts";
import type { Charge, ThreadId, Wakeup } from "../../policy.ts";
import { grown, positives } from "../../queues/grown.ts";
import { type OrderedEntry, OrderedQueue } from "../../queues/ordered_queue.ts";
import type { Plain } from "../../../util/plain.ts";
import { ConstantBandwidthServer } from "./constant_bandwidth.ts";

/** Everything the policy remembers. */
type ThrottleState = {
  readonly servers: Plain;
  readonly throttled: readonly OrderedEntry[];
  readonly ready: readonly ThreadId[];
};

/**
 * A thread that yields has done what it had to in this period, as on Linux. Threads without a budget
 * and a deadline run when no server may.
 */
export class DeadlineServer extends ConstantBandwidthServer {
  /** `deadline`. */
  override readonly name: string = "deadline";
  /** Throttled threads, ready or not, by when they get their next budget. */
  readonly #throttled = new OrderedQueue();
  /** Which throttled threads are ready. */
  #ready = new Uint8Array(0);

  /** Throttles the thread until its next period; if that has begun, it gets its budget at once. */
  protected override exhausted(thread: ThreadId, parameters: ThreadParameters): void {
    const { period, deadline } = parameters;
    const next = this.due(thread) - deadline + (period || deadline);
    if (next <= this.view.now) this.#replenish(thread, parameters);
    else this.#throttle(thread, next);
  }

  /**
   * Begins anew as the constant-bandwidth server does. Where the deadline is before the end of the
   * period, that would allow more than the bandwidth: before the deadline the budget is cut to what
   * it may be, after it the thread waits for its next period (Linux's revised wake-up rule and its
   * check of constrained deadlines).
   */
  protected override wakes(thread: ThreadId, parameters: ThreadParameters, now: number): void {
    const { budget, deadline, period } = parameters;
    const left = this.due(thread) - now;
    if (left >= 0 && this.budget(thread) * deadline <= left * budget) return;
    const next = this.due(thread) - deadline + (period || deadline);
    if (deadline >= (period || deadline) || now >= next) {
      this.set(thread, { budget, due: now + deadline });
    } else if (left > 0) {
      this.set(thread, { budget: Math.floor(left * budget / deadline), due: this.due(thread) });
      if (this.budget(thread) === 0) this.#throttle(thread, next);
    } else {
      this.set(thread, { budget: 0, due: this.due(thread) });
      this.#throttle(thread, next);
    }
  }

  /** Gives up what is left of the budget. */
  protected override yields(thread: ThreadId): void {
    this.set(thread, { budget: 0, due: this.due(thread) });
    this.exhausted(thread, this.view.parameters(thread));
  }

  /** See {@linkcode ConstantBandwidthServer.admit}. */
  override admit(thread: ThreadId, parameters: ThreadParameters): void {
    if (thread >= this.#ready.length) this.#ready = grown(this.#ready, thread);
    this.#ready[thread] = 0;
    super.admit(thread, parameters);
  }

  /** A thread that is no server any more is not throttled either. */
  override update(thread: ThreadId, parameters: ThreadParameters): void {
    super.update(thread, parameters);
    if (this.isServer(thread) || !this.#throttled.remove(thread)) return;
    this.#setTimer();
    this.#goOn(thread, Infinity);
  }

  /** See {@linkcode ConstantBandwidthServer.forget}. */
  override forget(thread: ThreadId): void {
    if (this.#throttled.remove(thread)) this.#setTimer();
    super.forget(thread);
  }

  /** A throttled thread is ready when it has its budget. */
  override enqueue(thread: ThreadId, wakeup: Wakeup): void {
    if (this.#throttled.has(thread)) this.#ready[thread] = 1;
    else super.enqueue(thread, wakeup);
  }

  /** As of the constant-bandwidth server; `null` if the thread must wait for its budget. */
  protected override keyWhenReady(
    thread: ThreadId,
    wakeup: Pick<Wakeup, "reason" | "released">,
  ): number | null {
    const key = super.keyWhenReady(thread, wakeup);
    if (!this.#throttled.has(thread)) return key;
    this.#ready[thread] = 1;
    return null;
  }

  /** Whether a ready thread waits for its budget. */
  isHeld(thread: ThreadId): boolean {
    return this.#ready[thread] === 1;
  }

  /** See {@linkcode ConstantBandwidthServer.dequeue}. */
  override dequeue(thread: ThreadId): boolean {
    if (this.#ready[thread] !== 1) return super.dequeue(thread);
    this.#ready[thread] = 0;
    return true;
  }

  /** Gives way to an earlier deadline, and when throttled. */
  override tick(thread: ThreadId, charge: Charge): boolean {
    const must = super.tick(thread, charge);
    return must || this.#throttled.has(thread);
  }

  /** Gives all servers their budgets whose time has come. */
  timer(now: number): void {
    while (this.#throttled.least <= now) {
      const thread = this.#throttled.shift()!;
      this.#replenish(thread, this.view.parameters(thread));
      this.#goOn(thread, this.due(thread));
    }
    this.#setTimer();
  }

  /** Servers, and who is throttled. */
  override save(): Plain {
    const ready = positives(this.#ready).map(([thread]) => thread);
    const throttled = this.#throttled.save();
    const state: ThrottleState = { servers: super.save(), throttled, ready };
    return state;
  }

  /** Takes over what {@linkcode DeadlineServer.save} returned. */
  override restore(state: Plain): void {
    const { servers, throttled, ready } = state as ThrottleState;
    super.restore(servers);
    this.#throttled.restore(throttled);
    this.#ready.fill(0);
    for (const thread of ready) this.#ready[thread] = 1;
  }

  /** The budgets of so many periods as it takes; a server that is late then begins anew. */
  #replenish(thread: ThreadId, parameters: ThreadParameters): void {
    const { now } = this.view;
    const { budget, deadline } = parameters;
    super.exhausted(thread, parameters);
    if (this.due(thread) < now) this.set(thread, { budget, due: now + deadline });
  }

  #throttle(thread: ThreadId, until: number): void {
    if (this.#throttled.has(thread)) return;
    this.#throttled.insert(thread, until, thread);
    this.#setTimer();
  }

  /** A thread is throttled no more: if it is ready, it may run. */
  #goOn(thread: ThreadId, key: number): void {
    if (this.#ready[thread] === 0) return this.rekey(thread, key);
    this.#ready[thread] = 0;
    this.insert(thread, key);
  }

  #setTimer(): void {
    this.view.timer(this.#throttled.least);
  }
}
