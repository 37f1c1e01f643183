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

/** Whether a thread has waited for a condition, and whether the time of that is up. */
const enum Return {
  NO = 0,
  YES = 1,
  LATE = 2,
}

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
  /** The mutex each waiting thread needs to go on, or −1. */
  #wants = new Int32Array(0);
  #returns = new Uint8Array(0);
  /** The mutexes of original ceilings that are held. */
  readonly #barriers: number[] = [];
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
    this.#wants[thread] = NONE;
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
   * @returns `busy` if somebody holds it, waits for it, or will need it after a wait
   */
  destroy(id: number): "done" | "busy" | "invalid" {
    if (this.#objects.kind(id) === Kind.NONE) return "invalid";
    if (this.#graph.first(id) !== NONE || this.#graph.owner(id) !== NONE) return "busy";
    if (this.#wants.some((mutex, thread) => mutex === id && this.#graph.has(thread))) return "busy";
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
    const refusal = this.#refusal(thread, mutex);
    if (refusal !== null) return refusal;
    const obstacle = this.#obstacle(thread, mutex);
    if (obstacle === NONE) return this.#take(thread, mutex);
    this.#returns[thread] = Return.NO;
    return this.#block(thread, mutex, obstacle);
  }

  /** A running thread wants a mutex, but does not wait. @throws {SchedError} `invalid-thread` */
  tryLock(thread: ThreadId, mutex: number): LockAnswer {
    const refusal = this.#refusal(thread, mutex);
    if (refusal !== null) return refusal;
    return this.#obstacle(thread, mutex) === NONE ? this.#take(thread, mutex) : "busy";
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
    this.#wants[thread] = NONE;
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
    this.#wants[thread] = mutex ?? NONE;
    this.#returns[thread] = Return.YES;
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
    this.#wants[thread] = NONE;
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
    const returns = this.#wants[thread] !== NONE && this.#returns[thread] !== Return.NO;
    if (this.#objects.kind(id) === Kind.MUTEX && returns) return "blocked";
    this.#graph.unblock(thread);
    if (!returns) {
      this.#wants[thread] = NONE;
      return "timed-out";
    }
    this.#returns[thread] = Return.LATE;
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
        wants: waits ? this.#wants[thread]! : NONE,
        returns: waits && this.#returns[thread] !== Return.NO,
        late: waits && this.#returns[thread] === Return.LATE,
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
    this.#barriers.length = 0;
    for (const object of state.objects) this.#addToGraph(object.id, object);
    for (const { thread, base, holds, wants, returns, late } of state.threads) {
      this.#makeRoom(thread);
      this.#graph.add(thread, base);
      this.#wants[thread] = wants;
      this.#returns[thread] = late ? Return.LATE : returns ? Return.YES : Return.NO;
      for (const mutex of holds) this.#take(thread, mutex);
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
      passes: protocol === "inherit" || protocol === "original-ceiling",
      ceiling: protocol === "ceiling" ? urgencyKey(this.by, ceiling) : LEAST_URGENT,
    });
  }

  #makeRoom(thread: ThreadId): void {
    if (thread < this.#wants.length) return;
    this.#wants = grown(this.#wants, thread);
    this.#returns = grown(this.#returns, thread);
  }

  #check(thread: ThreadId, action: string): void {
    if (!this.#graph.has(thread)) refuse(thread, action, "a thread that is known");
  }

  #checkRunning(thread: ThreadId, action: string): void {
    if (this.#graph.has(thread) && this.#graph.waitsFor(thread) === NONE) return;
    refuse(thread, action, "a thread that is known and does not wait");
  }

  /** Why a thread cannot even wait for a mutex, or `null`. */
  #refusal(thread: ThreadId, mutex: number): "invalid" | "above-ceiling" | null {
    this.#checkRunning(thread, "lock for");
    if (this.#objects.kind(mutex) !== Kind.MUTEX) return "invalid";
    const protocol = this.#objects.protocol(mutex);
    if (protocol !== "ceiling" && protocol !== "original-ceiling") return null;
    return this.#graph.baseKey(thread) < this.#ceilingKey(mutex) ? "above-ceiling" : null;
  }

  #ceilingKey(mutex: number): number {
    return urgencyKey(this.by, this.#objects.ceiling(mutex));
  }

  /** The mutex for which a thread has to wait to get one, or −1: that one, or a ceiling's. */
  #obstacle(thread: ThreadId, mutex: number): number {
    if (this.#graph.owner(mutex) !== NONE) return mutex;
    if (this.#objects.protocol(mutex) !== "original-ceiling") return NONE;
    let obstacle = NONE;
    let least = LEAST_URGENT;
    for (const barrier of this.#barriers) {
      if (this.#graph.owner(barrier) === thread) continue;
      const key = this.#ceilingKey(barrier);
      if (obstacle !== NONE && (key > least || (key === least && barrier > obstacle))) continue;
      obstacle = barrier;
      least = key;
    }
    return this.#graph.key(thread) < least ? NONE : obstacle;
  }

  /** A free mutex is a thread's. */
  #take(thread: ThreadId, mutex: number): "acquired" | "owner-died" {
    this.#graph.take(thread, mutex);
    if (this.#objects.protocol(mutex) === "original-ceiling") this.#barriers.push(mutex);
    if (!this.#objects.abandoned(mutex)) return "acquired";
    this.#objects.setAbandoned(mutex, false);
    return "owner-died";
  }

  /** A thread waits until it gets a mutex. */
  #block(thread: ThreadId, mutex: number, obstacle: number): "blocked" | "deadlock" {
    const cycle = this.#graph.cycle(thread, obstacle);
    if (cycle !== null) {
      this.#cycle = cycle;
      this.#wants[thread] = NONE;
      return "deadlock";
    }
    this.#wants[thread] = mutex;
    this.#graph.block(thread, obstacle, this.#arrivals++);
    return "blocked";
  }

  /**
   * The owner of a mutex has it no more; the first waiter has it. If it was a ceiling's, each of
   * its waiters, the most urgent first, gets what it wants or waits for what is now in its way.
   */
  #pass(mutex: number): void {
    const graph = this.#graph;
    graph.drop(mutex);
    if (this.#objects.protocol(mutex) === "original-ceiling") {
      this.#barriers.splice(this.#barriers.indexOf(mutex), 1);
    }
    for (;;) {
      const next = graph.first(mutex);
      if (next === NONE) return;
      const obstacle = this.#obstacle(next, this.#wants[next]!);
      if (obstacle === mutex) return;
      graph.unblock(next);
      this.#wake(next, this.#comeBack(next, obstacle));
    }
  }

  #wake(thread: ThreadId, answer: WakeAnswer | "blocked"): void {
    if (answer !== "blocked") this.#host.wake(thread, answer);
  }

  /** A thread that waits for a condition goes on. */
  #signaled(thread: ThreadId): void {
    this.#graph.unblock(thread);
    this.#wake(thread, this.#comeBack(thread));
  }

  /** A thread that has waited gets the mutex it wants, or waits for it. */
  #comeBack(thread: ThreadId, obstacle?: number): WakeAnswer | "blocked" {
    const mutex = this.#wants[thread]!;
    if (mutex === NONE) return "acquired";
    obstacle ??= this.#obstacle(thread, mutex);
    if (obstacle !== NONE) return this.#block(thread, mutex, obstacle);
    const answer = this.#take(thread, mutex);
    this.#wants[thread] = NONE;
    const late = this.#returns[thread] === Return.LATE;
    return late && answer === "acquired" ? "timed-out" : answer;
  }
}

function refuse(thread: unknown, action: string, expected: string): never {
  throw new SchedError("invalid-thread", {
    message: `Cannot ${action} thread ${thread}: expected ${expected}`,
    value: thread,
  });
}
