/**
 * What policies have in common that run the ready thread of the smallest key: a deadline, a period.
 * Equals run in the order they became ready; a thread that loses its CPU stays before its equals.
 * With several CPUs the threads of the smallest keys run, wherever that is (`claims.ts`).
 *
 * @module
 */
import type { ThreadParameters } from "../../parameters.ts";
import type { Charge, Placement, Policy, SchedulerView, ThreadId, Wakeup } from "../../policy.ts";
import { grown } from "../../queues/grown.ts";
import { type OrderedEntry, OrderedQueue } from "../../queues/ordered_queue.ts";
import type { Plain } from "../../../util/plain.ts";
import { Claims, type ClaimsRecord, runsOn } from "./claims.ts";
import { firstAllowed } from "./first_allowed.ts";

/** Everything a policy by key remembers. */
type OrderedState = {
  readonly queue: readonly OrderedEntry[];
  readonly keys: readonly OrderedEntry[];
  readonly sequence: number;
  readonly claims: ClaimsRecord | null;
};

/** A policy without quantum that runs the smallest key; a subclass says what the key is. */
export abstract class OrderedPolicy implements Policy {
  /** Name used on the command line and in logs. */
  abstract readonly name: string;
  /** No limit: a small key may starve larger ones, by design. */
  readonly timeout: number = Infinity;
  readonly #queue = new OrderedQueue();
  #view: SchedulerView | undefined;
  #claims: Claims | undefined;
  #keys = new Float64Array(0);
  /** When each thread took its place among equals. */
  #ties = new Float64Array(0);
  /** Which threads are known. */
  #known = new Uint8Array(0);
  #sequence = 0;

  /** Key of a thread that is admitted or whose parameters change. */
  protected abstract keyOf(parameters: ThreadParameters, thread: ThreadId): number;

  /**
   * Key of a thread that becomes ready; what it was if the subclass does not say. `null` if it is
   * not to run for now: the subclass is to {@linkcode OrderedPolicy.insert} it later.
   */
  protected keyWhenReady(thread: ThreadId, _wakeup: Wakeup): number | null {
    return this.#keys[thread]!;
  }

  /** What the host lets it see. */
  protected get view(): SchedulerView {
    return this.#view!;
  }

  /** The smallest key of a ready thread, `Infinity` if none is. */
  protected get least(): number {
    return this.#queue.least;
  }

  /** Key of a thread that is known. */
  protected key(thread: ThreadId): number {
    return this.#keys[thread]!;
  }

  /** Changes the key of a running thread while the host asks about it. */
  protected setKey(thread: ThreadId, key: number): void {
    this.#keys[thread] = key;
  }

  /**
   * Changes the key of a thread, whatever it does. A ready one goes behind its new equals, and gets
   * a CPU at once if that is due; a running one gives way if that is due.
   */
  protected rekey(thread: ThreadId, key: number): void {
    const before = this.#keys[thread]!;
    if (key === before) return;
    this.#keys[thread] = key;
    if (this.#queue.remove(thread)) {
      this.#ties[thread] = this.#sequence++;
      this.#queue.insert(thread, key, this.#ties[thread]);
      this.#claims?.place(thread);
    } else if (key > before) {
      const cpu = runsOn(this.#view!, thread);
      if (cpu >= 0 && this.mustGiveWay(thread, cpu)) this.#view!.kick(cpu);
    }
  }

  /** Makes a thread ready that is not, by itself: it gets a CPU at once if that is due. */
  protected insert(thread: ThreadId, key: number): void {
    this.#keys[thread] = key;
    this.#ties[thread] = this.#sequence++;
    this.#queue.insert(thread, key, this.#ties[thread]);
    this.#claims!.place(thread);
  }

  /** Whether a ready thread that may run on the CPU has a smaller key than the one running there. */
  protected mustGiveWay(thread: ThreadId, cpu: number): boolean {
    const key = this.#keys[thread]!;
    if (this.#queue.least >= key) return false;
    const view = this.#view!;
    return view.cpus === 1 || this.#queue.some(key, (each) => view.allows(each, cpu));
  }

  /** See {@linkcode Policy.attach}. */
  attach(view: SchedulerView): void {
    this.#view = view;
    this.#claims = new Claims({
      rank: (thread) => this.#keys[thread]!,
      isReady: (thread) => this.#queue.has(thread),
    }, view);
  }

