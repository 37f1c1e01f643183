/**
 * How threads and tasks end.
 *
 * @module
 */

import type { Kernel } from "./kernel.ts";
import { EXIT, type Outcome } from "./outcome.ts";
import type { Task, TaskStatus } from "./task.ts";
import type { Thread } from "./thread.ts";

/** Takes a thread out of the game; the reaper frees what it held. The last thread of a task takes the task with it. */
export function retire(k: Kernel, thread: Thread): void {
  if (thread.state === "dead") return;
  if (thread.state === "ready") k.policy.dequeue(thread.id);
  thread.cancelWait?.();
  thread.cancelWait = null;
  const stackless = k.stackless.indexOf(thread);
  if (stackless >= 0) k.stackless.splice(stackless, 1);
  const sleeper = k.sleepers.findIndex((entry) => entry.thread === thread);
  if (sleeper >= 0) k.sleepers.splice(sleeper, 1);
  thread.state = "dead";
  thread.pending.length = 0;
  thread.kernelTraps.length = 0;
  thread.resume = null;
  if (k.fpOwner === thread) k.fpOwner = null;
  k.events.emit({ type: "thread-exit", task: thread.task.name, thread: thread.address });
  k.deadThreads.push(thread);
  k.queues.reaper.wakeAll();
  const { task } = thread;
  if (task.status === null && [...task.threads].every((other) => other.state === "dead")) {
    setStatus(k, task, { kind: "exit", code: 0 });
  }
}

/**
 * Ends a task: all its threads but the current one at once, the current one by the returned outcome.
 * @returns what the current thread does next: exit if it belongs to the task
 */
export function endTask(
  k: Kernel,
  task: Task,
  options: { status: TaskStatus; otherwise: Outcome },
): Outcome {
  if (task.status === null) setStatus(k, task, options.status);
  for (const thread of task.threads) {
    if (thread !== k.current) retire(k, thread);
  }
  return k.current.task === task ? EXIT : options.otherwise;
}

/** Ends the current thread's task because of something it did. */
export function killCurrent(k: Kernel, reason: string): Outcome {
  return endTask(k, k.current.task, { status: { kind: "killed", reason }, otherwise: EXIT });
}

function setStatus(k: Kernel, task: Task, status: TaskStatus): void {
  task.status = status;
  k.events.emit(
    status.kind === "exit"
      ? { type: "task-exit", task: task.name, thread: 0n, code: status.code }
      : { type: "task-exit", task: task.name, thread: 0n, reason: status.reason },
  );
  for (const waiter of task.waiters) k.makeReady(waiter);
  task.waiters.clear();
  k.queues.startup.wakeAll();
}
