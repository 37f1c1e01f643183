/**
 * System calls on tasks and threads.
 *
 * @module
 */

import { KernReturn } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import { endTask, killTask } from "../lifecycle.ts";
import { blockAt, EXIT, type Outcome } from "../thread/outcome.ts";
import type { Task } from "../thread/task.ts";
import type { Thread } from "../thread/thread.ts";
import { isShort } from "../memory/supply.ts";
import { copyout } from "../memory/user_memory.ts";
import { fail, finish, type SyscallContext, type SyscallTable } from "./syscall.ts";

/** Most threads of a task. */
export const THREAD_LIMIT = 64;

/** How `task_wait` reports a task that was killed. */
const STATUS_KILLED = 1;

function exit(context: SyscallContext): Outcome {
  const { k, thread, args: [code = 0n] } = context;
  const status = { kind: "exit", code: Number(BigInt.asIntN(32, code)) } as const;
  return endTask(k, thread.task, { by: thread, status, otherwise: EXIT });
}

function threadCreate(context: SyscallContext): Outcome {
  const { k, thread, args: [entry = 0n, stack = 0n, argument = 0n, pointer = 0n] } = context;
  const { task } = thread;
  const end = k.arch.userEnd;
  if (!task.kernelMode && (entry >= end || stack > end || pointer > end)) {
    return fail(context, KernReturn.INVALID_ADDRESS);
  }
  if (task.threads.size >= THREAD_LIMIT || isShort(k)) {
    return fail(context, KernReturn.RESOURCE_SHORTAGE);
  }
  const start = { pc: entry, sp: stack, argument };
  const created = k.createThread(task, {
    parameters: thread.parameters,
    label: "thread_bootstrap_return",
    resume: task.kernelMode ? { name: "kernel_start", start } : { name: "return" },
  });
  k.userFrame(created).initializeUser(start);
  k.setThreadWord(created, k.layout.pointer, pointer);
  created.blockSignals(thread.signalMask);
  if (!task.kernelMode) created.becomeReadyForUser();
  k.wakeBy(thread, "none", () => k.start(created));
  return finish(context, BigInt(created.id));
}

function taskTerminate(context: SyscallContext): Outcome {
  const { k, thread, args: [id = 0n] } = context;
  const task = k.liveTask(id);
  if (task === undefined) return fail(context, KernReturn.INVALID_ARGUMENT);
  const reason = `terminated by ${thread.task.name}`;
  return killTask(k, task, { by: thread, reason, otherwise: finish(context, 0n) });
}

/** Tells a thread how a task ended, in two words at an address of the program. */
export function writeStatus(
  k: Kernel,
  thread: Thread,
  how: { task: Task; address: bigint },
): Outcome {
  const { task: { status }, address } = how;
  const words = new Int32Array(2);
  if (status?.kind === "exit") words[1] = status.code;
  else words[0] = STATUS_KILLED;
  const bytes = new Uint8Array(words.buffer);
  return copyout(k, thread, { address, bytes, then: { name: "syscall_status" } });
}

function taskWait(context: SyscallContext): Outcome {
  const { k, thread, args: [id = 0n, address = 0n] } = context;
  const task = id > 0n && id < BigInt(k.tasks.length) ? k.tasks[Number(id)] : undefined;
  if (task === undefined || task === thread.task) return fail(context, KernReturn.INVALID_ARGUMENT);
  if (task.status !== null) return writeStatus(k, thread, { task, address });
  task.addWaiter(thread.id);
  thread.waitFor({ kind: "task", task: task.id });
  return blockAt("syscall_continuation", { name: "task_status", task: task.id, address });
}

function taskInfo(context: SyscallContext): Outcome {
  const { k, thread, args: [id = 0n, address = 0n, size = 0n] } = context;
  const task = k.liveTask(id);
  if (task === undefined) return fail(context, KernReturn.INVALID_ARGUMENT);
  const words = [task.id, task.threads.size, task.space?.residentCount ?? 0].map(BigInt);
  const bytes = new Uint8Array(new BigUint64Array(words).buffer);
  if (size < BigInt(bytes.length)) return fail(context, KernReturn.INVALID_ARGUMENT);
  return copyout(k, thread, { address, bytes, then: { name: "syscall_status" } });
}

/** Number of a thread pointer, if the architecture has it. */
function pointerIndex({ k }: SyscallContext, which: bigint): number | undefined {
  return which < BigInt(k.arch.threadPointers) ? Number(which) : undefined;
}

function threadSetPointer(context: SyscallContext): Outcome {
  const { k, thread, args: [which = 0n, value = 0n] } = context;
  const index = pointerIndex(context, which);
  if (index === undefined) return fail(context, KernReturn.INVALID_ARGUMENT);
  if (value > k.arch.userEnd && !thread.task.kernelMode) {
    return fail(context, KernReturn.INVALID_ADDRESS);
  }
  k.cpuOf(thread).cpu.setThreadPointer(index, value);
  return finish(context, 0n);
}

function threadGetPointer(context: SyscallContext): Outcome {
  const { k, thread, args: [which = 0n] } = context;
  const index = pointerIndex(context, which);
  if (index === undefined) return fail(context, KernReturn.INVALID_ARGUMENT);
  return finish(context, k.cpuOf(thread).cpu.threadPointer(index));
}

/** Calls 5 to 9, 14, 15, 17, 20 and 21. */
export const taskSyscalls: SyscallTable = [
  [5, { name: "exit", args: 1, run: exit }],
  [6, { name: "thread_create", args: 4, run: threadCreate }],
  [7, { name: "thread_exit", args: 0, run: () => EXIT }],
  [8, {
    name: "task_self",
    args: 0,
    run: (context) => finish(context, BigInt(context.thread.task.id)),
  }],
  [9, { name: "task_terminate", args: 1, run: taskTerminate }],
  [14, {
    name: "thread_self",
    args: 0,
    run: (context) => finish(context, BigInt(context.thread.id)),
  }],
  [15, { name: "task_wait", args: 2, run: taskWait }],
  [17, { name: "task_info", args: 3, run: taskInfo }],
  [20, { name: "thread_set_pointer", args: 2, run: threadSetPointer }],
  [21, { name: "thread_get_pointer", args: 1, run: threadGetPointer }],
];
