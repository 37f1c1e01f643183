/**
 * The system call table: numbers, typed arguments and what each call does.
 *
 * User pointers are allegations: they are checked against the user half here, and touched only by
 * the guest's copy routines, which recover from faults.
 *
 * @module
 */

import type { TrapFrame } from "../../arch/arch.ts";
import { KernReturn } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import type { Outcome } from "../thread/outcome.ts";
import type { Thread } from "../thread/thread.ts";
import { basicSyscalls } from "./basic.ts";
import { linuxCall, OWN_CALLS } from "./linux.ts";
import { exceptionSyscalls } from "./exceptions.ts";
import { futexSyscalls } from "./futex.ts";
import { lockSyscalls } from "./locks.ts";
import { fail, type Syscall } from "./syscall.ts";
import { schedulingSyscalls } from "./scheduling.ts";
import { taskSyscalls } from "./task.ts";
import { unwindSyscalls } from "./unwind.ts";
import { vmSyscalls } from "./vm.ts";

/** System calls by number. */
export const SYSCALLS: ReadonlyMap<number, Syscall> = new Map<number, Syscall>([
  ...basicSyscalls,
  ...taskSyscalls,
  ...vmSyscalls,
  ...exceptionSyscalls,
  ...futexSyscalls,
  ...schedulingSyscalls,
  ...lockSyscalls,
  ...unwindSyscalls,
]);

/** Decodes and runs the system call in a trap frame. */
export function handleSyscall(k: Kernel, thread: Thread, frame: TrapFrame): Outcome {
  if (thread.task.abi === "linux") return handleLinuxCall(k, thread, frame);
  const number = frame.syscallNumber();
  const syscall = number < 1024n ? SYSCALLS.get(Number(number)) : undefined;
  const args = argumentsOf(frame, syscall?.args ?? 0);
  if (k.events.heard) {
    k.events.emit({
      type: "syscall",
      thread: thread.ref,
      number: number < 1024n ? Number(number) : -1,
      name: syscall?.name ?? "unknown",
      args,
    });
  } else {
    k.events.skip();
  }
  const context = { k, thread, args };
  return syscall === undefined ? fail(context, KernReturn.NOT_IMPLEMENTED) : syscall.run(context);
}

/** The same for a task of Linux's ABI, where a number is a word of 32 bits. */
function handleLinuxCall(k: Kernel, thread: Thread, frame: TrapFrame): Outcome {
  const number = Number(BigInt.asUintN(32, frame.syscallNumber()));
  const syscall = SYSCALLS.get(number - OWN_CALLS) ?? linuxCall(k, number);
  const { name } = syscall;
  const args = argumentsOf(frame, syscall.args);
  k.events.emit({ type: "syscall", thread: thread.ref, number, name, args });
  return syscall.run({ k, thread, args });
}

function argumentsOf(frame: TrapFrame, count: number): bigint[] {
  const args: bigint[] = [];
  for (let i = 0; i < count; i++) args.push(frame.syscallArgument(i));
  return args;
}
