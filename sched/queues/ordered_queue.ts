/**
 * A queue in the order of a key: a binary heap of thread numbers, with the place of each thread, so
 * that one can leave from the middle. Equals leave in the order of a second key, by default in the
 * order they came. The arrays are indexed by thread; nothing is allocated but when a larger thread
 * number appears. Cost grows with the logarithm of the number of queued threads.
 *
 * @module
 */
import type { ThreadId } from "../policy.ts";
import { grown } from "./grown.ts";

/** A queued thread and its keys. */
export type OrderedEntry = readonly [thread: ThreadId, key: number, tie: number];

/** Threads by key, the smallest first. */
export class OrderedQueue {
  #heap = new Int32Array(16);
  /** Place of each thread in the heap plus one; 0 if it is not queued. */
  #places = new Int32Array(0);
  #keys = new Float64Array(0);
  #ties = new Float64Array(0);
  #size = 0;
  #inserted = 0;

  /** Number of queued threads. */
  get size(): number {
    return this.#size;
  }

  /** The thread with the smallest key, or -1. */
  get first(): ThreadId {
    return this.#size === 0 ? -1 : this.#heap[0]!;
  }

  /** The smallest key, `Infinity` if nothing is queued. */
  get least(): number {
    return this.#size === 0 ? Infinity : this.#keys[this.#heap[0]!]!;
  }

  /** Whether the thread is queued. */
  has(thread: ThreadId): boolean {
    return thread < this.#places.length && this.#places[thread]! > 0;
  }

  /** The key of a queued thread; afterwards what it was when it left. */
  key(thread: ThreadId): number {
    return this.#keys[thread]!;
  }

  /** The second key of a queued thread; afterwards what it was when it left. */
  tie(thread: ThreadId): number {
    return this.#ties[thread]!;
  }

  /**
   * Queues a thread that is not queued.
   * @param thread its number
   * @param key its place in the order: any number but NaN
   * @param tie its place among equals; behind all that came before if absent
   */
  insert(thread: ThreadId, key: number, tie: number = this.#inserted++): void {
    if (thread >= this.#places.length) {
      this.#places = grown(this.#places, thread);
      this.#keys = grown(this.#keys, thread);
      this.#ties = grown(this.#ties, thread);
    }
    if (this.#size >= this.#heap.length) this.#heap = grown(this.#heap, this.#size);
    this.#keys[thread] = key;
    this.#ties[thread] = tie;
    this.#rise(this.#size++, thread);
  }

  /** Withdraws a thread; returns whether it was queued. */
  remove(thread: ThreadId): boolean {
    if (!this.has(thread)) return false;
    const place = this.#places[thread]! - 1;
    this.#places[thread] = 0;
    const last = this.#heap[--this.#size]!;
    if (last !== thread) this.#settle(place, last);
    return true;
  }

  /** Removes and returns the thread with the smallest key, or `null` if there is none. */
  shift(): ThreadId | null {
    if (this.#size === 0) return null;
    const thread = this.#heap[0]!;
    this.remove(thread);
    return thread;
  }

  /**
   * Whether a queued thread with a smaller key than `below` is accepted. Cost grows with the number
   * of smaller keys until one is.
   */
  some(below: number, accepts: (thread: ThreadId) => boolean, place = 0): boolean {
    if (place >= this.#size) return false;
    const thread = this.#heap[place]!;
    if (this.#keys[thread]! >= below) return false;
    return accepts(thread) || this.some(below, accepts, 2 * place + 1) ||
      this.some(below, accepts, 2 * place + 2);
  }

  /** The queued threads with their keys, in order. */
  save(): OrderedEntry[] {
    return Array.from(
      this.#heap.subarray(0, this.#size),
      (thread): OrderedEntry => [thread, this.#keys[thread]!, this.#ties[thread]!],
    ).sort(([a], [b]) => this.#before(a, b) ? -1 : 1);
  }

  /** Empties the queue, then queues what {@linkcode OrderedQueue.save} returned. */
  restore(entries: readonly OrderedEntry[]): void {
    this.#places.fill(0);
    this.#size = 0;
    this.#inserted = 0;
    for (const [thread, key, tie] of entries) {
      this.insert(thread, key, tie);
      this.#inserted = Math.max(this.#inserted, tie + 1);
    }
  }

  #before(a: ThreadId, b: ThreadId): boolean {
    const key = this.#keys[a]!;
    const other = this.#keys[b]!;
    return key < other || (key === other && this.#ties[a]! < this.#ties[b]!);
  }

  /** Puts a thread at a place that is free, or above it. */
  #rise(place: number, thread: ThreadId): void {
    const heap = this.#heap;
    while (place > 0) {
      const parent = (place - 1) >>> 1;
      const other = heap[parent]!;
      if (!this.#before(thread, other)) break;
      heap[place] = other;
      this.#places[other] = place + 1;
      place = parent;
    }
    heap[place] = thread;
    this.#places[thread] = place + 1;
  }

  /** Puts a thread at a place that is free, above it or below it. */
  #settle(place: number, thread: ThreadId): void {
    const heap = this.#heap;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && this.#before(heap[child + 1]!, heap[child]!)) child++;
      const other = heap[child]!;
      if (!this.#before(other, thread)) break;
      heap[place] = other;
      this.#places[other] = place + 1;
      place = child;
    }
    this.#rise(place, thread);
  }
}
