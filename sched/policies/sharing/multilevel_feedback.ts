/**
 * Multi-level feedback queue, by the five rules of Arpaci-Dusseau, *Operating Systems: Three Easy
 * Pieces*, chapter 8: the higher queue runs; equals take turns; a thread begins in the highest
 * queue; one that has used up its allotment there moves down, however often it gave the CPU up; and
 * after some time all move to the highest queue.
 *
 * @module
 */
import { SchedError } from "../../errors.ts";
import type { ThreadParameters } from "../../parameters.ts";
import type { Charge, Policy, SchedulerView, Stop, ThreadId, Wakeup } from "../../policy.ts";
import { grown } from "../../queues/grown.ts";
import { RunQueues } from "../../queues/run_queues.ts";
import type { Plain } from "../../../util/plain.ts";
import { firstQueued } from "../common/first_allowed.ts";
import { checkQuantum, type QuantumOptions } from "../common/quantum.ts";

/** Options of the multi-level feedback queue. */
export interface FeedbackOptions extends QuantumOptions {
  /** Number of queues, 1 to 256; 8 if absent. */
  readonly levels?: number;
  /** Time a thread may run in a queue before it moves down; the quantum if absent. */
  readonly allotment?: number;
  /** Time between two boosts, or `Infinity`; 100 quanta if absent. */
  readonly boost?: number;
}

/** Everything the policy remembers. */
type FeedbackState = {
  readonly queues: ReturnType<RunQueues["save"]>;
  readonly threads: readonly (readonly [ThreadId, level: number, used: number, spent: number])[];
  readonly boostAt: number;
};

/** Favors threads that use the CPU in short bursts, by what each has used so far. */
export class MultilevelFeedback implements Policy {
  /** Always `mlfq`. */
  readonly name = "mlfq";
  /** No limit: without boosts a low queue may starve. */
  readonly timeout: number = Infinity;
  /** Time a thread may run before an equal takes over. */
  readonly quantum: number;
  readonly #due: number;
  readonly #allotment: number;
  readonly #boost: number;
  readonly #top: number;
  readonly #queues: RunQueues;
  #view: SchedulerView | undefined;
  /** Queue of each thread plus one; 0 if it is unknown. */
  #levels = new Int32Array(0);
  /** What each thread has used of its quantum, and of its allotment. */
  #used = new Float64Array(0);
  #spent = new Float64Array(0);
  /** Number of threads below the highest queue; the timer runs while there are any. */
  #low = 0;
  #boostAt = Infinity;

  /**
   * Makes a policy without threads.
   * @throws {SchedError} `invalid-option` if an option is no positive integer, or too large
   */
  constructor(options: FeedbackOptions = {}) {
    const { quantum, due } = checkQuantum(options);
    const { levels = 8, allotment = quantum, boost = 100 * quantum, tickInterval = 0 } = options;
    check("levels", levels, 256);
    check("allotment", allotment, Number.MAX_SAFE_INTEGER);
    if (boost !== Infinity) check("boost", boost, Number.MAX_SAFE_INTEGER);
    this.quantum = quantum;
    this.#due = due;
    this.#allotment = Math.max(1, allotment - Math.floor(tickInterval / 2));
    this.#boost = boost;
    this.#top = levels;
    this.#queues = new RunQueues(levels);
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
    }
    this.#levels[thread] = this.#top;
    this.#used[thread] = 0;
    this.#spent[thread] = 0;
  }

  /** See {@linkcode Policy.forget}. */
  forget(thread: ThreadId): void {
    const low = this.#levels[thread]! < this.#top;
    this.#levels[thread] = 0;
    if (low && --this.#low === 0) this.#setTimer(Infinity);
  }

  /** See {@linkcode Policy.enqueue}. */
  enqueue(thread: ThreadId, { reason }: Wakeup): void {
    const level = this.#levels[thread]! - 1;
    if (reason === "preempt" && this.#used[thread]! < this.#due) {
      this.#queues.unshift(thread, level);
    } else {
      this.#used[thread] = 0;
      this.#queues.push(thread, level);
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
    const level = this.#levels[thread]! - 1;
    const rival = this.#queues.highest;
    if (rival > level) return true;
    if (this.#used[thread]! < this.#due) return false;
    if (rival === level) return true;
    this.#used[thread] = 0;
    return false;
  }

  /** What is left of the quantum or of the allotment. */
  slice(thread: ThreadId): number {
    return Math.min(this.#due - this.#used[thread]!, this.#allotment - this.#spent[thread]!);
  }

  /** Charges the running thread for what it ran since the last tick. */
  stopping(thread: ThreadId, { elapsed }: Stop): void {
    this.#charge(thread, elapsed);
  }

  /** A thread of a higher queue takes the CPU at once. */
  preempts(candidate: ThreadId, running: ThreadId): boolean {
    return this.#levels[candidate]! > this.#levels[running]!;
  }

  /** Moves all threads to the highest queue, those of higher queues first. */
  timer(): void {
    this.#boostAt = Infinity;
    this.#low = 0;
    const queues = this.#queues;
    const top = this.#top - 1;
    for (let level = queues.below(top); level >= 0; level = queues.below(level)) {
      for (let thread = queues.head(level); thread >= 0; thread = queues.head(level)) {
        queues.remove(thread);
        queues.push(thread, top);
      }
    }
    this.#spent.fill(0);
    this.#levels.forEach((level, thread) => {
      if (level > 0) this.#levels[thread] = this.#top;
    });
  }

  /** Queues, and what is used of quanta and allotments. */
  save(): Plain {
    const threads: [ThreadId, number, number, number][] = [];
    this.#levels.forEach((level, thread) => {
      if (level > 0) threads.push([thread, level, this.#used[thread]!, this.#spent[thread]!]);
    });
    const state: FeedbackState = { queues: this.#queues.save(), threads, boostAt: this.#boostAt };
    return state;
  }

  /** Takes over what {@linkcode MultilevelFeedback.save} returned. */
  restore(state: Plain): void {
    const { queues, threads, boostAt } = state as FeedbackState;
    this.#queues.restore(queues);
    this.#levels.fill(0);
    this.#low = 0;
    this.#boostAt = boostAt;
    for (const [thread, level, used, spent] of threads) {
      this.#levels[thread] = level;
      this.#used[thread] = used;
      this.#spent[thread] = spent;
      if (level < this.#top) this.#low++;
    }
  }

  #charge(thread: ThreadId, elapsed: number): void {
    this.#used[thread]! += elapsed;
    this.#spent[thread]! += elapsed;
    if (this.#spent[thread]! < this.#allotment) return;
    this.#spent[thread] = 0;
    const level = this.#levels[thread]!;
    if (level === 1) return;
    this.#levels[thread] = level - 1;
    this.#used[thread] = this.#due;
    if (level === this.#top && this.#low++ === 0 && this.#boost !== Infinity) {
      this.#setTimer((Math.floor(this.#view!.now / this.#boost) + 1) * this.#boost);
    }
  }

  #setTimer(at: number): void {
    this.#boostAt = at;
    this.#view!.timer(at);
  }
}

function check(option: string, value: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return;
  throw new SchedError("invalid-option", {
    message: `Cannot use ${option} ${value}: it must be an integer from 1 to ${most}`,
    value,
  });
}
