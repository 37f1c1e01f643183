/**
 * What each continuation does: the functions of the table in `thread/continuation.ts`.
 *
 * @module
 */

import { startup, waitForEnd, waitForLoading } from "./boot/bootstrap.ts";
import { execute, finishLoading, finishSegment } from "./boot/exec.ts";
import { enterAt, enterKernelProgram, executeInKernel } from "./boot/kernel_program.ts";
import * as daemons from "./daemons/daemons.ts";
import type { Kernel } from "./kernel.ts";
import { printPiece } from "./syscall/basic.ts";
import { moveWaiters, waitForWord } from "./syscall/futex.ts";
import { changeMask, finishCopy, writePiece } from "./syscall/linux.ts";
import { finishExceptionReturn } from "./syscall/exceptions.ts";
import { setCopiedParameters } from "./syscall/scheduling.ts";
import { finish, finishWith } from "./syscall/syscall.ts";
import { writeStatus } from "./syscall/task.ts";
import { finishLock } from "./syscall/locks.ts";
import { waitStatus } from "./syscall/waiting.ts";
import { raisePanic, raiseThrow, readPanicFile, readPanicMessage } from "./syscall/unwind.ts";
import type { Continuation, ContinuationName, ContinuationTable } from "./thread/continuation.ts";
import { EXIT, type Outcome, panicKernel, resume, RETURN } from "./thread/outcome.ts";
import type { Thread } from "./thread/thread.ts";
import { finishCopyFault, finishFp, finishUserFault } from "./trap/traps.ts";
import { unwindForKernel } from "./unwind/exceptions.ts";
import { landVectors } from "./unwind/landing.ts";
import { endOnException, enterHandler, writeState } from "./unwind/user_handler.ts";
import { enterZeroedPage, retryFault } from "./memory/fault.ts";
import { retryFrame, zeroFrame } from "./memory/supply.ts";
import {
  copyinThrough,
  copyout,
  copyoutThrough,
  copyStatus,
  takeCopied,
} from "./memory/user_memory.ts";

/** What a continuation of one name does. */
type Step<Name extends ContinuationName> = (
  k: Kernel,
  thread: Thread,
  at: ContinuationTable[Name]["record"],
  value: ContinuationTable[Name]["value"],
) => Outcome;

