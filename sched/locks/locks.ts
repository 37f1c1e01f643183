/**
 * The locks of one host.
 *
 * @module
 */
import { isInteger } from "../../util/integer.ts";
import { SchedError } from "../errors.ts";
import type { ThreadParameters, UrgencyParameter } from "../parameters.ts";
import { MAX_THREADS, type ThreadId } from "../policy.ts";
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
import { Contention } from "./contention.ts";
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
  readonly #contention: Contention;
  #quiet = false;

  /** Makes locks for a host that has none yet. */
  constructor(host: LocksHost) {
    this.#host = host;
    this.by = host.by ?? "priority";
    this.#graph = this.#makeGraph();
    this.#contention = new Contention({
      ...{ by: this.by, host, objects: this.#objects, graph: this.#graph },
    });
  }

  // Threads.

  /**
   * A thread exists from now on.
   * @param parameters what was asked for it, checked
   * @throws {SchedError} `invalid-thread` if it does already, or is no number of a thread
   */
  admit(thread: ThreadId, parameters: ThreadParameters): void {
    if (!isInteger(thread, 0, MAX_THREADS - 1) || this.#graph.has(thread)) {
      refuse(thread, "admit", "a new thread");
    }
    this.#contention.admit(thread);
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
    this.#contention.abandon(thread);
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
   * @returns `busy` if somebody holds it, waits for it, or will need it after a wait
   */
  destroy(id: number): "done" | "busy" | "invalid" {
    if (this.#objects.kind(id) === Kind.NONE) return "invalid";
    if (this.#graph.first(id) !== NONE || this.#graph.owner(id) !== NONE) return "busy";
    if (this.#contention.isWanted(id)) return "busy";
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
    return this.#graph.has(thread) ? this.#graph.heldInOrder(thread) : [];
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
    return this.#contention.cycle;
  }

  // Mutexes.

  /**
   * A running thread wants a mutex.
   * @throws {SchedError} `invalid-thread` if there is no such thread, or it waits
   */
  lock(thread: ThreadId, mutex: number): LockAnswer {
    const refusal = this.#refusal(thread, mutex);
    if (refusal !== null) return refusal;
    return this.#contention.request(thread, mutex);
  }

  /** A running thread wants a mutex, but does not wait. @throws {SchedError} `invalid-thread` */
  tryLock(thread: ThreadId, mutex: number): LockAnswer {
    const refusal = this.#refusal(thread, mutex);
    if (refusal !== null) return refusal;
    return this.#contention.tryRequest(thread, mutex);
  }

  /** A thread gives a mutex back: the first waiter has it from now on. */
  unlock(thread: ThreadId, mutex: number): ReleaseAnswer {
    if (this.#objects.kind(mutex) !== Kind.MUTEX) return "invalid";
    if (this.#graph.owner(mutex) !== thread) return "not-owner";
    this.#contention.pass(mutex);
    return "done";
  }

  // Semaphores.

  /** A running thread wants one of a semaphore. @throws {SchedError} `invalid-thread` */
  acquire(thread: ThreadId, semaphore: number): LockAnswer {
    const answer = this.tryAcquire(thread, semaphore);
    if (answer !== "busy") return answer;
    this.#contention.await(thread, semaphore, NONE);
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
    this.#contention.goOn(thread);
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
    this.#contention.await(thread, condition, mutex ?? NONE);
    if (mutex !== null) this.#contention.pass(mutex);
    return "blocked";
  }

  /** Has the first waiter of a condition go on, if there is one. */
  signal(condition: number): "done" | "invalid" {
    if (this.#objects.kind(condition) !== Kind.CONDITION) return "invalid";
    const thread = this.#graph.first(condition);
    if (thread !== NONE) this.#contention.goOn(thread);
    return "done";
  }

  /** Has all waiters of a condition go on, one after the other if they come back to a mutex. */
  broadcast(condition: number): "done" | "invalid" {
    if (this.#objects.kind(condition) !== Kind.CONDITION) return "invalid";
    for (let thread = NONE; (thread = this.#graph.first(condition)) !== NONE;) {
      this.#contention.goOn(thread);
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
    this.#contention.cancel(thread);
    return true;
  }

  /**
   * The time of a waiting thread is up. From a condition it comes back to its mutex, for which it
   * may have to wait: then, and if it does so already, the answer is `blocked`, and `wake` tells
   * it that its time was up. Otherwise it goes on now, and `wake` is not called: with `timed-out`,
   * with `owner-died` if it has its mutex from who is over, or with `deadlock` if it would wait for
   * its mutex for ever; `idle` if it does not wait at all.
   */
  expire(thread: ThreadId): Exclude<WakeAnswer, "acquired"> | "blocked" | "idle" {
    return this.waitingFor(thread) === null ? "idle" : this.#contention.expire(thread);
  }

  /** Whether a thread was woken and is still to be resumed. */
  isWoken(thread: ThreadId): boolean {
    return this.#graph.has(thread) && this.#contention.isWoken(thread);
  }

  /**
   * A thread that was woken runs, where the host says so: see {@linkcode LocksHost.resumes}.
   * @returns what it is told; `blocked` if it has lost its mutex to a more urgent thread: it waits
   *   for it as before, and will be woken again
   * @throws {SchedError} `invalid-thread` if it was not woken
   */
  resume(thread: ThreadId): WakeAnswer | "blocked" {
    if (!this.isWoken(thread)) refuse(thread, "resume", "a thread that was woken");
    return this.#contention.resume(thread);
  }

  // Snapshots.

  /** Objects, threads, who holds and who waits for what; plain data. */
  save(): LocksState {
    const threads = this.#graph.threads().map((thread): ThreadLocks => ({
      thread,
      base: this.#graph.base(thread),
      contention: this.#contention.save(thread),
    }));
    return { ...this.#objects.save(), threads, arrivals: this.#contention.arrivals };
  }

  /** Takes over what {@linkcode Locks.save} returned; tells nobody of parameters. */
  restore(state: LocksState): void {
    this.#quiet = true;
    this.#graph = this.#makeGraph();
    this.#objects.restore(state);
    this.#contention.reset(this.#graph, state.arrivals);
    for (const object of state.objects) this.#addToGraph(object.id, object);
    for (const { thread, base, contention } of state.threads) {
      this.#contention.admit(thread);
      this.#graph.add(thread, base);
      if (contention !== null) this.#contention.restore(thread, contention);
    }
    for (const { thread, contention } of state.threads) {
      if (contention !== null) this.#contention.restoreWait(thread, contention);
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
      passes: protocol === "inherit" || protocol === "original-ceiling",
      ceiling: protocol === "ceiling" ? urgencyKey(this.by, ceiling) : LEAST_URGENT,
    });
  }

  #check(thread: ThreadId, action: string): void {
    if (!this.#graph.has(thread)) refuse(thread, action, "a thread that is known");
  }

  #checkRunning(thread: ThreadId, action: string): void {
    const runs = this.#graph.has(thread) && this.#graph.waitsFor(thread) === NONE &&
      !this.#contention.isWoken(thread);
    if (!runs) refuse(thread, action, "a thread that is known and runs");
  }

  /** Why a thread cannot even wait for a mutex, or `null`. */
  #refusal(thread: ThreadId, mutex: number): "invalid" | "above-ceiling" | null {
    this.#checkRunning(thread, "lock for");
    if (this.#objects.kind(mutex) !== Kind.MUTEX) return "invalid";
    if (!this.#objects.hasCeiling(mutex)) return null;
    const ceiling = urgencyKey(this.by, this.#objects.ceiling(mutex));
    return this.#graph.baseKey(thread) < ceiling ? "above-ceiling" : null;
  }
}

function refuse(thread: unknown, action: string, expected: string): never {
  throw new SchedError("invalid-thread", {
    message: `Cannot ${action} thread ${thread}: expected ${expected}`,
    value: thread,
  });
}
