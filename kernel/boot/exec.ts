/**
 * Loading a program into its task, from inside the task's first thread: segments and arguments go
 * through copyout, so the pages appear by page faults of the kernel.
 *
 * @module
 */

import { KernelError, KernReturn } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import type { Continuation, LoadProgress } from "../thread/continuation.ts";
import { killCurrent } from "../lifecycle.ts";
import { type Outcome, RETURN } from "../thread/outcome.ts";
import type { Task } from "../thread/task.ts";
import type { Thread } from "../thread/thread.ts";
import type { AddressSpace } from "../vm/address_space.ts";
import { copyout, copyoutPhysical } from "../memory/user_memory.ts";
import { pageCeil, pageFloor, READ_WRITE } from "../vm/vm_map.ts";
import { initialStack } from "./initial_stack.ts";
import type { LoadMode } from "../program/load_mode.ts";
import {
  type BootModule,
  type Program,
  type ProgramSegment,
  STACK_SIZE,
} from "../program/loader.ts";

/**
 * The boot module a task was started from.
 *
 * @throws {KernelError} of kind `misuse` for the kernel's own task
 */
function moduleOf(task: Task): BootModule {
  if (task.module === null) throw new KernelError("misuse", `Cannot load ${task.name}: no module`);
  return task.module;
}

/** The program of a task. */
export function programOf(task: Task): Program {
  return moduleOf(task).program;
}

function spaceOf(task: Task): AddressSpace {
  if (task.space === null) {
    throw new KernelError("misuse", `Cannot load ${task.name}: it has no address space`);
  }
  return task.space;
}

/** Loads the program of a thread's task, then has the thread wait to be started. */
export function execute(
  k: Kernel,
  thread: Thread,
  how: { argv: readonly string[]; load: LoadMode },
): Outcome {
  const end = k.arch.userEnd;
  spaceOf(thread.task).enter({
    begin: end - STACK_SIZE,
    end,
    protection: READ_WRITE,
    object: { kind: "zero" },
  });
  return loadFrom(k, thread, { ...how, index: 0 });
}

/** Loads the segments from an index on, then the arguments. */
function loadFrom(k: Kernel, thread: Thread, progress: LoadProgress): Outcome {
  const { argv, load } = progress;
  const program = programOf(thread.task);
  const { segments } = program;
  for (let index = progress.index; index < segments.length; index++) {
    const segment = segments[index] as ProgramSegment;
    if (load === "demand" && mapFile(thread.task, segment)) continue;
    const then = { name: "exec_segment", argv, load, index } as const;
    return copySegment(k, thread, { segment, then });
  }
  k.events.message("task loaded:");
  const { random } = moduleOf(thread.task);
  const { bytes, sp } = initialStack(argv, { top: k.arch.userEnd, program, random });
  return copyout(k, thread, { address: sp, bytes, then: { name: "exec_arguments", argv, sp } });
}

/** Page-aligned range of a segment. */
function pagesOf(segment: ProgramSegment): { begin: bigint; end: bigint } {
  return {
    begin: pageFloor(segment.address),
    end: pageCeil(segment.address + segment.memorySize),
  };
}

/**
 * Has a segment's pages read from the file when they are touched; returns whether the file's layout
 * allows it.
 */
function mapFile(task: Task, segment: ProgramSegment): boolean {
  const { begin, end } = pagesOf(segment);
  const offset = BigInt(segment.offset) - (segment.address - begin);
  if (offset < 0n || offset % 4096n !== 0n || segment.memorySize !== BigInt(segment.fileSize)) {
    return false;
  }
  spaceOf(task).enter({
    begin,
    end,
    protection: segment.protection,
    object: {
      kind: "file",
      file: moduleOf(task).physical,
      size: segment.offset + segment.fileSize,
      offset: Number(offset),
    },
  });
  return true;
}

/** Copies a segment into fresh pages that may be written for that long. */
function copySegment(
  k: Kernel,
  thread: Thread,
  how: { segment: ProgramSegment; then: Continuation<number> },
): Outcome {
  const { segment, then } = how;
  const { task } = thread;
  const { begin, end } = pagesOf(segment);
  spaceOf(task).enter({ begin, end, protection: READ_WRITE, object: { kind: "zero" } });
  return copyoutPhysical(k, thread, {
    address: segment.address,
    physical: moduleOf(task).physical + BigInt(segment.offset),
    size: segment.fileSize,
    then,
  });
}

/** A segment has been copied: gives it its protection, and goes on with the next. */
export function finishSegment(
  k: Kernel,
  thread: Thread,
  how: { progress: LoadProgress; kr: number },
): Outcome {
  const { progress, kr } = how;
  if (kr !== KernReturn.SUCCESS) return killCurrent(k, thread, "cannot load its segments");
  const segment = programOf(thread.task).segments[progress.index] as ProgramSegment;
  const { begin, end } = pagesOf(segment);
  const { protection } = segment;
  const space = spaceOf(thread.task);
  space.protect(begin, { end, protection });
  return loadFrom(k, thread, { ...progress, index: progress.index + 1 });
}

/** The arguments have been copied: the thread can be started. */
export function finishLoading(
  k: Kernel,
  thread: Thread,
  how: { argv: readonly string[]; sp: bigint; kr: number },
): Outcome {
  const { argv, sp, kr } = how;
  if (kr !== KernReturn.SUCCESS) return killCurrent(k, thread, "cannot write its arguments");
  k.events.message(` ${argv.join(" ")}`);
  const { entry } = programOf(thread.task);
  k.userFrame(thread).initializeUser({ pc: entry, sp, argument: 0n });
  thread.becomeReadyForUser();
  thread.postAst("suspend");
  thread.task.becomeLoaded();
  k.wake("startup");
  return RETURN;
}
