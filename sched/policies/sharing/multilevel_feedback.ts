/**
 * Multi-level feedback queue, by the five rules of Arpaci-Dusseau, *Operating Systems: Three Easy
 * Pieces*, chapter 8: the higher queue runs; equals take turns; a thread begins in the highest
 * queue; one that has used up its allotment there moves down, however often it gave the CPU up; and
 * after some time all move to the highest queue.
 *
 * Moving them costs the same whatever the number of threads: the queues are linked, and a thread
 * learns of the boosts it has missed when it is looked at next.
 *
 * @module
 */
import { checkIntegerOption } from "../../errors.ts";
import type { ThreadParameters } from "../../parameters.ts";
import type { Charge, Policy, SchedulerView, Stop, ThreadId, Wakeup } from "../../policy.ts";
import { grown } from "../../queues/grown.ts";
import { RunQueues } from "../../queues/run_queues.ts";
import type { Plain } from "../../../util/plain.ts";
import { firstQueued } from "../common/first_allowed.ts";
import { checkQuantum, type QuantumOptions } from "../common/quantum.ts";
import { givesUp } from "../common/reasons.ts";

/** Options of the multi-level feedback queue. */
export interface FeedbackOptions extends QuantumOptions {
  /** Number of queues, 1 to 256; 8 if absent. */
  readonly levels?: number;
  /** Time a thread may run in a queue before it moves down; the quantum if absent. */
  readonly allotment?: number;
  /** Time between two boosts, or `Infinity`; 100 quanta if absent. */
  readonly boost?: number;
  /** How many times longer quantum and allotment are in each queue than in the next higher; 1. */
  readonly growth?: number;
  /**
   * Whether giving the CPU up renews the allotment, as by the book's rule 4b, with which threads
   * can keep the CPU from others; `false` if absent.
   */
  readonly renewed?: boolean;
}

/** Everything the policy remembers. */
type FeedbackState = {
  readonly queues: ReturnType<RunQueues["save"]>;
  readonly threads: readonly (readonly [ThreadId, level: number, used: number, spent: number])[];
  readonly boostAt: number;
  readonly boostedAt: number;
};

/** Favors threads that use the CPU in short bursts, by what each has used so far. */
export class MultilevelFeedback implements Policy {
  /** Always `mlfq`. */
  readonly name = "mlfq";
  /** No limit: without boosts a low queue may starve. */
  readonly timeout: number = Infinity;
  /** Time a thread of the highest queue may run before an equal takes over. */
  readonly quantum: number;
  /** What a thread must have used for its quantum, and for its allotment, to end, by level. */
  readonly #due: Float64Array;
  readonly #allotments: Float64Array;
  readonly #boost: number;
  readonly #renewed: boolean;
  readonly #top: number;
  readonly #queues: RunQueues;
  #view: SchedulerView | undefined;
  /** Queue of each thread plus one; 0 if it is unknown. */
  #levels = new Int32Array(0);
  /** What each thread has used of its quantum, and of its allotment. */
  #used = new Float64Array(0);
  #spent = new Float64Array(0);
  /** How many boosts there have been, and how many of them each thread has heard of. */
  #boosts = 0;
  #boostedAt = 0;
  #heard = new Float64Array(0);
  /** Number of threads below the highest queue; the timer runs while there are any. */
  #low = 0;
  #boostAt = Infinity;

  /**
   * Makes a policy without threads.
   * @throws {SchedError} `invalid-option` if an option is no positive integer, or too large
   */
  constructor(options: FeedbackOptions = {}) {
    const { quantum } = checkQuantum(options);
    const { levels = 8, allotment = quantum, boost = 100 * quantum, tickInterval = 0 } = options;
    const { growth = 1, renewed = false } = options;
    const most = Number.MAX_SAFE_INTEGER;
    checkIntegerOption("levels", levels, { least: 1, most: 256 });
    checkIntegerOption("allotment", allotment, { least: 1, most });
    checkIntegerOption("growth", growth, { least: 1, most: 16 });
    if (boost !== Infinity) checkIntegerOption("boost", boost, { least: 1, most });
    this.quantum = quantum;
    const early = Math.floor(tickInterval / 2);
    const scaled = (time: number): Float64Array =>
      Float64Array.from(
        { length: levels + 1 },
        (_, level) => Math.max(1, time * growth ** (levels - level) - early),
      );
    this.#due = scaled(quantum);
    this.#allotments = scaled(allotment);
    this.#boost = boost;
    this.#renewed = renewed;
    this.#top = levels;
    this.#queues = new RunQueues(levels);
  }

  /** Queue of a thread, 0 to `levels` − 1, higher is served first. */
  level(thread: ThreadId): number {
    this.#hear(thread);
    return this.#levels[thread]! - 1;
  }

  /** See {@linkcode Policy.attach}. */
  attach(view: SchedulerView): void {
    this.#view = view;
  }

  /** See {@linkcode Policy.admit}. */
  admit(thread: ThreadId, _: ThreadParameters): void {
    if (thread >= this.#levels.length) {
      this.#levels = grown(this.#levels, thread);
      this.#used = grown(this.#used, thread);
      this.#spent = grown(this.#spent, thread);
      this.#heard = grown(this.#heard, thread);
    }
    this.#heard[thread] = this.#boosts;
    this.#levels[thread] = this.#top;
    this.#used[thread] = 0;
    this.#spent[thread] = 0;
  }

