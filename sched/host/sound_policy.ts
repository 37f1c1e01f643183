/**
 * The part of a host that stays sound whatever a policy does, as sched_ext promises: it stands
 * between policy and host, in the simulator and on the machine, and knows by itself which threads
 * there are, which are ready, and which run. A policy that picks a thread twice, one that is
 * unknown, not ready or not for this CPU, that throws, answers with what is no answer, cannot be
 * saved, or lets a thread starve is put out: a report tells the call, its arguments and the
 * policy's state, and round robin takes over all threads, so that no call of the host's fails. A
 * method that never returns cannot be helped; nothing in JavaScript interrupts it.
 *
 * A call costs the same whatever the number of threads, and allocates nothing.
 *
 * @module
 */
import { checkIntegerOption, SchedError } from "../errors.ts";
import {
  checkParameters,
  MAX_CPUS,
  type ParameterOptions,
  type ThreadParameters,
  type UrgencyParameter,
} from "../parameters.ts";
import type {
  Charge,
  Policy,
  SchedulerView,
  Stop,
  StopReason,
  ThreadId,
  Wakeup,
} from "../policy.ts";
import type { Mutable } from "../../util/mutable.ts";
import { copyPlain, type Plain } from "../../util/plain.ts";
import { Random, type RandomState } from "../../util/random.ts";
import { type Awakening, fillWakeup, newWakeup } from "./awakening.ts";
import {
  checkPolicy,
  describeAnswer,
  describeFault,
  describeThrown,
  type PolicyFault,
  stateOf,
} from "./fault.ts";
import type { HostOptions } from "./options.ts";
import { HostThreads, type ReadyRecord, type ThreadRecord, ThreadState } from "./threads.ts";
import { makeView } from "./view.ts";
import { describePick } from "./wrong_pick.ts";

/** Everything a host remembers. */
type SoundState = {
  readonly threads: readonly ThreadRecord[];
  readonly ready: readonly ReadyRecord[];
  readonly random: RandomState;
  readonly timerAt: number;
  readonly fault: PolicyFault | null;
  readonly own: Plain;
};

/** Policies that hosts have: what one remembers is about the threads of one host. */
const taken = new WeakSet<object>();

/** A policy, held to its contract. */
export class SoundPolicy {
  /** Name of the policy it was given. */
  readonly name: string;
  /** The parameter by which that says who is more urgent. */
  readonly urgency: UrgencyParameter;
  readonly #options: HostOptions;
  readonly #cpus: number;
  readonly #threads = new HostThreads();
  /** Thread of each CPU, or -1. */
  readonly #on: Int32Array;
  readonly #random: Random;
  readonly #view: SchedulerView;
  /** The policy it was given. */
  readonly #given: Policy;
  /** Who decides: that, or round robin. */
  #policy: Policy;
  #timeout = Infinity;
  #timerAt = Infinity;
  #fault: PolicyFault | null = null;
  // What a policy is handed, over and over. Nothing is read back, and the next has others: whatever
  // one does to them, down to freezing them, is its own fault at the next call.
  #wakeup: Mutable<Wakeup> = newWakeup();
  #charge: Mutable<Charge> = { cpu: 0, elapsed: 0 };
  #stop: Mutable<Stop> = { cpu: 0, elapsed: 0, reason: "quantum" };

