/**
 * Mach's time-sharing: a thread's priority falls by what it has used of the CPU of late, and rises
 * again as that is forgotten, so that all get their turns and those that use little go first. Of
 * equal priorities each runs for a quantum. GNU Mach, kern/priority.c, kern/sched_prim.c,
 * kern/sched.h and kern/mach_factor.c; D. L. Black, "Scheduling Support for Concurrency and
 * Parallelism in the Mach Operating System", IEEE Computer 23(5), 1990.
 *
 * Usage counts by the *load*, the number of threads per CPU, averaged over the last seconds: where
 * many share a CPU each uses less of it, and yet their priorities fall as far. Each second takes
 * three eighths of the usage away. A thread that waits learns of that on every second second, by
 * what Mach calls the thread scan; so none waits for ever below threads of its own base priority,
 * or of one that is not too much above. A second is 33 quanta, as there.
 *
 * A thread that another hands its CPU to, which has woken it up or names it as it yields, has it
 * next, with the rest of the other's quantum, if that one blocks or yields at once.
 *
 * @module
 */
import { PRIORITIES, type ThreadParameters } from "../../parameters.ts";
import type {
  Charge,
  Placement,
  Policy,
  SchedulerView,
  Stop,
  ThreadId,
  Wakeup,
} from "../../policy.ts";
import { grown } from "../../queues/grown.ts";
import { RunQueues } from "../../queues/run_queues.ts";
import type { Plain } from "../../../util/plain.ts";
import { idlest, runsOn } from "../common/claims.ts";
import { firstQueued, someQueued } from "../common/first_allowed.ts";
import { checkQuantum, type QuantumOptions } from "../common/quantum.ts";
import { givesUp } from "../common/reasons.ts";
import { type HandoffRecord, Handoffs } from "./mach_handoff.ts";
import { DecayingUsage, DEEPEST, type UsageRecord } from "./mach_usage.ts";

/** No thread. */
const NONE = -1;

/** Slots of the wheel by which waiting threads learn that time has passed: seconds, of 31 ahead. */
const SLOTS = 32;

/** A thread, as it is saved. */
type MachThread = {
  readonly thread: ThreadId;
  readonly level: number;
  readonly usage: UsageRecord;
  readonly used: number;
  readonly fresh: boolean;
  readonly active: boolean;
};

/** Everything the policy remembers. */
type MachState = {
  readonly queues: ReturnType<RunQueues["save"]>;
  readonly wheel: ReturnType<RunQueues["save"]>;
  readonly threads: readonly MachThread[];
  readonly handoffs: readonly HandoffRecord[];
  readonly usage: { readonly second: number; readonly load: number };
  readonly scanned: number;
  readonly timed: boolean;
};

/** Fixed base priorities, and decay by usage. */
export class MachTimeSharing implements Policy {
  /** Always `mach`. */
  readonly name = "mach";
  /** No limit: far higher base priorities may starve a thread, by design. */
  readonly timeout: number = Infinity;
  /** Time a thread may run before an equal takes over. */
  readonly quantum: number;
  readonly #due: number;
  readonly #queues = new RunQueues(PRIORITIES + DEEPEST);
  /** Ready threads that are to rise, by the second in which they will. */
  readonly #wheel = new RunQueues(SLOTS);
  readonly #usage: DecayingUsage;
  #view!: SchedulerView;
  #handoffs!: Handoffs;
  /** Number of ready and running threads. */
  #count = 0;
  /** Up to which second waiting threads have learned of it, and whether the timer is set. */
  #scanned = 0;
  #timed = false;
  /** Base priority of each thread plus one; 0 if it is unknown. */
  #bases = new Int32Array(0);
  #levels = new Int32Array(0);
  /** What each thread has used of its quantum. */
  #used = new Float64Array(0);
  /** Whether each thread is in its first quantum since it got the CPU. */
  #fresh = new Uint8Array(0);
  /** Whether each thread is ready or running. */
  #active = new Uint8Array(0);

