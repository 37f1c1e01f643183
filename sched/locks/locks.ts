/**
 * The locks of one host.
 *
 * @module
 */
import { SchedError } from "../errors.ts";
import type { ThreadParameters, UrgencyParameter } from "../parameters.ts";
import { MAX_THREADS, type ThreadId } from "../policy.ts";
import { grown } from "../queues/grown.ts";
import type {
  LockAnswer,
  LockKind,
  LocksHost,
  LocksState,
  MutexOptions,
  ObjectRecord,
  ReleaseAnswer,
  SemaphoreOptions,
  ThreadLocks,
  WakeAnswer,
} from "./answers.ts";
import { checkMutex, checkSemaphore, Kind, LockObjects } from "./objects.ts";
import { LEAST_URGENT, urgencyKey } from "./urgency.ts";
import { NONE, WaitGraph } from "./wait_graph.ts";

/**
 * Mutexes, semaphores and condition variables over threads that somebody else runs, and the
 * parameters that threads have because of them.
 *
 * @example Priority inheritance
 * ```ts
 * import { checkParameters, Locks } from "@trapline/trapline/sched";
 *
 * const locks = new Locks({
 *   update: (thread, { priority }) => console.log(`thread ${thread} has priority ${priority}`),
 *   wake: (thread, answer) => console.log(`thread ${thread} goes on: ${answer}`),
 * });
 * for (const [thread, priority] of [1, 9].entries()) {
 *   locks.admit(thread, checkParameters({ priority }, { cpus: 1, thread: `thread ${thread}` }));
 * }
 * const mutex = locks.createMutex({ protocol: "inherit" });
 * console.log(locks.lock(0, mutex)); // acquired
 * console.log(locks.lock(1, mutex)); // blocked, and thread 0 has priority 9
 * console.log(locks.unlock(0, mutex)); // done: thread 0 has priority 1, and thread 1 goes on
 * ```
 */
export class Locks {
  /** The parameter that says who is more urgent, and is inherited. */
  readonly by: UrgencyParameter;
  readonly #host: LocksHost;
  readonly #objects = new LockObjects();
  #graph: WaitGraph;
  /** The mutex each waiting thread comes back to from its condition, or −1. */
  #returnsTo = new Int32Array(0);
  /** Whether its time is up. */
  #late = new Uint8Array(0);
  #arrivals = 0;
  #cycle: readonly number[] | null = null;
  #quiet = false;

  /** Makes locks for a host that has none yet. */
  constructor(host: LocksHost) {
    this.#host = host;
    this.by = host.by ?? "priority";
    this.#graph = this.#makeGraph();
  }

  // Threads.

