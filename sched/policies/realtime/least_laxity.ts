/**
 * Least laxity first: the thread runs whose job could wait the shortest time and still be done by
 * its deadline. A. K. Mok, "Fundamental Design Problems of Distributed Systems for the Hard-Real-Time
 * Environment", MIT/LCS/TR-297, 1983: as good as earliest deadline first on one CPU, and on several
 * it meets deadlines that that one misses, since a long job is not put off until it is too late
 * (M. L. Dertouzos and A. K. Mok, IEEE Transactions on Software Engineering 15(12), 1989).
 *
 * Laxity is the time to the deadline less what the job has still to run, by its budget. It shrinks
 * while a job waits and stays while it runs, so that two of equal laxity would take the CPU from
 * each other at every instant. Here the running one stays until it has run for a quantum, unless
 * another's laxity is used up and its own is not. Where times are multiples of the quantum, nothing
 * is lost by that; a larger quantum costs laxity, a smaller one switches.
 *
 * @module
 */
import type { ThreadParameters } from "../../parameters.ts";
import type { Charge, Placement, SchedulerView, Stop, ThreadId, Wakeup } from "../../policy.ts";
import { grown, positives, restorePositives } from "../../queues/grown.ts";
import type { Plain } from "../../../util/plain.ts";
import { Jobs } from "../common/jobs.ts";
import { OrderedPolicy } from "../common/ordered_policy.ts";
import { checkQuantum, type QuantumOptions } from "../common/quantum.ts";

/** Everything the policy remembers. */
type LaxityState = {
  readonly ordered: Plain;
  readonly jobs: ReturnType<Jobs["save"]>;
  readonly used: readonly (readonly [ThreadId, used: number])[];
  /** By CPU. */
  readonly charged: readonly number[];
  readonly ran: readonly number[];
};

/**
 * The key is the latest time at which the job must go on without a pause: it changes while the job
 * runs, and never while it waits. Jobs without a budget are taken to need nothing more, threads
 * without a deadline run when no other is ready.
 */
export class LeastLaxity extends OrderedPolicy {
  /** Always `llf`. */
  readonly name = "llf";
  /** Always `deadline`. */
  readonly urgency = "deadline";
  /** Time a thread may run before one of less laxity takes over that has some. */
  readonly quantum: number;
  readonly #jobs = new Jobs();
  /** What each job has run. */
  #used = new Float64Array(0);
  /** By CPU: when its thread was charged last, and what it has run of its quantum then. */
  #charged = new Float64Array(0);
  #ran = new Float64Array(0);

  /**
   * Makes a policy without threads.
   * @throws {SchedError} `invalid-option` if the quantum is not a positive integer
   */
  constructor(options: QuantumOptions = {}) {
    super();
    ({ quantum: this.quantum } = checkQuantum(options));
  }

