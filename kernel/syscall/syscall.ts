/**
 * What a system call is, and how it ends.
 *
 * @module
 */

import { KernReturn } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import { type Outcome, RETURN } from "../thread/outcome.ts";
import type { Thread } from "../thread/thread.ts";
import { programFrame } from "../unwind/unwind_stack.ts";

/** What a system call gets. */
export interface SyscallContext {
  /** The kernel. */
  readonly k: Kernel;
  /** The thread that made it. */
  readonly thread: Thread;
  /** Argument words, as many as the call declares. */
  readonly args: readonly bigint[];
}

/** A system call. */
export interface Syscall {
  /** Name in logs. */
  readonly name: string;
  /** Number of argument words. */
  readonly args: number;
  /** What it does. */
  readonly run: (context: SyscallContext) => Outcome;
}

/** A table of system calls by number. */
export type SyscallTable = readonly (readonly [number, Syscall])[];

/** Where a system call ends. */
type Caller = Pick<SyscallContext, "k" | "thread">;

/** Ends a thread's system call with a result word: a value, or a negated kernel return code. */
export function finish({ k, thread }: Caller, result: bigint): Outcome {
  programFrame(k, thread).setSyscallResult(BigInt.asUintN(64, result));
  return RETURN;
}

/** Ends a thread's system call with a kernel return code, negated. */
export function fail(caller: Caller, kr: number): Outcome {
  return finish(caller, -BigInt(kr));
}

/** Ends a thread's system call that either comes about, with result 0, or fails. */
export function finishWith(caller: Caller, kr: number): Outcome {
  return kr === KernReturn.SUCCESS ? finish(caller, 0n) : fail(caller, kr);
}
