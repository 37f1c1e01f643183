/**
 * Kernel-mode tasks: programs that run at the kernel's privilege in the kernel's address space, as every task of Theseus does. Their
 * pages are in the kernel half, their stacks are kernel stacks, and they call the kernel by the same system calls.
 *
 * @module
 */

import { PAGE_SIZE } from "../../arch/physical_memory.ts";
import { KernelError } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import type { ProgramStart } from "../thread/continuation.ts";
import { blockKeepingStack, call, type Outcome } from "../thread/outcome.ts";
import type { Task } from "../thread/task.ts";
import type { Thread } from "../thread/thread.ts";
import { writeKernel } from "../vm/kernel_memory.ts";
import { pageCeil, pageFloor } from "../vm/vm_map.ts";
import { programOf } from "./exec.ts";
import { initialStack } from "./initial_stack.ts";
import type { Program, ProgramSegment } from "./loader.ts";

const PAGE = BigInt(PAGE_SIZE);

/** What the routine that starts a program may still push on the stack above the arguments. */
const STACK_GAP = 64n;

/** Loads the program of a thread's kernel-mode task, and has the thread wait to be started. */
export function executeInKernel(k: Kernel, thread: Thread, argv: readonly string[]): Outcome {
  const { task } = thread;
  loadKernelProgram(k, task, programOf(task));
  k.events.message(`task loaded: ${argv.join(" ")}\n`);
  task.becomeLoaded();
  thread.waitFor({ kind: "resume" });
  k.wake("startup");
  return blockKeepingStack({ name: "kernel_enter", argv });
}

/**
 * Maps the program of a kernel-mode task.
 * @throws {KernelError} of kind `program` if another task's program is in the way
 */
function loadKernelProgram(k: Kernel, task: Task, program: Program): void {
  for (const segment of program.segments) {
    for (const page of pagesOf(segment)) {
      if (k.kernelSpace.pageBytes(page) !== undefined) {
        throw new KernelError(
          "program",
          `Cannot load ${task.name}: a kernel-mode task has its program at 0x${page.toString(16)}`,
          { address: page },
        );
      }
    }
  }
  for (const segment of program.segments) {
    for (const page of pagesOf(segment)) loadPage(k, { task, segment, page });
  }
  k.flushTranslations();
}

function* pagesOf(segment: ProgramSegment): Generator<bigint> {
  const end = pageCeil(segment.address + segment.memorySize);
  for (let page = pageFloor(segment.address); page < end; page += PAGE) yield page;
}

function loadPage(
  k: Kernel,
  place: { task: Task; segment: ProgramSegment; page: bigint },
): void {
  const { task, segment, page } = place;
  const physical = k.pageFrames.allocate();
  const bytes = k.memory.slice(physical, PAGE_SIZE);
  const begin = segment.address > page ? segment.address : page;
  const fileEnd = segment.address + BigInt(segment.fileSize);
  const end = fileEnd < page + PAGE ? fileEnd : page + PAGE;
  if (begin < end && task.module !== null) {
    const from = segment.offset + Number(begin - segment.address);
    bytes.set(task.module.bytes.subarray(from, from + Number(end - begin)), Number(begin - page));
  }
  // The page frame may have held code before, of which the CPUs may keep translations.
  k.flushCode(physical, PAGE_SIZE);
  const { write, execute } = segment.protection;
  k.kernelSpace.mapProgramPage(page, { physical, write, execute });
  task.addProgramPage(page);
}

/** Frees the pages of a dead task's program. */
export function unloadKernelProgram(k: Kernel, task: Task): void {
  for (const page of task.takeProgramPages()) {
    const physical = k.kernelSpace.unmapPage(page);
    if (physical !== undefined) k.pageFrames.free(physical);
  }
  k.flushTranslations();
}

/** Starts the program of a thread on its own kernel stack, with arguments. */
export function enterKernelProgram(k: Kernel, thread: Thread, argv: readonly string[]): Outcome {
  if (thread.stack === null) throw new KernelError("misuse", `Thread ${thread.id} has no stack`);
  const { bytes, sp } = initialStack(argv, k.stackPool.top(thread.stack) - STACK_GAP);
  writeKernel(k, sp, bytes);
  return enterAt(thread, { pc: programOf(thread.task).entry, sp, argument: 0n });
}

/** Starts kernel-mode code of a thread. */
export function enterAt(thread: Thread, start: ProgramStart): Outcome {
  thread.becomeReadyForUser();
  thread.discardCalls();
  // The routine does not return: what it starts ends by a system call.
  return call("enter_program", [start.pc, start.sp, start.argument], { name: "return" });
}
