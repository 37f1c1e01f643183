/**
 * Run queues in the manner of Mach: one first-in-first-out queue per level and a bitmap of the
 * levels that are not empty, so that inserting, taking the most urgent and withdrawing from the
 * middle each cost the same however many threads wait.
 *
 *     bitmap  0 … 0 1 0 0 1 0
 *                   │     └──── level 1:  head ⇄ t7 ⇄ t2          (tail)
 *                   └────────── level 4:  head ⇄ t5 ⇄ t9 ⇄ t1     (tail)
 *
 * @module
 */
import type { ThreadId } from "../policy.ts";

/** A queued thread: a link of a doubly linked list, so that it can leave from the middle. */
interface Link {
  readonly thread: ThreadId;
  readonly level: number;
  before: Link | null;
  after: Link | null;
}

/** A fixed number of first-in-first-out queues, the highest non-empty one served first. */
export class RunQueues {
  readonly #heads: (Link | null)[];
  readonly #tails: (Link | null)[];
  readonly #bitmap: Uint32Array;
  readonly #links = new Map<ThreadId, Link>();

  /**
   * Makes empty queues.
   * @param levels number of queues, at least 1
   */
  constructor(levels: number) {
    this.#heads = new Array<Link | null>(levels).fill(null);
    this.#tails = new Array<Link | null>(levels).fill(null);
    this.#bitmap = new Uint32Array(Math.ceil(levels / 32));
  }

  /** Number of queued threads. */
  get size(): number {
    return this.#links.size;
  }

  /** Highest level that has a thread, or -1 if none has. */
  get highest(): number {
    for (let word = this.#bitmap.length - 1; word >= 0; word--) {
      const bits = this.#bitmap[word] ?? 0;
      if (bits !== 0) return word * 32 + 31 - Math.clz32(bits);
    }
    return -1;
  }

  /** Whether the thread is queued. */
  has(thread: ThreadId): boolean {
    return this.#links.has(thread);
  }

  /**
   * Queues a thread that is not queued.
   * @param thread its id
   * @param options the level (0 to levels − 1) and which end of its queue
   */
  insert(thread: ThreadId, options: { level: number; end: "head" | "tail" }): void {
    const { level, end } = options;
    const link: Link = { thread, level, before: null, after: null };
    if (end === "head") link.after = this.#heads[level] ?? null;
    else link.before = this.#tails[level] ?? null;
    this.#join(link.before, { after: link, level });
    this.#join(link, { after: link.after, level });
    this.#links.set(thread, link);
    const word = level >>> 5;
    this.#bitmap[word] = (this.#bitmap[word] ?? 0) | (1 << (level & 31));
  }

  /** Withdraws a thread from wherever it waits; returns whether it was queued. */
  remove(thread: ThreadId): boolean {
    const link = this.#links.get(thread);
    if (link === undefined) return false;
    const { level } = link;
    this.#join(link.before, { after: link.after, level });
    this.#links.delete(thread);
    if (this.#heads[level] === null) {
      const word = level >>> 5;
      this.#bitmap[word] = (this.#bitmap[word] ?? 0) & ~(1 << (level & 31));
    }
    return true;
  }

  /** Removes and returns the first thread of the highest non-empty queue, or null. */
  shift(): ThreadId | null {
    const head = this.#heads[this.highest];
    if (head === undefined || head === null) return null;
    this.remove(head.thread);
    return head.thread;
  }

  /** The threads of each level that has any, in their order. */
  save(): { level: number; threads: ThreadId[] }[] {
    const levels: { level: number; threads: ThreadId[] }[] = [];
    for (const [level, head] of this.#heads.entries()) {
      const threads: ThreadId[] = [];
      for (let link = head; link !== null; link = link.after) threads.push(link.thread);
      if (threads.length > 0) levels.push({ level, threads });
    }
    return levels;
  }

  /** Empties the queues, then queues what {@linkcode RunQueues.save} returned. */
  restore(levels: readonly { level: number; threads: readonly ThreadId[] }[]): void {
    for (const thread of [...this.#links.keys()]) this.remove(thread);
    for (const { level, threads } of levels) {
      for (const thread of threads) this.insert(thread, { level, end: "tail" });
    }
  }

  /** Makes two links neighbors; null on either side means the end of the queue. */
  #join(before: Link | null, options: { after: Link | null; level: number }): void {
    const { after, level } = options;
    if (before === null) this.#heads[level] = after;
    else before.after = after;
    if (after === null) this.#tails[level] = before;
    else after.before = before;
  }
}
