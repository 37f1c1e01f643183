/**
 * The system call table: numbers, typed arguments and what each call does.
 *
 * User pointers are allegations: they are checked against the user half here, and touched only by the guest's copy routines, which
 * recover from faults.
 *
 * @module
 */

import type { TrapFrame } from "../../arch/arch.ts";
import { KernReturn } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import { type Outcome, RETURN } from "../thread/outcome.ts";
import { taskSyscalls } from "./task.ts";
import { unwindSyscalls } from "./unwind.ts";
import { vmSyscalls } from "./vm.ts";
import { basicSyscalls } from "./basic.ts";

/** What a system call gets. */
export interface SyscallContext {
  /** The kernel. */
  readonly k: Kernel;
  /** Argument words, as many as the call declares. */
  readonly args: readonly bigint[];
  /** Ends the call with a result word: a value, or a negated kernel return code. */
  readonly finish: (result: bigint) => Outcome;
  /** Ends the call with a kernel return code, negated. */
  readonly fail: (kr: number) => Outcome;
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

/** System calls by number. */
export const SYSCALLS: ReadonlyMap<number, Syscall> = new Map<number, Syscall>([
  ...basicSyscalls,
  ...taskSyscalls,
  ...vmSyscalls,
  ...unwindSyscalls,
]);

/** Decodes and runs the system call in a user trap frame. */
export function handleSyscall(k: Kernel, frame: TrapFrame): Outcome {
  const thread = k.current;
  const number = frame.syscallNumber();
  const syscall = number < 1024n ? SYSCALLS.get(Number(number)) : undefined;
  const args: bigint[] = [];
  for (let i = 0; i < (syscall?.args ?? 0); i++) args.push(frame.syscallArgument(i));
  k.events.emit({
    type: "syscall",
    thread: thread.ref,
    number: number < 1024n ? Number(number) : -1,
    name: syscall?.name ?? "unknown",
    args,
  });
  const finish = (result: bigint): Outcome => {
    frame.setSyscallResult(BigInt.asUintN(64, result));
    return RETURN;
  };
  const fail = (kr: number): Outcome => finish(-BigInt(kr));
  if (syscall === undefined) return fail(KernReturn.NOT_IMPLEMENTED);
  return syscall.run({ k, args, finish, fail });
}
