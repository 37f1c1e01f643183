/**
 * Mutexes, semaphores and condition variables of tasks: `sched/locks` over the threads of a kernel.
 * Objects belong to a task, whose programs know them by numbers from 1; whoever is not of that task
 * has no such object.
 *
 * @module
 */

import { Locks } from "../../sched/locks/locks.ts";
import type {
  LockAnswer,
  LockKind,
  LocksState,
  MutexProtocol,
  ReleaseAnswer,
  WakeAnswer,
} from "../../sched/locks/mod.ts";
import type { ThreadParameters, UrgencyParameter } from "../../sched/parameters.ts";
import type { WaitResult } from "./continuation.ts";
import type { Task } from "./task.ts";
import type { Thread } from "./thread.ts";

/** Most mutexes, semaphores and condition variables of a task together. */
export const LOCK_LIMIT = 1024;

/** What locks need of a kernel, and tell it. */
export interface ThreadLocksHost {
  /** The parameter that is inherited. */
  readonly by: UrgencyParameter;
  /** The thread with a number. */
  readonly thread: (id: number) => Thread;
  /** A thread has these effective parameters from now on. */
  readonly update: (thread: Thread, parameters: ThreadParameters) => void;
  /** A thread waits for no lock any more. */
  readonly wake: (thread: Thread, result: WaitResult) => void;
  /** A thread would have waited for ever, and does not. */
  readonly deadlock: (cycle: readonly LockWait[]) => void;
}

/** One of the threads that would wait for each other. */
export interface LockWait {
  /** The thread. */
  readonly thread: Thread;
  /** The mutex it waits for, which the next thread of the cycle holds. */
  readonly mutex: number;
}

/** An object at one instant. */
export interface LockSummary {
  /** Its number in programs. */
  readonly object: number;
  /** What it is. */
  readonly kind: LockKind;
  /** Number of the thread that holds it, if it is a mutex that one does. */
  readonly owner: number | null;
  /** Numbers of the threads that wait for it, in the order they will get it. */
  readonly waiters: readonly number[];
  /** What it counts, if it is a semaphore. */
  readonly count: number;
}

/**
 * Answer to a thread that wants something: besides, that it has it already, or that what it was to
 * signal first cannot count further.
 */
export type ThreadLockAnswer = LockAnswer | "own" | "overflow";

/** The locks of all tasks. */
export class ThreadLocks {
  readonly #host: ThreadLocksHost;
  readonly #locks: Locks;

