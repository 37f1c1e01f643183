/**
 * The mutexes, semaphores and conditions of a simulation: steps become operations of
 * {@linkcode Locks}, and what those tell becomes events and parameters of the policy's threads.
 *
 * @module
 */
import type { SchedErrorKind } from "../errors.ts";
import type { SoundPolicy } from "../host/sound_policy.ts";
import {
  hasCeiling,
  type LockAnswer,
  Locks,
  type ReleaseAnswer,
  type WakeAnswer,
} from "../locks/mod.ts";
import { checkParameters, type ParameterOptions, type ThreadParameters } from "../parameters.ts";
import type { ThreadId, WakeHint } from "../policy.ts";
import type { ObjectEvent, SimulationSink } from "./events.ts";
import { Op, type Program } from "./program.ts";
import type { Workload } from "./workload.ts";

/** What synchronization asks of the simulation. */
export interface SynchronizationHost {
  /** The time. */
  readonly now: number;
  /** A thread that was blocked goes on. */
  ready(thread: ThreadId): void;
  /** A thread has done what cannot be done. */
  fail(thread: ThreadId, what: string, kind: SchedErrorKind): never;
}

/** What threads of a simulation share but devices. */
export class Synchronization {
  readonly #workload: Workload;
  readonly #program: Program;
  readonly #policy: SoundPolicy;
  readonly #sink: SimulationSink;
  readonly #host: SynchronizationHost;
  /** Numbers of its objects are places in {@linkcode Program.objects}. */
  readonly #locks: Locks;
  /** What each blocked thread has when it goes on. */
  readonly #gets: Int32Array;
  /** Parameters that the policy has not been told of yet. */
  readonly #changed: [thread: ThreadId, parameters: ThreadParameters][] = [];

