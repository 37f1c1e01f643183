/**
 * A queue for each CPU, and a CPU without work takes some from the one that has most. R. D. Blumofe
 * and C. E. Leiserson, "Scheduling Multithreaded Computations by Work Stealing", Journal of the ACM
 * 46(5), 1999; as in kernels (M. K. McKusick et al., The Design and Implementation of the FreeBSD
 * Operating System, 2nd ed., section 4.4, of ULE) it takes the thread that has waited longest, of
 * which least is in the other's caches, and load is evened out now and then while no CPU is idle.
 *
 * @module
 */
import { SchedError } from "../../errors.ts";
import type { Placement, Policy, SchedulerView, ThreadId, Wakeup } from "../../policy.ts";
import { RunQueues } from "../../queues/run_queues.ts";
import { isInteger } from "../../../util/integer.ts";
import type { Plain } from "../../../util/plain.ts";
import { checkQuantum, type QuantumOptions } from "../common/quantum.ts";
import { CompletelyFair } from "../fair/completely_fair.ts";
import { EarliestEligible } from "../fair/earliest_eligible.ts";
import { Stride } from "../fair/stride.ts";
import { RoundRobin } from "../sharing/round_robin.ts";
import { PerCpu } from "./per_cpu.ts";

/** No thread. */
const NONE = -1;

/** Policies for one CPU, by name. */
const WITHIN = {
  rr: RoundRobin,
  stride: Stride,
  cfs: CompletelyFair,
  eevdf: EarliestEligible,
} as const;

/** Options of the queues. */
export interface StealingOptions extends QuantumOptions {
  /** What decides within a CPU: `rr`, the default, `stride`, `cfs` or `eevdf`; or what makes one. */
  readonly within?: "rr" | "stride" | "cfs" | "eevdf" | (() => Policy);
  /** Time between two times that load is evened out, or `Infinity`; 10 quanta if absent. */
  readonly balance?: number;
}

/** Everything the policy remembers. */
type StealingState = {
  readonly cpus: Plain;
  readonly ready: ReturnType<RunQueues["save"]>;
  readonly due: number;
};

/** Per-CPU queues, with stealing. */
export class WorkStealing extends PerCpu {
  /** Always `stealing`. */
  readonly name = "stealing";
  readonly #balance: number;
  /** Ready threads by CPU, those that have waited longest first. */
  #ready = new RunQueues(1);
  /** Number of ready threads of each CPU. */
  #counts = new Int32Array(1);
  /** When load is evened out next. */
  #due = Infinity;

  /**
   * Makes a policy without threads.
   * @throws {SchedError} `invalid-option` if an option is out of its range
   */
  constructor(options: StealingOptions = {}) {
    const { within = "rr", balance, ...quantum } = options;
    if (typeof within !== "function" && !Object.hasOwn(WITHIN, within)) {
      refuse("within", within, `${Object.keys(WITHIN).join(", ")} or a function`);
    }
    super(typeof within === "function" ? within : () => new WITHIN[within](quantum));
    this.#balance = balance ?? 10 * checkQuantum(quantum).quantum;
    if (this.#balance !== Infinity && !isInteger(this.#balance, 1)) {
      refuse("balance", balance, "a positive integer, or Infinity");
    }
  }

  /** See {@linkcode PerCpu.attach}. */
  override attach(view: SchedulerView): void {
    super.attach(view);
    this.#ready = new RunQueues(view.cpus);
    this.#counts = new Int32Array(view.cpus);
  }

  /** The previous CPU, unless it is busy and another has nothing to do, or two threads less. */
  override selectCpu(thread: ThreadId, { previous }: Placement): number {
    let chosen = previous;
    let least = this.#load(previous);
    if (least === 0) return previous;
    const bound = least - 2;
    for (let cpu = 0; cpu < this.view.cpus && least > 0; cpu++) {
      const load = this.#load(cpu);
      if (load >= least || (load > bound && load > 0) || !this.view.allows(thread, cpu)) continue;
      chosen = cpu;
      least = load;
    }
    return chosen;
  }

