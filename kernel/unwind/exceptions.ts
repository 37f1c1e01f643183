/**
 * Unwindings that the program did not ask for: CPU exceptions and kill requests.
 *
 * @module
 */

import type { TrapFrame } from "../../arch/arch.ts";
import { PAGE_SIZE } from "../../arch/physical_memory.ts";
import { EXCEPTION_OBJECT } from "../../unwind/exception/mod.ts";
import { KernReturn } from "../errors.ts";
import { zeroedFrame } from "../vm/memory.ts";
import type { Kernel } from "../kernel.ts";
import { killCurrent } from "../thread/lifecycle.ts";
import type { Outcome } from "../thread/outcome.ts";
import { startUnwinding, type UnwindCause } from "./panic.ts";
import type { Task } from "../thread/task.ts";
import { hasCleanups, programFrame, writeTaskWord } from "./unwind_stack.ts";
import { READ_WRITE } from "../vm/vm_map.ts";

const PAGE = BigInt(PAGE_SIZE);

/** Class of the exception objects the kernel makes: "TRAPKERN". */
const KERNEL_CLASS = 0x5452_4150_4b45_524en;

/** Offset of an exception object in its page: below it there is room for what a language's runtime keeps with it. */
const OBJECT_OFFSET = 1024n;

/** Where such pages are put. */
const OBJECT_BASE = 0x2000_0000n;

/**
 * A CPU exception of the current thread that nothing resolves: its stack is unwound if its program has anything to clean up, else its
 * task ends at once.
 */
export function raiseException(k: Kernel, frame: TrapFrame, reason: string): Outcome {
  const { task } = k.current;
  if (!hasCleanups(task)) return killCurrent(k, reason);
  return unwindForKernel(k, { frame, cause: "exception", reason });
}

/** Unwinds the current thread because it is to be killed. */
export function forceUnwind(k: Kernel, reason: string): Outcome {
  return unwindForKernel(k, { frame: programFrame(k), cause: "kill", reason });
}

/** Makes the exception object landing pads hand on, in a page of the task, and starts. */
function unwindForKernel(
  k: Kernel,
  unwind: { frame: TrapFrame; cause: UnwindCause; reason: string },
): Outcome {
  const { frame, cause, reason } = unwind;
  const { task } = k.current;
  return zeroedFrame(k, (physical) => {
    const made = physical === null ? null : mapObject(k, task, physical);
    if (made === null) return killCurrent(k, reason);
    const object = made.page + OBJECT_OFFSET;
    const { exceptionClass, private2 } = EXCEPTION_OBJECT;
    writeTaskWord(k, { task, address: object + exceptionClass }, KERNEL_CLASS);
    // This tells the runtime that no handler can end the unwinding.
    if (cause === "kill") writeTaskWord(k, { task, address: object + private2 }, 1n);
    return startUnwinding(k, frame, {
      cause,
      reason,
      object,
      exception: { exceptionClass: KERNEL_CLASS },
      release: made.release,
    });
  });
}

/** Puts a frame into a task's memory, for an exception object. The frame is freed if there is no room. */
function mapObject(
  k: Kernel,
  task: Task,
  physical: bigint,
): { page: bigint; release: () => void } | null {
  const { space } = task;
  if (space === null) {
    return { page: k.space.virtual(physical), release: () => k.frames.free(physical) };
  }
  const page = space.map.findSpace(OBJECT_BASE, PAGE) ?? 0n;
  const end = page + PAGE;
  const object = { kind: "zero" } as const;
  const kr = space.map.enter({ begin: page, end, protection: READ_WRITE, object });
  if (kr !== KernReturn.SUCCESS) {
    k.frames.free(physical);
    return null;
  }
  space.enter(page, { frame: physical, protection: READ_WRITE, clean: false });
  return {
    page,
    release: () => {
      space.map.remove(page, end);
      space.remove(page, end);
    },
  };
}
