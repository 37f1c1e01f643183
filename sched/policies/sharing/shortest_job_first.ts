/**
 * Shortest job first: of the ready threads the one runs, to its end, that needs the CPU for the
 * shortest time until it blocks or ends. Silberschatz, Galvin and Gagne, *Operating System
 * Concepts*, 10th ed., section 5.3.2. See also Arpaci-Dusseau, *Operating Systems: Three Easy
 * Pieces*, section 7.4.
 *
 * Where the host does not know that time, as on the machine, it is predicted as in the first of
 * these books: by the exponential average of what the thread has needed before.
 *
 * @module
 */
import { refuseOption } from "../../errors.ts";
import type { Charge, Policy, SchedulerView, Stop, ThreadId, Wakeup } from "../../policy.ts";
import { grown } from "../../queues/grown.ts";
import { type OrderedEntry, OrderedQueue } from "../../queues/ordered_queue.ts";
import type { Plain } from "../../../util/plain.ts";
import { firstAllowed } from "../common/first_allowed.ts";
import { checkPositive, DEFAULT_QUANTUM } from "../common/quantum.ts";
import { goesOn } from "../common/reasons.ts";

/** How the policies that know or predict bursts predict them. */
export interface PredictionOptions {
  /** Weight of the last burst in the average, 0 to 1; 0.5 if absent. */
  readonly alpha?: number;
  /** What a thread is taken to need at first; a positive integer, 10,000 if absent. */
  readonly guess?: number;
}

/** What is remembered of a thread; `tie` is its place among equals. */
type Burst = {
  readonly thread: ThreadId;
  readonly average: number;
  readonly used: number;
  readonly left: number;
  readonly charged: number;
  readonly tie: number;
};

/** Everything the policy remembers. */
type BurstState = {
  readonly queue: readonly OrderedEntry[];
  readonly threads: readonly Burst[];
  readonly sequence: number;
};

/** Runs the shortest burst, without preemption. */
export class ShortestJobFirst implements Policy {
  /** Name used on the command line and in logs. */
  readonly name: string = "sjf";
  /** No limit: short bursts may starve long ones, by design. */
  readonly timeout: number = Infinity;
  readonly #alpha: number;
  readonly #guess: number;
  readonly #queue = new OrderedQueue();
  #view: SchedulerView | undefined;
  /** Which threads are known. */
  #known = new Uint8Array(0);
  /** Exponential average of each thread's bursts. */
  #averages = new Float64Array(0);
  /** What each thread has used in its present burst, and what is expected to be left of it. */
  #used = new Float64Array(0);
  #left = new Float64Array(0);
  /** When each thread was charged last, or got its CPU. */
  #charged = new Float64Array(0);
  /** When each thread took its place among equals. */
  #ties = new Float64Array(0);
  #sequence = 0;

  /**
   * Makes a policy without threads.
   * @throws {SchedError} `invalid-option` if an option is out of its range
   */
  constructor(options: PredictionOptions = {}) {
    const { alpha = 0.5, guess = DEFAULT_QUANTUM } = options;
    if (!(alpha >= 0 && alpha <= 1)) refuseOption("alpha", alpha, "a number from 0 to 1");
    checkPositive("guess", guess);
    this.#alpha = alpha;
    this.#guess = guess;
  }

  /** What the host lets it see. */
  protected get view(): SchedulerView | undefined {
    return this.#view;
  }

  /** Least time that a ready thread is expected to need, `Infinity` if none is ready. */
  protected get least(): number {
    return this.#queue.least;
  }

  /** What the burst of a thread is expected to need from its last charge on. */
  protected left(thread: ThreadId): number {
    return this.#left[thread]!;
  }

  /** What the burst of a running thread is expected to need from now on. */
  protected leftNow(running: ThreadId): number {
    return this.#left[running]! - (this.#view!.now - this.#charged[running]!);
  }

  /** What the next burst of a thread is predicted to need. */
  prediction(thread: ThreadId): number {
    return this.#averages[thread]!;
  }

