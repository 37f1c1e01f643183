/**
 * The simulator's core: from instant to instant, with nothing allocated on the way but when a
 * thread starts. An instant is when a thread becomes ready, a step ends, a tick matters, a switch
 * is done, the policy's timer is due, or a deadline passes; in it, threads become ready first (in
 * the order of their ids), then running threads' steps end or their quanta do, CPU by CPU, then
 * free CPUs pick, and when all is done deadlines have been missed.
 *
 * @module
 */
import { SchedError, type SchedErrorKind } from "../errors.ts";
import type { PolicyFault } from "../host/fault.ts";
import { SoundPolicy } from "../host/sound_policy.ts";
import type { ParameterOptions, ThreadParameters } from "../parameters.ts";
import { RoundRobin } from "../policies/sharing/round_robin.ts";
import type { Policy, ReadyReason, StopReason, ThreadId, WakeHint } from "../policy.ts";
import { AskedParameters } from "./asked_parameters.ts";
import { checkConditions, type SimulationOptions } from "./conditions.ts";
import { DecisionCosts } from "./costs.ts";
import type { SimulationSink } from "./events.ts";
import type { Recording } from "./recording.ts";
import { compile, Op, placeOf, type Program, WAKE_HINTS } from "./program.ts";
import { Synchronization } from "./synchronization.ts";
import { SimulatedThreads } from "./threads.ts";
import type { Workload } from "./workload.ts";

/** No thread. */
const NONE = -1;

/** So many rounds of one instant in which no thread does a step are taken for ever. */
const MOST_ROUNDS = 10_000;

