/**
 * A few of Linux's system calls, by the architecture's numbers and with Linux's errors, for tasks
 * whose program is of that ABI: what the C library's context switches ask for, and what a program
 * needs to print and to end.
 *
 * There are no signals. Each thread has a mask of those it blocks all the same, which a new thread
 * inherits.
 *
 * @module
 */

import { KernReturn } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import { endTask } from "../lifecycle.ts";
import { copyin, copyout } from "../memory/user_memory.ts";
import type { CopyResult } from "../thread/continuation.ts";
import { EXIT, type Outcome } from "../thread/outcome.ts";
import type { Thread } from "../thread/thread.ts";
import { PRINT_LIMIT } from "./basic.ts";
import { finish, type Syscall, type SyscallContext } from "./syscall.ts";
import type { LinuxCallName } from "../../arch/linux_calls.ts";

/** What is added to the number of a call of the kernel's own. */
export const OWN_CALLS = 0x10000;

/** Errors (asm-generic/errno-base.h, errno.h); a system call returns them negated. */
export const Errno = { EPERM: 1, EBADF: 9, EFAULT: 14, EINVAL: 22, ENOSYS: 38 } as const;

/** Argument words of a call that is not known. */
const MOST_ARGUMENTS = 6;

/** Bytes of a set of signals. */
const SET_SIZE = 8;
/** SIGKILL and SIGSTOP, which cannot be blocked. */
const UNBLOCKABLE = 1n << 8n | 1n << 18n;
/** What is done with the set of signals that is given. */
const HOW = { BLOCK: 0, UNBLOCK: 1, SETMASK: 2 } as const;

/** Descriptors that are the console. */
const OUTPUTS: readonly number[] = [1, 2];
/** Bytes read from the program at a time. */
const PIECE = 4096;

type Caller = Pick<SyscallContext, "k" | "thread">;

function refuse(caller: Caller, error: number): Outcome {
  return finish(caller, -BigInt(error));
}

/** An argument that Linux declares as `int` or `unsigned int`. */
function int(word: bigint): number {
  return Number(BigInt.asIntN(32, word));
}

function sigprocmask(context: SyscallContext): Outcome {
  const { k, thread, args: [how = 0n, set = 0n, old = 0n, size = 0n] } = context;
  if (size !== BigInt(SET_SIZE)) return refuse(context, Errno.EINVAL);
  const before = thread.signalMask;
  if (set === 0n) return giveMask(k, thread, { mask: before, address: old });
  return copyin(k, thread, {
    address: set,
    size: SET_SIZE,
    then: { name: "linux_signal_set", how: int(how), old },
  });
}

/** The set of signals a thread gives has been read. */
export function changeMask(
  k: Kernel,
  thread: Thread,
  request: { how: number; old: bigint; copied: CopyResult },
): Outcome {
  const { how, old, copied: { bytes } } = request;
  if (bytes === null) return refuse({ k, thread }, Errno.EFAULT);
  const set = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true) & ~UNBLOCKABLE;
  const before = thread.signalMask;
  if (how === HOW.BLOCK) thread.blockSignals(before | set);
  else if (how === HOW.UNBLOCK) thread.blockSignals(before & ~set);
  else if (how === HOW.SETMASK) thread.blockSignals(set);
  else return refuse({ k, thread }, Errno.EINVAL);
  return giveMask(k, thread, { mask: before, address: old });
}

function giveMask(k: Kernel, thread: Thread, to: { mask: bigint; address: bigint }): Outcome {
  return to.address === 0n ? finish({ k, thread }, 0n) : giveWord(k, thread, to.mask, to.address);
}

/** Writes a word to the program, which is all that is left of a call. */
function giveWord(k: Kernel, thread: Thread, word: bigint, address: bigint): Outcome {
  const bytes = new Uint8Array(new BigUint64Array([word]).buffer);
  return copyout(k, thread, { address, bytes, then: { name: "linux_status" } });
}

