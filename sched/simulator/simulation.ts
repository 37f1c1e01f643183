/**
 * The simulator's core: from instant to instant, with nothing allocated on the way but when a
 * thread starts. An instant is when a thread becomes ready, a step ends, a tick matters, a switch
 * is done, or the policy's timer is due; in it, threads become ready first (in the order of their
 * ids), then running threads' steps end or their quanta do, CPU by CPU, then free CPUs pick.
 *
 * @module
 */
import type { PolicyFault } from "../host/fault.ts";
import { SoundPolicy } from "../host/sound_policy.ts";
import { RoundRobin } from "../policies/sharing/round_robin.ts";
import type { Policy, ReadyReason, StopReason, ThreadId } from "../policy.ts";
import { OrderedQueue } from "../queues/ordered_queue.ts";
import type { Workload } from "./workload.ts";

/** What happens to a thread. */
export type ThreadEvent = "arrive" | "wake" | "dispatch" | "preempt" | "yield" | "sleep" | "exit";

/** Hears what happens. */
export interface SimulationSink {
  /** Something has happened to a thread; `cpu` is where, or where it is meant to run. */
  thread(type: ThreadEvent, time: number, thread: ThreadId, cpu: number): void;
  /** No CPU has a thread. */
  idle?(time: number, until: number): void;
  /** The policy was put out. */
  fault?(fault: PolicyFault): void;
}

/** A simulated machine, checked. */
export interface SimulationConditions {
  /** A fresh policy. */
  readonly policy: Policy;
  /** Time between timer interrupts. */
  readonly tickInterval: number;
  /** Time it costs to give a CPU to another thread than ran last. */
  readonly switchCost: number;
  /** Number of CPUs. */
  readonly cpus: number;
  /** Seed of the policy's random numbers. */
  readonly seed: number;
  /** Longest time a thread may be ready, where the policy does not say. */
  readonly timeout: number;
  /** Hears what happens. */
  readonly sink: SimulationSink;
}

/** No thread. */
const NONE = -1;

/** So many rounds of one instant are taken for ever. */
const MOST_ROUNDS = 10_000;

