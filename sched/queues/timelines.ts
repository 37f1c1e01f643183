/**
 * Threads in the order of their virtual times, each with a deadline, and among those up to some
 * time the one of the earliest deadline: what fair policies ask. There are several such timelines,
 * one per CPU say, and a thread is on one of them at most, so that the arrays indexed by thread
 * serve all. Nothing is allocated but when a larger thread number appears.
 *
 * A timeline is a treap (C. R. Aragon and R. G. Seidel, "Randomized Search Trees", FOCS 1989): a
 * search tree by time that is a heap by a number given to each thread, here a hash of its own
 * number. Each node knows the earliest deadline below it, as in I. Stoica and H. Abdel-Wahab,
 * "Earliest Eligible Virtual Deadline First", TR-95-22, Old Dominion University, 1995, section 5.
 * Cost grows with the logarithm of the number of threads; what is answered never depends on the
 * shape of the tree.
 *
 * @module
 */
import type { ThreadId } from "../policy.ts";
import { grown } from "./grown.ts";

/** A thread on a timeline; threads of equal times are in the order of `tie`. */
export type TimelineEntry = readonly [
  thread: ThreadId,
  time: number,
  deadline: number,
  tie: number,
];

/** No thread. */
const NONE = -1;

/** A fixed number of timelines. */
export class Timelines {
  readonly #roots: Int32Array;
  readonly #firsts: Int32Array;
  readonly #sizes: Int32Array;
  #left = new Int32Array(0);
  #right = new Int32Array(0);
  #up = new Int32Array(0);
  /** Timeline of each thread plus one; 0 if it is on none. */
  #on = new Int32Array(0);
  #times = new Float64Array(0);
  #ties = new Float64Array(0);
  #deadlines = new Float64Array(0);
  /** Earliest deadline of each thread and those below it in the tree. */
  #earliest = new Float64Array(0);

  /** Makes so many empty timelines. */
  constructor(count: number) {
    this.#roots = new Int32Array(count).fill(NONE);
    this.#firsts = new Int32Array(count).fill(NONE);
    this.#sizes = new Int32Array(count);
  }

  /** Number of threads on a timeline. */
  size(timeline: number): number {
    return this.#sizes[timeline]!;
  }

  /** Whether a thread is on a timeline. */
  has(thread: ThreadId): boolean {
    return thread < this.#on.length && this.#on[thread]! > 0;
  }

