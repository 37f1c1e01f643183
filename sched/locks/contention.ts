/**
 * Who gets a mutex, and what others have to wait for.
 *
 * @module
 */
import type { UrgencyParameter } from "../parameters.ts";
import type { ThreadId } from "../policy.ts";
import { grown } from "../queues/grown.ts";
import type { LockAnswer, LocksHost, ThreadContention, WakeAnswer } from "./answers.ts";
import { Kind, type LockObjects } from "./objects.ts";
import { LEAST_URGENT, urgencyKey } from "./urgency.ts";
import { NONE, type WaitGraph } from "./wait_graph.ts";

/** Whether a thread has waited for a condition, and whether the time of that is up. */
const enum Return {
  NO = 0,
  YES = 1,
  LATE = 2,
}

const ANSWERS: readonly WakeAnswer[] = ["acquired", "owner-died", "timed-out", "deadlock"];
const OWNER_DIED = ANSWERS.indexOf("owner-died");

/** Threads that want mutexes. */
export class Contention {
  /** Who waits for what. */
  graph: WaitGraph;
  /** The cycle that the last answer `deadlock` was about. */
  cycle: readonly number[] | null = null;
  readonly #by: UrgencyParameter;
  readonly #host: LocksHost;
  readonly #objects: LockObjects;
  #arrivals = 0;
  /** The mutexes of original ceilings that are held. */
  readonly #barriers: number[] = [];
  /** Mutexes that were just taken from who had not run with them yet. */
  readonly #taken: number[] = [];
  /** How many threads that wait need each mutex to go on. */
  #wanted = new Int32Array(0);
  // By thread: the mutex it needs to go on, or −1; how it has come to need it; its place among
  // equals; the mutex it was given and has not run with yet, or −1; whether it was woken and has
  // not run yet; what it is told when it does.
  #wants = new Int32Array(0);
  #returns = new Uint8Array(0);
  #places = new Float64Array(0);
  #given = new Int32Array(0);
  #woken = new Uint8Array(0);
  #answers = new Uint8Array(0);

  /** Nobody wants anything. */
  constructor(
    { by, host, objects, graph }: {
      readonly by: UrgencyParameter;
      readonly host: LocksHost;
      readonly objects: LockObjects;
      readonly graph: WaitGraph;
    },
  ) {
    this.#by = by;
    this.#host = host;
    this.#objects = objects;
    this.graph = graph;
  }

  /** A thread exists from now on, and wants nothing. */
  admit(thread: ThreadId): void {
    if (thread >= this.#wants.length) {
      this.#wants = grown(this.#wants, thread);
      this.#returns = grown(this.#returns, thread);
      this.#places = grown(this.#places, thread);
      this.#given = grown(this.#given, thread);
      this.#woken = grown(this.#woken, thread);
      this.#answers = grown(this.#answers, thread);
    }
    this.#wants[thread] = this.#given[thread] = NONE;
    this.#woken[thread] = 0;
  }

