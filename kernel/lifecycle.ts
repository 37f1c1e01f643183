/**
 * How threads and tasks end.
 *
 * @module
 */

import { completeJob } from "./jobs.ts";
import type { Kernel } from "./kernel.ts";
import { EXIT, type Outcome } from "./thread/outcome.ts";
import type { Task, TaskStatus } from "./thread/task.ts";
import type { Thread } from "./thread/thread.ts";

/**
 * Takes a thread out of the game, by the doing of another or its own; the reaper frees what it held.
 * The last thread of a task takes the task with it.
 */
export function retire(k: Kernel, thread: Thread, by: Thread = thread): void {
  if (thread.state === "dead") return;
  k.wakeBy(by, by === thread ? "sync" : "none", () => takeOut(k, thread));
}

function takeOut(k: Kernel, thread: Thread): void {
  k.locks.forget(thread);
  if (thread.task.ending?.kind !== "killed" && thread.killReason === null) completeJob(k, thread);
  k.timers.forget(thread.id);
  k.policy.forget(thread.id);
  k.cancelWait(thread);
  k.stacks.cancel(thread);
  thread.die();
  for (const on of k.cpus) on.forget(thread);
  k.events.emit({ type: "thread-exit", task: thread.task.name, thread: thread.address });
  k.deadThreads.push(thread);
  k.wake("reaper");
  const { task } = thread;
  if (task.status === null && k.threadsOf(task).every((other) => other.state === "dead")) {
    setStatus(k, task, task.ending ?? { kind: "exit", code: 0 });
  }
}

/**
 * Ends a task, by the doing of a thread: all its threads but that one, that one by the returned
 * outcome. The threads of a task that is killed are unwound first if its program has anything to
 * clean up; the task has ended when the last of them is gone.
 * @returns what the thread does next: exit if it belongs to the task
 */
export function endTask(
  k: Kernel,
  task: Task,
  options: {
    by: Thread;
    status: TaskStatus;
    otherwise: Outcome;
    unwindsItself?: boolean;
    atOnce?: boolean;
  },
): Outcome {
  const { by, status, otherwise, unwindsItself = false, atOnce = false } = options;
  const ending = task.end(status);
  let unwinding = unwindsItself;
  for (const thread of k.threadsOf(task)) {
    if (thread === by || thread.state === "dead") continue;
    const asks = status.kind === "killed" && !atOnce;
    if (asks && requestUnwind(k, thread, status.reason)) unwinding = true;
    else retire(k, thread, by);
  }
  const exits = by.task === task && !unwindsItself;
  if (task.status === null && !unwinding) {
    k.wakeBy(by, exits ? "sync" : "none", () => setStatus(k, task, ending));
  }
  return exits ? EXIT : otherwise;
}

/**
 * Asks for a task to be killed, by request of a thread; goes on with `otherwise` as far as that
 * thread is concerned. A task that is about to end already does so at once: its cleanups may never
 * return.
 */
export function killTask(
  k: Kernel,
  task: Task,
  options: { by: Thread; reason: string; otherwise: Outcome },
): Outcome {
  const { by, reason, otherwise } = options;
  const atOnce = task.ending !== null;
  const unwindsItself = !atOnce && by.task === task && requestUnwind(k, by, reason);
  const status = { kind: "killed", reason } as const;
  return endTask(k, task, { by, status, otherwise, unwindsItself, atOnce });
}

/** Has a thread unwound on its next way to user mode. Returns whether it has anything to unwind. */
function requestUnwind(k: Kernel, thread: Thread, reason: string): boolean {
  if (!thread.userReady || !thread.task.code.hasCleanups) return false;
  if (thread.killReason !== null) return true;
  thread.requestKill(reason);
  if (thread.state === "blocked") interrupt(k, thread);
  return true;
}

/** Ends a wait that can be ended before what is waited for has come about. */
function interrupt(k: Kernel, thread: Thread): void {
  const { wait } = thread;
  if (wait === null || wait.kind === "page" || wait.kind === "stack") return;
  k.cancelWait(thread);
  if (thread.label === "syscall_continuation") thread.redirect({ name: "return" });
  k.makeReady(thread, "interrupted");
}

/** Ends a thread's task because of something the thread did. */
export function killCurrent(k: Kernel, thread: Thread, reason: string): Outcome {
  const status = { kind: "killed", reason } as const;
  return endTask(k, thread.task, { by: thread, status, otherwise: EXIT });
}

function setStatus(k: Kernel, task: Task, status: TaskStatus): void {
  const waiters = task.die(status);
  k.events.emit(
    status.kind === "exit"
      ? { type: "task-exit", task: task.name, thread: 0n, code: status.code }
      : { type: "task-exit", task: task.name, thread: 0n, reason: status.reason },
  );
  for (const waiter of waiters) k.makeReady(k.thread(waiter));
  k.wake("startup");
}
