/**
 * System calls on a thread's own handler of CPU exceptions.
 *
 * @module
 */

import { KernReturn } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import { copyin } from "../memory/user_memory.ts";
import type { CopyResult } from "../thread/continuation.ts";
import type { Outcome } from "../thread/outcome.ts";
import type { Thread } from "../thread/thread.ts";
import { declineException, loadState } from "../unwind/user_handler.ts";
import { fail, finish, type SyscallContext, type SyscallTable } from "./syscall.ts";

/** Least bytes of a handler's stack: the record, and room for a few calls. */
export const HANDLER_STACK_MIN = 2048n;

function threadSetHandler(context: SyscallContext): Outcome {
  const { k, thread, args: [entry = 0n, top = 0n, size = 0n, argument = 0n] } = context;
  if (thread.task.space === null) return fail(context, KernReturn.INVALID_ARGUMENT);
  if (entry === 0n) {
    thread.setHandler(null);
    return finish(context, 0n);
  }
  const { userEnd } = k.arch;
  if (entry >= userEnd || top > userEnd || size > top) {
    return fail(context, KernReturn.INVALID_ADDRESS);
  }
  if (size < HANDLER_STACK_MIN || top % 16n !== 0n) {
    return fail(context, KernReturn.INVALID_ARGUMENT);
  }
  thread.setHandler({ entry, argument, bottom: top - size, top });
  return finish(context, 0n);
}

function exceptionReturn(context: SyscallContext): Outcome {
  const { k, thread, args: [address = 0n] } = context;
  if (thread.task.space === null) return fail(context, KernReturn.INVALID_ARGUMENT);
  if (address === 0n) return declineException(k, thread) ?? fail(context, KernReturn.FAILURE);
  const { size } = k.arch.exceptionState;
  return copyin(k, thread, { address, size, then: { name: "exception_state" } });
}

/** The record to go on with has been read. */
export function finishExceptionReturn(k: Kernel, thread: Thread, copied: CopyResult): Outcome {
  const { bytes, kr } = copied;
  if (bytes === null) return fail({ k, thread }, kr);
  const loaded = loadState(k, thread, bytes);
  return typeof loaded === "number" ? fail({ k, thread }, loaded) : loaded;
}

/** Calls 23 and 24. */
export const exceptionSyscalls: SyscallTable = [
  [23, { name: "thread_set_handler", args: 4, run: threadSetHandler }],
  [24, { name: "exception_return", args: 1, run: exceptionReturn }],
];
