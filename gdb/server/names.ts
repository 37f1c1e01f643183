/**
 * How debuggers name what runs in a machine: a process for each task and one for the kernel.
 *
 * @module
 */

import { CPU_CONTEXT } from "../../kernel/inspect/kernel_contexts.ts";
import type { Thread } from "../../kernel/thread/thread.ts";

/** The kernel's process. Tasks are processes by their own numbers, and 0 stands for any. */
export const KERNEL_PROCESS = 1_000_000;

/** A thread as debuggers name it. */
export interface ThreadName {
  /** Number of its task, or {@linkcode KERNEL_PROCESS}. */
  readonly process: number;
  /** Number of the thread, or that of a context in the kernel's process. */
  readonly thread: number;
}

/** Whether two names are the same. */
export function isSameName(a: ThreadName, b: ThreadName): boolean {
  return a.process === b.process && a.thread === b.thread;
}

/** Whether a name is that of a thread's program. */
export function isNameOf({ process, thread }: ThreadName, { id, task }: Thread): boolean {
  return id === thread && task.id === process;
}

/** The CPU itself. */
export const THE_CPU: ThreadName = { process: KERNEL_PROCESS, thread: CPU_CONTEXT };
