/**
 * Commands about tasks, threads, locks and the policy's queues.
 *
 * @module
 */
import { hex } from "../../arch/physical_memory.ts";
import { findTask } from "../../kernel/inspect/find.ts";
import { describeTask, placeOf } from "../../kernel/inspect/text.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { LockSummary } from "../../kernel/mod.ts";
import { programRegisters } from "../../kernel/inspect/registers.ts";
import { describeThread } from "../../kernel/thread/describe.ts";
import type { Thread } from "../../kernel/thread/thread.ts";
import { RegisterSet } from "../../unwind/walk/mod.ts";
import type { Command } from "./command.ts";

/** A task by number or name, as {@linkcode findTask} wants it. */
export function taskName(text: string): number | string {
  return /^\d{1,9}$/.test(text) ? Number(text) : text;
}

/** `tasks` */
export const tasks: Command = {
  usage: "tasks",
  summary: "all tasks, dead ones too",
  run({ machine: { kernel } }) {
    return kernel.tasks.map((task) => `${describeTask(kernel, task)}\n`).join("");
  },
};

/** `threads` */
export const threads: Command = {
  usage: "threads [TASK]",
  summary: "threads: what each waits for, and where its program is",
  run({ machine: { kernel } }, [task]) {
    const of = task === undefined ? kernel.tasks : [findTask(kernel, taskName(task))];
    const lines = of.flatMap((each) => kernel.threadsOf(each))
      .map((thread) => `${describeThread(thread)}${programOf(kernel, thread)}\n`);
    return lines.length === 0 ? "no threads\n" : lines.join("");
  },
};

function programOf(k: Kernel, thread: Thread): string {
  if (!thread.userReady || thread.state === "dead") return "";
  const { pc = 0n } = RegisterSet.named(k.arch.elfMachine, programRegisters(k, thread));
  return `, program at ${placeOf(k, thread.task, pc)}`;
}

/** `locks` */
export const locks: Command = {
  usage: "locks",
  summary: "mutexes, semaphores and condition variables: who has them, who waits",
  run({ machine }) {
    const lines = machine.locks.map(({ task, ...lock }) => `${describeLock(lock)} of ${task}\n`);
    return lines.length === 0 ? "no mutexes, semaphores or condition variables\n" : lines.join("");
  },
};

function describeLock({ object, kind, owner, waiters, count }: LockSummary): string {
  const state = kind === "mutex"
    ? owner === null ? "free" : `held by thread ${owner}`
    : kind === "semaphore"
    ? `count ${count}`
    : "";
  const waiting = waiters.length === 0 ? "nobody waits" : `waited for by ${waiters.join(", ")}`;
  return `${kind} ${object}: ${[state, waiting].filter((text) => text !== "").join(", ")}`;
}

/** `runq` */
export const runq: Command = {
  usage: "runq",
  summary: "the policy's ready threads, the longest ready first, and what it keeps",
  run({ machine: { kernel } }) {
    const { policy, cpus } = kernel;
    const { ready, own } = policy.save() as { ready: readonly [number, number][]; own: unknown };
    const running = cpus.map(({ id, current, isIdle }) =>
      isIdle ? `CPU ${id} is idle\n` : `CPU ${id} runs ${titleOf(kernel, current.id)}\n`
    );
    const waiting = ready.map(([thread]) => `  ${titleOf(kernel, thread)}\n`);
    return `policy ${policy.name}${policy.fault === null ? "" : ", put out"}\n${running.join("")}` +
      `${ready.length} ready${ready.length === 0 ? "" : ":"}\n${waiting.join("")}` +
      `the policy keeps ${JSON.stringify(own, plainly)}\n`;
  },
};

function titleOf(k: Kernel, id: number): string {
  const { task, parameters: { priority } } = k.thread(id);
  return `thread ${id} of ${task.name}, priority ${priority}`;
}

function plainly(_: string, value: unknown): unknown {
  if (typeof value === "bigint") return hex(value);
  if (value instanceof Map || value instanceof Set) return [...value];
  return ArrayBuffer.isView(value) ? [...value as unknown as Iterable<unknown>] : value;
}

/** `ports` */
export const ports: Command = {
  usage: "ports",
  summary: "there are none: this kernel has no Mach ports or messages",
  run: () => "no ports: this kernel has no Mach ports or messages; tasks are named by numbers\n",
};
