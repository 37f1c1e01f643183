/**
 * System calls of the exception ABI: the seam where guest code meets the unwinder.
 *
 * @module
 */

import { ElfError, parseElf } from "../../elf/mod.ts";
import { exceptionClassOf, TypeMatcher, typeNameAt } from "../../unwind/exception/mod.ts";
import { KernReturn } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import type { Module } from "../boot/loader.ts";
import type { Outcome } from "../thread/outcome.ts";
import {
  releaseException,
  resumeUnwinding,
  startUnwinding,
  terminate,
  type UnwindStart,
} from "../unwind/panic.ts";
import type { Syscall, SyscallContext } from "./syscalls.ts";
import type { Task } from "../thread/task.ts";
import { programFrame, taskMemory } from "../unwind/unwind_stack.ts";
import { copyin } from "../vm/user_memory.ts";

/** What is raised: see `guest/runtime/system.h`. */
const RAISE_PANIC = 1n;
const RAISE_TERMINATE = 2n;

/** Bytes of `struct panic_information` and of `struct throw_information`. */
const PANIC_INFORMATION = 48;
const THROW_INFORMATION = 16;

/** Longest message and file name reported. */
const TEXT_LIMIT = 512n;

const utf8 = new TextDecoder();

function unwindRaise(context: SyscallContext): Outcome {
  const { args: [, kind = 0n, information = 0n] } = context;
  if (kind === RAISE_PANIC) return raisePanic(context);
  if (kind === RAISE_TERMINATE) return terminate(context.k);
  return information === 0n ? rethrowPanic(context) : raiseThrow(context);
}

/** Reads a text of the program, then goes on with it. */
function readText(
  context: SyscallContext,
  text: { address: bigint; length: bigint },
  then: (text: string) => Outcome,
): Outcome {
  const { address, length } = text;
  const size = Number(length < TEXT_LIMIT ? length : TEXT_LIMIT);
  if (size === 0) return then("");
  return copyin(
    context.k,
    { address, size },
    (bytes, kr) => bytes === null ? context.fail(kr) : then(utf8.decode(bytes)),
  );
}

function raisePanic(context: SyscallContext): Outcome {
  const { k, args: [object = 0n, , information = 0n], fail } = context;
  return copyin(k, { address: information, size: PANIC_INFORMATION }, (bytes, kr) => {
    if (bytes === null) return fail(kr);
    const [message = 0n, messageLength = 0n, file = 0n, fileLength = 0n, line = 0n, skip = 0n] =
      new BigUint64Array(bytes.buffer);
    return readText(
      context,
      { address: message, length: messageLength },
      (text) =>
        readText(context, { address: file, length: fileLength }, (place) =>
          start(context, {
            cause: "panic",
            reason: `panic at ${place}:${line}: ${text}`,
            object,
            exception: { exceptionClass: classOf(k, object) },
            skip: Number(skip < 64n ? skip : 64n),
          })),
    );
  });
}

/** A handler of everything throws a panic on. */
function rethrowPanic(context: SyscallContext): Outcome {
  const { k, args: [object = 0n] } = context;
  return start(context, {
    cause: "throw",
    reason: "panic thrown on by its handler",
    object,
    exception: { exceptionClass: classOf(k, object) },
  });
}

function raiseThrow(context: SyscallContext): Outcome {
  const { k, args: [object = 0n, , information = 0n], fail } = context;
  const { task } = k.current;
  return copyin(k, { address: information, size: THROW_INFORMATION }, (bytes, kr) => {
    const { module } = task;
    if (bytes === null || module === null) return fail(kr);
    const [type = 0n, thrown = 0n] = new BigUint64Array(bytes.buffer);
    const matcher = typeMatcher(k, task, module);
    if (matcher === null) return fail(KernReturn.FAILURE);
    let adjusted: bigint | null = null;
    return start(context, {
      cause: "throw",
      reason: `exception of type ${typeNameAt(taskMemory(k, task), type) ?? "unknown"}`,
      object,
      exception: {
        exceptionClass: classOf(k, object),
        matches: (wanted) => {
          const matched = matcher.match(type, thrown, wanted);
          if (matched !== undefined) adjusted = matched;
          return matched !== undefined;
        },
      },
      adjusted: () => adjusted ?? thrown,
    });
  });
}

/** What knows a program's types, or `null` if its file's symbols are damaged. */
function typeMatcher(k: Kernel, task: Task, { bytes, name }: Module): TypeMatcher | null {
  try {
    return new TypeMatcher(parseElf(bytes, { name }), taskMemory(k, task));
  } catch (error) {
    if (!(error instanceof ElfError)) throw error;
    return null;
  }
}

function start(context: SyscallContext, unwind: UnwindStart): Outcome {
  return startUnwinding(context.k, programFrame(context.k), unwind);
}

function classOf(k: Kernel, object: bigint): bigint {
  return exceptionClassOf(taskMemory(k, k.current.task), object) ?? 0n;
}

function unwindResume(context: SyscallContext): Outcome {
  const { k, args: [object = 0n] } = context;
  return resumeUnwinding(k, programFrame(k), object);
}

function unwindRelease(context: SyscallContext): Outcome {
  const { k, args: [object = 0n], finish } = context;
  releaseException(k, object);
  return finish(BigInt(KernReturn.SUCCESS));
}

/** Calls 32 to 34. */
export const unwindSyscalls: readonly (readonly [number, Syscall])[] = [
  [32, { name: "unwind_raise", args: 3, run: unwindRaise }],
  [33, { name: "unwind_resume", args: 1, run: unwindResume }],
  [34, { name: "unwind_release", args: 1, run: unwindRelease }],
];