/** One run of a workload. */
export class Simulation {
  /** Who decides. */
  readonly host: SoundPolicy;
  readonly #program: Program;
  readonly #workload: Workload;
  readonly #sink: SimulationSink;
  readonly #threads: SimulatedThreads;
  /** `null` if threads share nothing but devices. */
  readonly #locks: Synchronization | null;
  readonly #tickInterval: number;
  readonly #costs: DecisionCosts;
  readonly #chargesCosts: boolean;
  readonly #cpus: number;
  readonly #until: number;
  /** That, or the first time that is not exact. */
  readonly #limit: number;
  readonly #recording: Recording | null;
  #now = 0;
  #rounds = 0;
  /** What is left of the run step each thread is in. */
  readonly #left: Float64Array;
  readonly #asked: AskedParameters;
  /** The CPU each thread had last, -1 if none yet. */
  readonly #home: Int32Array;
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
  /** Number of threads that are not over, those that have not arrived included. */
  #alive: number;
  readonly #ready = {
    reason: "start" as ReadyReason,
    burst: 0,
    released: null as number | null,
    // The running thread that makes others ready, and what it knows of them.
    waker: null as ThreadId | null,
    hint: "none" as WakeHint,
  };
  readonly #charge = { cpu: 0, elapsed: 0 };
  readonly #stop = { cpu: 0, elapsed: 0, reason: "blocked" as StopReason };

  /**
   * Prepares a workload that was checked.
   * @throws {SchedError} `invalid-policy` or `invalid-option`
   */
  constructor(
    workload: Workload,
    options: SimulationOptions & {
      readonly policy: Policy;
      readonly sink: SimulationSink;
      readonly recording?: Recording;
    },
  ) {
    const { policy, sink, recording = null } = options;
    const conditions = checkConditions(options);
    const { tickInterval, cpus, seed, timeout } = conditions;
    this.#workload = workload;
    this.#alive = workload.threads.length;
    this.#program = compile(workload);
    this.#sink = sink;
    this.#threads = new SimulatedThreads(this.#program, { seed, sink });
    this.#tickInterval = tickInterval;
    this.#costs = new DecisionCosts(conditions);
    this.#chargesCosts = conditions.chargesCosts;
    this.#asked = new AskedParameters(workload.threads, cpus);
    this.#until = conditions.until;
    this.#limit = Math.min(conditions.until, Number.MAX_SAFE_INTEGER + 1);
    this.#cpus = cpus;
    this.#left = this.#threads.left;
    this.#home = new Int32Array(workload.threads.length).fill(NONE);
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
    const shares = this.#program.objects.some(({ kind }) => kind !== "device");
    this.#locks = shares ? this.#share() : null;
    this.#recording = recording;
    if (recording === null) return;
    this.#now = recording.time;
    this.host.restore(recording.host);
  }

  #share(): Synchronization {
    const now = () => this.#now;
    return new Synchronization(this.#workload, {
      ...{ program: this.#program, policy: this.host, sink: this.#sink },
      host: {
        get now() {
          return now();
        },
        ready: (thread) => {
          // A wait for a mutex or a semaphore is no end of a burst: it was looked past.
          if (this.#threads.rest[thread] === 0) this.#threads.wakes(thread);
          this.#wake(thread, "wakeup");
        },
        fail: (thread, what, kind) => this.#fail(what, thread, kind),
      },
    });
  }

  /** The time. */
  get now(): number {
    return this.#now;
  }

  /** Goes on to the end. */
  run(): void {
    while (this.step());
  }

  /** Does what happens in the next instant; returns whether there is another. */
  step(): boolean {
    if (this.#now >= this.#until) return false;
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
    const now = this.#now;
    let next = Math.min(this.#threads.dueAt, host.timerAt, host.starvesAt);
    for (let cpu = 0; cpu < this.#cpus; cpu++) next = Math.min(next, this.#attendAt[cpu]!);
    if (next <= now) {
      if (++this.#rounds > MOST_ROUNDS) host.stalled(this.#rounds);
      return true;
    }
    this.#rounds = 0;
    if (this.#threads.deadlineAt < next) {
      if (this.#threads.deadlineAt <= now && this.#miss(now)) return true;
      next = Math.min(next, this.#threads.deadlineAt);
    }
    if (next >= this.#limit) return this.#end(next);
    if (this.#busy === 0) {
      // What a policy's timer would do then is nothing.
      if (this.#alive === 0) return false;
      this.#sink.idle?.(now, next);
    }
    this.#now = next;
    return true;
  }

  /** Deadlines have passed; returns whether a running thread has nothing left to do. */
  #miss(now: number): boolean {
    const abandoned = this.#threads.miss(now);
    let more = false;
    for (const thread of abandoned) {
      const cpu = this.#home[thread]!;
      if (cpu === NONE || this.#on[cpu] !== thread || this.#switching[cpu]! !== 0) continue;
      this.#stepEnd[cpu] = this.#attendAt[cpu] = now;
      more = true;
    }
    return more;
  }

  /** Makes every thread ready whose time has come. */
  #wakeDue(): void {
    while (this.#threads.dueAt <= this.#now) {
      const thread = this.#threads.wakeNext(this.#now);
      if (thread === NONE) return;
      const { reason } = this.#threads;
      if (reason === "start" && this.#recording !== null) {
        this.#wake(
          thread,
          this.#workload.threads[thread]!.jobs === undefined ? "wakeup" : "release",
        );
        continue;
      }
      if (reason === "start") {
        this.host.admit(thread, this.#workload.threads[thread]);
        this.#locks?.admit(thread);
      }
      this.#wake(thread, reason);
    }
  }

  /** A thread becomes ready that was not. */
  #wake(thread: ThreadId, reason: ReadyReason): void {
    if (reason !== "wakeup") this.#ready.released = this.#threads.releasedAt(thread);
    const cpu = this.#enqueue(thread, reason);
    this.#ready.released = null;
    this.#sink.thread(reason === "start" ? "arrive" : "wake", this.#now, thread, cpu, NONE);
    if (this.#on[cpu]! !== NONE && this.host.preempts(thread, cpu)) this.#kick(cpu);
    this.#changed.fill(1);
  }

  #enqueue(thread: ThreadId, reason: ReadyReason): number {
    const ready = this.#ready;
    ready.reason = reason;
    ready.burst = this.#left[thread]! + this.#threads.rest[thread]!;
    const cpu = this.host.enqueue(thread, ready);
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
    if (this.#switching[cpu]! !== 0) {
      this.#switching[cpu] = 0;
      if (!this.#chargesCosts) this.#charged[cpu] = this.#now;
      return this.#begin(cpu, thread);
    }
    if (this.#stepEnd[cpu]! <= this.#now) {
      this.#nextStep(cpu, thread);
      if (this.#on[cpu]! === NONE) return;
    }
    this.#giveWay(cpu, thread);
  }

  /** A running thread gives way if it has to; returns whether it did. */
  #giveWay(cpu: number, thread: ThreadId): boolean {
    const must = this.#mustYield[cpu]! !== 0;
    if (!must && this.#tickAt[cpu]! > this.#now) return false;
    this.#tickAt[cpu] = Infinity;
    this.#charge.cpu = cpu;
    this.#charge.elapsed = this.#elapsed(cpu);
    const expired = this.host.tick(thread, this.#charge);
    if (!expired && !must && this.#mustYield[cpu]! === 0) return false;
    this.#left[thread] = this.#stepEnd[cpu]! - this.#now;
    this.#sink.thread("preempt", this.#now, thread, cpu, NONE);
    this.#release(cpu, expired ? "quantum" : "preempted");
    const stays = this.#cpus === 1 || this.host.allows(thread, cpu);
    this.#enqueue(thread, stays ? "preempt" : "migrated");
    return true;
  }

  /** A thread has its CPU from now on. */
  #begin(cpu: number, thread: ThreadId): void {
    this.#changed[cpu] = 1;
    this.#sink.thread("dispatch", this.#now, thread, cpu, NONE);
    const left = this.#left[thread]!;
    if (this.#locks !== null) {
      const lost = this.#locks.resume(thread);
      if (lost !== NONE) return this.#block(cpu, thread, lost);
    }
    if (left === 0) this.#nextStep(cpu, thread);
    else this.#stepEnd[cpu] = this.#now + left;
  }

  /** Begins the next step of the thread of a CPU that takes time. */
  #nextStep(cpu: number, thread: ThreadId): void {
    const { behavior, rest } = this.#threads;
    const now = this.#now;
    this.#rounds = 0;
    this.#left[thread] = 0;
    for (;;) {
      const op = behavior.next(thread);
      const { time, target } = behavior;
      switch (op) {
        case Op.RUN:
          this.#stepEnd[cpu] = now + (this.#recording?.run(thread) ?? time);
          rest[thread]! -= time;
          return;
        case Op.END:
          return this.#ends(cpu, thread);
        case Op.YIELD:
          if (target >= 0 && this.host.yieldTo(thread, target)) {
            this.#sink.handoff?.(now, thread, target);
          }
          this.#sink.thread("yield", now, thread, cpu, NONE);
          this.#release(cpu, "yielded");
          this.#enqueue(thread, "yield");
          return;
        case Op.SLEEP:
          this.#sink.thread("sleep", now, thread, cpu, NONE);
          this.#release(cpu, "blocked");
          this.#threads.sleep(thread, now + time);
          return this.#wakeDue();
        case Op.IO:
          this.#sink.thread("io", now, thread, cpu, target);
          this.#release(cpu, "blocked");
          this.#threads.request(thread, target, { now, time });
          return this.#wakeDue();
        case Op.START:
        case Op.TRIGGER:
          if (op === Op.START) this.#threads.start(target, now);
          else this.#threads.trigger(target, now);
          this.#wakesBy(thread, WAKE_HINTS[time]!);
          this.#wakeDue();
          this.#wakesBy(null, "none");
          break;
        case Op.SET:
          this.#set(thread, this.#program.sets[target]!);
          break;
        case Op.MARK: {
          const { priority } = this.host.parameters(thread);
          this.#sink.mark?.(now, thread, this.#program.labels[target]!, priority);
          break;
        }
        default:
          if (!this.#synchronize(cpu, thread, op)) return;
      }
      // What it has done may have made another more urgent, which does not wait for its next step.
      this.#stepEnd[cpu] = now;
      if (this.#giveWay(cpu, thread)) return;
    }
  }

  /** Whose doing it is that others become ready from now on, and what it knows of them. */
  #wakesBy(thread: ThreadId | null, hint: WakeHint): void {
    this.#ready.waker = thread;
    this.#ready.hint = hint;
  }

  /** A running thread does a step about something shared; returns whether it goes on. */
  #synchronize(cpu: number, thread: ThreadId, op: Op): boolean {
    const { target, other, time } = this.#threads.behavior;
    const locks = this.#locks!;
    this.#wakesBy(thread, locks.hintOf(op, target, other) ?? WAKE_HINTS[time]!);
    const goesOn = locks.step(op, thread, target, other);
    this.#wakesBy(null, "none");
    if (!goesOn) this.#block(cpu, thread, op === Op.EXCHANGE ? other : target);
    locks.settle();
    return goesOn;
  }

  #block(cpu: number, thread: ThreadId, on: number): void {
    this.#sink.thread("block", this.#now, thread, cpu, on);
    this.#release(cpu, "blocked");
  }

  /**
   * Nothing is due any more, or nothing before the end.
   * @returns whether the policy was put out for it, and the simulation goes on
   */
  #end(next: number): boolean {
    if (next === Infinity) {
      if (this.host.stuck()) return true;
      this.#locks?.strand();
      return false;
    }
    if (this.#limit < this.#until) this.#fail("goes beyond what is exact", NONE);
    if (this.#busy === 0) this.#sink.idle?.(this.#now, this.#until);
    this.#now = this.#until;
    return false;
  }

  /** A thread has come to the end of its steps. */
  #ends(cpu: number, thread: ThreadId): void {
    if (!this.#threads.ends(thread, this.#now)) {
      this.#sink.thread("sleep", this.#now, thread, cpu, NONE);
      this.#release(cpu, "blocked");
      return this.#wakeDue();
    }
    this.#sink.thread("exit", this.#now, thread, cpu, NONE);
    this.#release(cpu, "ended");
    if (this.#locks !== null) {
      this.#wakesBy(thread, "sync");
      this.#locks.forget(thread);
      this.#wakesBy(null, "none");
    }
    this.host.forget(thread);
    this.#alive--;
  }

  /** A running thread changes its parameters. */
  #set(thread: ThreadId, given: ParameterOptions): void {
    let parameters: ThreadParameters;
    try {
      parameters = this.#asked.set(thread, given);
    } catch (error) {
      if (!(error instanceof SchedError)) throw error;
      return this.#fail(error.message, thread);
    }
    if (this.#locks === null) this.host.update(thread, parameters);
    else this.#locks.setParameters(thread, parameters);
    const cpu = this.#home[thread]!;
    if (!this.host.allows(thread, cpu)) this.#kick(cpu);
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
    this.#tickAt[cpu] = Infinity;
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
    this.#charged[cpu] = this.#now;
    this.host.running(thread, cpu);
    const costs = this.#costs;
    const cost = costs.free ? 0 : costs.of(cpu, thread, this.#last[cpu]!, this.#home[thread]!);
    this.#last[cpu] = thread;
    this.#home[thread] = cpu;
    if (cost > 0) {
      this.#switching[cpu] = 1;
      this.#attendAt[cpu] = this.#now + cost;
      this.#changed[cpu] = 0;
      this.#sink.switching?.(this.#now, thread, cpu, cost);
    } else {
      this.#begin(cpu, thread);
    }
    return true;
  }

  /** Finds out when a CPU must be attended to next. */
  #plan(cpu: number): void {
    this.#changed[cpu] = 0;
    const thread = this.#on[cpu]!;
    if (thread === NONE || this.#switching[cpu]! !== 0 || this.#tickAt[cpu]! <= this.#now) return;
    const interval = this.#tickInterval;
    const slice = this.host.slice(thread, cpu);
    // A slice may have ended by now: during the switch, or because of a thread that is ready now.
    let tick = slice === undefined
      ? this.#now + 1
      : Math.max(this.#now, this.#charged[cpu]! + Math.max(1, Math.ceil(slice)));
    if (interval > 1 && tick < Infinity) tick = Math.ceil(tick / interval) * interval;
    this.#tickAt[cpu] = tick;
    // A preemption that became due during the switch happens before the first instruction.
    this.#attendAt[cpu] = this.#mustYield[cpu]! !== 0
      ? this.#now
      : Math.min(tick, this.#stepEnd[cpu]!);
  }

  /** A thread has done what cannot be done. */
  #fail(what: string, thread: ThreadId, kind: SchedErrorKind = "invalid-workload"): never {
    const path = thread === NONE
      ? undefined
      : `$${placeOf(this.#workload, this.#program, this.#threads.behavior.last(thread))}`;
    const place = path === undefined ? "" : `${path} at `;
    throw new SchedError(kind, {
      message: `Cannot go on simulating: ${place}time ${this.#now} ${what}`,
      value: thread,
      ...(path === undefined ? {} : { path }),
    });
  }
}
