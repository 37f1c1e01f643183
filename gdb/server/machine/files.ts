/**
 * The files of a machine that debuggers may read: the kernel's image, the programs of its tasks, and
 * what Linux has of them in /proc: maps, of which gdb writes core files, and command lines.
 * There are no others: a name is never one of the host's.
 *
 * @module
 */

import { memorySegments } from "../../../kernel/core/memory.ts";
import type { Machine } from "../../../kernel/machine.ts";
import { KERNEL_PROCESS } from "../names.ts";

const KERNEL_FILE = "/boot/kernel";
const PROC_FILE = /^\/proc\/(\d{1,9})\/(maps|cmdline)$/;
const PROC_EXE = /^\/proc\/(\d{1,9})\/exe$/;
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
  const [, number, what] = PROC_FILE.exec(name) ?? [];
  if (number !== undefined) {
    return what === "maps" ? mapOf(machine, Number(number)) : argumentsOf(machine, Number(number));
  }
  const process = Number(TASK_FILE.exec(name)?.[1] ?? NaN);
  return programOf(machine, process) === name
    ? machine.kernel.tasks[process]?.module?.bytes
    : undefined;
}

/** What a symbolic link leads to; `undefined` if there is none of that name. */
export function linkTarget(machine: Machine, name: string): string | undefined {
  return programOf(machine, Number(PROC_EXE.exec(name)?.[1] ?? NaN));
}

/** The command line of a process: each argument ends with a zero byte. */
function argumentsOf({ kernel }: Machine, process: number): Uint8Array | undefined {
  const line = kernel.tasks[process]?.module?.commandLine;
  return line === undefined
    ? undefined
    : new TextEncoder().encode(`${line.replaceAll(" ", "\0")}\0`);
}

/** What is mapped in a process's memory (proc_pid_maps(5)): none of it is the host's file. */
function mapOf({ kernel }: Machine, process: number): Uint8Array | undefined {
  const task = kernel.tasks[process];
  if (task === undefined || task.space === null || task.reaped) return undefined;
  const lines = memorySegments(kernel, task.space).map(({ address, size, flags }) => {
    const allows = [4, 2, 1].map((bit, i) => (flags & bit) === 0 ? "-" : "rwx"[i]).join("");
    return `${address.toString(16)}-${(address + size).toString(16)} ${allows}p 00000000 00:00 0\n`;
  });
  return new TextEncoder().encode(lines.join(""));
}
