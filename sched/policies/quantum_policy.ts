/**
 * What round robin and fixed priorities have in common: run queues, and a quantum in guest
 * instructions.
 *
 * A thread that starts, wakes up or yields goes to the tail of its queue with a full quantum. A
 * preempted thread goes to the tail too if its quantum is used up; if not (something more urgent
 * interrupted it) it goes back to the *head*, with what is left of its quantum, as POSIX.1 asks of
 * `SCHED_RR`. A quantum that ends while no other thread could take over is renewed in place.
 *
 * Where a periodic timer is the only clock, a quantum cannot end between two of its ticks: it ends
 * at the tick that is nearest to its end.
 *
 * @module
 */
import { SchedError } from "../errors.ts";
import type { Policy, ReadyReason, StopReason, ThreadId, ThreadParameters } from "../policy.ts";
import type { Plain } from "../../util/plain.ts";
import { RunQueues } from "./run_queues.ts";

/** Number of priorities: 0 (least urgent) to 127 (most urgent). */
export const PRIORITIES = 128;

/** Quantum used when none is given, in guest instructions. */
export const DEFAULT_QUANTUM = 10_000;

/** Options of the policies that have a quantum. */
export interface QuantumOptions {
  /**
   * Guest instructions a thread may run before an equal takes over; a positive integer,
   * {@linkcode DEFAULT_QUANTUM} if absent.
   */
  readonly quantum?: number;
  /**
   * Guest instructions between two calls of `tick`, where they are periodic; 0, the default, where
   * they are exact.
   */
  readonly tickInterval?: number;
}

/** What is known of a thread that is ready or running. */
interface Account {
  readonly level: number;
  /** Guest instructions used up of the current quantum. */
  used: number;
}

/** Everything a policy over run queues remembers. */
type QuantumState = {
  readonly queues: { readonly level: number; readonly threads: ThreadId[] }[];
  readonly accounts: [ThreadId, { readonly level: number; readonly used: number }][];
};

/** A policy over run queues with a quantum; a subclass says which queue a thread belongs to. */
export abstract class QuantumPolicy implements Policy {
  /** Name used on the command line and in logs. */
  abstract readonly name: string;
  /** Guest instructions a thread may run before an equal takes over. */
  readonly quantum: number;
  /** What a thread must have used for its quantum to end at a tick. */
  readonly #due: number;
  readonly #queues: RunQueues;
  readonly #accounts = new Map<ThreadId, Account>();

  /**
   * Makes a policy without threads.
   * @param levels number of run queues
   * @param options the quantum
   * @throws {SchedError} `invalid-option` if the quantum is not a positive safe integer
   */
  constructor(levels: number, options: QuantumOptions = {}) {
    const { quantum = DEFAULT_QUANTUM, tickInterval = 0 } = options;
    if (!Number.isSafeInteger(quantum) || quantum <= 0) {
      throw new SchedError("invalid-option", {
        message: `Cannot use a quantum of ${quantum}: it must be a positive integer`,
        value: quantum,
      });
    }
    if (!Number.isSafeInteger(tickInterval) || tickInterval < 0) {
      throw new SchedError("invalid-option", {
        message:
          `Cannot use a tick interval of ${tickInterval}: it must be an integer, not negative`,
        value: tickInterval,
      });
    }
    this.quantum = quantum;
    this.#due = Math.max(1, quantum - Math.floor(tickInterval / 2));
    this.#queues = new RunQueues(levels);
  }

  /** Run queue of a thread, from its parameters: 0 to levels − 1, higher is served first. */
  protected abstract level(parameters: ThreadParameters): number;

  /** Whether a thread that has just become ready must preempt the running one at once. */
  abstract preempts(candidate: ThreadParameters, running: ThreadParameters): boolean;

  /** Number of ready threads. */
  get size(): number {
    return this.#queues.size;
  }

