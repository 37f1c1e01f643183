/**
 * Earliest eligible virtual deadline first. I. Stoica and H. Abdel-Wahab, "Earliest Eligible
 * Virtual Deadline First: A Flexible and Accurate Mechanism for Proportional Share Resource
 * Allocation", TR-95-22, Old Dominion University, 1995; Linux's scheduler since 6.6
 * (kernel/sched/fair.c), without its run to parity.
 *
 * A thread asks for a slice at a time: a quantum or, as in Linux since 6.12, its own, here its
 * budget. It is *eligible* while it has had no more than its share, so while its virtual time is not
 * after the CPU's, which is the average of all threads' by weight. Its *deadline* is where its
 * virtual time will be when it has had the slice. Of the eligible the one of the earliest deadline
 * runs; short slices make for short waits. *Lag* is what a thread is owed: with threads that come
 * and stay, never more than the longest slice, nor is more owed to the CPU. A thread that blocks
 * keeps its lag, up to two slices.
 *
 * @module
 */
import { NICE_0_WEIGHT, type ThreadParameters } from "../../parameters.ts";
import type { Charge, ReadyReason, ThreadId } from "../../policy.ts";
import { grown } from "../../queues/grown.ts";
import { checkQuantum, type QuantumOptions } from "../common/quantum.ts";
import { PerCpuFair } from "./per_cpu_fair.ts";

/** A busy CPU passes a thread on at most once in so many quanta. */
const BALANCE_QUANTA = 8;

/** A thread that leaves may keep so many slices of lag. */
const MOST_LAG = 2;

/** What rounding may do to virtual times, in quanta. */
const TOLERANCE = 1e-9;

/**
 * Shares each CPU in proportion to its threads' weights, to within a slice. `own` is the deadline
 * of a thread that takes part, and the lag of one that does not, in virtual time; `cpuOwn` is the
 * sum of the products of weights and virtual times, from the origin.
 */
export class EarliestEligible extends PerCpuFair {
  /** Always `eevdf`. */
  readonly name = "eevdf";
  /** The slice that threads without a budget ask for. */
  readonly quantum: number;
  /** How much before its end a slice ends where ticks are periodic. */
  readonly #early: number;
  #slices = new Float64Array(0);

  /**
   * Makes a policy without threads.
   * @param options the quantum
   * @throws {SchedError} `invalid-option` if the quantum is not a positive integer
   */
  constructor(options: QuantumOptions = {}) {
    const { quantum, due } = checkQuantum(options);
    super(BALANCE_QUANTA * quantum);
    this.quantum = quantum;
    this.#early = quantum - due;
  }

