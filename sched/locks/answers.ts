/**
 * What locks answer, and how they are made and saved.
 *
 * @module
 */
import type { ThreadParameters, UrgencyParameter } from "../parameters.ts";
import type { ThreadId } from "../policy.ts";

/**
 * Answer to who wants something:
 *
 * - `acquired`: it has it.
 * - `owner-died`: it has the mutex, whose last owner is over without having unlocked it.
 * - `blocked`: it waits from now on, and is told by `wake`.
 * - `busy`: it would have to wait.
 * - `deadlock`: it would wait for ever, and does not: {@linkcode Locks.cycle} says for whom.
 * - `above-ceiling`: it is more urgent than the ceiling of the mutex.
 * - `not-owner`: it does not hold the mutex.
 * - `invalid`: there is no such object, or it is of another kind.
 */
export type LockAnswer =
  | "acquired"
  | "owner-died"
  | "blocked"
  | "busy"
  | "deadlock"
  | "above-ceiling"
  | "not-owner"
  | "invalid";

/** Answer to who gives something: done, not its own to give, more than may be, or no such thing. */
export type ReleaseAnswer = "done" | "not-owner" | "overflow" | "invalid";

/**
 * What a thread that waited is told when it goes on: that it has what it waited for; that it has
 * the mutex, but its owner died; that it has the mutex of its wait, whose time is up; or that it
 * does not have the mutex of its wait, since it would have waited for it for ever.
 */
export type WakeAnswer = "acquired" | "owner-died" | "timed-out" | "deadlock";

/**
 * How a mutex keeps urgent threads from waiting long:
 *
 * - `none`: not at all.
 * - `inherit`: its owner inherits the urgency of who waits for it (POSIX's `PTHREAD_PRIO_INHERIT`).
 * - `ceiling`: its owner is as urgent as the ceiling while it has it (`PTHREAD_PRIO_PROTECT`, the
 *   immediate ceiling).
 * - `original-ceiling`: its owner inherits, and a thread gets it only if it is more urgent than the
 *   ceilings of all mutexes of this protocol that others hold (L. Sha, R. Rajkumar, J. P. Lehoczky,
 *   "Priority Inheritance Protocols: An Approach to Real-Time Synchronization", IEEE Transactions
 *   on Computers 39(9), 1990); until then it waits for the one of the most urgent ceiling. Mutexes
 *   that are locked inside of each other must all be of it, or none: a ceiling may be in the way of
 *   a thread that holds what the other wants.
 */
export type MutexProtocol = "none" | "inherit" | "ceiling" | "original-ceiling";

/** How a mutex is made. */
export interface MutexOptions {
  /** Its protocol; `none` if absent. */
  readonly protocol?: MutexProtocol | undefined;
  /**
   * For both ceilings: the urgency of the most urgent thread that ever locks it, in the parameter
   * that is inherited: its priority, or its period or deadline.
   */
  readonly ceiling?: number | undefined;
}

/** How a semaphore is made. */
export interface SemaphoreOptions {
  /** How many may acquire it at once; 0 if absent. */
  readonly count?: number | undefined;
  /** More than that it never counts; 2^31 − 1 if absent. */
  readonly most?: number | undefined;
}

/** What locks tell their host. Neither may call the locks again. */
export interface LocksHost {
  /** The parameter that says who is more urgent, and is inherited; `priority` if absent. */
  readonly by?: UrgencyParameter;
  /**
   * Whether it calls {@linkcode Locks.resume} when a thread that was woken runs: until then a more
   * urgent one may take the mutex it was given. If not, what was given stays so.
   */
  readonly resumes?: boolean;
  /** A thread has these effective parameters from now on. */
  update(thread: ThreadId, parameters: ThreadParameters): void;
  /** A thread waits no more, and is told this. */
  wake(thread: ThreadId, answer: WakeAnswer): void;
}

/** A kind of object. */
export type LockKind = "mutex" | "semaphore" | "condition";

/** What a thread has, wants or was given, as it is saved. */
export type ThreadContention = {
  /** The mutexes it holds, in the order it has locked them. */
  readonly holds: readonly number[];
  /** What it waits for, −1 for nothing. */
  readonly waitsFor: number;
  /** The mutex it needs to go on, −1 for none. */
  readonly wants: number;
  /** Whether it waits for a condition, or for the mutex since then. */
  readonly returns: boolean;
  /** Whether the time of that wait is up. */
  readonly late: boolean;
  /** Its place among equals where it waits. */
  readonly place: number;
  /** The mutex that it has been given and not run with yet, −1 for none. */
  readonly given: number;
  /** Whether it was woken and has not run yet. */
  readonly woken: boolean;
  /** What it is told when it runs, if it was woken. */
  readonly answer: WakeAnswer | null;
};

/** A thread, as it is saved. */
export type ThreadLocks = {
  readonly thread: ThreadId;
  readonly base: { readonly [K in keyof ThreadParameters]: ThreadParameters[K] };
  /** `null` if it holds nothing, does not wait, and has run since it was woken. */
  readonly contention: ThreadContention | null;
};

/** An object, as it is saved. */
export type ObjectRecord = {
  readonly id: number;
  readonly kind: LockKind;
  readonly protocol: MutexProtocol;
  readonly ceiling: number;
  readonly abandoned: boolean;
  readonly count: number;
  readonly most: number;
};

/** Everything locks remember. */
export type LocksState = {
  readonly objects: readonly ObjectRecord[];
  /** Numbers below the largest that are free, the one that is given next last. */
  readonly free: readonly number[];
  readonly threads: readonly ThreadLocks[];
  readonly arrivals: number;
};
