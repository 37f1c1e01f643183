/**
 * The constant-bandwidth server: earliest deadline first among threads of which each has a budget in
 * every period, kept to it by its deadline. L. Abeni and G. Buttazzo, "Integrating Multimedia
 * Applications in Hard Real-Time Systems", Real-Time Systems Symposium 1998, section 4. A thread that
 * runs longer than its budget has its deadline put off by a period each time, so that it takes from
 * others no more than its bandwidth, budget by period; time nobody needs it may have.
 *
 * @module
 */
import type { ThreadParameters } from "../../parameters.ts";
import type { Charge, Stop, ThreadId, Wakeup } from "../../policy.ts";
import { grown } from "../../queues/grown.ts";
import type { Plain } from "../../../util/plain.ts";
import { OrderedPolicy } from "../common/ordered_policy.ts";

/** A server, as it is saved. */
type ServerRecord = readonly [
  thread: ThreadId,
  budget: number,
  due: number,
  relative: number,
  blocked: number,
];

/** Everything the policy remembers. */
type ServerState = { readonly ordered: Plain; readonly servers: readonly ServerRecord[] };

/**
 * Each thread with a budget and a deadline (or period) is a server of its own. Others run when no
 * server is ready, in order of arrival: nothing bounds what they need.
 */
export class ConstantBandwidthServer extends OrderedPolicy {
  /** `cbs`. */
  readonly name: string = "cbs";
  /** Always `deadline`. */
  readonly urgency = "deadline";
  /** What is left of each thread's budget. */
  #budgets = new Float64Array(0);
  /** Absolute deadline of each server; -1 if it has not run yet. */
  #due = new Float64Array(0);
  /** Relative deadline it was made with; 0 if the thread is no server. */
  #relative = new Float64Array(0);
  /** When each thread blocked last. */
  #blocked = new Float64Array(0);

  /** Whether a thread is a server. */
  protected isServer(thread: ThreadId): boolean {
    return this.#relative[thread]! > 0;
  }

  /** What is left of a server's budget. */
  protected budget(thread: ThreadId): number {
    return this.#budgets[thread]!;
  }

  /** Absolute deadline of a server. */
  protected due(thread: ThreadId): number {
    return this.#due[thread]!;
  }

  /** Gives a server a budget and a deadline. */
  protected set(thread: ThreadId, { budget, due }: { budget: number; due: number }): void {
    this.#budgets[thread] = budget;
    this.#due[thread] = due;
  }

  /** The next budget, at once, for a deadline a period later. */
  protected exhausted(thread: ThreadId, { budget, period, deadline }: ThreadParameters): void {
    const periods = 1 + Math.floor(-this.budget(thread) / budget);
    this.set(thread, {
      budget: this.budget(thread) + periods * budget,
      due: this.due(thread) + periods * (period || deadline),
    });
  }

  /**
   * A server becomes ready after a wait. With what is left of its budget it would need more than its
   * bandwidth until its deadline: then it begins anew; else it goes on.
   */
  protected wakes(thread: ThreadId, { budget, deadline }: ThreadParameters, now: number): void {
    if (this.budget(thread) * deadline < (this.due(thread) - now) * budget) return;
    this.set(thread, { budget, due: now + deadline });
  }

  /** The thread gives way by itself: that is no matter here. */
  protected yields(_thread: ThreadId): void {}

  /** The server's deadline: put off or brought forward as the relative one changes. */
  protected override keyOf(parameters: ThreadParameters, thread: ThreadId): number {
    const { budget, deadline } = parameters;
    const before = this.#relative[thread]!;
    const relative = this.#relative[thread] = budget > 0 ? deadline : 0;
    if (relative === 0) return Infinity;
    if (before === 0) {
      this.set(thread, { budget, due: -1 });
      this.#blocked[thread] = 0;
    } else if (this.due(thread) >= 0) {
      const due = this.due(thread) + relative - before;
      this.set(thread, { budget: Math.min(this.budget(thread), budget), due });
    }
    return this.due(thread) < 0 ? Infinity : this.due(thread);
  }

