/**
 * What the fair policies of Linux have in common: each CPU has its threads on a timeline of virtual
 * time, which running advances by the inverse of the weight, and its own origin of that time. A
 * thread that goes to another CPU keeps its distance from the origin. A thread that becomes ready
 * goes to an idle CPU, else to the one with the least weight on it; an idle CPU takes threads from
 * others; and now and then a busy one passes a thread on, so that shares hold across CPUs too.
 *
 * @module
 */
import { NICE_0_WEIGHT, type ThreadParameters } from "../../parameters.ts";
import type {
  Charge,
  Placement,
  Policy,
  ReadyReason,
  SchedulerView,
  Stop,
  ThreadId,
  Wakeup,
} from "../../policy.ts";
import { grown } from "../../queues/grown.ts";
import { type TimelineEntry, Timelines } from "../../queues/timelines.ts";
import type { Plain } from "../../../util/plain.ts";

/** No thread. */
const NONE = -1;

/** So many threads are looked at for one that may be passed on. */
const LOOKED_AT = 8;

/** A thread, as it is saved. */
type FairThread = {
  readonly thread: ThreadId;
  readonly home: number;
  readonly active: boolean;
  readonly time: number;
  readonly used: number;
  readonly charged: number;
  readonly own: number;
};

/** A CPU, as it is saved. */
type FairCpu = {
  readonly timeline: readonly TimelineEntry[];
  readonly current: ThreadId;
  readonly came: ThreadId;
  readonly balanceAt: number;
  readonly origin: number;
  readonly own: number;
};

/** Everything such a policy remembers. */
type FairState = {
  readonly threads: readonly FairThread[];
  readonly cpus: readonly FairCpu[];
  readonly sequence: number;
};

/** A policy with a timeline per CPU; a subclass says who is next, and when one has had enough. */
export abstract class PerCpuFair implements Policy {
  /** Name used on the command line and in logs. */
  abstract readonly name: string;
  /** No limit: a thread of little weight waits long among many, but not for ever. */
  readonly timeout: number = Infinity;
  /** What the host lets it see. */
  protected view!: SchedulerView;
  /** Ready threads of each CPU. */
  protected timelines: Timelines = new Timelines(1);
  /** Weight of each thread; 0 if it is unknown. */
  protected weights: Float64Array = new Float64Array(0);
  /** Virtual time of each thread, on the CPU it is or was on. */
  protected times: Float64Array = new Float64Array(0);
  /** What each thread has used since the subclass set it to 0. */
  protected used: Float64Array = new Float64Array(0);
  /** A number of each thread's that the subclass gives a meaning. */
  protected own: Float64Array = new Float64Array(0);
  /** The CPU each thread is or was on. */
  protected homes: Int32Array = new Int32Array(0);
  /** By CPU: weight and number of its threads, ready or running. */
  protected loads: Float64Array = new Float64Array(1);
  /** See {@linkcode PerCpuFair.loads}. */
  protected counts: Int32Array = new Int32Array(1);
  /** By CPU: origin of virtual time, which the subclass moves. */
  protected origins: Float64Array = new Float64Array(1);
  /** A number of each CPU's that the subclass gives a meaning. */
  protected cpuOwn: Float64Array = new Float64Array(1);
  /** By CPU: its thread, the one that was passed to it last, when it may pass one on. */
  #currents = new Int32Array(1);
  #came = new Int32Array(1);
  #balanceAt = new Float64Array(1);
  /** Whether each thread is ready or running. */
  #active = new Uint8Array(0);
  #charged = new Float64Array(0);
  #sequence = 0;
  readonly #interval: number;

  /** Makes a policy; a busy CPU passes a thread on at most once in such an interval. */
  constructor(interval: number) {
    this.#interval = interval;
  }

