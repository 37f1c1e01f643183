/**
 * What round robin and fixed priorities have in common: run queues, and a quantum.
 *
 * A thread that starts, wakes up or yields goes to the tail of its queue with a full quantum. A
 * preempted thread goes to the tail too if its quantum is used up; if not (something more urgent
 * interrupted it) it goes back to the *head*, with what is left of its quantum, as POSIX.1 asks of
 * `SCHED_RR`. A quantum that ends while no other thread could take over is renewed in place.
 *
 * Where a periodic timer is the only clock, a quantum cannot end between two of its ticks: it ends
 * at the tick that is nearest to its end.
 *
 * @module
 */
import type { ThreadParameters } from "../../parameters.ts";
import type { Charge, Policy, SchedulerView, Stop, ThreadId, Wakeup } from "../../policy.ts";
import { grown } from "../../queues/grown.ts";
import { RunQueues } from "../../queues/run_queues.ts";
import type { Plain } from "../../../util/plain.ts";
import { firstQueued } from "./first_allowed.ts";
import { checkQuantum, type QuantumOptions } from "./quantum.ts";

/** Everything a policy over run queues remembers. */
type QuantumState = {
  readonly queues: { readonly level: number; readonly threads: ThreadId[] }[];
  readonly used: [ThreadId, number][];
};

/** A policy over run queues with a quantum; a subclass says which queue a thread belongs to. */
export abstract class QuantumPolicy implements Policy {
  /** Name used on the command line and in logs. */
  abstract readonly name: string;
  /** No limit: urgent threads may starve others, and by turns nobody starves. */
  readonly timeout: number = Infinity;
  /** Time a thread may run before an equal takes over. */
  readonly quantum: number;
  /** What a thread must have used for its quantum to end at a tick. */
  readonly #due: number;
  readonly #queues: RunQueues;
  #view: SchedulerView | undefined;
  /** Queue of each thread. */
  #levels = new Int32Array(0);
  /** What each thread has used up of its quantum. */
  #used = new Float64Array(0);

  /**
   * Makes a policy without threads.
   * @param levels number of run queues
   * @param options the quantum
   * @throws {SchedError} `invalid-option` if the quantum is not a positive safe integer
   */
  constructor(levels: number, options: QuantumOptions = {}) {
    ({ quantum: this.quantum, due: this.#due } = checkQuantum(options));
    this.#queues = new RunQueues(levels);
  }

  /** Run queue of a thread, from its parameters: 0 to levels − 1, higher is served first. */
  protected abstract levelOf(parameters: ThreadParameters): number;

  /** What the host lets it see. */
  protected get view(): SchedulerView | undefined {
    return this.#view;
  }

  /** The run queue a thread is in when ready. */
  protected level(thread: ThreadId): number {
    return this.#levels[thread]!;
  }

  /** See {@linkcode Policy.attach}. */
  attach(view: SchedulerView): void {
    this.#view = view;
  }

  /** See {@linkcode Policy.admit}. */
  admit(thread: ThreadId, parameters: ThreadParameters): void {
    if (thread >= this.#levels.length) {
      this.#levels = grown(this.#levels, thread);
      this.#used = grown(this.#used, thread);
    }
    this.#levels[thread] = this.levelOf(parameters);
    this.#used[thread] = 0;
  }

  /** A ready thread that changes its queue goes to the tail of the new one. */
  update(thread: ThreadId, parameters: ThreadParameters): void {
    const level = this.levelOf(parameters);
    if (level === this.#levels[thread]) return;
    this.#levels[thread] = level;
    if (this.#queues.remove(thread)) this.#queues.push(thread, level);
  }

  /** See {@linkcode Policy.forget}. */
  forget(thread: ThreadId): void {
    this.#used[thread] = 0;
  }

  /** See {@linkcode Policy.enqueue}. */
  enqueue(thread: ThreadId, { reason }: Wakeup): void {
    const level = this.#levels[thread]!;
    if (reason === "preempt" && this.#used[thread]! < this.#due) {
      this.#queues.unshift(thread, level);
    } else {
      this.#used[thread] = 0;
      this.#queues.push(thread, level);
    }
  }

  /** Withdraws a ready thread; what is left of its quantum is kept. */
  dequeue(thread: ThreadId): boolean {
    return this.#queues.remove(thread);
  }

  /** The first thread of the highest queue that may run on the CPU. */
  pick(cpu: number): ThreadId | null {
    return firstQueued(this.#queues, { view: this.#view, cpu });
  }

  /**
   * Charges the running thread.
   * @returns whether it must give way: something more urgent is ready, or its quantum is used up
   *   and an equal is ready
   */
  tick(thread: ThreadId, { elapsed }: Charge): boolean {
    const used = this.#used[thread]! += elapsed;
    const rival = this.#queues.highest;
    const level = this.#levels[thread]!;
    if (rival > level) return true;
    if (used < this.#due) return false;
    if (rival === level) return true;
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

  /** Queues, and what is used of quanta. */
  save(): Plain {
    const used: [ThreadId, number][] = [];
    this.#used.forEach((time, thread) => time > 0 && used.push([thread, time]));
    const state: QuantumState = { queues: this.#queues.save(), used };
    return state;
  }

  /** Takes over what {@linkcode QuantumPolicy.save} returned. */
  restore(state: Plain): void {
    const { queues, used } = state as QuantumState;
    this.#used.fill(0);
    this.#queues.restore(queues);
    for (const [thread, time] of used) this.#used[thread] = time;
  }
}