  /** The latest time at which the job in progress must run, if there is one. */
  protected override keyOf({ deadline, budget }: ThreadParameters, thread: ThreadId): number {
    const due = this.#jobs.due(thread, deadline);
    if (deadline === 0 || due < 0) return Infinity;
    return due - Math.max(0, budget - this.#used[thread]!);
  }

  /** The same, of the job that begins or goes on. */
  protected override keyWhenReady(thread: ThreadId, wakeup: Wakeup): number {
    const { now } = this.view;
    const parameters = this.view.parameters(thread);
    const begins = this.#jobs.ready(thread, wakeup, { now, deadline: parameters.deadline });
    if (begins) this.#used[thread] = 0;
    return this.keyOf(parameters, thread);
  }

  /** See {@linkcode OrderedPolicy.attach}. */
  override attach(view: SchedulerView): void {
    super.attach(view);
    this.#charged = new Float64Array(view.cpus);
    this.#ran = new Float64Array(view.cpus);
  }

  /** See {@linkcode OrderedPolicy.admit}. */
  override admit(thread: ThreadId, parameters: ThreadParameters): void {
    if (thread >= this.#used.length) this.#used = grown(this.#used, thread);
    this.#used[thread] = 0;
    this.#jobs.admit(thread);
    super.admit(thread, parameters);
  }

  /** Who is to run is decided anew, whatever is left of quanta. */
  override update(thread: ThreadId, parameters: ThreadParameters): void {
    super.update(thread, parameters);
    this.#ran.fill(this.quantum);
  }

  /** See {@linkcode OrderedPolicy.forget}. */
  override forget(thread: ThreadId): void {
    this.#used[thread] = 0;
    this.#jobs.forget(thread);
    super.forget(thread);
  }

  /** The CPU whose thread has the most laxity by now. */
  override selectCpu(thread: ThreadId, placement: Placement): number {
    for (let cpu = 0; cpu < this.view.cpus; cpu++) this.#refresh(cpu);
    return super.selectCpu(thread, placement);
  }

  /** A thread has got a CPU, and a quantum. */
  running(_: ThreadId, cpu: number): void {
    this.#charged[cpu] = this.view.now;
    this.#ran[cpu] = 0;
  }

  /** Gives way to less laxity: after a quantum, or when the other has none left and it has. */
  override tick(thread: ThreadId, { cpu, elapsed }: Charge): boolean {
    this.#charge(thread, { cpu, elapsed });
    const { now } = this.view;
    if (this.#ran[cpu]! >= this.quantum) {
      if (this.mustGiveWay(thread, cpu)) return true;
      this.#ran[cpu] = 0;
    }
    return this.least <= now && this.key(thread) > now && this.mustGiveWay(thread, cpu);
  }

  /** The end of the quantum, or when the least laxity of those that wait is used up. */
  override slice(thread: ThreadId, cpu: number): number {
    const { least } = this;
    if (least === Infinity) return Infinity;
    const charged = this.#charged[cpu]!;
    const laxity = this.#keyWhenCharged(thread) - charged;
    const quantum = this.quantum - this.#ran[cpu]!;
    return laxity > 0 && least > charged ? Math.min(quantum, least - charged) : quantum;
  }

  /** See {@linkcode OrderedPolicy.preempts}. */
  override preempts(candidate: ThreadId, running: ThreadId, cpu: number): boolean {
    this.#refresh(cpu);
    return super.preempts(candidate, running, cpu);
  }

  /** Charges the running thread for what it ran since the last tick. */
  stopping(thread: ThreadId, stop: Stop): void {
    this.#charge(thread, stop);
  }

  /** Queue, jobs, and what they have run. */
  override save(): Plain {
    const used = positives(this.#used);
    const [charged, ran] = [[...this.#charged], [...this.#ran]];
    const state: LaxityState = {
      ordered: super.save(),
      jobs: this.#jobs.save(),
      ...{ used, charged, ran },
    };
    return state;
  }

  /** Takes over what {@linkcode LeastLaxity.save} returned. */
  override restore(state: Plain): void {
    const { ordered, jobs, used, charged, ran } = state as LaxityState;
    super.restore(ordered);
    this.#jobs.restore(jobs);
    restorePositives(this.#used, used);
    this.#charged.set(charged);
    this.#ran.set(ran);
  }

  #charge(thread: ThreadId, { cpu, elapsed }: Charge): void {
    this.#used[thread]! += elapsed;
    this.#ran[cpu]! += elapsed;
    this.#charged[cpu] = this.view.now;
    this.setKey(thread, this.#keyWhenCharged(thread));
  }

  #keyWhenCharged(thread: ThreadId): number {
    return this.keyOf(this.view.parameters(thread), thread);
  }

  /** Has the key of a CPU's thread say what it has run since it was charged. */
  #refresh(cpu: number): void {
    const thread = this.view.running(cpu);
    if (thread === null) return;
    const { budget } = this.view.parameters(thread);
    const left = Math.max(0, budget - this.#used[thread]!);
    const since = this.view.now - this.#charged[cpu]!;
    this.setKey(thread, this.#keyWhenCharged(thread) + Math.min(left, since));
  }
}
