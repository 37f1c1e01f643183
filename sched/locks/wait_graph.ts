/**
 * Who waits for what, who holds it, and how urgent that makes whom. A thread is as urgent as the
 * most urgent of: itself, the ceilings of mutexes it holds, and the threads that wait for mutexes
 * it holds that pass urgency on. A change goes along the graph until it changes nothing more: once
 * around each thread of the chain, without recursion, as a cycle is never let into the graph.
 *
 *     thread ──waits for──▶ mutex ──held by──▶ thread ──waits for──▶ …
 *       key ≥ the least of      claim = the least of
 *       own key and claims      ceiling and waiters' keys
 *
 * Both sets of which the least is needed are heaps, the waiters of an object and the claims on a
 * thread, so that a step costs the logarithm of their sizes. A mutex without ceiling for which
 * nobody waits claims nothing and is in no heap.
 *
 * @module
 */
import type { ThreadParameters, UrgencyParameter } from "../parameters.ts";
import type { ThreadId } from "../policy.ts";
import { grown } from "../queues/grown.ts";
import { EMPTY, PairingHeaps } from "../queues/pairing_heaps.ts";
import { LEAST_URGENT, urgencyKey, withUrgency } from "./urgency.ts";

/** No thread, no object. */
export const NONE = -1;

/** Threads, the objects they wait for, and the urgency that follows from it. */
export class WaitGraph {
  readonly #by: UrgencyParameter;
  readonly #update: (thread: ThreadId, parameters: ThreadParameters) => void;
  // By thread.
  #base: (ThreadParameters | undefined)[] = [];
  #effective: ThreadParameters[] = [];
  /** What a thread was raised to last, which often is what it is raised to next. */
  #raised: (ThreadParameters | undefined)[] = [];
  #baseKeys = new Float64Array(0);
  #keys = new Float64Array(0);
  /** Object each thread waits for. */
  #waitsFor = new Int32Array(0);
  /** Heap of the mutexes that claim something of each thread. */
  #claims = new Int32Array(0);
  /** The mutex each thread has locked last, of those it holds. */
  #held = new Int32Array(0);
  // By object.
  #passes = new Uint8Array(0);
  #ceilings = new Float64Array(0);
  #owners = new Int32Array(0);
  /** Heap of the threads that wait for each object. */
  #waiters = new Int32Array(0);
  #heldBefore = new Int32Array(0);
  #heldAfter = new Int32Array(0);
  /** Whether a mutex is in its owner's heap of claims. */
  #claiming = new Uint8Array(0);
  /** Heaps of threads, and of mutexes. */
  readonly #threadHeaps = new PairingHeaps();
  readonly #mutexHeaps = new PairingHeaps();

  /**
   * Makes an empty graph.
   * @param by what is inherited
   * @param update hears of the effective parameters of a thread whenever they change
   */
  constructor(
    by: UrgencyParameter,
    update: (thread: ThreadId, parameters: ThreadParameters) => void,
  ) {
    this.#by = by;
    this.#update = update;
  }

  /** Whether a thread is known. */
  has(thread: ThreadId): boolean {
    return this.#base[thread] !== undefined;
  }

