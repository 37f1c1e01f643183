/**
 * The files of a machine that debuggers may read: the kernel's image and the programs of its tasks.
 * There are no others: a name is never one of the host's.
 *
 * @module
 */

import type { Machine } from "../../../kernel/machine.ts";
import { KERNEL_PROCESS } from "../names.ts";

const KERNEL_FILE = "/boot/kernel";
const TASK_FILE = /^\/tasks\/(\d{1,9})\/(.+)$/;

/** Name of the file that a process runs; `undefined` if it has none. */
export function programOf({ kernel }: Machine, process: number): string | undefined {
  if (process === KERNEL_PROCESS) return KERNEL_FILE;
  const task = kernel.tasks[process];
  return task === undefined || task.module === null
    ? undefined
    : `/tasks/${process}/${task.name.split("/").at(-1)}`;
}

/** The bytes of a file; `undefined` if there is none of that name. */
export function fileBytes(machine: Machine, name: string): Uint8Array | undefined {
  if (name === KERNEL_FILE) return machine.kernel.arch.image.bytes;
  const process = Number(TASK_FILE.exec(name)?.[1] ?? NaN);
  return programOf(machine, process) === name
    ? machine.kernel.tasks[process]?.module?.bytes
    : undefined;
}
