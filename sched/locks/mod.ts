/**
 * Mutexes with owners, semaphores and condition variables, for the simulator and the kernel alike:
 * who has what, who waits for it, and what parameters threads have because of it.
 *
 * Who gives something up hands it over: the first waiter has it before it runs, and a wait is
 * bounded by the threads that are more urgent or came earlier. Only a more urgent thread may take
 * a mutex in between, if the host says when woken threads run. Waiters are served in the order of
 * urgency, equals as they came. A thread that is signaled does not run to find its mutex taken: it
 * goes over to the mutex's waiters.
 *
 * Inheritance is transitive and follows every change: of waiters, of what is asked for them, of
 * who holds what. A wait for a mutex that would never end is refused, with the cycle. Locks decide
 * nothing about CPUs: their host hands other parameters on to its policy, which asks for CPUs where
 * that is due.
 *
 * @module
 */
export type {
  LockAnswer,
  LockKind,
  LocksHost,
  LocksState,
  MutexOptions,
  MutexProtocol,
  ObjectRecord,
  ReleaseAnswer,
  SemaphoreOptions,
  ThreadContention,
  ThreadLocks,
  WakeAnswer,
} from "./answers.ts";
export { Locks } from "./locks.ts";
export { hasCeiling, MUTEX_PROTOCOLS } from "./objects.ts";
