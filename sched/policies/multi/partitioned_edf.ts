/**
 * Partitioned earliest deadline first: each thread is given a CPU by its utilization, budget by
 * period, and stays there; each CPU runs its own by earliest deadline, and so meets all deadlines as
 * long as they need no more than all of it. Threads that come in the same instant are placed largest
 * first (first fit and worst fit decreasing: J. M. López, J. L. Díaz and D. F. García, "Utilization
 * Bounds for EDF Scheduling on Real-Time Multiprocessor Systems", Real-Time Systems 28(1), 2004).
 *
 * What does not fit anywhere, or does not say what it needs, runs behind what does, also by earliest
 * deadline, on the CPU that is used least: no deadline is promised to it, and it breaks no promise.
 *
 * @module
 */
import { SchedError } from "../../errors.ts";
import type { ThreadParameters } from "../../parameters.ts";
import type { Placement, SchedulerView, ThreadId, Wakeup } from "../../policy.ts";
import { grown } from "../../queues/grown.ts";
import type { Plain } from "../../../util/plain.ts";
import { EarliestDeadlineFirst } from "../realtime/earliest_deadline_first.ts";
import { Layered } from "./layered.ts";
import { PerCpu } from "./per_cpu.ts";

/** No CPU. */
const NONE = -1;

/** More than sums of fractions are off by. */
const EPSILON = 1e-9;

/** The CPU a thread fits on: the first, the one with most left, or the one with least. */
export type Fit = "first" | "worst" | "best";

/** Options of the partition. */
export interface PartitionedEdfOptions {
  /** Which CPU a thread is given; `first` if absent. */
  readonly fit?: Fit;
}

/** A thread that has no CPU yet, and how it became ready if it has. */
type Pending = {
  readonly thread: ThreadId;
  readonly ready: Pick<Wakeup, "reason" | "released" | "burst"> | null;
};

/** Everything the policy remembers. */
type PartitionState = {
  readonly cpus: Plain;
  readonly pending: readonly Pending[];
  readonly shares: readonly (readonly [ThreadId, share: number, asked: number])[];
  readonly loads: readonly number[];
  readonly others: readonly number[];
};

/** Earliest deadline first on each CPU, for the threads it was given. */
export class PartitionedEdf extends PerCpu {
  /** Always `pedf`. */
  readonly name = "pedf";
  /** Always `deadline`. */
  readonly urgency = "deadline";
  readonly #fit: Fit;
  /** Threads that have no CPU yet. */
  readonly #pending = new Map<ThreadId, Pending["ready"]>();
  /** What each thread was promised of its CPU. */
  #shares = new Float64Array(0);
  /** What each thread asks for, when it was looked at. */
  #asked = new Float64Array(0);
  /** What each CPU has promised, and to how many it promises nothing. */
  #loads = new Float64Array(0);
  #others = new Int32Array(0);

  /**
   * Makes a policy without threads.
   * @throws {SchedError} `invalid-option` if the fit is none
   */
  constructor({ fit = "first" }: PartitionedEdfOptions = {}) {
    if (!["first", "worst", "best"].includes(fit)) {
      throw new SchedError("invalid-option", {
        message: `Cannot use fit ${fit}: expected first, worst or best`,
        value: fit,
      });
    }
    super(() =>
      new Layered([
        { policy: new EarliestDeadlineFirst(), holds: (_, thread) => this.isPromised(thread) },
        { policy: new EarliestDeadlineFirst(), holds: () => true },
      ], { urgency: "deadline" })
    );
    this.#fit = fit;
  }

  /** Whether a thread fits on its CPU: its deadlines are met if it keeps to its budget. */
  isPromised(thread: ThreadId): boolean {
    return this.#shares[thread]! > 0;
  }

  /** See {@linkcode PerCpu.attach}. */
  override attach(view: SchedulerView): void {
    this.#loads = new Float64Array(view.cpus);
    this.#others = new Int32Array(view.cpus);
    super.attach(view);
  }

  /** A thread is given a CPU with all others of this instant. */
  override admit(thread: ThreadId, parameters: ThreadParameters): void {
    super.admit(thread, parameters);
    if (thread >= this.#shares.length) {
      this.#shares = grown(this.#shares, thread);
      this.#asked = grown(this.#asked, thread);
    }
    this.#shares[thread] = 0;
    this.#pending.set(thread, null);
    this.setTimer(this.view.now);
  }

  /**
   * A thread that needs another share has it if it fits on its CPU, and loses what it was promised
   * if it does not: it stays where it is.
   */
  override update(thread: ThreadId, parameters: ThreadParameters): void {
    const cpu = this.homeOf(thread);
    if (cpu === NONE) return;
    const { budget, period } = parameters;
    if (this.#asked[thread] !== budget / (period || 1)) {
      this.#leave(thread);
      this.#promise(thread, { cpu, parameters });
    }
    super.update(thread, parameters);
  }

  /** See {@linkcode PerCpu.forget}. */
  override forget(thread: ThreadId): void {
    this.#pending.delete(thread);
    this.#leave(thread);
    super.forget(thread);
  }

  /** Its CPU; another one only if it may not run there any more. */
  override selectCpu(thread: ThreadId, { previous }: Placement): number {
    const cpu = this.homeOf(thread);
    if (cpu === NONE || this.view.allows(thread, cpu)) return cpu === NONE ? previous : cpu;
    this.#leave(thread);
    return this.#place(thread);
  }

