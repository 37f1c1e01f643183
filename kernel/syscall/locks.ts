/**
 * System calls on mutexes, semaphores and condition variables.
 *
 * @module
 */

import { SchedError } from "../../sched/errors.ts";
import {
  hasCeiling,
  type LockKind,
  MUTEX_PROTOCOLS,
  type WakeAnswer,
} from "../../sched/locks/mod.ts";
import { KernReturn } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import type { WaitResult } from "../thread/continuation.ts";
import type { Thread } from "../thread/thread.ts";
import type { ThreadLockAnswer } from "../thread/thread_locks.ts";
import { blockAt, type Outcome } from "../thread/outcome.ts";
import { fail, finish, finishWith, type SyscallContext, type SyscallTable } from "./syscall.ts";
import { deadlineOf, waitStatus } from "./waiting.ts";

/** Kernel return codes of what threads are answered. */
const STATUS: Readonly<Record<Exclude<ThreadLockAnswer | WakeAnswer, "blocked">, number>> = {
  acquired: KernReturn.SUCCESS,
  "owner-died": KernReturn.LOCK_UNSTABLE,
  own: KernReturn.LOCK_OWNED_SELF,
  busy: KernReturn.OPERATION_TIMED_OUT,
  deadlock: KernReturn.DEADLOCK,
  "timed-out": KernReturn.OPERATION_TIMED_OUT,
  "above-ceiling": KernReturn.POLICY_LIMIT,
  "not-owner": KernReturn.INVALID_RIGHT,
  overflow: KernReturn.RESOURCE_SHORTAGE,
  invalid: KernReturn.INVALID_ARGUMENT,
};

/** The object of the caller's task that an argument names. */
function find({ k, thread }: SyscallContext, number: bigint, kind: LockKind): number | undefined {
  return k.locks.find(thread.task, number, kind);
}

/** Ends a call that makes an object, with its number. */
function created(context: SyscallContext, create: () => number | null): Outcome {
  let object: number | null;
  try {
    object = create();
  } catch (error) {
    if (error instanceof SchedError) return fail(context, KernReturn.INVALID_ARGUMENT);
    throw error;
  }
  return object === null
    ? fail(context, KernReturn.RESOURCE_SHORTAGE)
    : finish(context, BigInt(object));
}

/** A call on an object of a kind, its first argument, that does not wait. */
function onObject(
  kind: LockKind,
  run: (context: SyscallContext, object: number) => Outcome,
): (context: SyscallContext) => Outcome {
  return (context) => {
    const { args: [number = 0n] } = context;
    const object = find(context, number, kind);
    return object === undefined ? fail(context, KernReturn.INVALID_ARGUMENT) : run(context, object);
  };
}

function destroy(context: SyscallContext, object: number): Outcome {
  const { k, thread } = context;
  const done = k.locks.destroy(thread.task, object);
  return finishWith(context, done ? KernReturn.SUCCESS : KernReturn.LOCK_OWNED);
}

/** Ends a call that wants an object: with the answer, or it waits. */
function wantObject(
  context: SyscallContext,
  how: {
    kind: LockKind;
    number: bigint;
    timeout: bigint;
    want: (object: number, options: { wait: boolean }) => ThreadLockAnswer;
  },
): Outcome {
  const { k, thread } = context;
  const { kind, number, timeout, want } = how;
  const object = find(context, number, kind);
  const until = deadlineOf(k, timeout);
  if (object === undefined || until === undefined) {
    return fail(context, KernReturn.INVALID_ARGUMENT);
  }
  const answer = want(object, { wait: until === null || until > k.clock.now });
  if (answer !== "blocked") return finishWith(context, STATUS[answer]);
  k.waitUntil(thread, { kind, object, until });
  return blockAt("syscall_continuation", { name: "lock_over", until });
}

/**
 * A thread runs whose wait has ended. If a more urgent one has taken the mutex it was given, it
 * waits for it again, unless it is to end.
 */
export function finishLock(
  k: Kernel,
  thread: Thread,
  how: { until: number | null; result: WaitResult },
): Outcome {
  const { until, result } = how;
  if (result !== "awakened") return finishWith({ k, thread }, waitStatus(result));
  const answer = k.locks.resume(thread);
  if (answer !== "blocked") return finishWith({ k, thread }, STATUS[answer]);
  const object = k.locks.obstacle(thread);
  if (thread.asts.has("terminate") || object === null) {
    k.locks.cancel(thread);
    return fail({ k, thread }, KernReturn.ABORTED);
  }
  k.waitUntil(thread, { kind: "mutex", object, until });
  return blockAt("syscall_continuation", { name: "lock_over", until });
}

function mutexCreate(context: SyscallContext): Outcome {
  const { k, thread, args: [number = 0n, ceiling = 0n] } = context;
  const protocol = MUTEX_PROTOCOLS[Number(number)];
  if (protocol === undefined) return fail(context, KernReturn.INVALID_ARGUMENT);
  const ceils = hasCeiling(protocol);
  if (!ceils && ceiling !== 0n) return fail(context, KernReturn.INVALID_ARGUMENT);
  const options = ceils ? { protocol, ceiling: Number(ceiling) } : { protocol };
  return created(context, () => k.locks.createMutex(thread.task, options));
}

