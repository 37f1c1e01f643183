/**
 * Kernel-mode tasks: programs that run at the kernel's privilege in the kernel's address space, as
 * every task of Theseus does. Their pages are in the kernel half, their stacks are kernel stacks,
 * and they call the kernel by the same system calls.
 *
 * @module
 */

import { KernelError } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import type { ProgramStart } from "../thread/continuation.ts";
import { blockKeepingStack, call, type Outcome } from "../thread/outcome.ts";
import type { Thread } from "../thread/thread.ts";
import { writeKernel } from "../memory/kernel_memory.ts";
import { loadProgram } from "../memory/program_pages.ts";
import { programOf } from "./exec.ts";
import { initialStack } from "./initial_stack.ts";

/** What the routine that starts a program may still push on the stack above the arguments. */
const STACK_GAP = 64n;

/** Loads the program of a thread's kernel-mode task, and has the thread wait to be started. */
export function executeInKernel(k: Kernel, thread: Thread, argv: readonly string[]): Outcome {
  const { task } = thread;
  loadProgram(k, task, programOf(task));
  k.events.message(`task loaded: ${argv.join(" ")}\n`);
  task.becomeLoaded();
  thread.waitFor({ kind: "resume" });
  k.wake("startup");
  return blockKeepingStack({ name: "kernel_enter", argv });
}

/** Starts the program of a thread on its own kernel stack, with arguments. */
export function enterKernelProgram(k: Kernel, thread: Thread, argv: readonly string[]): Outcome {
  if (thread.stack === null) throw new KernelError("misuse", `Thread ${thread.id} has no stack`);
  const program = programOf(thread.task);
  const top = k.stackPool.top(thread.stack) - STACK_GAP;
  const { bytes, sp } = initialStack(argv, { top, program });
  writeKernel(k, sp, bytes);
  return enterAt(thread, { pc: program.entry, sp, argument: 0n });
}

/** Starts kernel-mode code of a thread. */
export function enterAt(thread: Thread, start: ProgramStart): Outcome {
  thread.becomeReadyForUser();
  thread.discardCalls();
  // The routine does not return: what it starts ends by a system call.
  return call("enter_program", [start.pc, start.sp, start.argument], { name: "return" });
}
