/**
 * How threads and tasks end.
 *
 * @module
 */

import type { Kernel } from "../kernel.ts";
import { EXIT, type Outcome, RETURN } from "./outcome.ts";
import type { Task, TaskStatus } from "./task.ts";
import type { Thread } from "./thread.ts";
import { hasCleanups } from "../unwind/unwind_stack.ts";

/** Takes a thread out of the game; the reaper frees what it held. The last thread of a task takes the task with it. */
export function retire(k: Kernel, thread: Thread): void {
  if (thread.state === "dead") return;
  if (thread.state === "ready") k.policy.dequeue(thread.id);
  k.policy.dequeue(thread.id); // not ready any more: the policy forgets it
  thread.cancelWait?.();
  thread.cancelWait = null;
  const stackless = k.stackless.indexOf(thread);
  if (stackless >= 0) k.stackless.splice(stackless, 1);
  thread.state = "dead";
  thread.pending.length = 0;
  thread.kernelTraps.length = 0;
  thread.resume = null;
  thread.unwinds.length = 0;
  thread.caught.length = 0;
  if (k.fpOwner === thread) k.fpOwner = null;
  k.events.emit({ type: "thread-exit", task: thread.task.name, thread: thread.address });
  k.deadThreads.push(thread);
  k.queues.reaper.wakeAll();
  const { task } = thread;
  if (task.status === null && [...task.threads].every((other) => other.state === "dead")) {
    setStatus(k, task, task.ending ?? { kind: "exit", code: 0 });
  }
}

/**
 * Ends a task: all its threads but the current one, the current one by the returned outcome. The threads of a task that is killed are
 * unwound first if its program has anything to clean up; the task has ended when the last of them is gone.
 * @returns what the current thread does next: exit if it belongs to the task
 */
export function endTask(
  k: Kernel,
  task: Task,
  options: { status: TaskStatus; otherwise: Outcome; currentUnwinds?: boolean },
): Outcome {
  const { status } = options;
  task.ending ??= status;
  let unwinding = options.currentUnwinds ?? false;
  for (const thread of task.threads) {
    if (thread === k.current || thread.state === "dead") continue;
    if (status.kind === "killed" && requestUnwind(k, thread, status.reason)) unwinding = true;
    else retire(k, thread);
  }
  if (task.status === null && !unwinding) setStatus(k, task, task.ending);
  return k.current.task === task && !options.currentUnwinds ? EXIT : options.otherwise;
}

/** Asks for a task to be killed, by request of the current thread; goes on with `otherwise` as far as that thread is concerned. */
export function killTask(
  k: Kernel,
  task: Task,
  options: { reason: string; otherwise: Outcome },
): Outcome {
  const { reason, otherwise } = options;
  const currentUnwinds = k.current.task === task && requestUnwind(k, k.current, reason);
  return endTask(k, task, { status: { kind: "killed", reason }, otherwise, currentUnwinds });
}

/** Has a thread unwound on its next way to user mode. Returns whether it has anything to unwind. */
function requestUnwind(k: Kernel, thread: Thread, reason: string): boolean {
  if (!thread.userReady || !hasCleanups(thread.task)) return false;
  if (thread.killReason !== null) return true;
  thread.killReason = reason;
  thread.asts.add("terminate");
  if (thread.state !== "blocked") return true;
  if (thread.suspended) {
    thread.suspended = false;
    k.makeReady(thread);
  } else if (thread.cancelWait !== null) {
    thread.cancelWait();
    if (thread.continuation === "syscall_continuation") thread.resume = () => RETURN;
    k.makeReady(thread);
  }
  return true;
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