  /**
   * A thread exists from now on.
   * @param parameters what was asked for it, checked
   * @throws {SchedError} `invalid-thread` if it does already, or is no number of a thread
   */
  admit(thread: ThreadId, parameters: ThreadParameters): void {
    const valid = Number.isSafeInteger(thread) && thread >= 0 && thread < MAX_THREADS;
    if (!valid || this.#graph.has(thread)) refuse(thread, "admit", "a new thread");
    this.#makeRoom(thread);
    this.#returnsTo[thread] = NONE;
    this.#late[thread] = 0;
    this.#graph.add(thread, parameters);
  }

  /** Something else is asked for a thread. @throws {SchedError} `invalid-thread` */
  setParameters(thread: ThreadId, parameters: ThreadParameters): void {
    this.#check(thread, "change");
    this.#graph.setBase(thread, parameters);
  }

  /** Parameters of a thread, with what it has inherited. @throws {SchedError} `invalid-thread` */
  parameters(thread: ThreadId): ThreadParameters {
    this.#check(thread, "look at");
    return this.#graph.effective(thread);
  }

  /** Parameters that were asked for a thread. @throws {SchedError} `invalid-thread` */
  baseParameters(thread: ThreadId): ThreadParameters {
    this.#check(thread, "look at");
    return this.#graph.base(thread);
  }

  /**
   * A thread is over. What it waits for it does not get; each mutex it holds goes to the next
   * waiter, or else to who locks it next, who are told that the owner died. Nothing is told of the
   * thread itself. One that is over already is passed over.
   */
  forget(thread: ThreadId): void {
    if (!this.#graph.has(thread)) return;
    this.cancel(thread);
    this.#graph.delete(thread);
    for (let mutex = this.#graph.held(thread); mutex !== NONE; mutex = this.#graph.held(thread)) {
      this.#objects.setAbandoned(mutex, true);
      this.#pass(mutex);
    }
  }

  // Objects.

  /** Makes a mutex and returns its number. @throws {SchedError} `invalid-option` */
  createMutex(options: MutexOptions = {}): number {
    const { protocol, ceiling } = checkMutex(options, this.by);
    return this.#create({ kind: "mutex", protocol, ceiling, count: 0, most: 0 });
  }

  /** Makes a semaphore and returns its number. @throws {SchedError} `invalid-option` */
  createSemaphore(options: SemaphoreOptions = {}): number {
    const { count, most } = checkSemaphore(options);
    return this.#create({ kind: "semaphore", protocol: "none", ceiling: 0, count, most });
  }

  /** Makes a condition variable and returns its number. */
  createCondition(): number {
    return this.#create({ kind: "condition", protocol: "none", ceiling: 0, count: 0, most: 0 });
  }

  /**
   * Destroys an object; its number may be given again.
   * @returns `busy` if somebody holds it, waits for it, or comes back to it from a condition
   */
  destroy(id: number): "done" | "busy" | "invalid" {
    if (this.#objects.kind(id) === Kind.NONE) return "invalid";
    if (this.#graph.first(id) !== NONE || this.#graph.owner(id) !== NONE) return "busy";
    if (this.#returnsTo.some((mutex, thread) => mutex === id && this.#graph.has(thread))) {
      return "busy";
    }
    this.#objects.destroy(id);
    return "done";
  }

  /** What an object is, `undefined` if there is none of this number. */
  kind(id: number): LockKind | undefined {
    return this.#objects.kindName(id);
  }

  /** Who holds a mutex, or `null`. */
  owner(mutex: number): ThreadId | null {
    if (this.#objects.kind(mutex) !== Kind.MUTEX) return null;
    const owner = this.#graph.owner(mutex);
    return owner === NONE ? null : owner;
  }

  /** The threads that wait for an object, in the order they will get it. */
  waiters(id: number): ThreadId[] {
    return this.#objects.kind(id) === Kind.NONE ? [] : this.#graph.waiters(id);
  }

  /** The object a thread waits for, or `null`. */
  waitingFor(thread: ThreadId): number | null {
    const id = this.#graph.has(thread) ? this.#graph.waitsFor(thread) : NONE;
    return id === NONE ? null : id;
  }

  /** The mutexes a thread holds, in the order it has locked them. */
  held(thread: ThreadId): number[] {
    const list: number[] = [];
    if (!this.#graph.has(thread)) return list;
    let mutex = this.#graph.held(thread);
    for (; mutex !== NONE; mutex = this.#graph.heldBefore(mutex)) list.push(mutex);
    return list.reverse();
  }

  /** What a semaphore counts; 0 if there is none of this number. */
  count(semaphore: number): number {
    return this.#objects.kind(semaphore) === Kind.SEMAPHORE ? this.#objects.count(semaphore) : 0;
  }

  /**
   * The cycle that the last answer `deadlock` was about: a thread, the mutex it wanted, that
   * mutex's owner, the mutex that one waits for, and so on; `null` if there was none.
   */
  get cycle(): readonly number[] | null {
    return this.#cycle;
  }

  // Mutexes.

  /**
   * A running thread wants a mutex.
   * @throws {SchedError} `invalid-thread` if there is no such thread, or it waits
   */
  lock(thread: ThreadId, mutex: number): LockAnswer {
    const answer = this.tryLock(thread, mutex);
    if (answer !== "busy") return answer;
    if (this.#closesCycle(thread, mutex)) return "deadlock";
    this.#graph.block(thread, mutex, this.#arrivals++);
    return "blocked";
  }

  /** A running thread wants a mutex, but does not wait. @throws {SchedError} `invalid-thread` */
  tryLock(thread: ThreadId, mutex: number): LockAnswer {
    this.#checkRunning(thread, "lock for");
    if (this.#objects.kind(mutex) !== Kind.MUTEX) return "invalid";
    const graph = this.#graph;
    if (this.#objects.protocol(mutex) === "ceiling") {
      if (graph.baseKey(thread) < graph.ceiling(mutex)) return "above-ceiling";
    }
    return graph.owner(mutex) === NONE ? this.#take(thread, mutex) : "busy";
  }

  /** A thread gives a mutex back: the first waiter has it from now on. */
  unlock(thread: ThreadId, mutex: number): ReleaseAnswer {
    if (this.#objects.kind(mutex) !== Kind.MUTEX) return "invalid";
    if (this.#graph.owner(mutex) !== thread) return "not-owner";
    this.#pass(mutex);
    return "done";
  }

  // Semaphores.

  /** A running thread wants one of a semaphore. @throws {SchedError} `invalid-thread` */
  acquire(thread: ThreadId, semaphore: number): LockAnswer {
    const answer = this.tryAcquire(thread, semaphore);
    if (answer !== "busy") return answer;
    this.#graph.block(thread, semaphore, this.#arrivals++);
    return "blocked";
  }

  /** The same, but it does not wait. @throws {SchedError} `invalid-thread` */
  tryAcquire(thread: ThreadId, semaphore: number): LockAnswer {
    this.#checkRunning(thread, "acquire for");
    if (this.#objects.kind(semaphore) !== Kind.SEMAPHORE) return "invalid";
    return this.#objects.add(semaphore, -1) ? "acquired" : "busy";
  }

  /** Gives one to a semaphore: to the first waiter, or to be counted. */
  release(semaphore: number): ReleaseAnswer {
    if (this.#objects.kind(semaphore) !== Kind.SEMAPHORE) return "invalid";
    const thread = this.#graph.first(semaphore);
    if (thread === NONE) return this.#objects.add(semaphore, 1) ? "done" : "overflow";
    this.#graph.unblock(thread);
    this.#host.wake(thread, "acquired");
    return "done";
  }

  // Condition variables.

  /**
   * A running thread unlocks a mutex and waits until the condition is signaled and the mutex is its
   * own again; without a mutex, until the condition is signaled.
   * @throws {SchedError} `invalid-thread`
   */
  wait(
    thread: ThreadId,
    condition: number,
    mutex: number | null,
  ): "blocked" | "not-owner" | "invalid" {
    this.#checkRunning(thread, "wait for");
    if (this.#objects.kind(condition) !== Kind.CONDITION) return "invalid";
    if (mutex !== null) {
      if (this.#objects.kind(mutex) !== Kind.MUTEX) return "invalid";
      if (this.#graph.owner(mutex) !== thread) return "not-owner";
    }
    this.#returnsTo[thread] = mutex ?? NONE;
    this.#late[thread] = 0;
    this.#graph.block(thread, condition, this.#arrivals++);
    if (mutex !== null) this.#pass(mutex);
    return "blocked";
  }

  /** Has the first waiter of a condition go on, if there is one. */
  signal(condition: number): "done" | "invalid" {
    if (this.#objects.kind(condition) !== Kind.CONDITION) return "invalid";
    const thread = this.#graph.first(condition);
    if (thread !== NONE) this.#signaled(thread);
    return "done";
  }

  /** Has all waiters of a condition go on, one after the other if they come back to a mutex. */
  broadcast(condition: number): "done" | "invalid" {
    if (this.#objects.kind(condition) !== Kind.CONDITION) return "invalid";
    for (let thread = NONE; (thread = this.#graph.first(condition)) !== NONE;) {
      this.#signaled(thread);
    }
    return "done";
  }

  // The end of a wait from outside.

  /**
   * A thread waits no more, and has nothing of what it waited for; `wake` is not called.
   * @returns whether it was waiting
   */
  cancel(thread: ThreadId): boolean {
    if (this.waitingFor(thread) === null) return false;
    this.#graph.unblock(thread);
    this.#returnsTo[thread] = NONE;
    return true;
  }

  /**
   * The time of a waiting thread is up. From a condition it comes back to its mutex, for which it
   * may have to wait: then, and if it does so already, the answer is `blocked`, and `wake` tells
   * it that its time was up. Otherwise it goes on now, and `wake` is not called: with `timed-out`,
   * or with `deadlock` if it would wait for its mutex for ever; `idle` if it does not wait at all.
   */
  expire(thread: ThreadId): "timed-out" | "blocked" | "deadlock" | "idle" {
    const id = this.waitingFor(thread);
    if (id === null) return "idle";
    if (this.#objects.kind(id) === Kind.MUTEX && this.#returnsTo[thread] !== NONE) return "blocked";
    this.#graph.unblock(thread);
    if (this.#objects.kind(id) !== Kind.CONDITION) return "timed-out";
    this.#late[thread] = 1;
    const answer = this.#comeBack(thread);
    return answer === "blocked" || answer === "deadlock" ? answer : "timed-out";
  }

  // Snapshots.

  /** Objects, threads, who holds and who waits for what; plain data. */
  save(): LocksState {
    const threads = this.#graph.threads().map((thread): ThreadLocks => {
      const waitsFor = this.#graph.waitsFor(thread);
      const waits = waitsFor !== NONE;
      return {
        ...{ thread, base: this.#graph.base(thread), holds: this.held(thread), waitsFor },
        arrival: waits ? this.#graph.arrival(thread) : 0,
        returnsTo: waits ? this.#returnsTo[thread]! : NONE,
        late: waits && this.#late[thread] !== 0,
      };
    });
    return { ...this.#objects.save(), threads, arrivals: this.#arrivals };
  }

  /** Takes over what {@linkcode Locks.save} returned; tells nobody of parameters. */
  restore(state: LocksState): void {
    this.#quiet = true;
    this.#graph = this.#makeGraph();
    this.#objects.restore(state);
    this.#arrivals = state.arrivals;
    this.#cycle = null;
    for (const object of state.objects) this.#addToGraph(object.id, object);
    for (const { thread, base, holds, returnsTo, late } of state.threads) {
      this.#makeRoom(thread);
      this.#graph.add(thread, base);
      this.#returnsTo[thread] = returnsTo;
      this.#late[thread] = late ? 1 : 0;
      for (const mutex of holds) this.#graph.take(thread, mutex);
    }
    for (const { thread, waitsFor, arrival } of state.threads) {
      if (waitsFor !== NONE) this.#graph.block(thread, waitsFor, arrival);
    }
    this.#quiet = false;
  }

  #makeGraph(): WaitGraph {
    return new WaitGraph(this.by, (thread, parameters) => {
      if (!this.#quiet) this.#host.update(thread, parameters);
    });
  }

  #create(options: Omit<ObjectRecord, "id" | "abandoned">): number {
    const id = this.#objects.create(options);
    this.#addToGraph(id, options);
    return id;
  }

  #addToGraph(id: number, { protocol, ceiling }: Omit<ObjectRecord, "id" | "abandoned">): void {
    this.#graph.addObject(id, {
      passes: protocol === "inherit",
      ceiling: protocol === "ceiling" ? urgencyKey(this.by, ceiling) : LEAST_URGENT,
    });
  }

  #makeRoom(thread: ThreadId): void {
    if (thread < this.#late.length) return;
    this.#returnsTo = grown(this.#returnsTo, thread);
    this.#late = grown(this.#late, thread);
  }

  #check(thread: ThreadId, action: string): void {
    if (!this.#graph.has(thread)) refuse(thread, action, "a thread that is known");
  }

  #checkRunning(thread: ThreadId, action: string): void {
    if (this.#graph.has(thread) && this.#graph.waitsFor(thread) === NONE) return;
    refuse(thread, action, "a thread that is known and does not wait");
  }

  /** A free mutex is a thread's. */
  #take(thread: ThreadId, mutex: number): "acquired" | "owner-died" {
    this.#graph.take(thread, mutex);
    if (!this.#objects.abandoned(mutex)) return "acquired";
    this.#objects.setAbandoned(mutex, false);
    return "owner-died";
  }

  #closesCycle(thread: ThreadId, mutex: number): boolean {
    const cycle = this.#graph.cycle(thread, mutex);
    if (cycle === null) return false;
    this.#cycle = cycle;
    return true;
  }

  /** The owner of a mutex has it no more; the first waiter has it. */
  #pass(mutex: number): void {
    const next = this.#graph.first(mutex);
    this.#graph.drop(mutex);
    if (next === NONE) return;
    this.#graph.unblock(next);
    this.#host.wake(next, this.#answer(next, this.#take(next, mutex)));
  }

  /** What a thread is told that waited for a mutex, by itself or to come back to it. */
  #answer(thread: ThreadId, answer: "acquired" | "owner-died"): WakeAnswer {
    const late = this.#returnsTo[thread] !== NONE && this.#late[thread] !== 0;
    this.#returnsTo[thread] = NONE;
    return late && answer === "acquired" ? "timed-out" : answer;
  }

  /** A thread that waits for a condition goes on. */
  #signaled(thread: ThreadId): void {
    this.#graph.unblock(thread);
    const answer = this.#comeBack(thread);
    if (answer !== "blocked") this.#host.wake(thread, answer);
  }

  /** A thread that has waited for a condition needs its mutex again. */
  #comeBack(thread: ThreadId): WakeAnswer | "blocked" {
    const mutex = this.#returnsTo[thread]!;
    if (mutex === NONE) return "acquired";
    if (this.#graph.owner(mutex) === NONE) {
      return this.#answer(thread, this.#take(thread, mutex));
    }
    if (this.#closesCycle(thread, mutex)) {
      this.#returnsTo[thread] = NONE;
      return "deadlock";
    }
    this.#graph.block(thread, mutex, this.#arrivals++);
    return "blocked";
  }
}

function refuse(thread: unknown, action: string, expected: string): never {
  throw new SchedError("invalid-thread", {
    message: `Cannot ${action} thread ${thread}: expected ${expected}`,
    value: thread,
  });
}
