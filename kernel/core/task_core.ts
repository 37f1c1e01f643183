/**
 * A core file of one task, as Linux would have written it of a process: `core(5)`, and for what is
 * in which note `fs/binfmt_elf.c` of the kernel.
 *
 * @module
 */

import { PAGE_SIZE } from "../../arch/physical_memory.ts";
import { type CoreNote, encodeCore } from "../../elf/mod.ts";
import { auxiliaryVector } from "../boot/initial_stack.ts";
import { KernelError } from "../errors.ts";
import { programRegister } from "../inspect/registers.ts";
import type { Kernel } from "../kernel.ts";
import type { PerCpu } from "../per_cpu.ts";
import type { BootModule } from "../program/loader.ts";
import type { AddressSpace } from "../vm/address_space.ts";
import type { Task } from "../thread/task.ts";
import type { Thread } from "../thread/thread.ts";
import { deathOf } from "./death.ts";
import { fpStateOf } from "./fp_state.ts";
import { memorySegments, programMappings } from "./memory.ts";
import {
  auxv,
  extraRegisters,
  fileMappings,
  fpregset,
  prpsinfo,
  prstatus,
  siginfo,
} from "./notes.ts";

/** A task that a core file can be written of. */
interface Dumped {
  readonly space: AddressSpace;
  readonly module: BootModule;
  /** The one that dies or runs first. */
  readonly threads: readonly [Thread, ...Thread[]];
}

/**
 * The bytes of a core file of a task as it is now.
 *
 * @param options `file` is the name under which debuggers find the program's file
 * @throws {KernelError} of kind `misuse` if the task has no address space of its own, no thread
 *   with a program, or if its memory has been freed
 */
export function taskCore(
  k: Kernel,
  task: Task,
  options: { readonly file?: string } = {},
): Uint8Array<ArrayBuffer> {
  const { space, module, threads: [first, ...others] } = dumped(k, task);
  const process = Math.min(...[first, ...others].map(({ id }) => id));
  // As on Linux every thread has it: readers take any thread's for the process's.
  const { signal, info } = deathOf(k, first);
  const mappings = programMappings(module.program.segments);
  const { file = task.name } = options;
  // As on Linux the file's name, by which gdb tells whether a program is the one of a core.
  const name = file.split("/").at(-1) ?? file;
  return encodeCore({
    machine: k.arch.elfMachine,
    notes: [
      status(k, first, { process, signal }),
      prpsinfo({ process, name, args: module.commandLine }),
      ...(info === undefined ? [] : [siginfo(info)]),
      auxv(auxiliaryVector(module.program, { top: k.arch.userEnd, random: module.random })),
      fileMappings([{ name: file, mappings }], PAGE_SIZE),
      ...floatingPoint(k, first),
      ...others.flatMap((thread) => [
        status(k, thread, { process, signal }),
        ...floatingPoint(k, thread),
      ]),
    ],
    segments: memorySegments(k, space),
  });
}

function dumped(k: Kernel, task: Task): Dumped {
  const refuse = (why: string) =>
    new KernelError("misuse", `Cannot write a core of task ${task.id} ${task.name}: ${why}`);
  const { space, module } = task;
  if (space === null || module === null) {
    throw refuse("it has no address space of its own, expected a task in user mode");
  }
  if (task.reaped) throw refuse("it has ended, and its memory has been freed");
  const [first, ...others] = programThreads(k, task);
  if (first === undefined) throw refuse("none of its threads has begun to run, or all have ended");
  return { space, module, threads: [first, ...others] };
}

/** The threads of a task that have a program, the one that debuggers take for the task's first. */
export function programThreads(k: Kernel, task: Task): Thread[] {
  const able = k.threadsOf(task).filter(({ userReady }) => userReady);
  const alive = able.filter(({ state }) => state !== "dead");
  // Of a task that is being ended those whose registers are still there count.
  return (task.ending === null ? alive : able)
    .toSorted((a, b) => rank(a) - rank(b) || a.id - b.id);
}

/** The thread that debuggers take for the one a core file is about comes first. */
function rank(thread: Thread): number {
  if (thread.state === "running") return 0;
  return thread.unwinds.innermost === undefined ? 2 : 1;
}

function status(
  k: Kernel,
  thread: Thread,
  of: { readonly process: number; readonly signal: number },
): CoreNote {
  const read = programRegister(k, thread);
  const held = threadRegisters(k, thread);
  const registers = k.arch.core.general.map((name) =>
    name === null ? (1n << 64n) - 1n : held[name] ?? read(name)
  );
  return prstatus({ thread: thread.id, registers, ...of });
}

/**
 * What no trap frame has of a thread's program: the CPU's if they are the thread's, else those of
 * the thread object.
 */
export function threadRegisters(k: Kernel, thread: Thread): Readonly<Record<string, bigint>> {
  const on = k.cpus.find((each) => each.holdsRegistersOf(thread));
  return on === undefined
    ? (k.cpus[0] as PerCpu).cpu.threadRegisters(thread.address)
    : on.cpu.threadRegisters();
}

function floatingPoint(k: Kernel, thread: Thread): CoreNote[] {
  const { core } = k.arch;
  const held = threadRegisters(k, thread);
  return [
    fpregset(core.fpState(fpStateOf(k, thread))),
    ...core.extra.map(({ type, registers }) =>
      extraRegisters(type, registers.map((name) => held[name] ?? 0n))
    ),
  ];
}