  /** The known threads. */
  threads(): ThreadId[] {
    return [...this.#base.keys()].filter((thread) => this.has(thread));
  }

  /** Adds a thread. */
  add(thread: ThreadId, base: ThreadParameters): void {
    if (thread >= this.#keys.length) {
      this.#baseKeys = grown(this.#baseKeys, thread);
      this.#keys = grown(this.#keys, thread);
      this.#waitsFor = grown(this.#waitsFor, thread);
      this.#claims = grown(this.#claims, thread);
      this.#held = grown(this.#held, thread);
    }
    while (this.#base.length < thread) this.#base.push(undefined);
    this.#base[thread] = this.#effective[thread] = base;
    this.#raised[thread] = undefined;
    this.#baseKeys[thread] = this.#keys[thread] = urgencyKey(this.#by, base[this.#by]);
    this.#waitsFor[thread] = this.#claims[thread] = this.#held[thread] = NONE;
  }

  /** Tells nothing more of a thread, which waits for nothing; what it holds is to be dropped. */
  delete(thread: ThreadId): void {
    this.#base[thread] = undefined;
  }

  /** What was asked for a thread. */
  base(thread: ThreadId): ThreadParameters {
    return this.#base[thread]!;
  }

  /** Urgency of a thread by what was asked for. */
  baseKey(thread: ThreadId): number {
    return this.#baseKeys[thread]!;
  }

  /** What holds for a thread. */
  effective(thread: ThreadId): ThreadParameters {
    return this.#effective[thread]!;
  }

  /** Urgency of a thread. */
  key(thread: ThreadId): number {
    return this.#keys[thread]!;
  }

  /** Asks for other parameters of a thread. */
  setBase(thread: ThreadId, base: ThreadParameters): void {
    this.#base[thread] = base;
    this.#raised[thread] = undefined;
    this.#baseKeys[thread] = urgencyKey(this.#by, base[this.#by]);
    const key = this.#keys[thread]!;
    this.#refresh(thread);
    if (this.#keys[thread] === key) this.#publish(thread);
  }

  /** Adds an object, or gives its number to another one. */
  addObject(id: number, { passes, ceiling }: { passes: boolean; ceiling: number }): void {
    if (id >= this.#owners.length) {
      this.#passes = grown(this.#passes, id);
      this.#ceilings = grown(this.#ceilings, id);
      this.#owners = grown(this.#owners, id);
      this.#waiters = grown(this.#waiters, id);
      this.#heldBefore = grown(this.#heldBefore, id);
      this.#heldAfter = grown(this.#heldAfter, id);
      this.#claiming = grown(this.#claiming, id);
    }
    this.#passes[id] = passes ? 1 : 0;
    this.#ceilings[id] = ceiling;
    this.#owners[id] = this.#waiters[id] = NONE;
    this.#claiming[id] = 0;
  }

  /** Who holds a mutex. */
  owner(mutex: number): ThreadId {
    return this.#owners[mutex]!;
  }

  /** The mutex that a thread has locked last of those it holds. */
  held(thread: ThreadId): number {
    return this.#held[thread]!;
  }

  /** The mutexes a thread holds, in the order it has locked them. */
  heldInOrder(thread: ThreadId): number[] {
    const list: number[] = [];
    let mutex = this.#held[thread]!;
    for (; mutex !== NONE; mutex = this.#heldBefore[mutex]!) list.push(mutex);
    return list.reverse();
  }

  /** What a thread waits for. */
  waitsFor(thread: ThreadId): number {
    return this.#waitsFor[thread]!;
  }

  /** The most urgent of the threads that wait for an object, among equals the first. */
  first(id: number): ThreadId {
    return this.#waiters[id]!;
  }

  /** The threads that wait for an object, in the order they will get it. */
  waiters(id: number): ThreadId[] {
    return this.#threadHeaps.list(this.#waiters[id]!);
  }

  /** A thread holds a free mutex from now on. */
  take(thread: ThreadId, mutex: number): void {
    const last = this.#held[thread]!;
    this.#owners[mutex] = thread;
    this.#heldBefore[mutex] = last;
    this.#heldAfter[mutex] = NONE;
    if (last !== NONE) this.#heldAfter[last] = mutex;
    this.#held[thread] = mutex;
    const claim = this.#claimOf(mutex);
    if (claim !== LEAST_URGENT) this.#setClaim(mutex, claim);
  }

  /** The owner of a mutex holds it no more. */
  drop(mutex: number): void {
    const thread = this.#owners[mutex]!;
    const before = this.#heldBefore[mutex]!;
    const after = this.#heldAfter[mutex]!;
    if (before !== NONE) this.#heldAfter[before] = after;
    if (after !== NONE) this.#heldBefore[after] = before;
    else this.#held[thread] = before;
    if (this.#claiming[mutex] !== 0) this.#setClaim(mutex, LEAST_URGENT);
    this.#owners[mutex] = NONE;
  }

  /** A thread waits for an object from now on; one that came earlier goes first among equals. */
  block(thread: ThreadId, id: number, arrival: number): void {
    this.#waitsFor[thread] = id;
    const root = this.#waiters[id]!;
    this.#waiters[id] = this.#threadHeaps.insert(root, thread, this.#keys[thread]!, arrival);
    this.#passOn(id);
  }

  /** A thread waits no more. */
  unblock(thread: ThreadId): void {
    const id = this.#waitsFor[thread]!;
    this.#waitsFor[thread] = NONE;
    this.#waiters[id] = this.#threadHeaps.remove(this.#waiters[id]!, thread);
    this.#passOn(id);
  }

  /**
   * The cycle that would be closed if a thread waited for a mutex: thread, mutex it waits for,
   * owner of that, mutex it waits for, and so on; `null` if there is none.
   */
  cycle(thread: ThreadId, mutex: number): number[] | null {
    let owner = this.#owners[mutex]!;
    while (owner !== thread) {
      if (owner === NONE) return null;
      const next = this.#waitsFor[owner]!;
      if (next === NONE) return null;
      owner = this.#owners[next]!;
    }
    const cycle = [thread, mutex];
    for (owner = this.#owners[mutex]!; owner !== thread;) {
      const next = this.#waitsFor[owner]!;
      cycle.push(owner, next);
      owner = this.#owners[next]!;
    }
    return cycle;
  }

  /** The waiters of an object have changed: whoever holds it may be more or less urgent now. */
  #passOn(id: number): void {
    if (this.#passes[id] !== 0 && this.#owners[id] !== NONE) this.#setClaim(id, this.#claimOf(id));
  }

  #claimOf(mutex: number): number {
    const ceiling = this.#ceilings[mutex]!;
    const first = this.#waiters[mutex]!;
    if (this.#passes[mutex] === 0 || first === NONE) return ceiling;
    return Math.min(ceiling, this.#keys[first]!);
  }

  /** A mutex that is held claims another urgency of its owner. */
  #setClaim(mutex: number, claim: number): void {
    const owner = this.#owners[mutex]!;
    if (this.#replaceClaim(mutex, owner, claim)) this.#refresh(owner);
  }

  /** Returns whether anything has changed. */
  #replaceClaim(mutex: number, owner: ThreadId, claim: number): boolean {
    const heaps = this.#mutexHeaps;
    const root = this.#claims[owner]!;
    if (this.#claiming[mutex] === 0) {
      if (claim === LEAST_URGENT) return false;
      this.#claims[owner] = heaps.insert(root, mutex, claim, mutex);
    } else {
      if (claim === heaps.key(mutex)) return false;
      this.#claims[owner] = claim === LEAST_URGENT
        ? heaps.remove(root, mutex)
        : heaps.change(root, mutex, claim);
    }
    this.#claiming[mutex] = claim === LEAST_URGENT ? 0 : 1;
    return true;
  }

  /** Finds a thread's urgency anew, and that of the threads it waits for. */
  #refresh(thread: ThreadId): void {
    for (;;) {
      const root = this.#claims[thread]!;
      const claim = root === EMPTY ? LEAST_URGENT : this.#mutexHeaps.key(root);
      const key = Math.min(this.#baseKeys[thread]!, claim);
      if (key === this.#keys[thread]) return;
      this.#keys[thread] = key;
      this.#publish(thread);
      const id = this.#waitsFor[thread]!;
      if (id === NONE) return;
      this.#waiters[id] = this.#threadHeaps.change(this.#waiters[id]!, thread, key);
      const owner = this.#owners[id]!;
      if (this.#passes[id] === 0 || owner === NONE) return;
      if (!this.#replaceClaim(id, owner, this.#claimOf(id))) return;
      thread = owner;
    }
  }

  /** Tells of the effective parameters of a thread. */
  #publish(thread: ThreadId): void {
    const base = this.#base[thread];
    if (base === undefined) return;
    const key = this.#keys[thread]!;
    const parameters = key === this.#baseKeys[thread] ? base : this.#raise(thread, key);
    this.#effective[thread] = parameters;
    this.#update(thread, parameters);
  }

  #raise(thread: ThreadId, key: number): ThreadParameters {
    const last = this.#raised[thread];
    if (last !== undefined && urgencyKey(this.#by, last[this.#by]) === key) return last;
    return this.#raised[thread] = withUrgency(this.#base[thread]!, { by: this.#by, key });
  }
}