/** Ends a call whose last step was a copy to the program. */
export function finishCopy(caller: Caller, kr: number): Outcome {
  return kr === KernReturn.SUCCESS ? finish(caller, 0n) : refuse(caller, Errno.EFAULT);
}

function write(context: SyscallContext): Outcome {
  const { k, thread, args: [descriptor = 0n, address = 0n, wanted = 0n] } = context;
  if (!OUTPUTS.includes(int(descriptor))) return refuse(context, Errno.EBADF);
  // As on any terminal, less may be written than was asked for.
  const length = Number(wanted < PRINT_LIMIT ? wanted : PRINT_LIMIT);
  return writeRest(k, thread, { address, length, done: 0 });
}

/** What of a text has been written. */
interface Writing {
  /** Where the text is. */
  readonly address: bigint;
  /** Its bytes. */
  readonly length: number;
  /** How many of them have been written. */
  readonly done: number;
}

function writeRest(k: Kernel, thread: Thread, { address, length, done }: Writing): Outcome {
  if (done === length) return finish({ k, thread }, BigInt(done));
  return copyin(k, thread, {
    address: address + BigInt(done),
    size: Math.min(PIECE, length - done),
    then: { name: "linux_write", address, length, done },
  });
}

/** Writes a piece that has been read, then reads the next. */
export function writePiece(
  k: Kernel,
  thread: Thread,
  { writing, copied: { bytes } }: { writing: Writing; copied: CopyResult },
): Outcome {
  const { done } = writing;
  if (bytes === null) {
    return done > 0 ? finish({ k, thread }, BigInt(done)) : refuse({ k, thread }, Errno.EFAULT);
  }
  k.print(thread, String.fromCharCode(...bytes));
  return writeRest(k, thread, { ...writing, done: done + bytes.length });
}

function exitGroup({ k, thread, args: [code = 0n] }: SyscallContext): Outcome {
  // What a parent sees of an exit code are eight bits.
  const status = { kind: "exit", code: Number(code & 0xffn) } as const;
  return endTask(k, thread.task, { by: thread, status, otherwise: EXIT });
}

/** Ends the thread; with the last one its task. */
function exit(context: SyscallContext): Outcome {
  const { k, thread } = context;
  const alive = k.threadsOf(thread.task).filter(({ state }) => state !== "dead");
  return alive.length === 1 ? exitGroup(context) : EXIT;
}

function archPrctl(context: SyscallContext): Outcome {
  const { k, thread, args: [code = 0n, address = 0n] } = context;
  const request = k.arch.linuxCalls.pointerRequests.get(int(code));
  if (request === undefined) return refuse(context, Errno.EINVAL);
  const { cpu } = k.cpuOf(thread);
  if (!request.sets) return giveWord(k, thread, cpu.threadPointer(request.pointer), address);
  if (address >= k.arch.userEnd) return refuse(context, Errno.EPERM);
  cpu.setThreadPointer(request.pointer, address);
  return finish(context, 0n);
}

const CALLS: { readonly [Name in LinuxCallName]: Syscall } = {
  rt_sigprocmask: { name: "linux_rt_sigprocmask", args: 4, run: sigprocmask },
  write: { name: "linux_write", args: 3, run: write },
  exit: { name: "linux_exit", args: 1, run: exit },
  exit_group: { name: "linux_exit_group", args: 1, run: exitGroup },
  arch_prctl: { name: "linux_arch_prctl", args: 2, run: archPrctl },
};

const UNKNOWN: Syscall = {
  name: "linux_unknown",
  args: MOST_ARGUMENTS,
  run: (context) => refuse(context, Errno.ENOSYS),
};

/** The call that Linux has by a number, or one that says there is none. */
export function linuxCall(k: Kernel, number: number): Syscall {
  const name = k.arch.linuxCalls.names.get(number);
  return name === undefined ? UNKNOWN : CALLS[name];
}
