/**
 * What policies have in common that run the ready thread of the smallest key: a deadline, a period.
 * Equals run in the order they became ready; a thread that loses its CPU stays before its equals.
 * With several CPUs the threads of the smallest keys run, wherever that is.
 *
 * @module
 */
import type { ThreadParameters } from "../../parameters.ts";
import type {
  Placement,
  Policy,
  ReadyReason,
  SchedulerView,
  ThreadId,
  Wakeup,
} from "../../policy.ts";
import { grown } from "../../queues/grown.ts";
import { type OrderedEntry, OrderedQueue } from "../../queues/ordered_queue.ts";
import type { Plain } from "../../../util/plain.ts";
import { firstAllowed } from "./first_allowed.ts";

/** Everything a policy by key remembers. */
type OrderedState = {
  readonly queue: readonly OrderedEntry[];
  readonly keys: readonly OrderedEntry[];
  readonly sequence: number;
};

/** A policy without quantum that runs the smallest key; a subclass says what the key is. */
export abstract class OrderedPolicy implements Policy {
  /** Name used on the command line and in logs. */
  abstract readonly name: string;
  /** No limit: a small key may starve larger ones, by design. */
  readonly timeout: number = Infinity;
  readonly #queue = new OrderedQueue();
  #view: SchedulerView | undefined;
  #keys = new Float64Array(0);
  /** When each thread took its place among equals. */
  #ties = new Float64Array(0);
  /** Which threads are known. */
  #known = new Uint8Array(0);
  #sequence = 0;

  /** Key of a thread that is admitted or whose parameters change. */
  protected abstract keyOf(parameters: ThreadParameters, before: number): number;

  /** Key of a thread that becomes ready; what it was if the subclass does not say. */
  protected keyWhenReady(thread: ThreadId, _reason: ReadyReason): number {
    return this.#keys[thread]!;
  }

  /** What the host lets it see. */
  protected get view(): SchedulerView | undefined {
    return this.#view;
  }

  /** See {@linkcode Policy.attach}. */
  attach(view: SchedulerView): void {
    this.#view = view;
  }

  /** See {@linkcode Policy.admit}. */
  admit(thread: ThreadId, parameters: ThreadParameters): void {
    if (thread >= this.#keys.length) {
      this.#keys = grown(this.#keys, thread);
      this.#ties = grown(this.#ties, thread);
      this.#known = grown(this.#known, thread);
    }
    this.#known[thread] = 1;
    this.#keys[thread] = this.keyOf(parameters, Infinity);
    this.#ties[thread] = 0;
  }

  /** A ready thread whose key changes goes behind its new equals. */
  update(thread: ThreadId, parameters: ThreadParameters): void {
    const key = this.keyOf(parameters, this.#keys[thread]!);
    if (key === this.#keys[thread]) return;
    this.#keys[thread] = key;
    if (!this.#queue.remove(thread)) return;
    this.#ties[thread] = this.#sequence++;
    this.#queue.insert(thread, key, this.#ties[thread]);
  }

  /** See {@linkcode Policy.forget}. */
  forget(thread: ThreadId): void {
    this.#known[thread] = 0;
  }

  /** The CPU with the largest key, idle ones before; the previous one among equals. */
  selectCpu(thread: ThreadId, { previous }: Placement): number {
    const view = this.#view!;
    if (view.running(previous) === null) return previous;
    let chosen = previous;
    let largest = this.#keys[view.running(previous)!]!;
    for (let cpu = 0; cpu < view.cpus; cpu++) {
      if (!view.allows(thread, cpu)) continue;
      const running = view.running(cpu);
      if (running === null) return cpu;
      if (this.#keys[running]! <= largest) continue;
      chosen = cpu;
      largest = this.#keys[running]!;
    }
    return chosen;
  }

  /** See {@linkcode Policy.enqueue}. */
  enqueue(thread: ThreadId, { reason }: Wakeup): void {
    if (reason !== "preempt") {
      this.#keys[thread] = this.keyWhenReady(thread, reason);
      this.#ties[thread] = this.#sequence++;
    }
    this.#queue.insert(thread, this.#keys[thread]!, this.#ties[thread]!);
  }

  /** See {@linkcode Policy.dequeue}. */
  dequeue(thread: ThreadId): boolean {
    return this.#queue.remove(thread);
  }

  /** The thread with the smallest key that may run on the CPU. */
  pick(cpu: number): ThreadId | null {
    const view = this.#view;
    if (view === undefined || view.cpus === 1) return this.#queue.shift();
    return firstAllowed(this.#queue, { view, cpu });
  }

  /** Gives way to a smaller key, which is news only if keys were changed meanwhile. */
  tick(thread: ThreadId): boolean {
    return this.#queue.least < this.#keys[thread]!;
  }

  /** No tick matters: a smaller key takes the CPU when it becomes ready. */
  slice(): number {
    return Infinity;
  }

  /** A strictly smaller key takes the CPU at once; an equal waits. */
  preempts(candidate: ThreadId, running: ThreadId): boolean {
    return this.#keys[candidate]! < this.#keys[running]!;
  }

  /** Queue, keys, and places among equals. */
  save(): Plain {
    const keys: OrderedEntry[] = [];
    this.#known.forEach((known, thread) => {
      if (known !== 0) keys.push([thread, this.#keys[thread]!, this.#ties[thread]!]);
    });
    const state: OrderedState = { queue: this.#queue.save(), keys, sequence: this.#sequence };
    return state;
  }

  /** Takes over what {@linkcode OrderedPolicy.save} returned. */
  restore(state: Plain): void {
    const { queue, keys, sequence } = state as OrderedState;
    this.#queue.restore(queue);
    this.#known.fill(0);
    this.#sequence = sequence;
    for (const [thread, key, tie] of keys) {
      this.#known[thread] = 1;
      this.#keys[thread] = key;
      this.#ties[thread] = tie;
    }
  }
}