  /** Makes a kernel's locks. */
  constructor(host: ThreadLocksHost) {
    this.#host = host;
    this.#locks = new Locks({
      by: host.by,
      update: (id, parameters) => host.update(host.thread(id), parameters),
      resumes: true,
      wake: (id, answer) => {
        if (answer === "deadlock") this.#tellCycle();
        host.wake(host.thread(id), "awakened");
      },
    });
  }

  // Threads.

  /** A thread exists from now on. */
  admit({ id }: Thread, parameters: ThreadParameters): void {
    this.#locks.admit(id, parameters);
  }

  /** A thread gets other parameters of its own; what it then has comes by the host's `update`. */
  setParameters({ id }: Thread, parameters: ThreadParameters): void {
    this.#locks.setParameters(id, parameters);
  }

  /** Parameters of a thread, with what it has inherited. */
  parameters({ id }: Thread): ThreadParameters {
    return this.#locks.parameters(id);
  }

  /** A thread is over: who waits for a mutex it holds is told that the owner died. */
  forget({ id }: Thread): void {
    this.#locks.forget(id);
  }

  // Objects.

  /**
   * Makes a mutex for a task.
   * @returns its number, or `null` if the task has too many objects
   * @throws {SchedError} `invalid-option` if there is no such ceiling
   */
  createMutex(task: Task, options: { protocol: MutexProtocol; ceiling?: number }): number | null {
    return this.#create(task, () => this.#locks.createMutex(options));
  }

  /** Makes a semaphore, likewise. */
  createSemaphore(task: Task, options: { count: number; most?: number }): number | null {
    return this.#create(task, () => this.#locks.createSemaphore(options));
  }

  /** Makes a condition variable, likewise. */
  createCondition(task: Task): number | null {
    return this.#create(task, () => this.#locks.createCondition());
  }

  #create(task: Task, create: () => number): number | null {
    if (task.locks.size >= LOCK_LIMIT) return null;
    const object = create() + 1;
    task.addLock(object);
    return object;
  }

  /** The object of a task with a number, if it is of that kind. */
  find(task: Task, number: bigint, kind: LockKind): number | undefined {
    const object = Number(number);
    return task.locks.has(object) && this.#locks.kind(object - 1) === kind ? object : undefined;
  }

  /** Destroys an object of a task, unless somebody has it or waits for it. */
  destroy(task: Task, object: number): boolean {
    if (this.#locks.destroy(object - 1) !== "done") return false;
    task.removeLock(object);
    return true;
  }

  /** Destroys what a task has, whose threads are all over. */
  destroyAll(task: Task): void {
    for (const object of [...task.locks]) this.destroy(task, object);
  }

  /** An object of a task at this instant. */
  summary(object: number): LockSummary {
    const id = object - 1;
    return {
      object,
      kind: this.#locks.kind(id) ?? "mutex",
      owner: this.#locks.owner(id),
      waiters: this.#locks.waiters(id),
      count: this.#locks.count(id),
    };
  }

  /**
   * The mutex that keeps a thread from the one it waits for: that, or one whose ceiling is in the
   * way; `null` if it waits for no mutex.
   */
  obstacle({ id }: Thread): number | null {
    const object = this.#locks.waitingFor(id);
    return object !== null && this.#locks.kind(object) === "mutex" ? object + 1 : null;
  }

  /** Number of the thread that holds a mutex, or `null`. */
  owner(mutex: number): number | null {
    return this.#locks.owner(mutex - 1);
  }

  // What running threads do.

  /** A thread wants a mutex, and waits for it if it may. */
  lock({ id }: Thread, mutex: number, options: { wait: boolean }): ThreadLockAnswer {
    if (this.owner(mutex) === id) return "own";
    if (!options.wait) return this.#locks.tryLock(id, mutex - 1);
    const answer = this.#locks.lock(id, mutex - 1);
    if (answer === "deadlock") this.#tellCycle();
    return answer;
  }

  /** A thread gives a mutex back. */
  unlock({ id }: Thread, mutex: number): ReleaseAnswer {
    return this.#locks.unlock(id, mutex - 1);
  }

  /** A thread wants one of a semaphore, and waits for it if it may. */
  acquire({ id }: Thread, semaphore: number, options: { wait: boolean }): LockAnswer {
    return options.wait
      ? this.#locks.acquire(id, semaphore - 1)
      : this.#locks.tryAcquire(id, semaphore - 1);
  }

  /** Gives one to a semaphore. */
  release(semaphore: number): ReleaseAnswer {
    return this.#locks.release(semaphore - 1);
  }

  /** A thread unlocks a mutex and waits for a condition. */
  wait(
    { id }: Thread,
    on: { condition: number; mutex: number },
  ): "blocked" | "not-owner" | "invalid" {
    return this.#locks.wait(id, on.condition - 1, on.mutex - 1);
  }

  /** Has the first who waits for a condition go on, or all of them. */
  signal(condition: number, options: { all: boolean }): void {
    const id = condition - 1;
    const waiting = this.#locks.waiters(id);
    if (options.all) this.#locks.broadcast(id);
    else this.#locks.signal(id);
    for (const thread of options.all ? waiting : waiting.slice(0, 1)) {
      this.#follow(this.#host.thread(thread));
    }
  }

  /**
   * A thread runs that was woken.
   * @returns what it is told; `blocked` if a more urgent one has taken the mutex it was given
   */
  resume({ id }: Thread): WakeAnswer | "blocked" {
    return this.#locks.resume(id);
  }

  // The end of a wait from outside.

  /** A thread waits no longer, and has nothing of what it waited for. */
  cancel({ id }: Thread): void {
    this.#locks.cancel(id);
  }

  /** The time is up of a thread that waits for an object. */
  expire(thread: Thread): void {
    const answer = this.#locks.expire(thread.id);
    if (answer === "deadlock") this.#tellCycle();
    if (answer === "blocked" || answer === "idle") this.#follow(thread, null);
    else this.#host.wake(thread, answer);
  }

  /** A thread that waited for a condition may have to wait for its mutex now. */
  #follow(thread: Thread, until?: number | null): void {
    const { wait } = thread;
    const id = this.#locks.waitingFor(thread.id);
    if (id === null || (wait?.kind !== "condition" && wait?.kind !== "mutex")) return;
    thread.waitFor({
      kind: "mutex",
      object: id + 1,
      until: until === undefined ? wait.until : until,
    });
  }

  #tellCycle(): void {
    const cycle = this.#locks.cycle ?? [];
    const waits: LockWait[] = [];
    for (let i = 0; i + 1 < cycle.length; i += 2) {
      waits.push({ thread: this.#host.thread(cycle[i]!), mutex: cycle[i + 1]! + 1 });
    }
    this.#host.deadlock(waits);
  }

  // Snapshots.

  /** Everything there is to know, but for who has which object: see {@linkcode Task.locks}. */
  save(): LocksState {
    return this.#locks.save();
  }

  /** Takes over what {@linkcode ThreadLocks.save} returned. */
  restore(state: LocksState): void {
    this.#locks.restore(state);
  }
}
