/**
 * Linux's Completely Fair Scheduler as it was before 6.6 (kernel/sched/fair.c;
 * Documentation/scheduler/sched-design-CFS.rst): the ready thread that has run least, by its weight,
 * is next. Each is to run once within a latency, which is longer where there are many; who starts
 * waits for its first turn; who wakes up gets a bonus of half the latency at most, and the CPU at
 * once if the running thread is far enough ahead. There are no groups of threads.
 *
 * @module
 */
import { NICE_0_WEIGHT } from "../../parameters.ts";
import type { Charge, ReadyReason, ThreadId } from "../../policy.ts";
import { checkPositive, checkQuantum, type QuantumOptions } from "../common/quantum.ts";
import { PerCpuFair } from "./per_cpu_fair.ts";

/** Options of the Completely Fair Scheduler; its quantum is the minimum granularity. */
export interface FairOptions extends QuantumOptions {
  /** Time in which each ready thread is to run once; 8 quanta if absent. */
  readonly latency?: number;
  /** How far ahead a running thread must be to lose its CPU to one that wakes up; 4/3 quanta. */
  readonly wakeup?: number;
}

/** Shares each CPU in proportion to its threads' weights. */
export class CompletelyFair extends PerCpuFair {
  /** Always `cfs`. */
  readonly name = "cfs";
  /** Time a thread may run, at least, while others are ready. */
  readonly quantum: number;
  readonly #latency: number;
  readonly #wakeup: number;
  /** How much before its end a slice ends where ticks are periodic. */
  readonly #early: number;

  /**
   * Makes a policy without threads.
   * @throws {SchedError} `invalid-option` if an option is no positive integer
   */
  constructor(options: FairOptions = {}) {
    const { quantum, due } = checkQuantum(options);
    const { latency = 8 * quantum, wakeup = Math.ceil(4 * quantum / 3) } = options;
    checkPositive("latency", latency);
    checkPositive("wakeup", wakeup);
    super(latency);
    this.quantum = quantum;
    this.#latency = latency;
    this.#wakeup = wakeup;
    this.#early = quantum - due;
  }

  /** Charges the running thread; it gives way when its slice is over, or it is a slice ahead. */
  override tick(thread: ThreadId, { cpu, elapsed }: Charge): boolean {
    this.charge(thread, elapsed);
    this.balance(cpu);
    const first = this.timelines.first(cpu);
    if (first < 0) return false;
    const ideal = this.#ideal(thread, cpu);
    const ahead = this.times[thread]! - this.times[first]!;
    const used = this.used[thread]! + this.#early;
    if (used < ideal) return used >= this.quantum && ahead > ideal;
    if (ahead >= 0) return true;
    this.used[thread] = 0;
    return false;
  }

  /** Until its slice is over or it is a slice ahead; no tick matters to one without rivals. */
  override slice(thread: ThreadId, cpu: number): number {
    const first = this.timelines.first(cpu);
    if (first < 0) return Infinity;
    const used = this.used[thread]! + this.#early;
    const ideal = this.#ideal(thread, cpu);
    const room = ideal + this.times[first]! - this.times[thread]!;
    const ahead = Math.floor(room * this.weights[thread]! / NICE_0_WEIGHT) + 1;
    return Math.min(ideal - used, Math.max(this.quantum - used, ahead));
  }

  /** A thread takes its CPU if the running one is ahead by the wake-up granularity. */
  override preempts(candidate: ThreadId, running: ThreadId, cpu: number): boolean {
    if (this.homes[candidate] !== cpu) return false;
    return this.timeNow(running, cpu) - this.times[candidate]! > this.#granularity(candidate);
  }

  /** See {@linkcode PerCpuFair.running}. */
  override running(thread: ThreadId, cpu: number): void {
    super.running(thread, cpu);
    this.used[thread] = 0;
  }

  /** One that starts has its first slice behind it, one that wakes up at most half the latency. */
  protected override place(thread: ThreadId, cpu: number, reason: ReadyReason): void {
    const origin = this.#origin(cpu);
    if (reason === "start") {
      const weight = this.weights[thread]!;
      const load = this.loads[cpu]! + weight;
      const slice = this.#period(this.counts[cpu]! + 1) * weight / load;
      this.times[thread] = origin + this.virtual(thread, Math.max(this.quantum, slice));
    } else {
      const time = this.times[thread]! - this.origins[this.homes[thread]!]! + origin;
      this.times[thread] = Math.max(time, origin - this.#latency / 2);
    }
    this.used[thread] = 0;
  }

  /** Nothing to be kept. */
  protected override depart(): void {}

  /** A thread goes on at its virtual time with another weight. */
  protected override reweighed(): void {}

  /** The origin follows the thread that has run least. */
  protected override advanced(thread: ThreadId): void {
    const cpu = this.homes[thread]!;
    this.origins[cpu] = this.#origin(cpu);
  }

  /** Lets the next go first once, if that one is not far ahead. */
  protected override yielded(thread: ThreadId): void {
    this.cpuOwn[this.homes[thread]!] = thread + 1;
  }

  /** The thread that has run least; the one after it if that has just yielded. */
  protected override choose(cpu: number): ThreadId {
    const { timelines } = this;
    const first = timelines.first(cpu);
    const skipped = this.cpuOwn[cpu]! - 1;
    this.cpuOwn[cpu] = 0;
    if (first !== skipped) return first;
    const second = timelines.next(first);
    if (second < 0) return first;
    const ahead = timelines.time(second) - timelines.time(first);
    return ahead <= this.#granularity(first) ? second : first;
  }

  /** Least virtual time on a CPU by now; it never goes back. */
  #origin(cpu: number): number {
    const current = this.current(cpu);
    const first = this.timelines.first(cpu);
    let least = first < 0 ? Infinity : this.times[first]!;
    if (current >= 0) least = Math.min(least, this.timeNow(current, cpu));
    return least === Infinity ? this.origins[cpu]! : Math.max(this.origins[cpu]!, least);
  }

  /** The time in which so many threads run once each. */
  #period(count: number): number {
    return Math.max(this.#latency, count * this.quantum);
  }

  /** What a thread may run at a stretch. */
  #ideal(thread: ThreadId, cpu: number): number {
    const share = this.weights[thread]! / this.loads[cpu]!;
    return Math.max(this.quantum, Math.floor(this.#period(this.counts[cpu]!) * share));
  }

  /** The wake-up granularity in the virtual time of a thread. */
  #granularity(thread: ThreadId): number {
    return this.virtual(thread, this.#wakeup);
  }
}