  /** See {@linkcode PerCpu.enqueue}. */
  override enqueue(thread: ThreadId, wakeup: Wakeup): void {
    super.enqueue(thread, wakeup);
    this.#push(thread, wakeup.cpu);
  }

  /** See {@linkcode PerCpu.dequeue}. */
  override dequeue(thread: ThreadId): boolean {
    this.#remove(thread);
    return super.dequeue(thread);
  }

  /** What the CPU's queue has; else what another's has. */
  override pick(cpu: number): ThreadId | null {
    const thread = super.pick(cpu);
    if (thread !== null) this.#remove(thread);
    return thread;
  }

  /** Takes a thread from the CPU that has most ready, of those it may run. */
  protected override pickElsewhere(cpu: number): ThreadId | null {
    let [most, thread] = [0, NONE];
    for (let other = 0; other < this.view.cpus; other++) {
      const count = this.#counts[other]!;
      if (count <= most) continue;
      const found = this.#oldest(other, cpu);
      if (found !== NONE) [most, thread] = [count, found];
    }
    if (thread === NONE) return null;
    this.handOver(thread, cpu);
    return super.pick(cpu);
  }

  /** Moves threads from CPUs that have most to those that have least. */
  protected override ownTimer(now: number): void {
    const { cpus } = this.view;
    const order = Array.from({ length: cpus }, (_, cpu) => cpu);
    for (let moved = true; moved;) {
      moved = false;
      order.sort((a, b) => this.#load(b) - this.#load(a) || a - b);
      for (const [from, to] of pairs(order)) {
        if (this.#load(from) - this.#load(to) < 2) continue;
        const thread = this.#oldest(from, to);
        if (thread === NONE) continue;
        this.handOver(thread, to);
        moved = true;
        break;
      }
    }
    this.#due = Infinity;
    if (this.#counts.some((count) => count >= 2)) this.#setBalance(now);
  }

  /** The CPUs' queues. */
  override save(): Plain {
    const state: StealingState = {
      cpus: super.save(),
      ready: this.#ready.save(),
      due: this.#due,
    };
    return state;
  }

  /** Takes over what {@linkcode WorkStealing.save} returned. */
  override restore(state: Plain): void {
    const { cpus, ready, due } = state as StealingState;
    super.restore(cpus);
    this.#ready.restore(ready);
    this.#due = due;
    this.#counts.fill(0);
    for (const { level, threads } of ready) this.#counts[level] = threads.length;
  }

  /** Number of threads that run on a CPU or are to. */
  #load(cpu: number): number {
    return this.#counts[cpu]! + (this.view.running(cpu) === null ? 0 : 1);
  }

  /** The thread of a CPU's that has waited longest of those another may run, or -1. */
  #oldest(from: number, to: number): ThreadId {
    let thread = this.#ready.head(from);
    while (thread >= 0 && !this.view.allows(thread, to)) thread = this.#ready.next(thread);
    return thread;
  }

  /** See {@linkcode PerCpu.handOver}. */
  protected override handOver(thread: ThreadId, cpu: number): void {
    super.handOver(thread, cpu);
    this.#push(thread, cpu);
  }

  #push(thread: ThreadId, cpu: number): void {
    this.#ready.push(thread, cpu);
    const count = ++this.#counts[cpu]!;
    if (count >= 2 && this.#due === Infinity && this.view.cpus > 1) this.#setBalance(this.view.now);
  }

  #remove(thread: ThreadId): void {
    if (this.#ready.remove(thread)) this.#counts[this.homeOf(thread)]!--;
  }

  #setBalance(now: number): void {
    if (this.#balance === Infinity) return;
    this.#due = now + this.#balance;
    this.setTimer(this.#due);
  }
}

/** The first of a list with the last, the last but one, …, then the second, and so on. */
function* pairs(list: readonly number[]): Generator<[number, number], void, void> {
  for (const [index, first] of list.entries()) {
    for (let other = list.length - 1; other > index; other--) yield [first, list[other]!];
  }
}

function refuse(option: string, value: unknown, expected: string): never {
  throw new SchedError("invalid-option", {
    message: `Cannot use ${option} ${value}: expected ${expected}`,
    value,
  });
}
