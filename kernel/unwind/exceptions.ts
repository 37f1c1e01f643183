/**
 * Unwindings that the program did not ask for: CPU exceptions and kill requests.
 *
 * @module
 */

import type { TrapFrame } from "../../arch/arch.ts";
import { EXCEPTION_OBJECT } from "../../unwind/exception/mod.ts";
import type { Kernel } from "../kernel.ts";
import type { FrameResult } from "../thread/continuation.ts";
import { killCurrent } from "../lifecycle.ts";
import type { Outcome } from "../thread/outcome.ts";
import type { Thread } from "../thread/thread.ts";
import { zeroedFrame } from "../memory/supply.ts";
import { mapObject } from "../memory/exception_page.ts";
import { startUnwinding } from "./panic.ts";
import { programFrame, writeTaskWord } from "./unwind_stack.ts";

/** Class of the exception objects the kernel makes: "TRAPKERN". */
const KERNEL_CLASS = 0x5452_4150_4b45_524en;

/**
 * Offset of an exception object in its page: below it there is room for what a language's runtime
 * keeps with it.
 */
const OBJECT_OFFSET = 1024n;

/**
 * A CPU exception of a thread that nothing resolves: its stack is unwound if its program has
 * anything to clean up, else its task ends at once.
 */
export function raiseException(
  k: Kernel,
  thread: Thread,
  how: { frame: TrapFrame; reason: string },
): Outcome {
  const { frame, reason } = how;
  if (!thread.task.code.hasCleanups) return killCurrent(k, thread, reason);
  return zeroedFrame(k, thread, {
    name: "exception_object",
    trap: frame.address,
    cause: "exception",
    reason,
  });
}

/** Unwinds a thread because it is to be killed. */
export function forceUnwind(k: Kernel, thread: Thread, reason: string): Outcome {
  const trap = programFrame(k, thread).address;
  return zeroedFrame(k, thread, { name: "exception_object", trap, cause: "kill", reason });
}

/** Makes the exception object landing pads hand on, in a page of the task, and starts. */
export function unwindForKernel(
  k: Kernel,
  thread: Thread,
  how: {
    physical: FrameResult;
    trap: bigint;
    cause: "exception" | "kill";
    reason: string;
  },
): Outcome {
  const { physical, trap, cause, reason } = how;
  const { task } = thread;
  const page = physical === null ? null : mapObject(k, task, physical);
  if (page === null) return killCurrent(k, thread, reason);
  const object = page + OBJECT_OFFSET;
  const { exceptionClass, private2 } = EXCEPTION_OBJECT;
  writeTaskWord(k, { task, address: object + exceptionClass }, KERNEL_CLASS);
  // This tells the runtime that no handler can end the unwinding.
  if (cause === "kill") writeTaskWord(k, { task, address: object + private2 }, 1n);
  return startUnwinding(k, thread, {
    frame: k.trapFrame(thread, trap),
    start: { cause, reason, object, exceptionClass: KERNEL_CLASS, page },
  });
}
