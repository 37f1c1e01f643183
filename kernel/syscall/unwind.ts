/**
 * System calls of the exception ABI: the seam where guest code meets the unwinder.
 *
 * @module
 */

import { exceptionClassOf, typeNameAt } from "../../unwind/exception/mod.ts";
import { KernReturn } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import type { Continuation, CopyResult, PanicReport } from "../thread/continuation.ts";
import { type Outcome, resume } from "../thread/outcome.ts";
import type { Thread } from "../thread/thread.ts";
import {
  releaseException,
  resumeUnwinding,
  startUnwinding,
  terminate,
  type UnwindStart,
} from "../unwind/panic.ts";
import { takeReleased } from "../unwind/enclosing.ts";
import { programFrame, taskMemory } from "../unwind/unwind_stack.ts";
import { copyin } from "../memory/user_memory.ts";
import { fail, finish, type SyscallContext, type SyscallTable } from "./syscall.ts";

/** What is raised: see `guest/runtime/system.h`. */
const RAISE_PANIC = 1n;
const RAISE_TERMINATE = 2n;
const RAISE_FORCED = 3n;

/** Bytes of `struct panic_information` and of `struct throw_information`. */
const PANIC_INFORMATION = 48;
const THROW_INFORMATION = 16;

/** Longest message and file name reported. */
const TEXT_LIMIT = 512n;

/** Most stack frames of the panic itself. */
const SKIP_LIMIT = 64n;

/** What is said of a forced unwinding that nobody ends. */
const FORCED = "forced unwinding";

const NOTHING: CopyResult = { bytes: new Uint8Array(0), kr: 0 };
const utf8 = new TextDecoder();

function unwindRaise(context: SyscallContext): Outcome {
  const { k, thread, args: [object = 0n, kind = 0n, information = 0n] } = context;
  if (kind === RAISE_TERMINATE) return terminate(k, thread);
  if (kind === RAISE_FORCED) {
    const exceptionClass = classOf(k, thread, object);
    return start(k, thread, { cause: "forced", reason: FORCED, object, exceptionClass });
  }
  if (kind === RAISE_PANIC) {
    const then = { name: "panic_information", object } as const;
    return copyin(k, thread, { address: information, size: PANIC_INFORMATION, then });
  }
  if (information === 0n) return rethrowPanic(k, thread, object);
  const then = { name: "throw_information", object } as const;
  return copyin(k, thread, { address: information, size: THROW_INFORMATION, then });
}

/** Reads a text of the program, as much of it as is reported. */
function readText(
  k: Kernel,
  thread: Thread,
  text: { address: bigint; length: bigint; then: Continuation<CopyResult> },
): Outcome {
  const { address, length, then } = text;
  const size = Number(length < TEXT_LIMIT ? length : TEXT_LIMIT);
  return size === 0 ? resume(then, NOTHING) : copyin(k, thread, { address, size, then });
}

/** Words of a structure that was read. */
function wordsOf(bytes: Uint8Array): bigint[] {
  return [...new BigUint64Array(bytes.slice().buffer)];
}

/** A panic's information has been read: reads its message. */
export function readPanicMessage(
  k: Kernel,
  thread: Thread,
  how: { object: bigint; copied: CopyResult },
): Outcome {
  const { object, copied: { bytes, kr } } = how;
  if (bytes === null) return fail({ k, thread }, kr);
  const words = wordsOf(bytes);
  const [address = 0n, length = 0n] = words;
  const then = { name: "panic_message", report: { object, words } } as const;
  return readText(k, thread, { address, length, then });
}

/** A panic's message has been read: reads the name of its file. */
export function readPanicFile(
  k: Kernel,
  thread: Thread,
  how: { report: PanicReport; copied: CopyResult },
): Outcome {
  const { report, copied: { bytes, kr } } = how;
  if (bytes === null) return fail({ k, thread }, kr);
  const [, , address = 0n, length = 0n] = report.words;
  const then = { name: "panic_file", report, message: utf8.decode(bytes) } as const;
  return readText(k, thread, { address, length, then });
}

/** All of a panic's report has been read: unwinds. */
export function raisePanic(
  k: Kernel,
  thread: Thread,
  how: { report: PanicReport; message: string; copied: CopyResult },
): Outcome {
  const { report: { object, words }, message, copied: { bytes, kr } } = how;
  if (bytes === null) return fail({ k, thread }, kr);
  const [, , , , line = 0n, skip = 0n] = words;
  return start(k, thread, {
    cause: "panic",
    reason: `panic at ${utf8.decode(bytes)}:${line}: ${message}`,
    object,
    exceptionClass: classOf(k, thread, object),
    skip: Number(skip < SKIP_LIMIT ? skip : SKIP_LIMIT),
  });
}

/** A handler of everything throws on what is no exception of C++. */
function rethrowPanic(k: Kernel, thread: Thread, object: bigint): Outcome {
  const held = takeReleased(k, thread, object);
  return start(k, thread, {
    cause: "throw",
    reason: held?.reason ?? "panic thrown on by its handler",
    object,
    exceptionClass: classOf(k, thread, object),
    page: held?.page ?? null,
  });
}

/** A thrown exception's information has been read: unwinds. */
export function raiseThrow(
  k: Kernel,
  thread: Thread,
  how: { object: bigint; copied: CopyResult },
): Outcome {
  const { object, copied: { bytes, kr } } = how;
  const { task } = thread;
  if (bytes === null || task.module === null) return fail({ k, thread }, kr);
  const [type = 0n, address = 0n] = wordsOf(bytes);
  const memory = taskMemory(k, task);
  if (task.code.typeMatcher(memory) === null) {
    return fail({ k, thread }, KernReturn.FAILURE);
  }
  // If a handler throws it on, it is not held any more.
  takeReleased(k, thread, object);
  return start(k, thread, {
    cause: "throw",
    reason: `exception of type ${typeNameAt(memory, type) ?? "unknown"}`,
    object,
    exceptionClass: classOf(k, thread, object),
    thrown: { type, address },
  });
}

function start(k: Kernel, thread: Thread, unwind: UnwindStart): Outcome {
  return startUnwinding(k, thread, { frame: programFrame(k, thread), start: unwind });
}

function classOf(k: Kernel, thread: Thread, object: bigint): bigint {
  return exceptionClassOf(taskMemory(k, thread.task), object) ?? 0n;
}

function unwindResume({ k, thread, args: [object = 0n] }: SyscallContext): Outcome {
  return resumeUnwinding(k, thread, { frame: programFrame(k, thread), object });
}

function unwindRelease(context: SyscallContext): Outcome {
  const { k, thread, args: [object = 0n] } = context;
  releaseException(k, thread, object);
  return finish(context, BigInt(KernReturn.SUCCESS));
}

/** Calls 32 to 34. */
export const unwindSyscalls: SyscallTable = [
  [32, { name: "unwind_raise", args: 3, run: unwindRaise }],
  [33, { name: "unwind_resume", args: 1, run: unwindResume }],
  [34, { name: "unwind_release", args: 1, run: unwindRelease }],
];
