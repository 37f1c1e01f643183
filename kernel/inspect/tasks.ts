/**
 * Tasks at one instant, as plain data.
 *
 * @module
 */

import type { Kernel } from "../kernel.ts";
import type { Task, TaskStatus } from "../thread/task.ts";
import type { VmProtection } from "../vm/vm_map.ts";

/** A range of a task's address space. */
export interface MappingSummary {
  /** First address. */
  readonly begin: bigint;
  /** One past the last. */
  readonly end: bigint;
  /** What it allows, as `r-x`. */
  readonly protection: string;
  /** Whether its pages come from the task's file, or begin as zeros. */
  readonly from: "file" | "zeros";
}

/** A task at one instant. */
export interface TaskSummary {
  /** Its number; 0 is the kernel's own. */
  readonly id: number;
  /** Its name. */
  readonly name: string;
  /** At which privilege its program runs. */
  readonly mode: "user" | "kernel";
  /** How it ended, or `null` while it lives. */
  readonly status: TaskStatus | null;
  /** Whether it is suspended. */
  readonly suspended: boolean;
  /** Numbers of its threads; dead ones are in the list until they are reaped. */
  readonly threads: readonly number[];
  /** Pages of its own address space that are in memory. */
  readonly residentPages: number;
  /** What is mapped in its own address space, in address order. */
  readonly mappings: readonly MappingSummary[];
}

/** All tasks at this instant, dead ones too, by number. */
export function summarizeTasks(k: Kernel): TaskSummary[] {
  return k.tasks.map(summarizeTask);
}

function summarizeTask(task: Task): TaskSummary {
  const { id, name, status, suspended, space, threads } = task;
  return {
    id,
    name,
    mode: space === null ? "kernel" : "user",
    status,
    suspended,
    threads: [...threads],
    residentPages: space?.residentCount ?? 0,
    mappings: (space?.entries ?? []).map(({ begin, end, protection, object }) => ({
      begin,
      end,
      protection: protectionLetters(protection),
      from: object.kind === "file" ? "file" : "zeros",
    })),
  };
}

/** As `r-x`. */
export function protectionLetters({ read, write, execute }: VmProtection): string {
  return (read ? "r" : "-") + (write ? "w" : "-") + (execute ? "x" : "-");
}