  /**
   * Makes a policy without threads.
   * @param options the quantum
   * @throws {SchedError} `invalid-option` if the quantum is not a positive integer
   */
  constructor(options: QuantumOptions = {}) {
    ({ quantum: this.quantum, due: this.#due } = checkQuantum(options));
    this.#usage = new DecayingUsage(this.quantum);
  }

  /** The run queue of a thread, 0 to 294, higher is served first: 39 above its base if it is new. */
  level(thread: ThreadId): number {
    return this.#levels[thread]!;
  }

  /** See {@linkcode Policy.attach}. */
  attach(view: SchedulerView): void {
    this.#view = view;
    this.#handoffs = new Handoffs(view);
  }

  /** See {@linkcode Policy.admit}. */
  admit(thread: ThreadId, { priority }: ThreadParameters): void {
    if (thread >= this.#bases.length) {
      this.#bases = grown(this.#bases, thread);
      this.#levels = grown(this.#levels, thread);
      this.#used = grown(this.#used, thread);
      this.#fresh = grown(this.#fresh, thread);
      this.#active = grown(this.#active, thread);
    }
    this.#bases[thread] = priority + 1;
    this.#levels[thread] = priority + DEEPEST;
    this.#usage.admit(thread);
    this.#used[thread] = 0;
    this.#fresh[thread] = 0;
    this.#active[thread] = 0;
  }

  /**
   * A ready thread of another base priority goes to the tail of its new queue, and gets a CPU at
   * once if that is due; a running one gives way if that is.
   */
  update(thread: ThreadId, { priority }: ThreadParameters): void {
    if (priority + 1 === this.#bases[thread]) return;
    this.#bases[thread] = priority + 1;
    this.#requeue(thread);
    if (this.#queues.has(thread)) return this.#kickFor(thread);
    const view = this.#view;
    const cpu = runsOn(view, thread);
    const level = this.#levels[thread]! + 1;
    if (cpu < 0 || !someQueued(this.#queues, { view, cpu, level })) return;
    this.#fresh[thread] = 0;
    view.kick(cpu);
  }

  /** See {@linkcode Policy.forget}. */
  forget(thread: ThreadId): void {
    this.#leave(thread);
    this.#bases[thread] = 0;
  }

  /** The waker's CPU if it hands it over, else an idle one, the previous before others. */
  selectCpu(thread: ThreadId, { previous, waker, hint }: Placement): number {
    if (hint === "handoff" && waker !== null) {
      const cpu = this.#handoffs.cpuOf(waker, thread);
      if (cpu !== NONE) return cpu;
    }
    return idlest(this.#view, thread, previous);
  }

  /** See {@linkcode Policy.enqueue}. */
  enqueue(thread: ThreadId, { reason, waker, hint }: Wakeup): void {
    this.#passTime();
    this.#join(thread);
    this.#age(thread);
    const level = this.#levels[thread]!;
    if (reason === "preempt" && this.#used[thread]! < this.#due) {
      this.#queues.unshift(thread, level);
    } else {
      this.#used[thread] = 0;
      this.#queues.push(thread, level);
    }
    this.#await(thread);
    if (hint === "handoff" && waker !== null) this.#handoffs.offer(thread, waker);
  }

  /** See {@linkcode Policy.dequeue}. */
  dequeue(thread: ThreadId): boolean {
    this.#wheel.remove(thread);
    const had = this.#queues.remove(thread);
    if (had) this.#leave(thread);
    return had;
  }

  /** The thread that the CPU was handed to, else the first of the highest queue. */
  pick(cpu: number): ThreadId | null {
    const handed = this.#handoffs.take(cpu);
    let thread: ThreadId | null = null;
    if (handed !== NONE && this.#queues.has(handed) && this.#view.allows(handed, cpu)) {
      this.#used[handed] = this.#handoffs.used(cpu);
      this.#queues.remove(thread = handed);
    } else {
      thread = firstQueued(this.#queues, { view: this.#view, cpu });
    }
    if (thread !== null) this.#wheel.remove(thread);
    return thread;
  }

  /** A first quantum begins; a thread that was withdrawn takes part again. */
  running(thread: ThreadId): void {
    this.#join(thread);
    this.#fresh[thread] = 1;
  }

  /** Gives way to higher queues, in its first quantum not yet, and to its own when that ends. */
  tick(thread: ThreadId, { elapsed }: Charge): boolean {
    this.#charge(thread, elapsed);
    const level = this.#levels[thread]!;
    const rival = this.#queues.highest;
    const expired = this.#used[thread]! >= this.#due;
    if (rival > level) return expired || this.#fresh[thread] === 0;
    if (!expired) return false;
    if (rival === level) return true;
    this.#used[thread] = 0;
    this.#fresh[thread] = 0;
    return false;
  }

  /** What is left of the quantum. */
  slice(thread: ThreadId): number {
    return this.#due - this.#used[thread]!;
  }

  /** Charges the running thread; only one that gives the CPU up by itself has handed it over. */
  stopping(thread: ThreadId, { cpu, elapsed, reason }: Stop): void {
    this.#charge(thread, elapsed);
    this.#handoffs.stopped(thread, { cpu, givesUp: givesUp(reason), used: this.#used[thread]! });
    if (reason === "blocked" || reason === "ended") this.#leave(thread);
  }

  /** A thread of a higher queue takes the CPU at once. */
  preempts(candidate: ThreadId, running: ThreadId): boolean {
    return this.#levels[candidate]! > this.#levels[running]!;
  }

  /** The CPU is handed over, if the other may run there. */
  yieldTo(thread: ThreadId, to: ThreadId): boolean {
    return this.#handoffs.offer(to, thread);
  }

  /** The thread scan: those that have waited long enough to rise do. */
  timer(): void {
    this.#timed = false;
    this.#passTime();
    const { second } = this.#usage;
    const due: ThreadId[] = [];
    while (this.#scanned < second) {
      this.#scanned = Math.max(this.#scanned + 1, second - SLOTS + 1);
      let thread = this.#wheel.head(this.#scanned % SLOTS);
      for (; thread !== NONE; thread = this.#wheel.next(thread)) due.push(thread);
    }
    for (const thread of due) {
      this.#requeue(thread);
      this.#kickFor(thread);
    }
    this.#setTimer();
  }

  /** Queues, and what is known of each thread. */
  save(): Plain {
    const threads: MachThread[] = [];
    this.#bases.forEach((base, thread) => {
      if (base === 0) return;
      threads.push({
        thread,
        level: this.#levels[thread]!,
        usage: this.#usage.saveThread(thread),
        used: this.#used[thread]!,
        fresh: this.#fresh[thread] !== 0,
        active: this.#active[thread] !== 0,
      });
    });
    const state: MachState = {
      queues: this.#queues.save(),
      wheel: this.#wheel.save(),
      threads,
      handoffs: this.#handoffs.save(),
      usage: this.#usage.save(),
      scanned: this.#scanned,
      timed: this.#timed,
    };
    return state;
  }

  /** Takes over what {@linkcode MachTimeSharing.save} returned. */
  restore(state: Plain): void {
    const { queues, wheel, threads, handoffs, usage, scanned, timed } = state as MachState;
    const known = new Set(threads.map(({ thread }) => thread));
    this.#bases.forEach((_, thread) => {
      if (!known.has(thread)) this.#bases[thread] = 0;
    });
    this.#queues.restore(queues);
    this.#wheel.restore(wheel);
    this.#usage.restore(usage);
    this.#scanned = scanned;
    this.#timed = timed;
    this.#count = 0;
    for (const { thread, level, usage, used, fresh, active } of threads) {
      this.#levels[thread] = level;
      this.#usage.restoreThread(thread, usage);
      this.#used[thread] = used;
      this.#fresh[thread] = fresh ? 1 : 0;
      this.#active[thread] = active ? 1 : 0;
      this.#count += this.#active[thread]!;
    }
    this.#handoffs.restore(handoffs);
  }

  #passTime(): void {
    this.#usage.passTo(this.#view.now, this.#count / this.#view.cpus);
  }

  #charge(thread: ThreadId, elapsed: number): void {
    this.#passTime();
    this.#used[thread]! += elapsed;
    this.#usage.add(thread, elapsed);
    this.#age(thread);
  }

  /** Some of the usage is forgotten, and the level follows. */
  #age(thread: ThreadId): void {
    this.#levels[thread] = this.#bases[thread]! - 1 + DEEPEST - this.#usage.age(thread);
  }

  /** The level follows the usage; a ready thread goes to the tail of its queue. */
  #requeue(thread: ThreadId): void {
    this.#age(thread);
    if (!this.#queues.remove(thread)) return;
    this.#wheel.remove(thread);
    this.#queues.push(thread, this.#levels[thread]!);
    this.#await(thread);
  }

  /** A ready thread is looked at again when it has risen. */
  #await(thread: ThreadId): void {
    const second = this.#usage.rises(thread);
    if (second === 0) return;
    this.#wheel.push(thread, second % SLOTS);
    this.#setTimer();
  }

  /** The timer rings in the next even second, if a thread is waiting to rise. */
  #setTimer(): void {
    if (this.#timed || this.#wheel.size === 0) return;
    this.#timed = true;
    const { second } = this.#usage;
    this.#view.timer(this.#usage.start(second + 2 - second % 2));
  }

  /** A thread that has risen takes the CPU of the lowest thread, if that is lower. */
  #kickFor(thread: ThreadId): void {
    const view = this.#view;
    let lowest = NONE;
    let level = this.#levels[thread]!;
    for (let cpu = 0; cpu < view.cpus; cpu++) {
      const running = view.running(cpu);
      if (running === null || this.#levels[running]! >= level || !view.allows(thread, cpu)) {
        continue;
      }
      lowest = cpu;
      level = this.#levels[running]!;
    }
    if (lowest === NONE) return;
    this.#fresh[view.running(lowest)!] = 0;
    view.kick(lowest);
  }

  #join(thread: ThreadId): void {
    this.#count += 1 - this.#active[thread]!;
    this.#active[thread] = 1;
  }

  #leave(thread: ThreadId): void {
    this.#count -= this.#active[thread]!;
    this.#active[thread] = 0;
  }
}
