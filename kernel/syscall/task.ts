/**
 * System calls on tasks and threads.
 *
 * @module
 */

import { KernReturn } from "../errors.ts";
import { USER_PRIORITY } from "../kernel.ts";
import { enterAt } from "../boot/kernel_program.ts";
import { endTask, killTask } from "../thread/lifecycle.ts";
import { isShort } from "../vm/memory.ts";
import { blockWith, EXIT, type Outcome, RETURN } from "../thread/outcome.ts";
import type { Syscall, SyscallContext } from "./syscalls.ts";
import type { Task } from "../thread/task.ts";
import { copyout } from "../vm/user_memory.ts";

/** Most threads of a task. */
const THREAD_LIMIT = 64;

/** How `task_wait` reports a task that was killed. */
const STATUS_KILLED = 1;

function exit(context: SyscallContext): Outcome {
  const { k, args: [code = 0n] } = context;
  const status = { kind: "exit", code: Number(BigInt.asIntN(32, code)) } as const;
  return endTask(k, k.current.task, { status, otherwise: EXIT });
}

function threadCreate(context: SyscallContext): Outcome {
  const { k, args: [entry = 0n, stack = 0n, argument = 0n], finish, fail } = context;
  const { task } = k.current;
  const end = k.arch.userEnd;
  if (!task.kernelMode && (entry >= end || stack > end)) return fail(KernReturn.INVALID_ADDRESS);
  if (task.threads.size >= THREAD_LIMIT || isShort(k)) return fail(KernReturn.RESOURCE_SHORTAGE);
  const start = { pc: entry, sp: stack, argument };
  const thread = k.createThread(task, {
    priority: USER_PRIORITY,
    continuation: "thread_bootstrap_return",
    resume: () => task.kernelMode ? enterAt(k, start) : RETURN,
  });
  k.arch.trapFrame(k.space, k.frameAddress(thread), { cpu: k.cpu })
    .initializeUser(start);
  thread.userReady = !task.kernelMode;
  k.enqueue(thread, "start");
  return finish(BigInt(thread.id));
}

function taskTerminate(context: SyscallContext): Outcome {
  const { k, args: [id = 0n], finish, fail } = context;
  const task = k.liveTask(id);
  if (task === undefined) return fail(KernReturn.INVALID_ARGUMENT);
  const reason = `terminated by ${k.current.task.name}`;
  return killTask(k, task, { reason, otherwise: finish(0n) });
}

function writeStatus(context: SyscallContext, task: Task): Outcome {
  const { k, args: [, address = 0n], finish, fail } = context;
  const { status } = task;
  const words = new Int32Array(2);
  if (status?.kind === "exit") words[1] = status.code;
  else words[0] = STATUS_KILLED;
  return copyout(
    k,
    { address, bytes: new Uint8Array(words.buffer) },
    (kr) => kr === KernReturn.SUCCESS ? finish(0n) : fail(kr),
  );
}

function taskWait(context: SyscallContext): Outcome {
  const { k, args: [id = 0n], fail } = context;
  const task = id > 0n && id < BigInt(k.tasks.length) ? k.tasks[Number(id)] : undefined;
  if (task === undefined || task === k.current.task) return fail(KernReturn.INVALID_ARGUMENT);
  if (task.status !== null) return writeStatus(context, task);
  const thread = k.current;
  task.waiters.add(thread);
  thread.cancelWait = () => task.waiters.delete(thread);
  return blockWith("syscall_continuation", () => writeStatus(context, task));
}

function taskInfo(context: SyscallContext): Outcome {
  const { k, args: [id = 0n, address = 0n, size = 0n], finish, fail } = context;
  const task = k.liveTask(id);
  if (task === undefined) return fail(KernReturn.INVALID_ARGUMENT);
  const words = [task.id, task.threads.size, task.space?.residentCount ?? 0].map(BigInt);
  const bytes = new Uint8Array(new BigUint64Array(words).buffer);
  if (size < BigInt(bytes.length)) return fail(KernReturn.INVALID_ARGUMENT);
  return copyout(k, { address, bytes }, (kr) => kr === KernReturn.SUCCESS ? finish(0n) : fail(kr));
}

/** Calls 5 to 9, 14, 15 and 17. */
export const taskSyscalls: readonly (readonly [number, Syscall])[] = [
  [5, { name: "exit", args: 1, run: exit }],
  [6, { name: "thread_create", args: 3, run: threadCreate }],
  [7, { name: "thread_exit", args: 0, run: () => EXIT }],
  [8, {
    name: "task_self",
    args: 0,
    run: ({ k, finish }) => finish(BigInt(k.current.task.id)),
  }],
  [9, { name: "task_terminate", args: 1, run: taskTerminate }],
  [14, { name: "thread_self", args: 0, run: ({ k, finish }) => finish(BigInt(k.current.id)) }],
  [15, { name: "task_wait", args: 2, run: taskWait }],
  [17, { name: "task_info", args: 3, run: taskInfo }],
];