  /**
   * Takes a policy for one host.
   * @throws {SchedError} `invalid-policy` if it lacks something, or another host has it;
   *   `invalid-option` if there are no CPUs or too many
   */
  constructor(policy: unknown, options: HostOptions) {
    checkPolicy(policy);
    const { cpus = 1, seed = 0 } = options;
    checkIntegerOption("cpus", cpus, { least: 1, most: MAX_CPUS });
    if (taken.has(policy)) {
      throw new SchedError("invalid-policy", {
        message: `Cannot use policy "${policy.name}": another machine or simulation has this ` +
          "object, expected a new one or a function that makes it",
        value: policy,
      });
    }
    taken.add(policy);
    this.name = policy.name;
    this.urgency = policy.urgency ?? "priority";
    this.#options = options;
    this.#cpus = cpus;
    this.#on = new Int32Array(cpus).fill(-1);
    this.#random = new Random(seed);
    this.#view = makeView({
      threads: this.#threads,
      on: this.#on,
      random: this.#random,
      now: options.now,
      kick: options.kick,
      setTimer: (at) => this.#timerAt = at,
    });
    this.#given = policy;
    this.#policy = policy;
    this.#use(policy);
  }

  /** Number of CPUs. */
  get cpus(): number {
    return this.#cpus;
  }

  /** Number of ready threads. */
  get size(): number {
    return this.#threads.size;
  }

  /** Why the policy was put out, or `null`. */
  get fault(): PolicyFault | null {
    return this.#fault;
  }

  /** When the policy wants its `timer` called, or `Infinity`. */
  get timerAt(): number {
    return this.#timerAt;
  }

  /** Parameters of a thread. */
  parameters(thread: ThreadId): ThreadParameters {
    return this.#threads.parameters(thread);
  }

  /** Whether the affinity of a thread has a CPU. */
  allows(thread: ThreadId, cpu: number): boolean {
    return this.#threads.allows(thread, cpu);
  }

  /**
   * A thread exists from now on.
   * @throws {SchedError} `invalid-thread` or `invalid-parameter`
   */
  admit(thread: ThreadId, options: ParameterOptions = {}): void {
    const parameters = checkParameters(options, { cpus: this.#cpus, thread: `thread ${thread}` });
    this.#threads.add(thread, parameters);
    try {
      this.#policy.admit?.(thread, parameters);
    } catch (error) {
      this.#thrown("admit", [thread, copyPlain(parameters)], error);
    }
  }

  /** A thread has other parameters from now on. @throws {SchedError} `invalid-parameter` */
  update(thread: ThreadId, options: ParameterOptions): void {
    const parameters = checkParameters(options, { cpus: this.#cpus, thread: `thread ${thread}` });
    const { affinity } = this.#threads.parameters(thread);
    this.#threads.update(thread, parameters);
    try {
      this.#policy.update?.(thread, parameters);
    } catch (error) {
      this.#thrown("update", [thread, copyPlain(parameters)], error);
    }
    if (affinity !== null || parameters.affinity !== null) this.#keepAffinity(thread);
  }

  /** A thread is over, ready or not. One that is over already is passed over. */
  forget(thread: ThreadId): void {
    const state = this.#threads.state(thread);
    if (state === ThreadState.UNKNOWN) return;
    if (state === ThreadState.READY) this.dequeue(thread);
    if (state === ThreadState.RUNNING) this.#on[this.#threads.cpu(thread)] = -1;
    this.#threads.forget(thread);
    try {
      this.#policy.forget?.(thread);
    } catch (error) {
      this.#thrown("forget", [thread], error);
    }
  }

  /**
   * Makes a thread ready.
   * @param options why, and what is known of it
   * @returns the CPU it is meant for
   * @throws {SchedError} `invalid-thread` if it is unknown or ready
   */
  enqueue(thread: ThreadId, options: Awakening): number {
    const { reason, waker = null } = options;
    const timed = this.#timeout !== Infinity;
    let previous = 0;
    let cpu = 0;
    let leaves = false;
    // One that has ended by its last deed is nobody a policy knows.
    const unknown = waker !== null && this.#threads.state(waker) === ThreadState.UNKNOWN;
    let told = unknown ? { ...options, waker: null } : options;
    if (this.#cpus > 1) {
      cpu = previous = this.#previous(thread);
      const gaveBack = reason === "preempt" || reason === "yield";
      leaves = reason === "migrated" || (gaveBack && cpu !== this.#threads.cpu(thread));
      if (leaves) told = { ...told, reason: "migrated" };
      if (leaves || !gaveBack) cpu = this.#select(thread, previous, told);
    }
    this.#threads.makeReady(thread, timed ? this.#options.now() : 0);
    try {
      this.#policy.enqueue(thread, fillWakeup(this.#wakeup, cpu, previous, told));
    } catch (error) {
      const given = fillWakeup(newWakeup(), cpu, previous, told);
      this.#thrown("enqueue", [thread, { ...given }], error);
    }
    // Its host expects nothing of a thread that has given its CPU back.
    if (leaves && (this.#on[cpu]! < 0 || this.preempts(thread, cpu))) this.#options.kick?.(cpu);
    return cpu;
  }

  /** Withdraws a ready thread. Returns whether it was ready. */
  dequeue(thread: ThreadId): boolean {
    if (this.#threads.state(thread) !== ThreadState.READY) return false;
    let had: unknown;
    try {
      had = this.#policy.dequeue(thread);
    } catch (error) {
      this.#thrown("dequeue", [thread], error);
      had = this.#policy.dequeue(thread);
    }
    if (had !== true) {
      this.#putOut("dequeue", [thread], `returned ${describeAnswer(had)} for a ready thread`);
      this.#policy.dequeue(thread);
    }
    this.#threads.take(thread);
    return true;
  }

  /** Takes the thread a CPU is to run next, or `null`. */
  pick(cpu: number): ThreadId | null {
    if (this.#timerAt !== Infinity) this.runTimer();
    if (this.#timeout !== Infinity) this.watch();
    let thread: ThreadId | null;
    try {
      thread = this.#policy.pick(cpu);
    } catch (error) {
      this.#thrown("pick", [cpu], error);
      return this.pick(cpu);
    }
    if (thread === null) return null;
    if (typeof thread !== "number" || this.#threads.state(thread) !== ThreadState.READY) {
      this.#putOut("pick", [cpu], describePick(thread, this.#threads));
      return this.pick(cpu);
    }
    if (this.#cpus > 1 && !this.#threads.allows(thread, cpu)) {
      const { affinity } = this.#threads.parameters(thread);
      this.#putOut("pick", [cpu], `returned thread ${thread}, which may run on ${affinity} only`);
      return this.pick(cpu);
    }
    this.#threads.take(thread);
    return thread;
  }

  /** A thread has got a CPU. */
  running(thread: ThreadId, cpu: number): void {
    this.#threads.run(thread, cpu);
    this.#on[cpu] = thread;
    try {
      this.#policy.running?.(thread, cpu);
    } catch (error) {
      this.#thrown("running", [thread, cpu], error);
    }
  }

  /** Charges the running thread of a CPU; returns whether it must give way. */
  tick(thread: ThreadId, { cpu, elapsed }: Charge): boolean {
    if (this.#timerAt !== Infinity) this.runTimer();
    if (this.#timeout !== Infinity) this.watch();
    const charge = this.#charge;
    let due: unknown;
    try {
      charge.cpu = cpu;
      charge.elapsed = elapsed;
      due = this.#policy.tick(thread, charge);
    } catch (error) {
      this.#thrown("tick", [thread, { cpu, elapsed }], error);
      return true;
    }
    if (typeof due === "boolean") return due;
    this.#answered("tick", [thread, { cpu, elapsed }], due, "a boolean");
    return true;
  }

  /**
   * How long from its last charge a thread may run until `tick` matters; `undefined` if the policy
   * wants every tick.
   */
  slice(thread: ThreadId, cpu: number): number | undefined {
    let time: unknown;
    try {
      if (this.#policy.slice === undefined) return undefined;
      time = this.#policy.slice(thread, cpu);
    } catch (error) {
      this.#thrown("slice", [thread, cpu], error);
      return this.slice(thread, cpu);
    }
    if (typeof time === "number" && !Number.isNaN(time)) return time;
    this.#answered("slice", [thread, cpu], time, "a number");
    return this.slice(thread, cpu);
  }

  /** The running thread of a CPU stops, before it is queued again if it stays ready. */
  stopping(thread: ThreadId, { cpu, elapsed, reason }: Charge & { reason: StopReason }): void {
    this.#threads.stop(thread);
    this.#on[cpu] = -1;
    const stop = this.#stop;
    try {
      if (this.#policy.stopping === undefined) return;
      stop.cpu = cpu;
      stop.elapsed = elapsed;
      stop.reason = reason;
      this.#policy.stopping(thread, stop);
    } catch (error) {
      this.#thrown("stopping", [thread, { cpu, elapsed, reason }], error);
    }
  }

  /** Whether a thread that has just become ready must take a CPU from its thread at once. */
  preempts(candidate: ThreadId, cpu: number): boolean {
    const running = this.#on[cpu]!;
    if (running < 0) return false;
    let answer: unknown;
    try {
      if (this.#policy.preempts === undefined) return false;
      answer = this.#policy.preempts(candidate, running, cpu);
    } catch (error) {
      this.#thrown("preempts", [candidate, running, cpu], error);
      return false;
    }
    if (typeof answer === "boolean") return answer;
    this.#answered("preempts", [candidate, running, cpu], answer, "a boolean");
    return false;
  }

  /**
   * A running thread is about to give its CPU up, and would have another have it next.
   * @returns whether it will, as far as the policy is concerned; only a ready one ever does
   */
  yieldTo(thread: ThreadId, to: ThreadId): boolean {
    if (this.#policy.yieldTo === undefined) return false;
    if (this.#threads.state(to) !== ThreadState.READY) return false;
    let answer: unknown;
    try {
      answer = this.#policy.yieldTo(thread, to);
    } catch (error) {
      this.#thrown("yieldTo", [thread, to], error);
      return false;
    }
    if (typeof answer === "boolean") return answer;
    this.#answered("yieldTo", [thread, to], answer, "a boolean");
    return false;
  }

  /** Calls the policy's `timer` if its time has come. */
  runTimer(): void {
    const now = this.#options.now();
    if (this.#timerAt > now) return;
    this.#timerAt = Infinity;
    try {
      this.#policy.timer?.(now);
    } catch (error) {
      this.#thrown("timer", [now], error);
    }
  }

  /**
   * No CPU has anything to run and nothing is due: a policy that keeps ready threads back now would
   * do so for ever.
   * @returns whether threads are ready, which are round robin's then
   */
  stuck(): boolean {
    if (this.size === 0) return false;
    this.#putOut("pick", [0], `returned null, and nothing else is due for the ready threads`);
    return true;
  }

  /** From when on a ready thread has waited too long, or `Infinity`. */
  get starvesAt(): number {
    return this.#timeout === Infinity ? Infinity : this.#threads.oldest + this.#timeout + 1;
  }

  /** Puts the policy out if a ready thread has waited too long. */
  watch(): void {
    const now = this.#options.now();
    if (now < this.starvesAt) return;
    const thread = this.#threads.longest;
    const waited = now - this.#threads.oldest;
    const why = `left thread ${thread} ready for ${waited}, expected at most ${this.#timeout}`;
    this.#putOut("pick", [], why);
  }

  /** The policy has had the host decide so many times in one instant that it would for ever. */
  stalled(decisions: number): void {
    this.#putOut("pick", [], `has had the host decide ${decisions} times in one instant`);
  }

  /** Everything to be remembered. A policy that has no plain data to save is put out. */
  save(): Plain {
    let own: Plain;
    try {
      own = copyPlain(this.#policy.save(), "what it has saved");
    } catch (error) {
      this.#thrown("save", [], error);
      own = this.#policy.save();
    }
    const state: SoundState = {
      ...this.#threads.save(),
      random: this.#random.save(),
      timerAt: this.#timerAt,
      fault: this.#fault,
      own,
    };
    return state;
  }

  /** Takes over what {@linkcode SoundPolicy.save} returned. One that cannot is put out. */
  restore(state: Plain): void {
    const { threads, ready, random, timerAt, fault, own } = state as SoundState;
    this.#threads.restore({ threads, ready });
    this.#on.fill(-1);
    for (const { thread, running, cpu } of threads) if (running) this.#on[cpu] = thread;
    this.#random.restore(random);
    const policy = fault === null ? this.#given : this.#options.fallback();
    if (policy !== this.#policy) this.#use(policy);
    this.#fault = fault;
    try {
      for (const { thread, parameters } of threads) this.#policy.admit?.(thread, parameters);
      this.#policy.restore(copyPlain(own));
      this.#timerAt = timerAt;
    } catch (error) {
      this.#thrown("restore", [copyPlain(own)], error);
    }
  }

  /** A thread whose affinity has changed leaves its CPU, or has an idle one look for it. */
  #keepAffinity(thread: ThreadId): void {
    const state = this.#threads.state(thread);
    const cpu = this.#threads.cpu(thread);
    if (state === ThreadState.RUNNING && !this.#threads.allows(thread, cpu)) {
      this.#options.kick?.(cpu);
    } else if (state === ThreadState.READY) {
      // All of them: one may be about to pick another thread.
      this.#on.forEach((on, cpu) => {
        if (on < 0 && this.#threads.allows(thread, cpu)) this.#options.kick?.(cpu);
      });
    }
  }

  /** Another policy decides from now on. */
  #use(policy: Policy): void {
    this.#policy = policy;
    this.#timerAt = Infinity;
    this.#timeout = policy.timeout ?? this.#options.timeout ?? Infinity;
    this.#threads.timed = this.#timeout !== Infinity;
    try {
      policy.attach?.(this.#view);
    } catch (error) {
      this.#thrown("attach", [], error);
    }
  }

  #previous(thread: ThreadId): number {
    const cpu = this.#threads.cpu(thread);
    if (this.#threads.allows(thread, cpu)) return cpu;
    return this.#threads.parameters(thread).affinity?.[0] ?? 0;
  }

  /** Where a thread goes that starts or wakes up. */
  #select(thread: ThreadId, previous: number, options: Awakening): number {
    const given =
      (): Plain[] => [thread, { ...fillWakeup(newWakeup(), previous, previous, options) }];
    let cpu: unknown;
    try {
      if (this.#policy.selectCpu === undefined) return this.#idlest(thread, previous);
      cpu = this.#policy.selectCpu(thread, fillWakeup(this.#wakeup, previous, previous, options));
    } catch (error) {
      this.#thrown("selectCpu", given(), error);
      return previous;
    }
    const known = typeof cpu === "number" && Number.isInteger(cpu) && cpu >= 0 && cpu < this.#cpus;
    if (known && this.#threads.allows(thread, cpu as number)) return cpu as number;
    this.#answered("selectCpu", given(), cpu, "a CPU it may run on");
    return previous;
  }

  /** The previous CPU if idle, else the first idle one, else the previous one. */
  #idlest(thread: ThreadId, previous: number): number {
    if (this.#on[previous]! < 0) return previous;
    for (let cpu = 0; cpu < this.#cpus; cpu++) {
      if (this.#on[cpu]! < 0 && this.#threads.allows(thread, cpu)) return cpu;
    }
    return previous;
  }

  #thrown(call: string, given: readonly Plain[], error: unknown): void {
    this.#putOut(call, given, `threw ${describeThrown(error)}`, error);
  }

  #answered(call: string, given: readonly Plain[], answer: unknown, expected: string): void {
    this.#putOut(call, given, `returned ${describeAnswer(answer)}, expected ${expected}`);
  }

  /** Puts the policy out: round robin has all threads from now on. */
  #putOut(call: string, given: readonly Plain[], why: string, cause?: unknown): void {
    const state = call === "save" ? "cannot be saved" : stateOf(this.#policy);
    const ready = this.#threads.readyList();
    const policy = this.#fault === null ? this.name : this.#policy.name;
    const time = this.#options.now();
    const fault: PolicyFault = { policy, call, arguments: given, why, state, time, ready };
    if (this.#fault !== null) {
      throw new SchedError("policy-contract", {
        message: `Cannot go on: ${describeFault(fault)}, which has taken over from "${this.name}"`,
        value: cause,
      });
    }
    this.#fault = fault;
    this.#wakeup = newWakeup();
    this.#charge = { cpu: 0, elapsed: 0 };
    this.#stop = { cpu: 0, elapsed: 0, reason: "quantum" };
    this.#use(this.#options.fallback());
    for (const thread of this.#threads.list()) {
      this.#policy.admit?.(thread, this.#threads.parameters(thread));
    }
    for (const [cpu, thread] of this.#on.entries()) {
      if (thread >= 0) this.#policy.running?.(thread, cpu);
    }
    for (const thread of ready) {
      const cpu = this.#previous(thread);
      this.#policy.enqueue(thread, fillWakeup(this.#wakeup, cpu, cpu, { reason: "wakeup" }));
    }
    this.#options.onFault?.(fault);
  }
}