  /** See {@linkcode Policy.attach}. */
  attach(view: SchedulerView): void {
    this.#view = view;
  }

  /** See {@linkcode Policy.admit}. */
  admit(thread: ThreadId): void {
    if (thread >= this.#known.length) {
      this.#known = grown(this.#known, thread);
      this.#averages = grown(this.#averages, thread);
      this.#used = grown(this.#used, thread);
      this.#left = grown(this.#left, thread);
      this.#charged = grown(this.#charged, thread);
      this.#ties = grown(this.#ties, thread);
    }
    this.#known[thread] = 1;
    this.#averages[thread] = this.#guess;
    this.#used[thread] = 0;
    this.#left[thread] = this.#guess;
    this.#charged[thread] = 0;
    this.#ties[thread] = 0;
  }

  /** See {@linkcode Policy.forget}. */
  forget(thread: ThreadId): void {
    this.#known[thread] = 0;
  }

  /** A thread that lost its CPU stays before its equals; another goes behind them. */
  enqueue(thread: ThreadId, { burst, reason }: Wakeup): void {
    if (burst > 0) this.#left[thread] = burst;
    else if (!goesOn(reason)) this.#left[thread] = this.#averages[thread]!;
    if (reason !== "preempt") this.#ties[thread] = this.#sequence++;
    this.#queue.insert(thread, this.#left[thread]!, this.#ties[thread]);
  }

  /** See {@linkcode Policy.dequeue}. */
  dequeue(thread: ThreadId): boolean {
    return this.#queue.remove(thread);
  }

  /** The thread of the shortest burst that may run on the CPU. */
  pick(cpu: number): ThreadId | null {
    const view = this.#view;
    if (view === undefined || view.cpus === 1) return this.#queue.shift();
    return firstAllowed(this.#queue, { view, cpu });
  }

  /** From now on the thread's time runs. */
  running(thread: ThreadId): void {
    this.#charged[thread] = this.#view!.now;
  }

  /** Never gives way. */
  tick(thread: ThreadId, { elapsed }: Charge): boolean {
    this.#charge(thread, elapsed);
    return false;
  }

  /** No tick matters. */
  slice(_thread: ThreadId, _cpu: number): number {
    return Infinity;
  }

  /** A burst that is over counts in the average. */
  stopping(thread: ThreadId, { elapsed, reason }: Stop): void {
    this.#charge(thread, elapsed);
    if (reason !== "blocked" && reason !== "ended") return;
    this.#averages[thread] = this.#alpha * this.#used[thread]! +
      (1 - this.#alpha) * this.#averages[thread]!;
    this.#used[thread] = 0;
  }

  /** Queue, averages and bursts. */
  save(): Plain {
    const threads: Burst[] = [];
    this.#known.forEach((known, thread) => {
      if (known === 0) return;
      threads.push({
        thread,
        average: this.#averages[thread]!,
        used: this.#used[thread]!,
        left: this.#left[thread]!,
        charged: this.#charged[thread]!,
        tie: this.#ties[thread]!,
      });
    });
    const state: BurstState = { queue: this.#queue.save(), threads, sequence: this.#sequence };
    return state;
  }

  /** Takes over what {@linkcode ShortestJobFirst.save} returned. */
  restore(state: Plain): void {
    const { queue, threads, sequence } = state as BurstState;
    this.#queue.restore(queue);
    this.#sequence = sequence;
    this.#known.fill(0);
    for (const { thread, average, used, left, charged, tie } of threads) {
      this.#known[thread] = 1;
      this.#averages[thread] = average;
      this.#used[thread] = used;
      this.#left[thread] = left;
      this.#charged[thread] = charged;
      this.#ties[thread] = tie;
    }
  }

  #charge(thread: ThreadId, elapsed: number): void {
    this.#charged[thread] = this.#view!.now;
    const used = this.#used[thread]! += elapsed;
    const left = this.#left[thread]! -= elapsed;
    // A burst that has outlasted what was expected is expected to last as long again.
    if (left <= 0) this.#left[thread] = used;
  }
}
