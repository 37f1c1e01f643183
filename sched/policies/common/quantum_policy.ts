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
 * With several CPUs and queues the threads of the highest queues run, wherever that is.
 *
 * @module
 */
import type { ThreadParameters } from "../../parameters.ts";
import type {
  Charge,
  Placement,
  Policy,
  SchedulerView,
  Stop,
  ThreadId,
  Wakeup,
} from "../../policy.ts";
import { grown, positives, restorePositives } from "../../queues/grown.ts";
import { RunQueues } from "../../queues/run_queues.ts";
import type { Plain } from "../../../util/plain.ts";
import { Claims, type ClaimsRecord, idlest, runsOn } from "./claims.ts";
import { firstQueued, someQueued } from "./first_allowed.ts";
import { checkQuantum, type QuantumOptions } from "./quantum.ts";

/** Everything a policy over run queues remembers. */
type QuantumState = {
  readonly queues: { readonly level: number; readonly threads: ThreadId[] }[];
  readonly used: [ThreadId, number][];
  readonly claims: ClaimsRecord | null;
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
  readonly #byLevel: boolean;
  #view: SchedulerView | undefined;
  #claims: Claims | undefined;
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
    this.#byLevel = levels > 1;
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

  /**
   * Changes the queue of a thread, whatever it does. A ready one goes to the tail of the new queue,
   * and gets a CPU at once if that is due; a running one gives way if that is due.
   */
  protected relevel(thread: ThreadId, level: number): void {
    const before = this.#levels[thread]!;
    if (level === before) return;
    this.#levels[thread] = level;
    if (this.#queues.remove(thread)) {
      this.#queues.push(thread, level);
      this.#claims?.place(thread);
    } else if (level < before) {
      const cpu = runsOn(this.#view!, thread);
      if (cpu >= 0 && this.#hasReady(level + 1, cpu)) this.#view!.kick(cpu);
    }
  }

  /**
   * Changes the queue of a thread that is not queued, while the host asks about it; it goes to the
   * tail when it is.
   */
  protected setLevel(thread: ThreadId, level: number): void {
    this.#levels[thread] = level;
    this.#used[thread] = this.#due;
  }

  /** See {@linkcode Policy.attach}. */
  attach(view: SchedulerView): void {
    this.#view = view;
    if (!this.#byLevel) return;
    this.#claims = new Claims({
      rank: (thread) => -this.#levels[thread]!,
      isReady: (thread) => this.#queues.has(thread),
    }, view);
  }

  /** See {@linkcode Policy.admit}. */
  admit(thread: ThreadId, parameters: ThreadParameters): void {
    if (thread >= this.#levels.length) {
      this.#levels = grown(this.#levels, thread);
      this.#used = grown(this.#used, thread);
    }
    this.#levels[thread] = this.levelOf(parameters);
    this.#used[thread] = 0;
    this.#claims?.restrict(thread, parameters.affinity);
  }

  /** See {@linkcode QuantumPolicy.relevel}. */
  update(thread: ThreadId, parameters: ThreadParameters): void {
    this.#claims?.restrict(thread, parameters.affinity);
    this.relevel(thread, this.levelOf(parameters));
    // It may be allowed on other CPUs now.
    if (this.#queues.has(thread)) this.#claims?.place(thread);
  }

  /** See {@linkcode Policy.forget}. */
  forget(thread: ThreadId): void {
    this.#claims?.restrict(thread, null);
    this.#used[thread] = 0;
  }

  /** The CPU with the least urgent thread, idle ones before; the previous one among equals. */
  selectCpu(thread: ThreadId, { previous }: Placement): number {
    if (this.#claims !== undefined) return this.#claims.select(thread, previous);
    return idlest(this.#view!, thread, previous);
  }

  /** See {@linkcode Policy.enqueue}. */
  enqueue(thread: ThreadId, { reason, cpu }: Wakeup): void {
    const level = this.#levels[thread]!;
    if (reason === "preempt" && this.#used[thread]! < this.#due) {
      this.#queues.unshift(thread, level);
    } else {
      this.#used[thread] = 0;
      this.#queues.push(thread, level);
    }
    if (this.#claims === undefined || this.#view!.cpus === 1) return;
    const gaveBack = reason === "preempt" || reason === "yield";
    if (!gaveBack) this.#claims.claim(thread, cpu);
    else this.#claims.gaveBack(thread, { cpu, first: this.#queues.head(this.#queues.highest) });
  }

  /** Withdraws a ready thread; what is left of its quantum is kept. */
  dequeue(thread: ThreadId): boolean {
    return this.#queues.remove(thread);
  }

  /** The first thread of the highest queue that may run on the CPU. */
  pick(cpu: number): ThreadId | null {
    const thread = firstQueued(this.#queues, { view: this.#view, cpu });
    this.#claims?.picked(cpu, thread);
    return thread;
  }

  /**
   * Charges the running thread.
   * @returns whether it must give way: something more urgent is ready, or its quantum is used up
   *   and an equal is ready
   */
  tick(thread: ThreadId, { cpu, elapsed }: Charge): boolean {
    const used = this.#used[thread]! += elapsed;
    const level = this.#levels[thread]!;
    if (this.#hasReady(level + 1, cpu)) return true;
    if (used < this.#due) return false;
    if (this.#hasReady(level, cpu)) return true;
    this.#used[thread] = 0;
    return false;
  }

  /** What is left of the quantum. */
  slice(thread: ThreadId, _cpu: number): number {
    return this.#due - this.#used[thread]!;
  }

  /** Charges the running thread for what it ran since the last tick. */
  stopping(thread: ThreadId, { elapsed }: Stop): void {
    this.#used[thread]! += elapsed;
  }

  /** Queues, and what is used of quanta. */
  save(): Plain {
    const used = positives(this.#used);
    const claims = this.#claims?.save() ?? null;
    const state: QuantumState = { queues: this.#queues.save(), used, claims };
    return state;
  }

  /** Takes over what {@linkcode QuantumPolicy.save} returned. */
  restore(state: Plain): void {
    const { queues, used, claims } = state as QuantumState;
    this.#queues.restore(queues);
    if (claims !== null) this.#claims?.restore(claims);
    restorePositives(this.#used, used);
  }

  /** Whether a thread of that level or a higher one is ready that may run on a CPU. */
  #hasReady(level: number, cpu: number): boolean {
    return this.#queues.highest >= level &&
      someQueued(this.#queues, { view: this.#view, cpu, level });
  }
}