/** One run of a workload. */
export class Simulation {
  /** Who decides. */
  readonly host: SoundPolicy;
  readonly #workload: Workload;
  readonly #sink: SimulationSink;
  readonly #tickInterval: number;
  readonly #switchCost: number;
  readonly #cpus: number;
  #now = 0;
  #rounds = 0;
  /** Threads asleep, by the time they become ready at, then by id. */
  readonly #alarms = new OrderedQueue();
  /** Next step of each thread. */
  readonly #steps: Int32Array;
  /** What is left of the run step each thread is in. */
  readonly #left: Float64Array;
  /** CPU time each thread needs after that until it blocks or ends. */
  readonly #rest: Float64Array;
  // By CPU: its thread, the one before, and when it is switched to, when its step ends, when it was
  // charged last, when a tick matters next, and when it must be attended to.
  readonly #on: Int32Array;
  readonly #last: Int32Array;
  readonly #switching: Uint8Array;
  readonly #stepEnd: Float64Array;
  readonly #charged: Float64Array;
  readonly #tickAt: Float64Array;
  readonly #attendAt: Float64Array;
  readonly #mustYield: Uint8Array;
  /** Whether its next tick is to be found. */
  readonly #changed: Uint8Array;
  /** Whether it is free and has a reason to pick. */
  readonly #asks: Uint8Array;
  #busy = 0;
  readonly #ready: { reason: ReadyReason; burst: number } = { reason: "start", burst: 0 };
  readonly #charge = { cpu: 0, elapsed: 0 };
  readonly #stop: { cpu: number; elapsed: number; reason: StopReason } = {
    cpu: 0,
    elapsed: 0,
    reason: "blocked",
  };

  /** Prepares a workload that was checked. */
  constructor(workload: Workload, conditions: SimulationConditions) {
    const { policy, tickInterval, switchCost, cpus, seed, timeout, sink } = conditions;
    this.#workload = workload;
    this.#sink = sink;
    this.#tickInterval = tickInterval;
    this.#switchCost = switchCost;
    this.#cpus = cpus;
    this.#steps = new Int32Array(workload.length).fill(NONE);
    this.#left = new Float64Array(workload.length);
    this.#rest = new Float64Array(workload.length);
    this.#on = new Int32Array(cpus).fill(NONE);
    this.#last = new Int32Array(cpus).fill(NONE);
    this.#switching = new Uint8Array(cpus);
    this.#stepEnd = new Float64Array(cpus).fill(Infinity);
    this.#charged = new Float64Array(cpus);
    this.#tickAt = new Float64Array(cpus).fill(Infinity);
    this.#attendAt = new Float64Array(cpus).fill(Infinity);
    this.#mustYield = new Uint8Array(cpus);
    this.#changed = new Uint8Array(cpus);
    this.#asks = new Uint8Array(cpus).fill(1);
    this.host = new SoundPolicy(policy, {
      cpus,
      seed,
      timeout,
      now: () => this.#now,
      fallback: () => new RoundRobin({ tickInterval }),
      kick: (cpu) => this.#kick(cpu),
      onFault: (fault) => this.#recover(fault),
    });
    workload.forEach(({ arrival = 0 }, id) => this.#alarms.insert(id, arrival, id));
  }

  /** The time. */
  get now(): number {
    return this.#now;
  }

  /** Goes on to the end, or until a time. */
  run(until = Infinity): void {
    while (this.#now < until && this.step());
  }

  /** Does what happens in the next instant; returns whether there is another. */
  step(): boolean {
    const { host } = this;
    this.#wakeDue();
    if (host.timerAt <= this.#now) {
      host.runTimer();
      this.#asks.fill(1);
    }
    if (host.starvesAt <= this.#now) host.watch();
    for (let cpu = 0; cpu < this.#cpus; cpu++) {
      if (this.#attendAt[cpu]! <= this.#now) this.#attend(cpu);
    }
    this.#dispatch();
    for (let cpu = 0; cpu < this.#cpus; cpu++) {
      if (this.#changed[cpu]! !== 0) this.#plan(cpu);
    }
    return this.#advance();
  }

  /** Time moves on to the next instant. */
  #advance(): boolean {
    const { host } = this;
    let next = Math.min(this.#alarms.least, host.timerAt, host.starvesAt);
    if (this.#busy === 0) {
      if (next === Infinity) return host.stuck();
      if (next > this.#now) this.#sink.idle?.(this.#now, next);
    }
    for (let cpu = 0; cpu < this.#cpus; cpu++) next = Math.min(next, this.#attendAt[cpu]!);
    if (next > this.#now) this.#rounds = 0;
    else if (++this.#rounds > MOST_ROUNDS) host.stalled(this.#rounds);
    this.#now = Math.max(next, this.#now);
    return true;
  }

  /** Makes every thread ready whose time has come. */
  #wakeDue(): void {
    while (this.#alarms.least <= this.#now) {
      const time = this.#alarms.least;
      const thread = this.#alarms.shift()!;
      const starts = this.#steps[thread]! === NONE;
      if (starts) {
        this.#steps[thread] = 0;
        this.host.admit(thread, this.#workload[thread]);
      }
      this.#rest[thread] = this.#burst(thread);
      const cpu = this.#enqueue(thread, starts ? "start" : "wakeup");
      this.#sink.thread(starts ? "arrive" : "wake", time, thread, cpu);
      if (this.#on[cpu]! !== NONE && this.host.preempts(thread, cpu)) this.#kick(cpu);
      this.#changed.fill(1);
    }
  }

  /** CPU time of a thread from its next step on until it blocks or ends. */
  #burst(thread: ThreadId): number {
    const { steps } = this.#workload[thread]!;
    let sum = 0;
    for (let index = this.#steps[thread]!; index < steps.length; index++) {
      const step = steps[index]!;
      if (step.type === "sleep") break;
      if (step.type === "run") sum += step.time;
    }
    return sum;
  }

  #enqueue(thread: ThreadId, reason: ReadyReason): number {
    this.#ready.reason = reason;
    this.#ready.burst = this.#left[thread]! + this.#rest[thread]!;
    const cpu = this.host.enqueue(thread, this.#ready);
    if (this.#busy < this.#cpus) {
      for (let other = 0; other < this.#cpus; other++) this.#asks[other]! |= 1;
      this.#asks[cpu] = 2;
    }
    return cpu;
  }

  #kick(cpu: number): void {
    this.#asks[cpu]! |= 1;
    if (this.#on[cpu]! === NONE) return;
    this.#mustYield[cpu] = 1;
    if (this.#switching[cpu]! === 0) this.#attendAt[cpu] = this.#now;
  }

  /** Round robin has taken over: every CPU picks again or hears of ticks. */
  #recover(fault: PolicyFault): void {
    this.#asks.fill(1);
    this.#changed.fill(1);
    this.#sink.fault?.(fault);
  }

  /** A CPU's switch is done, its thread's step ends, or it may have to give way. */
  #attend(cpu: number): void {
    const thread = this.#on[cpu]!;
    this.#changed[cpu] = 1;
    if (this.#switching[cpu]! !== 0) return this.#begin(cpu, thread);
    if (this.#stepEnd[cpu]! <= this.#now) {
      this.#nextStep(cpu, thread);
      if (this.#on[cpu]! === NONE) return;
    }
    const must = this.#mustYield[cpu]! !== 0;
    if (!must && this.#tickAt[cpu]! > this.#now) return;
    this.#charge.cpu = cpu;
    this.#charge.elapsed = this.#elapsed(cpu);
    const expired = this.host.tick(thread, this.#charge);
    if (!expired && !must && this.#mustYield[cpu]! === 0) return;
    this.#left[thread] = this.#stepEnd[cpu]! - this.#now;
    this.#sink.thread("preempt", this.#now, thread, cpu);
    this.#release(cpu, expired ? "quantum" : "preempted");
    this.#enqueue(thread, "preempt");
  }

  /** A thread has its CPU from now on. */
  #begin(cpu: number, thread: ThreadId): void {
    this.#switching[cpu] = 0;
    this.#charged[cpu] = this.#now;
    this.#changed[cpu] = 1;
    this.#sink.thread("dispatch", this.#now, thread, cpu);
    const left = this.#left[thread]!;
    if (left === 0) this.#nextStep(cpu, thread);
    else this.#stepEnd[cpu] = this.#now + left;
  }

  /** Begins the next step of the thread of a CPU. */
  #nextStep(cpu: number, thread: ThreadId): void {
    const step = this.#workload[thread]!.steps[this.#steps[thread]!++];
    const now = this.#now;
    if (step?.type === "run") {
      this.#stepEnd[cpu] = now + step.time;
      this.#rest[thread]! -= step.time;
      return;
    }
    this.#left[thread] = 0;
    this.#sink.thread(step?.type ?? "exit", now, thread, cpu);
    if (step === undefined) {
      this.#release(cpu, "ended");
      this.host.forget(thread);
    } else if (step.type === "yield") {
      this.#release(cpu, "yielded");
      this.#enqueue(thread, "yield");
    } else {
      this.#release(cpu, "blocked");
      this.#alarms.insert(thread, now + step.time, thread);
      if (step.time === 0) this.#wakeDue();
    }
  }

  #elapsed(cpu: number): number {
    const elapsed = this.#now - this.#charged[cpu]!;
    this.#charged[cpu] = this.#now;
    return elapsed;
  }

  /** The thread of a CPU stops running. */
  #release(cpu: number, reason: StopReason): void {
    const thread = this.#on[cpu]!;
    this.#on[cpu] = NONE;
    this.#busy--;
    this.#mustYield[cpu] = 0;
    this.#asks[cpu] = 1;
    this.#stepEnd[cpu] = Infinity;
    this.#attendAt[cpu] = Infinity;
    this.#stop.cpu = cpu;
    this.#stop.elapsed = this.#elapsed(cpu);
    this.#stop.reason = reason;
    this.host.stopping(thread, this.#stop);
  }

  /** Free CPUs pick: those for which threads have been queued first. */
  #dispatch(): void {
    for (let again = true; again && this.#busy < this.#cpus;) {
      again = false;
      for (let wanted = 2; wanted > 0; wanted--) {
        for (let cpu = 0; cpu < this.#cpus; cpu++) {
          if (this.#asks[cpu]! < wanted || this.#on[cpu]! !== NONE) continue;
          this.#asks[cpu] = 0;
          if (this.#pick(cpu)) again = true;
        }
      }
    }
  }

  /** A free CPU picks; returns whether it got a thread, which may have left it again. */
  #pick(cpu: number): boolean {
    const thread = this.host.pick(cpu);
    if (thread === null) return false;
    this.#on[cpu] = thread;
    this.#busy++;
    this.#mustYield[cpu] = 0;
    this.host.running(thread, cpu);
    const last = this.#last[cpu]!;
    this.#last[cpu] = thread;
    if (last !== NONE && last !== thread && this.#switchCost > 0) {
      this.#switching[cpu] = 1;
      this.#attendAt[cpu] = this.#now + this.#switchCost;
      this.#changed[cpu] = 0;
    } else {
      this.#begin(cpu, thread);
    }
    return true;
  }

  /** Finds out when a CPU must be attended to next. */
  #plan(cpu: number): void {
    this.#changed[cpu] = 0;
    const thread = this.#on[cpu]!;
    if (thread === NONE || this.#switching[cpu]! !== 0) return;
    const interval = this.#tickInterval;
    const slice = this.host.slice(thread, cpu);
    let tick = this.#now + 1;
    if (slice !== undefined) tick = Math.max(tick, this.#charged[cpu]! + Math.ceil(slice));
    if (interval > 1 && tick < Infinity) tick = Math.ceil(tick / interval) * interval;
    this.#tickAt[cpu] = tick;
    // A preemption that became due during the switch happens before the first instruction.
    this.#attendAt[cpu] = this.#mustYield[cpu]! !== 0
      ? this.#now
      : Math.min(tick, this.#stepEnd[cpu]!);
  }
}