  /** The deadline of the server as it goes on, or begins anew. */
  protected override keyWhenReady(
    thread: ThreadId,
    { reason, released }: Pick<Wakeup, "reason" | "released">,
  ): number | null {
    if (!this.isServer(thread)) return Infinity;
    const { now } = this.view;
    const parameters = this.view.parameters(thread);
    // The next job was there before the last was done: the server had no pause.
    const backlogged = reason === "release" && released !== null &&
      released < this.#blocked[thread]!;
    if (this.due(thread) < 0) {
      this.set(thread, { budget: parameters.budget, due: now + parameters.deadline });
    } else if (reason !== "yield" && reason !== "migrated" && !backlogged) {
      this.wakes(thread, parameters, now);
    }
    return this.due(thread);
  }

  /** See {@linkcode OrderedPolicy.admit}. */
  override admit(thread: ThreadId, parameters: ThreadParameters): void {
    if (thread >= this.#due.length) {
      this.#budgets = grown(this.#budgets, thread);
      this.#due = grown(this.#due, thread);
      this.#relative = grown(this.#relative, thread);
      this.#blocked = grown(this.#blocked, thread);
    }
    this.#relative[thread] = 0;
    super.admit(thread, parameters);
  }

  /** A thread that becomes a server now begins now. */
  override update(thread: ThreadId, parameters: ThreadParameters): void {
    const before = this.isServer(thread);
    super.update(thread, parameters);
    if (before || !this.isServer(thread)) return;
    this.keyWhenReady(thread, { reason: "start", released: null });
    this.rekey(thread, this.due(thread));
  }

  /** See {@linkcode OrderedPolicy.forget}. */
  override forget(thread: ThreadId): void {
    this.#relative[thread] = 0;
    super.forget(thread);
  }

  /** Charges the budget; gives way to an earlier deadline. */
  override tick(thread: ThreadId, charge: Charge): boolean {
    this.#charge(thread, charge.elapsed);
    return super.tick(thread, charge);
  }

  /** What is left of the budget. */
  override slice(thread: ThreadId, _cpu: number): number {
    return this.isServer(thread) ? this.budget(thread) : Infinity;
  }

  /** Charges the budget for what the thread ran since the last tick. */
  stopping(thread: ThreadId, { elapsed, reason }: Stop): void {
    this.#charge(thread, elapsed);
    if (!this.isServer(thread)) return;
    if (reason === "blocked") this.#blocked[thread] = this.view.now;
    else if (reason === "yielded") this.yields(thread);
  }

  /** Queue and servers. */
  override save(): Plain {
    const servers: ServerRecord[] = [];
    this.#relative.forEach((relative, thread) => {
      if (relative === 0) return;
      const [budget, due] = [this.#budgets[thread]!, this.#due[thread]!];
      servers.push([thread, budget, due, relative, this.#blocked[thread]!]);
    });
    const state: ServerState = { ordered: super.save(), servers };
    return state;
  }

  /** Takes over what {@linkcode ConstantBandwidthServer.save} returned. */
  override restore(state: Plain): void {
    const { ordered, servers } = state as ServerState;
    super.restore(ordered);
    this.#relative.fill(0);
    for (const [thread, budget, due, relative, blocked] of servers) {
      this.#budgets[thread] = budget;
      this.#due[thread] = due;
      this.#relative[thread] = relative;
      this.#blocked[thread] = blocked;
    }
  }

  #charge(thread: ThreadId, elapsed: number): void {
    if (!this.isServer(thread)) return;
    this.#budgets[thread]! -= elapsed;
    if (this.#budgets[thread]! > 0) return;
    this.exhausted(thread, this.view.parameters(thread));
    this.setKey(thread, this.due(thread));
  }
}