  /** A thread without a CPU waits for one until the end of the instant. */
  override enqueue(thread: ThreadId, wakeup: Wakeup): void {
    const { reason, released, burst } = wakeup;
    if (this.#pending.has(thread)) {
      this.#pending.set(thread, { reason, released, burst });
      return;
    }
    const home = this.homeOf(thread);
    // One that `selectCpu` has sent to another CPU was promised what it has there.
    const sent = wakeup.cpu !== home && reason !== "preempt" && reason !== "yield";
    let { cpu } = wakeup;
    if (!sent) cpu = this.view.allows(thread, home) ? home : this.selectCpu(thread, wakeup);
    this.enqueueOn(cpu, thread, wakeup);
  }

  /** See {@linkcode PerCpu.dequeue}. */
  override dequeue(thread: ThreadId): boolean {
    const pending = this.#pending.get(thread);
    if (pending === undefined) return super.dequeue(thread);
    this.#pending.set(thread, null);
    return pending !== null;
  }

  /** A thread that runs before it was given a CPU stays on that one. */
  override running(thread: ThreadId, cpu: number): void {
    if (this.#pending.delete(thread)) {
      this.#promise(thread, { cpu, parameters: this.view.parameters(thread) });
    }
    super.running(thread, cpu);
  }

  /** Gives all threads of this instant their CPUs, those that need most first. */
  protected override ownTimer(): void {
    const { view } = this;
    const share = (thread: ThreadId): number => utilization(view.parameters(thread));
    const list = [...this.#pending].sort(([a], [b]) => share(b) - share(a) || a - b);
    this.#pending.clear();
    for (const [thread, ready] of list) {
      this.moveTo(thread, this.#place(thread));
      if (ready !== null) this.insert(thread, ready);
    }
  }

  /** The CPUs' queues, and what was promised. */
  override save(): Plain {
    const shares: [ThreadId, number, number][] = [];
    this.#shares.forEach((share, thread) => {
      if (this.homeOf(thread) !== NONE) shares.push([thread, share, this.#asked[thread]!]);
    });
    const state: PartitionState = {
      cpus: super.save(),
      pending: [...this.#pending].map(([thread, ready]) => ({ thread, ready })),
      shares,
      loads: [...this.#loads],
      others: [...this.#others],
    };
    return state;
  }

  /** Takes over what {@linkcode PartitionedEdf.save} returned. */
  override restore(state: Plain): void {
    const { cpus, pending, shares, loads, others } = state as PartitionState;
    this.#shares.fill(0);
    for (const [thread, share, asked] of shares) {
      this.#shares[thread] = share;
      this.#asked[thread] = asked;
    }
    this.#loads.set(loads);
    this.#others.set(others);
    this.#pending.clear();
    for (const { thread, ready } of pending) this.#pending.set(thread, ready);
    super.restore(cpus);
  }

  /** Chooses a CPU for a thread, and promises it what it needs there if it fits. */
  #place(thread: ThreadId): number {
    const parameters = this.view.parameters(thread);
    const share = utilization(parameters);
    let [fits, least] = [NONE, NONE];
    for (let cpu = 0; cpu < this.view.cpus; cpu++) {
      if (!this.view.allows(thread, cpu)) continue;
      if (least === NONE || this.#use(cpu) < this.#use(least)) least = cpu;
      if (share === 0 || this.#loads[cpu]! + share > 1 + EPSILON) continue;
      if (fits === NONE || this.#isBetter(cpu, fits)) fits = cpu;
    }
    const cpu = fits === NONE ? least : fits;
    this.#promise(thread, { cpu, parameters });
    return cpu;
  }

  #isBetter(cpu: number, other: number): boolean {
    if (this.#fit === "first") return false;
    const more = this.#loads[cpu]! - this.#loads[other]!;
    return this.#fit === "worst" ? more < 0 : more > 0;
  }

  /** How much a CPU is used: a thread without a promise may use all of one. */
  #use(cpu: number): number {
    return this.#loads[cpu]! + this.#others[cpu]!;
  }

  #promise(
    thread: ThreadId,
    { cpu, parameters }: { cpu: number; parameters: ThreadParameters },
  ): void {
    const share = utilization(parameters);
    this.#asked[thread] = parameters.budget / (parameters.period || 1);
    if (share > 0 && this.#loads[cpu]! + share <= 1 + EPSILON) {
      this.#shares[thread] = share;
      this.#loads[cpu]! += share;
    } else {
      this.#shares[thread] = 0;
      this.#others[cpu]!++;
    }
  }

  /** What a thread was promised is to be had again. */
  #leave(thread: ThreadId): void {
    const cpu = this.homeOf(thread);
    if (cpu === NONE) return;
    if (this.isPromised(thread)) this.#loads[cpu]! -= this.#shares[thread]!;
    else this.#others[cpu]!--;
    this.#shares[thread] = 0;
  }
}

/** The part of a CPU a thread needs for its deadlines; 0 if it does not say. */
function utilization({ budget, period, deadline }: ThreadParameters): number {
  if (budget === 0 || deadline === 0) return 0;
  return budget / Math.min(period || deadline, deadline);
}
