/**
 * First in, first out: threads run in the order they became ready, each until it blocks, yields or
 * ends. A thread that loses its CPU otherwise goes back to the head, as POSIX.1-2017 asks of
 * `SCHED_FIFO` (System Interfaces, 2.8.4). See also Arpaci-Dusseau, *Operating Systems: Three Easy
 * Pieces*, chapter 7.
 *
 * @module
 */
import type { Policy, SchedulerView, ThreadId, Wakeup } from "../../policy.ts";
import { RunQueues } from "../../queues/run_queues.ts";
import type { Plain } from "../../../util/plain.ts";
import { firstQueued } from "../common/first_allowed.ts";

/** One queue, and no quantum; priorities are ignored. */
export class Fifo implements Policy {
  /** Always `fifo`. */
  readonly name = "fifo";
  /** No limit: a thread that never blocks starves the others, by design. */
  readonly timeout: number = Infinity;
  readonly #queue = new RunQueues(1);
  #view: SchedulerView | undefined;

  /** See {@linkcode Policy.attach}. */
  attach(view: SchedulerView): void {
    this.#view = view;
  }

  /** See {@linkcode Policy.enqueue}. */
  enqueue(thread: ThreadId, { reason }: Wakeup): void {
    if (reason === "preempt") this.#queue.unshift(thread, 0);
    else this.#queue.push(thread, 0);
  }

  /** See {@linkcode Policy.dequeue}. */
  dequeue(thread: ThreadId): boolean {
    return this.#queue.remove(thread);
  }

  /** The first thread that may run on the CPU. */
  pick(cpu: number): ThreadId | null {
    return firstQueued(this.#queue, { view: this.#view, cpu });
  }

  /** Never gives way. */
  tick(): boolean {
    return false;
  }

  /** No tick matters. */
  slice(): number {
    return Infinity;
  }

  /** The queue. */
  save(): Plain {
    return this.#queue.save();
  }

  /** Takes over what {@linkcode Fifo.save} returned. */
  restore(state: Plain): void {
    this.#queue.restore(state as ReturnType<RunQueues["save"]>);
  }
}