  /** See {@linkcode Policy.forget}. */
  forget(thread: ThreadId): void {
    this.#hear(thread);
    const low = this.#levels[thread]! < this.#top;
    this.#levels[thread] = 0;
    if (low && --this.#low === 0) this.#setTimer(Infinity);
  }

  /** See {@linkcode Policy.enqueue}. */
  enqueue(thread: ThreadId, { reason }: Wakeup): void {
    this.#hear(thread);
    const level = this.#levels[thread]!;
    if (reason === "preempt" && this.#used[thread]! < this.#due[level]!) {
      this.#queues.unshift(thread, level - 1);
    } else {
      this.#used[thread] = 0;
      this.#queues.push(thread, level - 1);
    }
  }

  /** See {@linkcode Policy.dequeue}. */
  dequeue(thread: ThreadId): boolean {
    return this.#queues.remove(thread);
  }

  /** The first thread of the highest queue that may run on the CPU. */
  pick(cpu: number): ThreadId | null {
    return firstQueued(this.#queues, { view: this.#view, cpu });
  }

  /** Gives way to a higher queue, and to its own when the quantum or the allotment is used up. */
  tick(thread: ThreadId, { elapsed }: Charge): boolean {
    this.#charge(thread, elapsed);
    const level = this.#levels[thread]!;
    const rival = this.#queues.highest + 1;
    if (rival > level) return true;
    if (this.#used[thread]! < this.#due[level]!) return false;
    if (rival === level) return true;
    this.#used[thread] = 0;
    return false;
  }

  /** What is left of the quantum or of the allotment. */
  slice(thread: ThreadId): number {
    this.#hear(thread);
    const level = this.#levels[thread]!;
    const quantum = this.#due[level]! - this.#used[thread]!;
    return Math.min(quantum, this.#allotments[level]! - this.#spent[thread]!);
  }

  /** Charges the running thread for what it ran since the last tick. */
  stopping(thread: ThreadId, { elapsed, reason }: Stop): void {
    this.#charge(thread, elapsed);
    if (this.#renewed && givesUp(reason)) this.#spent[thread] = 0;
  }

  /** A thread of a higher queue takes the CPU at once. */
  preempts(candidate: ThreadId, running: ThreadId): boolean {
    this.#hear(candidate);
    this.#hear(running);
    return this.#levels[candidate]! > this.#levels[running]!;
  }

  /** Moves all threads to the highest queue, those of higher queues first. */
  timer(now: number): void {
    this.#boostAt = Infinity;
    this.#boostedAt = now;
    this.#low = 0;
    this.#queues.raiseAll();
    this.#boosts++;
  }

  /** Queues, and what is used of quanta and allotments. */
  save(): Plain {
    const threads: [ThreadId, number, number, number][] = [];
    this.#levels.forEach((level, thread) => {
      if (level === 0) return;
      this.#hear(thread);
      const [used, spent] = [this.#used[thread]!, this.#spent[thread]!];
      threads.push([thread, this.#levels[thread]!, used, spent]);
    });
    const state: FeedbackState = {
      queues: this.#queues.save(),
      threads,
      boostAt: this.#boostAt,
      boostedAt: this.#boostedAt,
    };
    return state;
  }

  /** Takes over what {@linkcode MultilevelFeedback.save} returned. */
  restore(state: Plain): void {
    const { queues, threads, boostAt, boostedAt } = state as FeedbackState;
    this.#queues.restore(queues);
    this.#levels.fill(0);
    this.#heard.fill(this.#boosts);
    this.#low = 0;
    this.#boostAt = boostAt;
    this.#boostedAt = boostedAt;
    for (const [thread, level, used, spent] of threads) {
      this.#levels[thread] = level;
      this.#used[thread] = used;
      this.#spent[thread] = spent;
      if (level < this.#top) this.#low++;
    }
  }

  /** A thread learns of boosts: it is in the highest queue, with its whole allotment. */
  #hear(thread: ThreadId): void {
    if (this.#heard[thread]! === this.#boosts) return;
    this.#heard[thread] = this.#boosts;
    this.#levels[thread] = this.#top;
    this.#spent[thread] = 0;
  }

  #charge(thread: ThreadId, elapsed: number): void {
    this.#hear(thread);
    const level = this.#levels[thread]!;
    this.#used[thread]! += elapsed;
    // What it ran before a boost is not of the allotment it has since.
    this.#spent[thread]! += Math.min(elapsed, this.#view!.now - this.#boostedAt);
    if (this.#spent[thread]! < this.#allotments[level]!) return;
    this.#spent[thread] = 0;
    if (level === 1) return;
    this.#levels[thread] = level - 1;
    this.#used[thread] = this.#due[level - 1]!;
    if (level === this.#top && this.#low++ === 0 && this.#boost !== Infinity) {
      this.#setTimer((Math.floor(this.#view!.now / this.#boost) + 1) * this.#boost);
    }
  }

  #setTimer(at: number): void {
    this.#boostAt = at;
    this.#view!.timer(at);
  }
}