  /** Whether a thread that waits will need a mutex. */
  isWanted(mutex: number): boolean {
    return (this.#wanted[mutex] ?? 0) > 0;
  }

  /** A running thread wants a mutex, and may have to wait. */
  request(thread: ThreadId, mutex: number): LockAnswer {
    if (this.graph.owner(mutex) === NONE && !this.#objects.isBarrier(mutex)) {
      return this.#take(thread, mutex);
    }
    const obstacle = this.#contend(thread, mutex);
    this.#returns[thread] = Return.NO;
    const answer = obstacle === NONE
      ? this.#take(thread, mutex)
      : this.#block(thread, mutex, obstacle);
    if (this.#taken.length > 0) this.#giveBack();
    return answer;
  }

  /** The same, but it does not wait. */
  tryRequest(thread: ThreadId, mutex: number): LockAnswer {
    const answer = this.#contend(thread, mutex) === NONE ? this.#take(thread, mutex) : "busy";
    if (this.#taken.length > 0) this.#giveBack();
    return answer;
  }

  /** Whether a thread was woken and has not run yet. */
  isWoken(thread: ThreadId): boolean {
    return this.#woken[thread] !== 0;
  }

  /** A running thread waits for something else, after which it needs a mutex, or −1. */
  await(thread: ThreadId, id: number, mutex: number): void {
    this.#need(thread, mutex);
    this.#returns[thread] = Return.YES;
    this.#wait(thread, id, this.#arrivals++);
  }

  /** What a thread was waiting for has come: it goes on, or waits for the mutex it needs. */
  goOn(thread: ThreadId, obstacle?: number): void {
    this.graph.unblock(thread);
    const mutex = this.#wants[thread]!;
    const answer = this.#comeBack(thread, obstacle);
    if (answer === "blocked") return;
    if (this.#host.resumes !== true) return this.#host.wake(thread, answer);
    this.#answers[thread] = ANSWERS.indexOf(answer);
    this.#given[thread] = answer === "deadlock" ? NONE : mutex;
    if (this.#woken[thread] !== 0) return;
    this.#woken[thread] = 1;
    this.#host.wake(thread, answer);
  }

  /** A thread that was woken runs. */
  resume(thread: ThreadId): WakeAnswer | "blocked" {
    this.#woken[thread] = 0;
    this.#given[thread] = NONE;
    if (this.graph.waitsFor(thread) !== NONE) return "blocked";
    return ANSWERS[this.#answers[thread]!]!;
  }

  /** A waiting thread waits no more, and gets nothing. */
  cancel(thread: ThreadId): void {
    this.graph.unblock(thread);
    this.#need(thread, NONE);
  }

  /** The time of a waiting thread is up. */
  expire(thread: ThreadId): Exclude<WakeAnswer, "acquired"> | "blocked" {
    const returns = this.#wants[thread] !== NONE && this.#returns[thread] !== Return.NO;
    const id = this.graph.waitsFor(thread);
    if (returns && this.#objects.kind(id) === Kind.MUTEX) return "blocked";
    this.graph.unblock(thread);
    if (!returns) {
      this.#need(thread, NONE);
      return "timed-out";
    }
    this.#returns[thread] = Return.LATE;
    const answer = this.#comeBack(thread);
    return answer === "acquired" ? "timed-out" : answer;
  }

  /** A thread is over: others get what it holds, and are told. */
  abandon(thread: ThreadId): void {
    for (let mutex; (mutex = this.graph.held(thread)) !== NONE;) {
      const idle = this.#given[thread] === mutex && this.#answers[thread] !== OWNER_DIED;
      this.#objects.setAbandoned(mutex, !idle);
      this.pass(mutex);
    }
  }

  /** The owner of a mutex has it no more: the first waiter has it. */
  pass(mutex: number): void {
    this.#drop(mutex);
    this.#serve(mutex);
  }

  /** As plain data; `null` if there is nothing to remember. */
  save(thread: ThreadId): ThreadContention | null {
    const waitsFor = this.graph.waitsFor(thread);
    const waits = waitsFor !== NONE;
    const woken = this.#woken[thread] !== 0;
    const holds = this.graph.held(thread) !== NONE;
    if (!waits && !woken && !holds && this.#given[thread] === NONE) return null;
    const wants = waits ? this.#wants[thread]! : NONE;
    const returns = waits || woken ? this.#returns[thread]! : Return.NO;
    return {
      ...{ holds: this.graph.heldInOrder(thread), waitsFor },
      ...{ wants, returns: returns !== Return.NO, late: returns === Return.LATE },
      place: waits || woken ? this.#places[thread]! : 0,
      ...{ given: this.#given[thread]!, woken },
      answer: woken ? ANSWERS[this.#answers[thread]!]! : null,
    };
  }

  /** Number of waits that have begun. */
  get arrivals(): number {
    return this.#arrivals;
  }

  /** Nobody wants or holds anything, and so many waits have begun. */
  reset(graph: WaitGraph, arrivals: number): void {
    this.graph = graph;
    this.cycle = null;
    this.#barriers.length = 0;
    this.#wanted.fill(0);
    this.#arrivals = arrivals;
  }

  /** A thread, which is new, holds mutexes, and has been woken if it was. */
  restore(thread: ThreadId, state: ThreadContention): void {
    const { wants, returns, late, place, given, woken, answer, holds } = state;
    this.#need(thread, wants);
    this.#returns[thread] = late ? Return.LATE : returns ? Return.YES : Return.NO;
    this.#places[thread] = place;
    this.#given[thread] = given;
    this.#woken[thread] = woken ? 1 : 0;
    this.#answers[thread] = answer === null ? 0 : ANSWERS.indexOf(answer);
    for (const mutex of holds) this.#take(thread, mutex);
  }

  /** A thread waits again, if it did. */
  restoreWait(thread: ThreadId, { waitsFor, place }: ThreadContention): void {
    if (waitsFor !== NONE) this.graph.block(thread, waitsFor, place);
  }

  #need(thread: ThreadId, mutex: number): void {
    const before = this.#wants[thread]!;
    if (mutex >= this.#wanted.length) this.#wanted = grown(this.#wanted, mutex);
    if (before !== NONE) this.#wanted[before]!--;
    if (mutex !== NONE) this.#wanted[mutex]!++;
    this.#wants[thread] = mutex;
  }

  #wait(thread: ThreadId, id: number, place: number): void {
    this.#places[thread] = place;
    this.graph.block(thread, id, place);
  }

  /** The mutex for which a thread has to wait to get one, or −1: that one, or a ceiling's. */
  #obstacle(thread: ThreadId, mutex: number): number {
    if (this.graph.owner(mutex) !== NONE) return mutex;
    if (!this.#objects.isBarrier(mutex)) return NONE;
    let obstacle = NONE;
    let least = LEAST_URGENT;
    for (const barrier of this.#barriers) {
      if (this.graph.owner(barrier) === thread) continue;
      const key = urgencyKey(this.#by, this.#objects.ceiling(barrier));
      if (obstacle !== NONE && (key > least || (key === least && barrier > obstacle))) continue;
      obstacle = barrier;
      least = key;
    }
    return this.graph.key(thread) < least ? NONE : obstacle;
  }

  /**
   * What is in the way of a running thread, after it has taken from less urgent ones what they
   * have been given and not run with yet.
   */
  #contend(thread: ThreadId, mutex: number): number {
    let obstacle = this.#obstacle(thread, mutex);
    while (obstacle !== NONE) {
      const owner = this.graph.owner(obstacle);
      if (this.#given[owner] !== obstacle || this.graph.key(thread) >= this.graph.key(owner)) break;
      this.#takeBack(owner, obstacle);
      this.#taken.push(obstacle);
      obstacle = this.#obstacle(thread, mutex);
    }
    return obstacle;
  }

  /** Who was given a mutex and has not run yet waits for it again, at its old place. */
  #takeBack(owner: ThreadId, mutex: number): void {
    if (this.#answers[owner] === OWNER_DIED) this.#objects.setAbandoned(mutex, true);
    this.#given[owner] = NONE;
    this.#drop(mutex);
    this.#need(owner, mutex);
    this.#wait(owner, mutex, this.#places[owner]!);
  }

  /** What was taken and is not needed goes back. */
  #giveBack(): void {
    for (let mutex; (mutex = this.#taken.pop()) !== undefined;) this.#serve(mutex);
  }

  /** A free mutex is a thread's. */
  #take(thread: ThreadId, mutex: number): "acquired" | "owner-died" {
    this.graph.take(thread, mutex);
    if (this.#objects.isBarrier(mutex)) this.#barriers.push(mutex);
    if (!this.#objects.abandoned(mutex)) return "acquired";
    this.#objects.setAbandoned(mutex, false);
    return "owner-died";
  }

  #drop(mutex: number): void {
    this.graph.drop(mutex);
    if (this.#objects.isBarrier(mutex)) this.#barriers.splice(this.#barriers.indexOf(mutex), 1);
  }

  /** A thread waits until it gets a mutex. */
  #block(thread: ThreadId, mutex: number, obstacle: number): "blocked" | "deadlock" {
    const cycle = this.graph.cycle(thread, obstacle);
    if (cycle !== null) {
      this.cycle = cycle;
      this.#need(thread, NONE);
      return "deadlock";
    }
    this.#need(thread, mutex);
    this.#wait(thread, obstacle, this.#arrivals++);
    return "blocked";
  }

  /**
   * A mutex is free: the first waiter has it. If it was a ceiling's, each of its waiters, the most
   * urgent first, gets what it wants or waits for what is now in its way.
   */
  #serve(mutex: number): void {
    for (;;) {
      const next = this.graph.first(mutex);
      if (next === NONE) return;
      const obstacle = this.#obstacle(next, this.#wants[next]!);
      if (obstacle === mutex) return;
      this.goOn(next, obstacle);
    }
  }

  /** A thread that has waited gets the mutex it wants, or waits for it. */
  #comeBack(thread: ThreadId, obstacle?: number): WakeAnswer | "blocked" {
    const mutex = this.#wants[thread]!;
    if (mutex === NONE) return "acquired";
    obstacle ??= this.#obstacle(thread, mutex);
    if (obstacle !== NONE) return this.#block(thread, mutex, obstacle);
    const answer = this.#take(thread, mutex);
    this.#need(thread, NONE);
    const late = this.#returns[thread] === Return.LATE;
    return late && answer === "acquired" ? "timed-out" : answer;
  }
}
