/**
 * Stride scheduling: each thread has a pass, which its running advances by its stride, the inverse
 * of its tickets; the smallest pass runs. C. A. Waldspurger and W. E. Weihl, "Stride Scheduling:
 * Deterministic Proportional-Share Resource Management", MIT/LCS/TM-528, 1995, with that paper's
 * dynamic client participation: a thread that blocks keeps its distance from the global pass, so
 * that it neither loses nor saves up anything meanwhile. Part of a quantum counts as that part.
 *
 * @module
 */
import { NICE_0_WEIGHT, type ThreadParameters } from "../../parameters.ts";
import type { Charge, Policy, SchedulerView, Stop, ThreadId, Wakeup } from "../../policy.ts";
import { grown } from "../../queues/grown.ts";
import { type OrderedEntry, OrderedQueue } from "../../queues/ordered_queue.ts";
import type { Plain } from "../../../util/plain.ts";
import { firstAllowed } from "../common/first_allowed.ts";
import { checkQuantum, type QuantumOptions } from "../common/quantum.ts";

/** Everything the policy remembers. */
type StrideState = {
  readonly queue: readonly OrderedEntry[];
  readonly threads: readonly (readonly [ThreadId, pass: number, used: number, active: number])[];
  readonly pass: number;
  readonly tickets: number;
  readonly sequence: number;
};

/** Shares the CPU in proportion to the threads' weights, to within a quantum of each pair. */
export class Stride implements Policy {
  /** Always `stride`. */
  readonly name = "stride";
  /** No limit: a thread of few tickets waits long among many, but not for ever. */
  readonly timeout: number = Infinity;
  /** Time a thread may run before another may take over. */
  readonly quantum: number;
  readonly #due: number;
  readonly #queue = new OrderedQueue();
  #view: SchedulerView | undefined;
  /** Pass of each active thread, distance from the global pass of others. */
  #passes = new Float64Array(0);
  #used = new Float64Array(0);
  /** Tickets of each thread; 0 if it is unknown. */
  #tickets = new Float64Array(0);
  /** Whether each thread is ready or running. */
  #active = new Uint8Array(0);
  /** Global pass: what a thread with all the active threads' tickets would have. */
  #pass = 0;
  #activeTickets = 0;
  #sequence = 0;

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
    if (thread >= this.#passes.length) {
      this.#passes = grown(this.#passes, thread);
      this.#used = grown(this.#used, thread);
      this.#tickets = grown(this.#tickets, thread);
      this.#active = grown(this.#active, thread);
    }
    this.#tickets[thread] = weight;
    this.#passes[thread] = 0;
    this.#used[thread] = 0;
    this.#active[thread] = 0;
  }

  /** With other tickets, the distance from the global pass changes as the stride does. */
  update(thread: ThreadId, { weight }: ThreadParameters): void {
    const before = this.#tickets[thread]!;
    if (weight === before) return;
    const active = this.#active[thread]! !== 0;
    this.#leave(thread);
    this.#tickets[thread] = weight;
    this.#passes[thread]! *= before / weight;
    if (active) this.#join(thread);
    if (this.#queue.remove(thread)) this.#insert(thread);
  }

  /** See {@linkcode Policy.forget}. */
  forget(thread: ThreadId): void {
    this.#leave(thread);
    this.#tickets[thread] = 0;
  }

  /** See {@linkcode Policy.enqueue}. */
  enqueue(thread: ThreadId, { reason }: Wakeup): void {
    this.#join(thread);
    if (reason !== "preempt" || this.#used[thread]! >= this.#due) this.#used[thread] = 0;
    this.#insert(thread);
  }

  /** Withdraws a ready thread; its distance from the global pass is kept. */
  dequeue(thread: ThreadId): boolean {
    const had = this.#queue.remove(thread);
    if (had) this.#leave(thread);
    return had;
  }

  /** The thread with the smallest pass that may run on the CPU. */
  pick(cpu: number): ThreadId | null {
    const view = this.#view;
    if (view === undefined || view.cpus === 1) return this.#queue.shift();
    return firstAllowed(this.#queue, { view, cpu });
  }

  /** A thread that was withdrawn and is handed the CPU takes part again. */
  running(thread: ThreadId): void {
    this.#join(thread);
  }

  /** Gives way when its quantum is used up and another has a pass that is not larger. */
  tick(thread: ThreadId, { elapsed }: Charge): boolean {
    this.#charge(thread, elapsed);
    if (this.#used[thread]! < this.#due) return false;
    if (this.#queue.least <= this.#passes[thread]!) return true;
    this.#used[thread] = 0;
    return false;
  }

  /** What is left of the quantum. */
  slice(thread: ThreadId): number {
    return this.#due - this.#used[thread]!;
  }

  /** Charges the running thread; one that does not stay ready takes no part for now. */
  stopping(thread: ThreadId, { elapsed, reason }: Stop): void {
    this.#charge(thread, elapsed);
    if (reason === "blocked" || reason === "ended") this.#leave(thread);
  }

  /** Queue, passes, and what is used of quanta. */
  save(): Plain {
    const threads: [ThreadId, number, number, number][] = [];
    this.#tickets.forEach((tickets, thread) => {
      if (tickets === 0) return;
      const [pass, used] = [this.#passes[thread]!, this.#used[thread]!];
      threads.push([thread, pass, used, this.#active[thread]!]);
    });
    const state: StrideState = {
      queue: this.#queue.save(),
      threads,
      pass: this.#pass,
      tickets: this.#activeTickets,
      sequence: this.#sequence,
    };
    return state;
  }

  /** Takes over what {@linkcode Stride.save} returned. */
  restore(state: Plain): void {
    const { queue, threads, pass, tickets, sequence } = state as StrideState;
    const known = new Set(threads.map(([thread]) => thread));
    this.#tickets.forEach((_, thread) => {
      if (!known.has(thread)) this.#tickets[thread] = 0;
    });
    this.#active.fill(0);
    this.#queue.restore(queue);
    [this.#pass, this.#activeTickets, this.#sequence] = [pass, tickets, sequence];
    for (const [thread, ownPass, used, active] of threads) {
      this.#passes[thread] = ownPass;
      this.#used[thread] = used;
      this.#active[thread] = active;
    }
  }

  #insert(thread: ThreadId): void {
    this.#queue.insert(thread, this.#passes[thread]!, this.#sequence++);
  }

  #charge(thread: ThreadId, elapsed: number): void {
    this.#used[thread]! += elapsed;
    this.#passes[thread]! += elapsed * NICE_0_WEIGHT / this.#tickets[thread]!;
    this.#pass += elapsed * NICE_0_WEIGHT / this.#activeTickets;
  }

  #join(thread: ThreadId): void {
    if (this.#active[thread]! !== 0) return;
    this.#active[thread] = 1;
    this.#activeTickets += this.#tickets[thread]!;
    this.#passes[thread]! += this.#pass;
  }

  #leave(thread: ThreadId): void {
    if (this.#active[thread]! === 0) return;
    this.#active[thread] = 0;
    this.#activeTickets -= this.#tickets[thread]!;
    this.#passes[thread]! -= this.#pass;
  }
}