  /** The timeline a thread is on, or -1. */
  of(thread: ThreadId): number {
    return (this.#on[thread] ?? 0) - 1;
  }

  /** Virtual time of a thread; afterwards what it was when it left. */
  time(thread: ThreadId): number {
    return this.#times[thread]!;
  }

  /** Deadline of a thread; afterwards what it was when it left. */
  deadline(thread: ThreadId): number {
    return this.#deadlines[thread]!;
  }

  /** The thread of the least time, or -1. */
  first(timeline: number): ThreadId {
    return this.#firsts[timeline]!;
  }

  /** The thread behind another on its timeline, or -1. */
  next(thread: ThreadId): ThreadId {
    let next = this.#right[thread]!;
    if (next !== NONE) return this.#leftmost(next);
    let below = thread;
    for (next = this.#up[thread]!; next !== NONE && this.#right[next] === below;) {
      below = next;
      next = this.#up[next]!;
    }
    return next;
  }

  /**
   * Puts a thread that is on none on a timeline.
   * @param thread its number
   * @param at the timeline, its virtual time and deadline, and its place among equal times
   */
  insert(
    thread: ThreadId,
    at: { timeline: number; time: number; deadline: number; tie: number },
  ): void {
    const { timeline, time, deadline, tie } = at;
    if (thread >= this.#on.length) this.#grow(thread);
    this.#times[thread] = time;
    this.#ties[thread] = tie;
    this.#deadlines[thread] = deadline;
    this.#earliest[thread] = deadline;
    this.#left[thread] = NONE;
    this.#right[thread] = NONE;
    this.#on[thread] = timeline + 1;
    this.#sizes[timeline]!++;
    this.#hang(thread, timeline);
    const mine = rank(thread);
    for (let up = this.#up[thread]!; up !== NONE && rank(up) < mine; up = this.#up[thread]!) {
      this.#rotate(thread, timeline);
    }
  }

  /** Takes a thread off its timeline; returns whether it was on one. */
  remove(thread: ThreadId): boolean {
    const timeline = this.of(thread);
    if (timeline < 0) return false;
    if (this.#firsts[timeline] === thread) this.#firsts[timeline] = this.next(thread);
    const [left, right] = [this.#left, this.#right];
    while (left[thread] !== NONE && right[thread] !== NONE) {
      const [a, b] = [left[thread]!, right[thread]!];
      this.#rotate(rank(a) > rank(b) ? a : b, timeline);
    }
    const child = left[thread] !== NONE ? left[thread]! : right[thread]!;
    const up = this.#up[thread]!;
    if (child !== NONE) this.#up[child] = up;
    if (up === NONE) this.#roots[timeline] = child;
    else if (left[up] === thread) left[up] = child;
    else right[up] = child;
    for (let each = up; each !== NONE && this.#renew(each); each = this.#up[each]!);
    this.#on[thread] = 0;
    this.#sizes[timeline]!--;
    return true;
  }

  /**
   * Of the threads whose time is not after a limit, the one of the earliest deadline, or -1; of
   * equal deadlines the first on the timeline.
   */
  earliest(timeline: number, limit: number): ThreadId {
    const [left, earliest, deadlines] = [this.#left, this.#earliest, this.#deadlines];
    let best = NONE;
    let least = Infinity;
    let whole = false;
    for (let node = this.#roots[timeline]!; node !== NONE;) {
      const before = left[node]!;
      if (this.#times[node]! > limit) {
        node = before;
        continue;
      }
      if (before !== NONE && earliest[before]! < least) {
        best = before;
        least = earliest[before]!;
        whole = true;
      }
      if (deadlines[node]! < least) {
        best = node;
        least = deadlines[node]!;
        whole = false;
      }
      node = this.#right[node]!;
    }
    if (!whole) return best;
    for (;;) {
      const before = left[best]!;
      if (before !== NONE && earliest[before] === least) best = before;
      else if (deadlines[best] === least) return best;
      else best = this.#right[best]!;
    }
  }

  /** The threads of a timeline, in order. */
  save(timeline: number): TimelineEntry[] {
    const list: TimelineEntry[] = [];
    for (let each = this.first(timeline); each !== NONE; each = this.next(each)) {
      list.push([each, this.#times[each]!, this.#deadlines[each]!, this.#ties[each]!]);
    }
    return list;
  }

  /** Empties all timelines, then puts on them what {@linkcode Timelines.save} returned of each. */
  restore(timelines: readonly (readonly TimelineEntry[])[]): void {
    this.#roots.fill(NONE);
    this.#firsts.fill(NONE);
    this.#sizes.fill(0);
    this.#on.fill(0);
    for (const [timeline, entries] of timelines.entries()) {
      for (const [thread, time, deadline, tie] of entries) {
        this.insert(thread, { timeline, time, deadline, tie });
      }
    }
  }

  #leftmost(node: ThreadId): ThreadId {
    while (this.#left[node] !== NONE) node = this.#left[node]!;
    return node;
  }

  /** Hangs a thread into the tree as a leaf. */
  #hang(thread: ThreadId, timeline: number): void {
    const [time, tie] = [this.#times[thread]!, this.#ties[thread]!];
    const deadline = this.#deadlines[thread]!;
    let node = this.#roots[timeline]!;
    let up = NONE;
    let first = true;
    let toLeft = false;
    while (node !== NONE) {
      if (deadline < this.#earliest[node]!) this.#earliest[node] = deadline;
      const other = this.#times[node]!;
      toLeft = time < other || (time === other && tie < this.#ties[node]!);
      up = node;
      if (toLeft) {
        node = this.#left[node]!;
      } else {
        node = this.#right[node]!;
        first = false;
      }
    }
    this.#up[thread] = up;
    if (up === NONE) this.#roots[timeline] = thread;
    else if (toLeft) this.#left[up] = thread;
    else this.#right[up] = thread;
    if (first) this.#firsts[timeline] = thread;
  }

  /** Puts a node above the one it hangs from. */
  #rotate(node: ThreadId, timeline: number): void {
    const [left, right, up] = [this.#left, this.#right, this.#up];
    const from = up[node]!;
    const top = up[from]!;
    let between: number;
    if (left[from] === node) {
      between = left[from] = right[node]!;
      right[node] = from;
    } else {
      between = right[from] = left[node]!;
      left[node] = from;
    }
    if (between !== NONE) up[between] = from;
    up[from] = node;
    up[node] = top;
    if (top === NONE) this.#roots[timeline] = node;
    else if (left[top] === from) left[top] = node;
    else right[top] = node;
    this.#earliest[node] = this.#earliest[from]!;
    this.#renew(from);
  }

  /** Finds the earliest deadline from a node down; returns whether it has changed. */
  #renew(node: ThreadId): boolean {
    const [left, right] = [this.#left[node]!, this.#right[node]!];
    let least = this.#deadlines[node]!;
    if (left !== NONE && this.#earliest[left]! < least) least = this.#earliest[left]!;
    if (right !== NONE && this.#earliest[right]! < least) least = this.#earliest[right]!;
    if (this.#earliest[node] === least) return false;
    this.#earliest[node] = least;
    return true;
  }

  #grow(thread: ThreadId): void {
    this.#left = grown(this.#left, thread);
    this.#right = grown(this.#right, thread);
    this.#up = grown(this.#up, thread);
    this.#on = grown(this.#on, thread);
    this.#times = grown(this.#times, thread);
    this.#ties = grown(this.#ties, thread);
    this.#deadlines = grown(this.#deadlines, thread);
    this.#earliest = grown(this.#earliest, thread);
  }
}

/** Who is above in the tree: a hash of the number, one to one, so that no two are equal. */
function rank(thread: ThreadId): number {
  let hash = Math.imul(thread ^ (thread >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