  /** Nobody has anything. */
  constructor(workload: Workload, options: {
    readonly program: Program;
    readonly policy: SoundPolicy;
    readonly sink: SimulationSink;
    readonly host: SynchronizationHost;
  }) {
    const { program, policy, sink, host } = options;
    this.#workload = workload;
    this.#program = program;
    this.#policy = policy;
    this.#sink = sink;
    this.#host = host;
    this.#gets = new Int32Array(workload.threads.length).fill(-1);
    this.#locks = new Locks({
      by: policy.urgency,
      resumes: true,
      update: (thread, parameters) => void this.#changed.push([thread, parameters]),
      wake: (thread, answer) => this.#wake(thread, answer),
    });
    const { mutexes = [] } = workload;
    const some = mutexes.some(({ protocol = "none" }) => hasCeiling(protocol));
    const ceilings = some ? this.#ceilings() : [];
    for (const [mutex, { protocol = "none", ceiling }] of mutexes.entries()) {
      // A ceiling that was said is a priority.
      const said = policy.urgency === "priority" ? ceiling : undefined;
      this.#locks.createMutex({
        protocol,
        ceiling: hasCeiling(protocol) ? said ?? ceilings[mutex]! : undefined,
      });
    }
    for (const { count } of workload.semaphores ?? []) this.#locks.createSemaphore({ count });
    for (const _ of workload.conditions ?? []) this.#locks.createCondition();
  }

  /** A thread exists from now on; the policy knows it. */
  admit(thread: ThreadId): void {
    this.#locks.admit(thread, this.#policy.parameters(thread));
  }

  /** A thread is over; the policy knows it still. */
  forget(thread: ThreadId): void {
    this.#locks.forget(thread);
    this.settle();
  }

  /** Other parameters are asked for a thread; those that hold are told to the policy. */
  setParameters(thread: ThreadId, parameters: ThreadParameters): void {
    this.#locks.setParameters(thread, parameters);
    this.settle();
  }

  /** What a step says by itself of who is woken by it, since its thread blocks then; else `null`. */
  hintOf(op: Op, object: number, other: number): WakeHint | null {
    if (op === Op.WAIT) return "sync";
    if (op !== Op.EXCHANGE || object === other) return null;
    return this.#locks.count(other) === 0 ? "handoff" : null;
  }

  /**
   * A running thread does a step.
   * @param object what it is about
   * @param other the mutex that a `wait` gives back, or the semaphore that a `release` is followed
   *   by an acquire of
   * @returns whether it goes on; it is blocked otherwise, and when it has left its CPU the policy
   *   is to be told by `settle` of who is more urgent now
   */
  step(op: Op, thread: ThreadId, object: number, other: number): boolean {
    const locks = this.#locks;
    switch (op) {
      case Op.LOCK:
        return this.#taken(thread, object, locks.lock(thread, object));
      case Op.ACQUIRE:
        return this.#taken(thread, object, locks.acquire(thread, object));
      case Op.WAIT:
        this.#tell("unlock", thread, other);
        return this.#taken(thread, other, locks.wait(thread, object, other));
      case Op.UNLOCK:
        this.#tell("unlock", thread, object);
        return this.#given(thread, object, locks.unlock(thread, object));
      case Op.RELEASE:
        this.#tell("post", thread, object);
        return this.#given(thread, object, locks.release(object));
      case Op.EXCHANGE:
        this.#tell("post", thread, object);
        this.#given(thread, object, locks.release(object));
        return this.#taken(thread, other, locks.acquire(thread, other));
      case Op.SIGNAL:
        this.#tell("signal", thread, object);
        return this.#given(thread, object, locks.signal(object));
      default:
        this.#tell("broadcast", thread, object);
        return this.#given(thread, object, locks.broadcast(object));
    }
  }

  /**
   * A thread has got a CPU.
   * @returns what it has to wait for again, having lost it before it ran; -1 if it goes on
   */
  resume(thread: ThreadId): number {
    if (!this.#locks.isWoken(thread)) return -1;
    const answer = this.#locks.resume(thread);
    if (answer === "deadlock") this.#deadlock(thread);
    if (answer === "blocked") return this.#gets[thread]!;
    this.#tell("acquire", thread, this.#gets[thread]!);
    return -1;
  }

  /** The policy is told of the parameters that have changed. */
  settle(): void {
    for (const [thread, parameters] of this.#changed) this.#policy.update(thread, parameters);
    this.#changed.length = 0;
  }

  /** Nothing will happen any more: tells of the threads that wait nevertheless. */
  strand(): void {
    for (const thread of this.#gets.keys()) {
      const on = this.#locks.waitingFor(thread);
      if (on !== null) this.#sink.stranded?.(this.#host.now, thread, on);
    }
  }

  #tell(type: ObjectEvent, thread: ThreadId, on: number): void {
    this.#sink.object?.(type, this.#host.now, thread, on);
  }

  /** A thread wanted something. */
  #taken(thread: ThreadId, object: number, answer: LockAnswer): boolean {
    if (answer === "acquired" || answer === "owner-died") {
      this.#tell("acquire", thread, object);
      return true;
    }
    this.#gets[thread] = object;
    if (answer === "blocked") return false;
    return this.#refused(thread, object, answer);
  }

  /** A thread gave something. */
  #given(thread: ThreadId, object: number, answer: ReleaseAnswer): boolean {
    return answer === "done" || this.#refused(thread, object, answer);
  }

  #refused(thread: ThreadId, object: number, answer: LockAnswer | ReleaseAnswer): never {
    if (answer === "deadlock") this.#deadlock(thread);
    const { kind, name } = this.#program.objects[object]!;
    const why = answer === "above-ceiling"
      ? "is more urgent than its ceiling"
      : answer === "not-owner"
      ? "does not have it"
      : "cannot count further";
    return this.#host.fail(thread, `${kind} "${name}": its thread ${why}`, "invalid-workload");
  }

  /** A thread would wait for ever for a mutex. */
  #deadlock(thread: ThreadId): never {
    const cycle = this.#locks.cycle ?? [];
    this.#sink.deadlock?.(this.#host.now, thread, cycle);
    const parts: string[] = [];
    for (let place = 0; place < cycle.length; place += 2) {
      const mutex = this.#program.objects[cycle[place + 1]!]!.name;
      const owner = this.#workload.threads[cycle[(place + 2) % cycle.length]!]!.name;
      parts.push(`mutex "${mutex}", which "${owner}" has`);
    }
    const what = `deadlock: thread "${this.#workload.threads[thread]!.name}" waits for ` +
      parts.join(" and waits for ");
    return this.#host.fail(thread, what, "deadlock");
  }

  #wake(thread: ThreadId, answer: WakeAnswer): void {
    if (answer === "deadlock") this.#deadlock(thread);
    this.settle();
    this.#host.ready(thread);
  }

  /**
   * Ceilings of all mutexes in the parameter that is inherited: the most urgent of what threads
   * have, or set, that lock them.
   */
  #ceilings(): number[] {
    const by = this.#policy.urgency;
    const { ops, target, other, first, sets } = this.#program;
    const { threads, mutexes = [] } = this.#workload;
    const ceilings = mutexes.map(() => by === "priority" ? 0 : Number.MAX_SAFE_INTEGER);
    for (const [thread, spec] of threads.entries()) {
      const asked: ParameterOptions[] = [spec];
      const locked = new Set<number>();
      for (let at = first[thread]!; at < first[thread + 1]!; at++) {
        if (ops[at] === Op.SET) asked.push({ ...spec, ...sets[target[at]!] });
        if (ops[at] === Op.LOCK) locked.add(target[at]!);
        if (ops[at] === Op.WAIT) locked.add(other[at]!);
      }
      if (locked.size === 0) continue;
      const of = { cpus: this.#policy.cpus, thread: `thread "${spec.name}"` };
      for (const options of asked) {
        const value = checkParameters(options, of)[by];
        for (const mutex of locked) {
          const before = ceilings[mutex]!;
          if (by === "priority") ceilings[mutex] = Math.max(before, value);
          else if (value > 0) ceilings[mutex] = Math.min(before, value);
        }
      }
    }
    return ceilings;
  }
}