  /** Sets the virtual time of a thread that is to take part on a CPU. */
  protected abstract place(thread: ThreadId, cpu: number, reason: ReadyReason): void;
  /** A thread is to take no part on its CPU any more: the last chance to see how it stands. */
  protected abstract depart(thread: ThreadId): void;
  /** A thread has run on its CPU: its virtual time was advanced. */
  protected abstract advanced(thread: ThreadId, elapsed: number): void;
  /** A running thread has yielded. */
  protected abstract yielded(thread: ThreadId): void;
  /** A thread has another weight, not taking part. */
  protected abstract reweighed(thread: ThreadId, before: number): void;
  /** The thread of a timeline that is not empty that is next. */
  protected abstract choose(cpu: number): ThreadId;

  /** Deadline of a thread on the timeline; there are none if the subclass does not say. */
  protected deadline(_thread: ThreadId): number {
    return 0;
  }

  /** The thread that has a CPU, or -1. */
  protected current(cpu: number): ThreadId {
    return this.#currents[cpu]!;
  }

  /** How long the thread of a CPU has run without being charged. */
  protected uncharged(cpu: number): number {
    const current = this.#currents[cpu]!;
    return current === NONE ? 0 : this.view.now - this.#charged[current]!;
  }

  /** Virtual time of a thread by now. */
  protected timeNow(thread: ThreadId, cpu: number): number {
    const time = this.times[thread]!;
    return this.#currents[cpu] === thread ? time + this.virtual(thread, this.uncharged(cpu)) : time;
  }

  /** How far a time of the CPU advances a thread's virtual time. */
  protected virtual(thread: ThreadId, time: number): number {
    return time * NICE_0_WEIGHT / this.weights[thread]!;
  }

  /** See {@linkcode Policy.attach}. */
  attach(view: SchedulerView): void {
    this.view = view;
    const { cpus } = view;
    this.timelines = new Timelines(cpus);
    this.loads = new Float64Array(cpus);
    this.counts = new Int32Array(cpus);
    this.origins = new Float64Array(cpus);
    this.cpuOwn = new Float64Array(cpus);
    this.#currents = new Int32Array(cpus).fill(NONE);
    this.#came = new Int32Array(cpus).fill(NONE);
    this.#balanceAt = new Float64Array(cpus);
  }