function mutexLock(context: SyscallContext): Outcome {
  const { k, thread, args: [number = 0n, timeout = 0n] } = context;
  return wantObject(context, {
    kind: "mutex",
    number,
    timeout,
    want: (mutex, options) => k.locks.lock(thread, mutex, options),
  });
}

function mutexUnlock(context: SyscallContext, mutex: number): Outcome {
  const { k, thread } = context;
  const done = k.wakeBy(thread, "none", () => k.locks.unlock(thread, mutex)) === "done";
  return finishWith(context, done ? KernReturn.SUCCESS : KernReturn.INVALID_RIGHT);
}

function semaphoreCreate(context: SyscallContext): Outcome {
  const { k, thread, args: [count = 0n, most = 0n] } = context;
  const options = most === 0n
    ? { count: Number(count) }
    : { count: Number(count), most: Number(most) };
  return created(context, () => k.locks.createSemaphore(thread.task, options));
}

function semaphoreWait(context: SyscallContext): Outcome {
  const { k, thread, args: [number = 0n, timeout = 0n] } = context;
  return wantObject(context, {
    kind: "semaphore",
    number,
    timeout,
    want: (semaphore, options) => k.locks.acquire(thread, semaphore, options),
  });
}

function semaphoreSignal(context: SyscallContext, semaphore: number): Outcome {
  const { k, thread } = context;
  const done = k.wakeBy(thread, "none", () => k.locks.release(semaphore)) === "done";
  return finishWith(context, done ? KernReturn.SUCCESS : KernReturn.RESOURCE_SHORTAGE);
}

/** Signals one semaphore and waits for another; who is woken goes on with the caller's work. */
function semaphoreWaitSignal(context: SyscallContext): Outcome {
  const { k, thread, args: [number = 0n, other = 0n, timeout = 0n] } = context;
  const signaled = find(context, other, "semaphore");
  if (signaled === undefined) return fail(context, KernReturn.INVALID_ARGUMENT);
  const want = (semaphore: number, options: { wait: boolean }): ThreadLockAnswer => {
    const blocks = options.wait && semaphore !== signaled && k.locks.summary(semaphore).count === 0;
    const done = k.wakeBy(thread, blocks ? "handoff" : "none", () => k.locks.release(signaled));
    return done === "done" ? k.locks.acquire(thread, semaphore, options) : "overflow";
  };
  return wantObject(context, { kind: "semaphore", number, timeout, want });
}

function conditionCreate(context: SyscallContext): Outcome {
  return created(context, () => context.k.locks.createCondition(context.thread.task));
}

function conditionWait(context: SyscallContext): Outcome {
  const { k, thread, args: [number = 0n, withMutex = 0n, timeout = 0n] } = context;
  const mutex = find(context, withMutex, "mutex");
  if (mutex === undefined) return fail(context, KernReturn.INVALID_ARGUMENT);
  const want = (condition: number, { wait }: { wait: boolean }): ThreadLockAnswer => {
    if (k.locks.owner(mutex) !== thread.id) return "not-owner";
    if (!wait) return "busy";
    return k.wakeBy(thread, "sync", () => k.locks.wait(thread, { condition, mutex }));
  };
  return wantObject(context, { kind: "condition", number, timeout, want });
}

/** A call that has those who wait for a condition go on. */
function signal(options: { all: boolean }): (context: SyscallContext) => Outcome {
  return onObject("condition", (context, condition) => {
    const { k, thread } = context;
    k.wakeBy(thread, "none", () => k.locks.signal(condition, options));
    return finish(context, 0n);
  });
}

/** Calls 40 to 53. */
export const lockSyscalls: SyscallTable = [
  [40, { name: "mutex_create", args: 2, run: mutexCreate }],
  [41, { name: "mutex_destroy", args: 1, run: onObject("mutex", destroy) }],
  [42, { name: "mutex_lock", args: 2, run: mutexLock }],
  [43, { name: "mutex_unlock", args: 1, run: onObject("mutex", mutexUnlock) }],
  [44, { name: "semaphore_create", args: 2, run: semaphoreCreate }],
  [45, { name: "semaphore_destroy", args: 1, run: onObject("semaphore", destroy) }],
  [46, { name: "semaphore_wait", args: 2, run: semaphoreWait }],
  [47, { name: "semaphore_signal", args: 1, run: onObject("semaphore", semaphoreSignal) }],
  [48, { name: "condition_create", args: 0, run: conditionCreate }],
  [49, { name: "condition_destroy", args: 1, run: onObject("condition", destroy) }],
  [50, { name: "condition_wait", args: 3, run: conditionWait }],
  [51, { name: "condition_signal", args: 1, run: signal({ all: false }) }],
  [52, { name: "condition_broadcast", args: 1, run: signal({ all: true }) }],
  [53, { name: "semaphore_wait_signal", args: 3, run: semaphoreWaitSignal }],
];
