/**
 * What threads are doing, in words and as plain data: for logs, tests and whoever looks at a
 * machine.
 *
 * @module
 */

import type { ContinuationName, Wait } from "./continuation.ts";
import type { Thread, ThreadState } from "./thread.ts";

/** A thread at one instant. */
export interface ThreadSummary {
  /** Its number. */
  readonly id: number;
  /** Name of its task. */
  readonly task: string;
  /** Guest address of its thread object. */
  readonly address: bigint;
  /** Where it is. */
  readonly state: ThreadState;
  /** Number of the CPU it runs on, or `null`. */
  readonly cpu: number | null;
  /** What it waits for, or `null`. */
  readonly wait: Wait | null;
  /** What the kernel does when it runs next, or `null` while it runs or is dead. */
  readonly continuation: ContinuationName | null;
  /** Label of the guest kernel where it starts then; `null` if it goes on on the stack it kept. */
  readonly label: string | null;
  /** What takes the results of the guest's routines under way on its stack, innermost last. */
  readonly calls: readonly ContinuationName[];
  /** Instructions it has run. */
  readonly runTime: number;
}

/** A thread at this instant. */
export function summarize(thread: Thread): ThreadSummary {
  const { id, task, address, state, cpu, wait, resume, label, calls, runTime } = thread;
  return {
    id,
    task: task.name,
    address,
    state,
    cpu,
    wait,
    continuation: resume?.name ?? null,
    label,
    calls: calls.map(({ name }) => name),
    runTime,
  };
}

/** A thread: where it is, what for, and how it goes on. One line. */
export function describeThread(thread: Thread): string {
  const { id, task, state, wait, resume, runTime } = thread;
  const waits = wait === null ? "" : ` on ${describeWait(wait)}`;
  const next = resume === null ? "" : `, goes on with ${resume.name}`;
  return `Thread ${id} of ${task.name}: ${state}${waits}${next}, ${runTime} instructions`;
}

/** What a thread waits for: a few words. */
export function describeWait(wait: Wait): string {
  switch (wait.kind) {
    case "queue":
      return `the queue ${wait.queue}`;
    case "time":
      return `time ${wait.until}`;
    case "futex":
      return `a change at 0x${wait.address.toString(16)}${untilTime(wait.until)}`;
    case "mutex":
    case "semaphore":
    case "condition":
      return `${wait.kind} ${wait.object}${untilTime(wait.until)}`;
    case "release":
      return `the release of its next job at ${wait.until}`;
    case "task":
      return `the end of task ${wait.task}`;
    case "page":
      return `the page at 0x${wait.address.toString(16)}`;
    case "resume":
      return "its task to be resumed";
    case "stack":
      return "a kernel stack";
  }
}

function untilTime(until: number | null): string {
  return until === null ? "" : ` until time ${until}`;
}