  /** See {@linkcode Policy.admit}. */
  admit(thread: ThreadId, parameters: ThreadParameters): void {
    if (thread >= this.#keys.length) {
      this.#keys = grown(this.#keys, thread);
      this.#ties = grown(this.#ties, thread);
      this.#known = grown(this.#known, thread);
    }
    this.#known[thread] = 1;
    this.#keys[thread] = this.keyOf(parameters, thread);
    this.#ties[thread] = 0;
    this.#claims?.restrict(thread, parameters.affinity);
  }

  /** See {@linkcode OrderedPolicy.rekey}. */
  update(thread: ThreadId, parameters: ThreadParameters): void {
    this.#claims?.restrict(thread, parameters.affinity);
    this.rekey(thread, this.keyOf(parameters, thread));
    // It may be allowed on other CPUs now.
    if (this.#queue.has(thread)) this.#claims?.place(thread);
  }

  /** See {@linkcode Policy.forget}. */
  forget(thread: ThreadId): void {
    this.#claims?.restrict(thread, null);
    this.#known[thread] = 0;
  }

  /** The CPU with the largest key, idle ones before; the previous one among equals. */
  selectCpu(thread: ThreadId, { previous }: Placement): number {
    return this.#claims!.select(thread, previous);
  }

  /** See {@linkcode Policy.enqueue}. */
  enqueue(thread: ThreadId, wakeup: Wakeup): void {
    const { reason, cpu } = wakeup;
    if (reason !== "preempt") {
      const key = this.keyWhenReady(thread, wakeup);
      if (key === null) return;
      this.#keys[thread] = key;
      this.#ties[thread] = this.#sequence++;
    }
    this.#queue.insert(thread, this.#keys[thread]!, this.#ties[thread]!);
    if (this.#view!.cpus === 1) return;
    const gaveBack = reason === "preempt" || reason === "yield";
    if (!gaveBack) this.#claims!.claim(thread, cpu);
    else this.#claims!.gaveBack(thread, { cpu, first: this.#queue.first });
  }

  /** See {@linkcode Policy.dequeue}. */
  dequeue(thread: ThreadId): boolean {
    return this.#queue.remove(thread);
  }

  /** The thread with the smallest key that may run on the CPU. */
  pick(cpu: number): ThreadId | null {
    const view = this.#view!;
    const thread = view.cpus === 1 ? this.#queue.shift() : firstAllowed(this.#queue, { view, cpu });
    this.#claims!.picked(cpu, thread);
    return thread;
  }

  /** Gives way to a smaller key, which is news only if keys were changed meanwhile. */
  tick(thread: ThreadId, { cpu }: Charge): boolean {
    return this.mustGiveWay(thread, cpu);
  }

  /** No tick matters: a smaller key takes the CPU when it becomes ready. */
  slice(_thread: ThreadId, _cpu: number): number {
    return Infinity;
  }

  /** A strictly smaller key takes the CPU at once; an equal waits. */
  preempts(candidate: ThreadId, running: ThreadId, _cpu: number): boolean {
    return this.#keys[candidate]! < this.#keys[running]!;
  }

  /** Queue, keys, and places among equals. */
  save(): Plain {
    const keys: OrderedEntry[] = [];
    this.#known.forEach((known, thread) => {
      if (known !== 0) keys.push([thread, this.#keys[thread]!, this.#ties[thread]!]);
    });
    const state: OrderedState = {
      queue: this.#queue.save(),
      keys,
      sequence: this.#sequence,
      claims: this.#claims?.save() ?? null,
    };
    return state;
  }

  /** Takes over what {@linkcode OrderedPolicy.save} returned. */
  restore(state: Plain): void {
    const { queue, keys, sequence, claims } = state as OrderedState;
    this.#queue.restore(queue);
    this.#known.fill(0);
    this.#sequence = sequence;
    for (const [thread, key, tie] of keys) {
      this.#known[thread] = 1;
      this.#keys[thread] = key;
      this.#ties[thread] = tie;
    }
    if (claims !== null) this.#claims?.restore(claims);
  }
}