  /**
   * Makes a thread ready.
   * @param thread id, not ready at present
   * @param options parameters of the thread and why it becomes ready
   * @throws {SchedError} `invalid-thread`, `invalid-priority` or `already-ready`
   */
  enqueue(
    thread: ThreadId,
    options: { parameters: ThreadParameters; reason: ReadyReason },
  ): void {
    checkThread(thread);
    checkPriority(options.parameters.priority);
    if (this.#queues.has(thread)) {
      throw new SchedError("already-ready", {
        message: `Cannot enqueue thread ${thread}: it is ready already`,
        value: thread,
      });
    }
    const used = this.#accounts.get(thread)?.used ?? 0;
    const resumes = options.reason === "preempt" && used < this.#due;
    const level = this.level(options.parameters);
    this.#accounts.set(thread, { level, used: resumes ? used : 0 });
    this.#queues.insert(thread, { level, end: resumes ? "head" : "tail" });
  }

  /**
   * Withdraws a ready thread. Its level and what is left of its quantum are kept, for it may be
   * handed the CPU without a `pick`.
   * @param thread id of the thread
   * @returns whether it was ready
   */
  dequeue(thread: ThreadId): boolean {
    return this.#queues.remove(thread);
  }

  /**
   * Withdraws a thread that is over, and forgets its quantum.
   * @param thread id of the thread
   */
  forget(thread: ThreadId): void {
    this.#queues.remove(thread);
    this.#accounts.delete(thread);
  }

  /** Removes and returns the thread to run next, or `null` if none is ready. */
  pick(): ThreadId | null {
    return this.#queues.shift();
  }

  /**
   * Charges the running thread. A thread that was never ready (the one that boots) begins with a
   * full quantum on the lowest level.
   * @param running id of the running thread
   * @param elapsed guest instructions since its last `tick` or `pick`, a non-negative integer
   * @returns whether it must give way: something more urgent is ready, or its quantum is used up
   *   and an equal is ready
   * @throws {SchedError} `invalid-thread` or `invalid-elapsed`
   */
  tick(running: ThreadId, elapsed: number): boolean {
    const account = this.#charge(running, elapsed);
    const rival = this.#queues.highest;
    if (rival > account.level) return true;
    if (account.used < this.#due) return false;
    if (rival === account.level) return true;
    account.used = 0;
    return false;
  }

  /**
   * Charges the running thread for what it ran since the last tick.
   * @param running id of the running thread
   * @param options what it ran, and why it stops
   * @throws {SchedError} `invalid-thread` or `invalid-elapsed`
   */
  stopped(running: ThreadId, options: { elapsed: number; reason: StopReason }): void {
    this.#charge(running, options.elapsed);
  }

  /** Queues and accounts. */
  save(): Plain {
    const state: QuantumState = {
      queues: this.#queues.save(),
      accounts: [...this.#accounts].map(([thread, account]) => [thread, { ...account }]),
    };
    return state;
  }

  /**
   * Takes over queues and accounts.
   * @param state what {@linkcode QuantumPolicy.save} returned
   */
  restore(state: Plain): void {
    const { queues, accounts } = state as QuantumState;
    this.#queues.restore(queues);
    this.#accounts.clear();
    for (const [thread, account] of accounts) this.#accounts.set(thread, { ...account });
  }

  #charge(running: ThreadId, elapsed: number): Account {
    checkThread(running);
    if (!Number.isSafeInteger(elapsed) || elapsed < 0) {
      throw new SchedError("invalid-elapsed", {
        message: `Cannot charge thread ${running} with ${elapsed} instructions`,
        value: elapsed,
      });
    }
    let account = this.#accounts.get(running);
    if (account === undefined) {
      account = { level: 0, used: 0 };
      this.#accounts.set(running, account);
    }
    account.used += elapsed;
    return account;
  }
}

function checkThread(thread: ThreadId): void {
  if (!Number.isSafeInteger(thread) || thread < 0) {
    throw new SchedError("invalid-thread", {
      message: `Cannot schedule thread ${thread}: an id is a non-negative integer`,
      value: thread,
    });
  }
}

function checkPriority(priority: number): void {
  if (!Number.isInteger(priority) || priority < 0 || priority >= PRIORITIES) {
    throw new SchedError("invalid-priority", {
      message: `Cannot use priority ${priority}: it must be an integer from 0 to ${PRIORITIES - 1}`,
      value: priority,
    });
  }
}