  /** See {@linkcode Policy.admit}. */
  admit(thread: ThreadId, { weight }: ThreadParameters): void {
    if (thread >= this.weights.length) {
      this.weights = grown(this.weights, thread);
      this.times = grown(this.times, thread);
      this.used = grown(this.used, thread);
      this.own = grown(this.own, thread);
      this.homes = grown(this.homes, thread);
      this.#active = grown(this.#active, thread);
      this.#charged = grown(this.#charged, thread);
    }
    this.weights[thread] = weight;
    // After a snapshot from before it, it may have been here.
    for (const figures of [this.times, this.used, this.own, this.homes, this.#charged]) {
      figures[thread] = 0;
    }
    this.#active[thread] = 0;
  }

  /** Another weight holds at once; a ready thread leaves a CPU it may no longer run on. */
  update(thread: ThreadId, { weight, affinity }: ThreadParameters): void {
    const before = this.weights[thread]!;
    const home = this.homes[thread]!;
    const queued = this.timelines.has(thread);
    const elsewhere = queued && !this.view.allows(thread, home);
    if (weight === before && !elsewhere) return;
    const active = this.#active[thread]! !== 0;
    if (queued) this.timelines.remove(thread);
    if (active) this.#leave(thread);
    this.weights[thread] = weight;
    if (weight !== before) this.reweighed(thread, before);
    const cpu = elsewhere ? this.#leastLoaded(thread, affinity?.[0] ?? 0) : home;
    if (active) this.#join(thread, cpu, "migrated");
    if (queued) this.#insert(thread);
  }

  /** See {@linkcode Policy.forget}. */
  forget(thread: ThreadId): void {
    if (this.#active[thread]! !== 0) this.#leave(thread);
    const home = this.homes[thread]!;
    if (this.#currents[home] === thread) this.#currents[home] = NONE;
    this.weights[thread] = 0;
  }

  /** An idle CPU, the previous one first; where a waker is about to block alone; the least loaded. */
  selectCpu(thread: ThreadId, { previous, waker, hint }: Placement): number {
    const { view } = this;
    if (this.#idle(previous)) return previous;
    for (let cpu = 0; cpu < view.cpus; cpu++) {
      if (this.#idle(cpu) && view.allows(thread, cpu)) return cpu;
    }
    if (hint !== "none" && waker !== null) {
      const cpu = this.homes[waker]!;
      if (this.counts[cpu] === 1 && view.allows(thread, cpu)) return cpu;
    }
    return this.#leastLoaded(thread, previous);
  }

  /** See {@linkcode Policy.enqueue}. */
  enqueue(thread: ThreadId, { cpu, reason }: Wakeup): void {
    if (this.#active[thread]! === 0) this.#join(thread, cpu, reason);
    else if (this.homes[thread] !== cpu) this.#move(thread, cpu);
    if (reason === "yield") this.yielded(thread);
    this.#insert(thread);
  }

  /** Withdraws a ready thread. */
  dequeue(thread: ThreadId): boolean {
    const had = this.timelines.remove(thread);
    if (had) this.#leave(thread);
    return had;
  }

  /** The next thread of the CPU's timeline, or one of the most loaded CPU that has one for it. */
  pick(cpu: number): ThreadId | null {
    let thread = this.timelines.size(cpu) > 0 ? this.choose(cpu) : NONE;
    if (thread === NONE) {
      thread = this.#steal(cpu);
      if (thread === NONE) return null;
    }
    this.timelines.remove(thread);
    return thread;
  }

  /** From now on the thread's time runs. */
  running(thread: ThreadId, cpu: number): void {
    if (this.#active[thread]! === 0) this.#join(thread, cpu, "migrated");
    else if (this.homes[thread] !== cpu) this.#move(thread, cpu);
    this.#currents[cpu] = thread;
    this.#charged[thread] = this.view.now;
  }

  /** See {@linkcode Policy.tick}. */
  abstract tick(thread: ThreadId, charge: Charge): boolean;
  /** See {@linkcode Policy.slice}. */
  abstract slice(thread: ThreadId, cpu: number): number;
  /** See {@linkcode Policy.preempts}. */
  abstract preempts(candidate: ThreadId, running: ThreadId, cpu: number): boolean;

  /** Charges the running thread; one that does not stay ready takes no part for now. */
  stopping(thread: ThreadId, { cpu, elapsed, reason }: Stop): void {
    this.charge(thread, elapsed);
    this.#currents[cpu] = NONE;
    if (reason === "blocked" || reason === "ended") this.#leave(thread);
  }

  /** Advances the virtual time of the running thread. */
  protected charge(thread: ThreadId, elapsed: number): void {
    this.#charged[thread] = this.view.now;
    this.used[thread]! += elapsed;
    this.times[thread]! += this.virtual(thread, elapsed);
    this.advanced(thread, elapsed);
  }

  /** Passes a ready thread on to the least loaded CPU, if that brings their loads closer. */
  protected balance(cpu: number): void {
    const { view, timelines, loads } = this;
    if (view.cpus === 1 || view.now < this.#balanceAt[cpu]!) return;
    let to = cpu;
    for (let other = 0; other < view.cpus; other++) if (loads[other]! < loads[to]!) to = other;
    const gap = loads[cpu]! - loads[to]!;
    let thread = timelines.first(cpu);
    let again = view.now + this.#interval;
    for (let looked = 0; thread !== NONE && looked < LOOKED_AT; looked++) {
      const fits = this.weights[thread]! <= gap && view.allows(thread, to);
      // One that came last stays, so that threads which cannot be split evenly take turns: the next
      // chance is soon, when another is waiting.
      if (fits && thread === this.#came[cpu]) {
        again = view.now;
      } else if (fits) {
        timelines.remove(thread);
        this.#move(thread, to);
        this.#insert(thread);
        this.#came[to] = thread;
        // Without rivals its thread had no slice, and an idle CPU does not ask.
        if (timelines.size(to) === 1) view.kick(to);
        again = view.now + this.#interval;
        break;
      }
      thread = timelines.next(thread);
    }
    this.#balanceAt[cpu] = again;
  }

  /** Timelines, and how threads and CPUs stand. */
  save(): Plain {
    const threads: FairThread[] = [];
    this.weights.forEach((weight, thread) => {
      if (weight === 0) return;
      threads.push({
        thread,
        home: this.homes[thread]!,
        active: this.#active[thread]! !== 0,
        time: this.times[thread]!,
        used: this.used[thread]!,
        charged: this.#charged[thread]!,
        own: this.own[thread]!,
      });
    });
    const cpus = Array.from(this.loads, (_, cpu): FairCpu => ({
      timeline: this.timelines.save(cpu),
      current: this.#currents[cpu]!,
      came: this.#came[cpu]!,
      balanceAt: this.#balanceAt[cpu]!,
      origin: this.origins[cpu]!,
      own: this.cpuOwn[cpu]!,
    }));
    const state: FairState = { threads, cpus, sequence: this.#sequence };
    return state;
  }

  /** Takes over what {@linkcode PerCpuFair.save} returned. */
  restore(state: Plain): void {
    const { threads, cpus, sequence } = state as FairState;
    this.#sequence = sequence;
    const known = new Set(threads.map(({ thread }) => thread));
    this.weights.forEach((_, thread) => {
      if (!known.has(thread)) this.weights[thread] = 0;
    });
    this.#active.fill(0);
    this.loads.fill(0);
    this.counts.fill(0);
    for (const { thread, home, active, time, used, charged, own } of threads) {
      this.homes[thread] = home;
      this.times[thread] = time;
      this.used[thread] = used;
      this.#charged[thread] = charged;
      this.own[thread] = own;
      if (active) this.#count(thread, home, 1);
    }
    this.timelines.restore(cpus.map(({ timeline }) => timeline));
    for (const [cpu, { current, came, balanceAt, origin, own }] of cpus.entries()) {
      this.#currents[cpu] = current;
      this.#came[cpu] = came;
      this.#balanceAt[cpu] = balanceAt;
      this.origins[cpu] = origin;
      this.cpuOwn[cpu] = own;
    }
  }

  #insert(thread: ThreadId): void {
    const timeline = this.homes[thread]!;
    this.timelines.insert(thread, {
      timeline,
      time: this.times[thread]!,
      deadline: this.deadline(thread),
      tie: this.#sequence++,
    });
  }

  #join(thread: ThreadId, cpu: number, reason: ReadyReason): void {
    this.place(thread, cpu, reason);
    this.homes[thread] = cpu;
    this.#count(thread, cpu, 1);
  }

  #leave(thread: ThreadId): void {
    this.depart(thread);
    this.#count(thread, this.homes[thread]!, -1);
  }

  #count(thread: ThreadId, cpu: number, change: 1 | -1): void {
    this.#active[thread] = change > 0 ? 1 : 0;
    this.loads[cpu]! += change * this.weights[thread]!;
    this.counts[cpu]! += change;
  }

  #move(thread: ThreadId, cpu: number): void {
    this.#leave(thread);
    this.#join(thread, cpu, "migrated");
  }

  #idle(cpu: number): boolean {
    return this.counts[cpu] === 0;
  }

  #leastLoaded(thread: ThreadId, first: number): number {
    let least = first;
    for (let cpu = 0; cpu < this.view.cpus; cpu++) {
      if (this.loads[cpu]! < this.loads[least]! && this.view.allows(thread, cpu)) least = cpu;
    }
    return least;
  }

  #steal(cpu: number): ThreadId {
    const { view, timelines } = this;
    let stolen = NONE;
    let most = 0;
    for (let other = 0; other < view.cpus; other++) {
      if (other === cpu || this.loads[other]! <= most) continue;
      let thread = timelines.first(other);
      while (thread !== NONE && !view.allows(thread, cpu)) thread = timelines.next(thread);
      if (thread === NONE) continue;
      stolen = thread;
      most = this.loads[other]!;
    }
    if (stolen !== NONE) {
      timelines.remove(stolen);
      this.#move(stolen, cpu);
    }
    return stolen;
  }
}