const STEPS: { readonly [Name in ContinuationName]: Step<Name> } = {
  return: () => RETURN,
  exit: () => EXIT,
  syscall_result: (k, thread, { result }) => finish({ k, thread }, result),
  syscall_status: (k, thread, _, kr) => finishWith({ k, thread }, kr),

  copy_status: (_k, _thread, { then }, status) => resume(then, copyStatus(status)),
  copyin_bounce: (k, thread, at, page) => copyinThrough(k, thread, { ...at, page }),
  copyin_take: (k, _, at, status) => resume(at.then, takeCopied(k, { ...at, status })),
  copyout_bounce: (k, thread, at, page) => copyoutThrough(k, thread, { ...at, page }),
  copyout_rest: (k, thread, at, status) =>
    status === 0n ? copyout(k, thread, at) : resume(at.then, copyStatus(status)),

  frame_zero: (k, _, { then }, frame) => zeroFrame(k, then, frame),
  frame_ready: (_k, _thread, { frame, then }) => resume(then, frame),
  frame_wait: (k, thread, { then }) => retryFrame(k, thread, then),

  fault_enter: (k, thread, at, frame) => enterZeroedPage(k, thread, { ...at, frame }),
  fault_retry: (k, thread, at, result) => retryFault(k, thread, { ...at, result }),
  user_fault: (k, thread, { fault }, kr) => finishUserFault(k, thread, { fault, kr }),
  copy_fault: (k, thread, { trap }, kr) => finishCopyFault(k, thread, { trap, kr }),
  fp_given: (k, thread, { from }) => finishFp(k, thread, from),

  handler_state: (k, thread, { exception }) => writeState(k, thread, exception),
  handler_enter: (k, thread, at, kr) => enterHandler(k, thread, { ...at, kr }),
  handler_given_back: (k, thread, { exception }) => endOnException(k, thread, exception),
  exception_state: (k, thread, _, copied) => finishExceptionReturn(k, thread, copied),

  print: (k, thread, rest, copied) => printPiece(k, thread, { rest, copied }),
  linux_signal_set: (k, thread, at, copied) => changeMask(k, thread, { ...at, copied }),
  linux_write: (k, thread, writing, copied) => writePiece(k, thread, { writing, copied }),
  linux_status: (k, thread, _, kr) => finishCopy({ k, thread }, kr),
  wait_over: (k, thread, _, result) => finishWith({ k, thread }, waitStatus(result)),
  lock_over: (k, thread, { until }, result) => finishLock(k, thread, { until, result }),
  futex_wait: (k, thread, wait, kr) => waitForWord(k, thread, { ...wait, kr }),
  futex_requeue: (k, thread, move, kr) => moveWaiters(k, thread, { ...move, kr }),
  thread_parameters: (k, thread, { target }, copied) =>
    setCopiedParameters(k, thread, { target: k.thread(target), copied }),
  task_status: (k, thread, { task, address }) =>
    writeStatus(k, thread, { task: k.task(task), address }),

  panic_information: (k, thread, { object }, copied) =>
    readPanicMessage(k, thread, { object, copied }),
  panic_message: (k, thread, { report }, copied) => readPanicFile(k, thread, { report, copied }),
  panic_file: (k, thread, at, copied) => raisePanic(k, thread, { ...at, copied }),
  throw_information: (k, thread, { object }, copied) => raiseThrow(k, thread, { object, copied }),
  exception_object: (k, thread, at, physical) => unwindForKernel(k, thread, { ...at, physical }),
  land_vectors: (k, thread, { vectors }) => landVectors(k, thread, vectors),

  exec: (k, thread, how) => execute(k, thread, how),
  exec_segment: (k, thread, progress, kr) => finishSegment(k, thread, { progress, kr }),
  exec_arguments: (k, thread, at, kr) => finishLoading(k, thread, { ...at, kr }),
  kernel_exec: (k, thread, { argv }) => executeInKernel(k, thread, argv),
  kernel_enter: (k, thread, { argv }) => enterKernelProgram(k, thread, argv),
  kernel_start: (_, thread, { start }) => enterAt(thread, start),

  startup: (k, thread) => startup(k, thread),
  script_loaded: (k, thread, { index, task }) => waitForLoading(k, thread, { index, task }),
  script_over: (k, thread) => waitForEnd(k, thread),

  reaper: (k, thread) => daemons.reaper(k, thread),
  swapin: (k, thread) => daemons.swapin(k, thread),
  task_reaper: (k, thread) => daemons.taskReaper(k, thread),
  timeout: (k, thread) => daemons.timeout(k, thread),
  pageout: (k, thread) => daemons.pageout(k, thread),
  page_zero: (k, thread) => daemons.pageZero(k, thread),
  page_zeroed: (k, thread, { frame }) => daemons.keepZeroed(k, thread, frame),
  io_done: (k, thread) => daemons.ioDone(k, thread),
  io_frame: (k, thread, { request }, frame) => daemons.ioFrame(k, thread, { request, frame }),
  io_copy: (k, _, { request, frame }) => daemons.ioCopy(k, { request, frame }),
  io_complete: (k, thread, { request, frame }) => daemons.ioComplete(k, thread, { request, frame }),

  yielder: (_k, _thread, at) => ({
    kind: "block",
    label: at.label,
    resume: { name: "yielder", label: at.label },
    requeue: "yield",
  }),
  switched_back: (_, thread) => {
    const { to, result } = thread.takeResume();
    return resume(to, result);
  },
  idle: () => panicKernel("the idle thread has nothing to go on with"),
};

/** Runs a continuation of a thread. */
export function runContinuation(
  k: Kernel,
  thread: Thread,
  how: { to: Continuation; value: unknown },
): Outcome {
  const { to, value } = how;
  // The type of the table pairs each name with what is passed here.
  const step = STEPS[to.name] as (
    k: Kernel,
    thread: Thread,
    at: unknown,
    value: unknown,
  ) => Outcome;
  return step(k, thread, to, value);
}
