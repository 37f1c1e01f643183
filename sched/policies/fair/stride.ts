/**
 * Stride scheduling: each thread has a pass, which its running advances by its stride, the inverse
 * of its tickets; the smallest pass runs. C. A. Waldspurger and W. E. Weihl, "Stride Scheduling:
 * Deterministic Proportional-Share Resource Management", MIT/LCS/TM-528, 1995, with that paper's
 * dynamic client participation: a thread that blocks keeps its distance from the global pass, so
 * that it neither loses nor saves up anything meanwhile. Part of a quantum counts as that part.
 *
 * @module
 */
import { NICE_0_WEIGHT } from "../../parameters.ts";
import type { Charge, ReadyReason, ThreadId } from "../../policy.ts";
import { checkQuantum, type QuantumOptions } from "../common/quantum.ts";
import { PerCpuFair } from "./per_cpu_fair.ts";

/** A busy CPU passes a thread on at most once in so many quanta. */
const BALANCE_QUANTA = 8;

/**
 * Shares each CPU in proportion to its threads' weights, to within a quantum of each pair. A
 * thread's virtual time is its pass, `own` of one that takes no part its distance from the global
 * pass, which is the CPU's origin: the pass of a thread that has the tickets of all.
 */
export class Stride extends PerCpuFair {
  /** Always `stride`. */
  readonly name = "stride";
  /** Time a thread may run before another may take over. */
  readonly quantum: number;
  readonly #due: number;

  /**
   * Makes a policy without threads.
   * @param options the quantum
   * @throws {SchedError} `invalid-option` if the quantum is not a positive integer
   */
  constructor(options: QuantumOptions = {}) {
    const { quantum, due } = checkQuantum(options);
    super(BALANCE_QUANTA * quantum);
    this.quantum = quantum;
    this.#due = due;
  }

  /** Gives way when its quantum is used up and another has a pass that is not larger. */
  override tick(thread: ThreadId, { cpu, elapsed }: Charge): boolean {
    this.charge(thread, elapsed);
    if (this.used[thread]! < this.#due) return false;
    this.balance(cpu);
    const first = this.timelines.first(cpu);
    if (first >= 0 && this.times[first]! <= this.times[thread]!) return true;
    this.used[thread] = 0;
    return false;
  }

  /** What is left of the quantum; no tick matters to one without rivals. */
  override slice(thread: ThreadId, cpu: number): number {
    return this.timelines.size(cpu) === 0 ? Infinity : this.#due - this.used[thread]!;
  }

  /** A quantum is not interrupted. */
  override preempts(): boolean {
    return false;
  }

  /** One that was interrupted goes on with its quantum. */
  override running(thread: ThreadId, cpu: number): void {
    super.running(thread, cpu);
    if (this.used[thread]! >= this.#due) this.used[thread] = 0;
  }

  /** As far from the global pass as when it left. */
  protected override place(thread: ThreadId, cpu: number, reason: ReadyReason): void {
    if (reason === "start") this.own[thread] = 0;
    this.times[thread] = this.#pass(cpu) + this.own[thread]!;
    if (reason !== "migrated") this.used[thread] = 0;
  }

  /** Keeps the distance from the global pass. */
  protected override depart(thread: ThreadId): void {
    this.own[thread] = this.times[thread]! - this.#pass(this.homes[thread]!);
  }

  /** The distance changes as the stride does. */
  protected override reweighed(thread: ThreadId, before: number): void {
    this.own[thread]! *= before / this.weights[thread]!;
  }

  /** The global pass advances by the stride of all tickets. */
  protected override advanced(thread: ThreadId, elapsed: number): void {
    const cpu = this.homes[thread]!;
    this.origins[cpu]! += elapsed * NICE_0_WEIGHT / this.loads[cpu]!;
  }

  /** Goes on with a full quantum. */
  protected override yielded(thread: ThreadId): void {
    this.used[thread] = 0;
  }

  /** The thread of the smallest pass. */
  protected override choose(cpu: number): ThreadId {
    return this.timelines.first(cpu);
  }

  /** Global pass of a CPU by now. */
  #pass(cpu: number): number {
    const load = this.loads[cpu]!;
    const uncharged = load === 0 ? 0 : this.uncharged(cpu) * NICE_0_WEIGHT / load;
    return this.origins[cpu]! + uncharged;
  }
}
