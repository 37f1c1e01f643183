/**
 * A policy of its own for each CPU, which knows of no other: each thread has a home, and runs there
 * only until it is given another.
 *
 * @module
 */
import type { ThreadParameters } from "../../parameters.ts";
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
import type { Mutable } from "../../../util/mutable.ts";
import type { Plain } from "../../../util/plain.ts";
import { goesOn } from "../common/reasons.ts";
import { Timers } from "./timers.ts";

/** Nowhere. */
const NONE = -1;

/** Everything the policy remembers. */
type PerCpuState = {
  readonly members: readonly Plain[];
  readonly homes: readonly (readonly [ThreadId, cpu: number, ready: boolean])[];
  readonly timers: readonly number[];
};

/** A policy for each CPU; a subclass says which threads are whose. */
export abstract class PerCpu implements Policy {
  /** Name used on the command line and in logs. */
  abstract readonly name: string;
  /** No limit: what starves is for the CPUs' policies to say. */
  readonly timeout: number = Infinity;
  readonly #make: () => Policy;
  #members: readonly Policy[] = [];
  #view: SchedulerView | undefined;
  #timers: Timers | undefined;
  /** Home of each thread plus one; 0 if it has none. */
  #homes = new Uint8Array(0);
  /** Which threads are ready. */
  #ready = new Uint8Array(0);
  // What the members are handed, over and over.
  readonly #wakeup: Mutable<Wakeup> = {
    ...{ cpu: 0, reason: "start", previous: 0, waker: null, hint: "none", burst: 0 },
    released: null,
  };
  readonly #charge: Mutable<Charge> = { cpu: 0, elapsed: 0 };
  readonly #stop: Mutable<Stop> = { cpu: 0, elapsed: 0, reason: "quantum" };

  /** Makes a policy without threads, of policies for one CPU each. */
  constructor(make: () => Policy) {
    this.#make = make;
  }

  /** The CPU a thread that starts or wakes up goes to. */
  abstract selectCpu(thread: ThreadId, placement: Placement): number;

  /** What a CPU runs that has nothing; by default nothing. */
  protected pickElsewhere(_cpu: number): ThreadId | null {
    return null;
  }

  /** The time of the policy's own timer has come, as set by {@linkcode PerCpu.setTimer}. */
  protected ownTimer(_now: number): void {}

  /** What the host lets it see. */
  protected get view(): SchedulerView {
    return this.#view!;
  }

  /** The CPU a thread belongs to, -1 if none. */
  homeOf(thread: ThreadId): number {
    return this.#homes[thread]! - 1;
  }

  /** Has {@linkcode PerCpu.ownTimer} called. */
  protected setTimer(at: number): void {
    this.#timers!.set(this.#members.length, at);
  }

  /** Gives a thread that is neither ready nor runs a home, or another one. */
  protected moveTo(thread: ThreadId, cpu: number): void {
    const before = this.homeOf(thread);
    if (before === cpu) return;
    if (before !== NONE) this.#members[before]!.forget?.(thread);
    this.#homes[thread] = cpu + 1;
    this.#members[cpu]!.admit?.(thread, this.view.parameters(thread));
  }

  /** Whether a thread is ready, and at home on a CPU. */
  protected isReady(thread: ThreadId): boolean {
    return this.#ready[thread] === 1;
  }

  /** A ready thread is so on another CPU from now on, where it begins anew. */
  protected handOver(thread: ThreadId, cpu: number): void {
    this.dequeue(thread);
    this.moveTo(thread, cpu);
    this.insert(thread, { reason: "start", released: null, burst: 0 });
  }

  /** Makes a thread ready at home by itself; its CPU is kicked if that is due. */
  protected insert(thread: ThreadId, why: Pick<Wakeup, "reason" | "released" | "burst">): void {
    const cpu = this.homeOf(thread);
    this.#makeReady(thread, why.reason, { ...why, waker: null, hint: "none" });
    const running = this.view.running(cpu);
    if (running === null || this.preempts(thread, running, cpu)) this.view.kick(cpu);
  }

  /** See {@linkcode Policy.attach}. */
  attach(view: SchedulerView): void {
    this.#view = view;
    this.#members = Array.from({ length: view.cpus }, () => this.#make());
    this.#timers = new Timers(view, view.cpus + 1);
    for (const [cpu, member] of this.#members.entries()) member.attach?.(this.#viewOf(cpu, view));
  }

  /** A thread has no home at first. */
  admit(thread: ThreadId, _parameters: ThreadParameters): void {
    if (thread >= this.#homes.length) {
      this.#homes = grown(this.#homes, thread);
      this.#ready = grown(this.#ready, thread);
    }
    this.#homes[thread] = this.#ready[thread] = 0;
  }

  /** Its CPU's policy hears of it. A ready thread that may not run at home gets another one. */
  update(thread: ThreadId, parameters: ThreadParameters): void {
    const cpu = this.homeOf(thread);
    if (cpu === NONE) return;
    this.#members[cpu]!.update?.(thread, parameters);
    if (!this.isReady(thread) || this.view.allows(thread, cpu)) return;
    const previous = parameters.affinity?.[0] ?? 0;
    const to = this.selectCpu(thread, { previous, waker: null, hint: "none" });
    this.handOver(thread, to);
  }

  /** See {@linkcode Policy.forget}. */
  forget(thread: ThreadId): void {
    const cpu = this.homeOf(thread);
    if (cpu !== NONE) this.#members[cpu]!.forget?.(thread);
    this.#homes[thread] = 0;
  }

  /** See {@linkcode PerCpu.enqueueOn}. */
  enqueue(thread: ThreadId, wakeup: Wakeup): void {
    this.enqueueOn(wakeup.cpu, thread, wakeup);
  }

  /** A thread that goes to another CPU begins there anew. */
  protected enqueueOn(cpu: number, thread: ThreadId, wakeup: Wakeup): void {
    const { reason } = wakeup;
    const moves = this.homeOf(thread) !== cpu;
    if (moves) this.moveTo(thread, cpu);
    this.#makeReady(thread, moves && goesOn(reason) ? "start" : reason, wakeup);
  }

  /** See {@linkcode Policy.dequeue}. */
  dequeue(thread: ThreadId): boolean {
    const cpu = this.homeOf(thread);
    this.#ready[thread] = 0;
    return cpu !== NONE && this.#members[cpu]!.dequeue(thread);
  }

  /** What the CPU's policy picks. */
  pick(cpu: number): ThreadId | null {
    const thread = this.#members[cpu]!.pick(0) ?? this.pickElsewhere(cpu);
    if (thread !== null) this.#ready[thread] = 0;
    return thread;
  }

  /** A thread that has got a CPU without being picked is at home there. */
  running(thread: ThreadId, cpu: number): void {
    this.moveTo(thread, cpu);
    this.#members[cpu]!.running?.(thread, 0);
  }

  /** As the CPU's policy says. */
  tick(thread: ThreadId, { cpu, elapsed }: Charge): boolean {
    this.#charge.elapsed = elapsed;
    return this.#members[cpu]!.tick(thread, this.#charge);
  }

  /** As the CPU's policy says; every tick, if it does not. */
  slice(thread: ThreadId, cpu: number): number {
    return this.#members[cpu]!.slice?.(thread, 0) ?? 0;
  }

  /** See {@linkcode Policy.stopping}. */
  stopping(thread: ThreadId, { cpu, elapsed, reason }: Stop): void {
    this.#stop.elapsed = elapsed;
    this.#stop.reason = reason;
    this.#members[cpu]!.stopping?.(thread, this.#stop);
  }

  /** As the CPU's policy says, of its own threads. */
  preempts(candidate: ThreadId, running: ThreadId, cpu: number): boolean {
    if (this.homeOf(candidate) !== cpu) return false;
    return this.#members[cpu]!.preempts?.(candidate, running, 0) ?? false;
  }

  /** The time of a CPU's timer has come, or of the policy's own. */
  timer(now: number): void {
    this.#timers!.ring(now, (part) => {
      if (part < this.#members.length) this.#members[part]!.timer?.(now);
      else this.ownTimer(now);
    });
  }

  /** What the CPUs' policies remember, and who is at home where. */
  save(): Plain {
    const homes: [ThreadId, number, boolean][] = [];
    this.#homes.forEach((home, thread) => {
      if (home > 0) homes.push([thread, home - 1, this.isReady(thread)]);
    });
    const state: PerCpuState = {
      members: this.#members.map((member) => member.save()),
      homes,
      timers: this.#timers!.save(),
    };
    return state;
  }

  /** Takes over what {@linkcode PerCpu.save} returned. */
  restore(state: Plain): void {
    const { members, homes, timers } = state as PerCpuState;
    this.#timers!.restore(timers);
    this.#homes.fill(0);
    this.#ready.fill(0);
    for (const [thread, cpu, ready] of homes) {
      this.moveTo(thread, cpu);
      this.#ready[thread] = ready ? 1 : 0;
    }
    for (const [cpu, member] of this.#members.entries()) member.restore(members[cpu]!);
  }

  /** A thread is ready at home: its CPU's policy is told why, and all else that is known of it. */
  #makeReady(
    thread: ThreadId,
    reason: ReadyReason,
    { waker, hint, burst, released }: Pick<Wakeup, "waker" | "hint" | "burst" | "released">,
  ): void {
    const own = this.#wakeup;
    own.reason = reason;
    own.waker = waker;
    own.hint = hint;
    own.burst = burst;
    own.released = released;
    this.#ready[thread] = 1;
    this.#members[this.homeOf(thread)]!.enqueue(thread, own);
  }

  /** What a CPU's policy sees: that CPU as the only one. */
  #viewOf(cpu: number, view: SchedulerView): SchedulerView {
    return {
      cpus: 1,
      get now(): number {
        return view.now;
      },
      random: view.random,
      parameters: (thread) => view.parameters(thread),
      allows: () => true,
      running: () => view.running(cpu),
      kick: () => view.kick(cpu),
      timer: (at) => this.#timers!.set(cpu, at),
    };
  }
}
