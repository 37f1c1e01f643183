/**
 * Run queues in the manner of Mach: one first-in-first-out queue per level and a bitmap of the
 * levels that are not empty, so that inserting, taking the most urgent and withdrawing from the
 * middle each cost the same however many threads wait. The links are arrays indexed by thread:
 * nothing is allocated but when a larger thread number appears.
 *
 *     bitmap  0 … 0 1 0 0 1 0
 *                   │     └──── level 1:  head ⇄ t7 ⇄ t2          (tail)
 *                   └────────── level 4:  head ⇄ t5 ⇄ t9 ⇄ t1     (tail)
 *
 * Raising all threads to the highest level links whole queues. A thread's own record of its level
 * is left as it is, but counts from a base that such a rise moves up: what is below the base is the
 * highest level.
 *
 * @module
 */
import type { ThreadId } from "../policy.ts";
import { grown } from "./grown.ts";

/** No thread. */
const NONE = -1;

/** Where the base goes back to 0, before the records overflow. */
const LARGEST_BASE = 2 ** 24;

/** A fixed number of first-in-first-out queues, the highest non-empty one served first. */
export class RunQueues {
  readonly #heads: Int32Array;
  readonly #tails: Int32Array;
  readonly #bitmap: Uint32Array;
  #after = new Int32Array(0);
  #before = new Int32Array(0);
  /** Base plus level of each thread plus one; 0 if it is not queued. */
  #levels = new Int32Array(0);
  #base = 0;
  #size = 0;

  /**
   * Makes empty queues.
   * @param levels number of queues, at least 1
   */
  constructor(levels: number) {
    this.#heads = new Int32Array(levels).fill(NONE);
    this.#tails = new Int32Array(levels).fill(NONE);
    this.#bitmap = new Uint32Array(Math.ceil(levels / 32));
  }

  /** Number of queued threads. */
  get size(): number {
    return this.#size;
  }

  /** Highest level that has a thread, or -1 if none has. */
  get highest(): number {
    const bitmap = this.#bitmap;
    for (let word = bitmap.length - 1; word >= 0; word--) {
      const bits = bitmap[word]!;
      if (bits !== 0) return word * 32 + 31 - Math.clz32(bits);
    }
    return NONE;
  }

  /** Highest level under another that has a thread, or -1 if none has. */
  below(level: number): number {
    let bits = this.#bitmap[level >>> 5]! & ((1 << (level & 31)) - 1);
    for (let word = level >>> 5; word >= 0; bits = this.#bitmap[--word]!) {
      if (bits !== 0) return word * 32 + 31 - Math.clz32(bits);
    }
    return NONE;
  }

  /** Whether the thread is queued. */
  has(thread: ThreadId): boolean {
    return thread < this.#levels.length && this.#levels[thread]! > 0;
  }

  /** The first thread of a level, or -1. */
  head(level: number): ThreadId {
    return this.#heads[level]!;
  }

  /** The thread behind a queued one, or -1. */
  next(thread: ThreadId): ThreadId {
    return this.#after[thread]!;
  }

  /**
   * Queues a thread that is not queued at the tail of a level.
   * @param thread its number
   * @param level 0 to levels − 1
   */
  push(thread: ThreadId, level: number): void {
    this.#makeRoom(thread);
    this.#insert(thread, level, this.#tails[level]!, NONE);
  }

  /** Queues a thread that is not queued at the head of a level. */
  unshift(thread: ThreadId, level: number): void {
    this.#makeRoom(thread);
    this.#insert(thread, level, NONE, this.#heads[level]!);
  }

  /** Withdraws a thread, wherever it is; returns whether it was queued. */
  remove(thread: ThreadId): boolean {
    if (!this.has(thread)) return false;
    let level = this.#levels[thread]! - 1 - this.#base;
    if (level < 0) level = this.#heads.length - 1;
    const before = this.#before[thread]!;
    const after = this.#after[thread]!;
    if (before === NONE) this.#heads[level] = after;
    else this.#after[before] = after;
    if (after === NONE) this.#tails[level] = before;
    else this.#before[after] = before;
    if (before === after) this.#bitmap[level >>> 5]! &= ~(1 << (level & 31));
    this.#levels[thread] = 0;
    this.#size--;
    return true;
  }

  /**
   * Moves all threads to the highest level, behind those there, higher levels first. This costs as
   * much as there are levels, whatever the number of threads.
   */
  raiseAll(): void {
    const top = this.#heads.length - 1;
    for (let level = this.below(top); level >= 0; level = this.below(level)) {
      const head = this.#heads[level]!;
      const end = this.#tails[top]!;
      if (end === NONE) this.#heads[top] = head;
      else this.#after[end] = head;
      this.#before[head] = end;
      this.#tails[top] = this.#tails[level]!;
      this.#heads[level] = NONE;
      this.#tails[level] = NONE;
    }
    if (this.#size > 0) {
      this.#bitmap.fill(0);
      this.#bitmap[top >>> 5] = 1 << (top & 31);
    }
    this.#base += top + 1;
    if (this.#base >= LARGEST_BASE) this.restore(this.save());
  }

  /** Removes and returns the first thread of the highest level, or `null` if there is none. */
  shift(): ThreadId | null {
    const level = this.highest;
    if (level < 0) return null;
    const thread = this.#heads[level]!;
    this.remove(thread);
    return thread;
  }

  /** The non-empty levels, lowest first, and their threads, first to last. */
  save(): { level: number; threads: ThreadId[] }[] {
    const levels: { level: number; threads: ThreadId[] }[] = [];
    for (const [level, head] of this.#heads.entries()) {
      const threads: ThreadId[] = [];
      for (let thread = head; thread !== NONE; thread = this.#after[thread]!) threads.push(thread);
      if (threads.length > 0) levels.push({ level, threads });
    }
    return levels;
  }

  /** Empties the queues, then queues what {@linkcode RunQueues.save} returned. */
  restore(levels: readonly { level: number; threads: readonly ThreadId[] }[]): void {
    this.#heads.fill(NONE);
    this.#tails.fill(NONE);
    this.#bitmap.fill(0);
    this.#levels.fill(0);
    this.#base = 0;
    this.#size = 0;
    for (const { level, threads } of levels) {
      for (const thread of threads) this.push(thread, level);
    }
  }

  #insert(thread: ThreadId, level: number, before: number, after: number): void {
    this.#before[thread] = before;
    this.#after[thread] = after;
    if (before === NONE) this.#heads[level] = thread;
    else this.#after[before] = thread;
    if (after === NONE) this.#tails[level] = thread;
    else this.#before[after] = thread;
    this.#levels[thread] = this.#base + level + 1;
    this.#bitmap[level >>> 5]! |= 1 << (level & 31);
    this.#size++;
  }

  #makeRoom(thread: ThreadId): void {
    if (thread < this.#levels.length) return;
    this.#after = grown(this.#after, thread);
    this.#before = grown(this.#before, thread);
    this.#levels = grown(this.#levels, thread);
  }
}