  /** See {@linkcode PerCpuFair.admit}. */
  override admit(thread: ThreadId, parameters: ThreadParameters): void {
    super.admit(thread, parameters);
    if (thread >= this.#slices.length) this.#slices = grown(this.#slices, thread);
    this.#slices[thread] = parameters.budget || this.quantum;
  }

  /** Another budget holds from the next slice on. */
  override update(thread: ThreadId, parameters: ThreadParameters): void {
    this.#slices[thread] = parameters.budget || this.quantum;
    super.update(thread, parameters);
  }

  /** What a thread is owed, in time of the CPU: less than nothing if it has had too much. */
  lag(thread: ThreadId): number {
    const weight = this.weights[thread]!;
    const cpu = this.homes[thread]!;
    return (this.#average(cpu) - this.timeNow(thread, cpu)) * weight / NICE_0_WEIGHT;
  }

  /** When the slice it has asked for is over, gives way to the eligible of an earlier deadline. */
  override tick(thread: ThreadId, { cpu, elapsed }: Charge): boolean {
    this.charge(thread, elapsed);
    if (this.used[thread]! > 0) return false;
    this.balance(cpu);
    if (this.timelines.size(cpu) === 0) return false;
    const rival = this.choose(cpu);
    return !this.#eligible(thread, cpu) || this.own[rival]! <= this.own[thread]!;
  }

  /** What is left of the slice it has asked for; no tick matters to one without rivals. */
  override slice(thread: ThreadId, cpu: number): number {
    return this.timelines.size(cpu) === 0 ? Infinity : this.#due(thread) - this.used[thread]!;
  }

  /** An eligible thread takes its CPU from one of a later deadline, or that is not eligible. */
  override preempts(candidate: ThreadId, running: ThreadId, cpu: number): boolean {
    if (this.homes[candidate] !== cpu || !this.#eligible(candidate, cpu)) return false;
    return !this.#eligible(running, cpu) || this.own[candidate]! < this.own[running]!;
  }

  /** Where the lag is what it was when the thread left; one that starts has none. */
  protected override place(thread: ThreadId, cpu: number, reason: ReadyReason): void {
    const [load, weight] = [this.loads[cpu]!, this.weights[thread]!];
    // The average moves towards the thread as it joins, which would take away some of the lag.
    const kept = reason === "start" || load === 0 ? 0 : this.own[thread]! * (load + weight) / load;
    const time = this.#average(cpu) - kept;
    this.times[thread] = time;
    if (reason !== "migrated") this.used[thread] = 0;
    this.own[thread] = time + this.virtual(thread, this.#slices[thread]! - this.used[thread]!);
    this.cpuOwn[cpu]! += (time - this.origins[cpu]!) * weight;
  }

  /** Keeps the lag, up to two slices. */
  protected override depart(thread: ThreadId): void {
    const cpu = this.homes[thread]!;
    const average = this.#average(cpu);
    const weight = this.weights[thread]!;
    const most = this.virtual(thread, MOST_LAG * this.#slices[thread]!);
    const time = this.times[thread]!;
    this.own[thread] = Math.max(-most, Math.min(average - time, most));
    this.cpuOwn[cpu]! -= (time - this.origins[cpu]!) * weight;
    if (this.counts[cpu]! > 1) return;
    // The last one leaves: the sum starts anew, exactly.
    this.origins[cpu] = average;
    this.cpuOwn[cpu] = 0;
  }

  /** The lag in time of the CPU stays the same. */
  protected override reweighed(thread: ThreadId, before: number): void {
    this.own[thread]! *= before / this.weights[thread]!;
  }

  /** A thread whose slice is over asks for the next. */
  protected override advanced(thread: ThreadId, elapsed: number): void {
    this.cpuOwn[this.homes[thread]!]! += elapsed * NICE_0_WEIGHT;
    if (this.used[thread]! < this.#due(thread)) return;
    this.used[thread] = 0;
    this.own[thread] = this.times[thread]! + this.virtual(thread, this.#slices[thread]!);
  }

  /** What is left of the slice is given up. */
  protected override yielded(thread: ThreadId): void {
    this.used[thread] = 0;
    this.own[thread]! += this.virtual(thread, this.#slices[thread]!);
  }

  /** The eligible thread of the earliest deadline. */
  protected override choose(cpu: number): ThreadId {
    const thread = this.timelines.earliest(cpu, this.#average(cpu) + TOLERANCE * this.quantum);
    return thread < 0 ? this.timelines.first(cpu) : thread;
  }

  /** See {@linkcode PerCpuFair.deadline}. */
  protected override deadline(thread: ThreadId): number {
    return this.own[thread]!;
  }

  /** What a thread must have used for its slice to end. */
  #due(thread: ThreadId): number {
    return Math.max(1, this.#slices[thread]! - this.#early);
  }

  #eligible(thread: ThreadId, cpu: number): boolean {
    return this.timeNow(thread, cpu) <= this.#average(cpu) + TOLERANCE * this.quantum;
  }

  /** Virtual time of a CPU: that of its threads on average, by weight, the running one included. */
  #average(cpu: number): number {
    const load = this.loads[cpu]!;
    if (load === 0) return this.origins[cpu]!;
    const sum = this.cpuOwn[cpu]! + this.uncharged(cpu) * NICE_0_WEIGHT;
    return this.origins[cpu]! + sum / load;
  }
}
