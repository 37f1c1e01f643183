/**
 * Paths through the whole kernel: trap stub, TypeScript handler, policy, exit.
 *
 * @module
 */
import { PAGE_SIZE } from "../../arch/physical_memory.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { USER_PARAMETERS } from "../../kernel/thread/parameters.ts";
import { benchModule } from "./guest.ts";
import { kernelPath, type KernelScenario } from "./kernel_run.ts";
import type { Path } from "./path.ts";

const MIB = 2 ** 20;
/** Pages of the file that is paged in. */
const FILE_PAGES = 6000;
/**
 * Pages that are filled with zeros, at most; and in how much memory, so that it does not run low.
 */
const ZERO_PAGES = 20_000;
const ZERO_MEMORY = 96 * MIB;
const FILE_MEMORY = 64 * MIB;

/** A program that goes a path by itself. */
function module(path: string): KernelScenario["modules"] {
  return (arch) => [benchModule(arch, path)];
}

/**
 * Two kernel threads beside a program that sleeps; they yield to each other, and give their stacks
 * up or keep them.
 */
function kernelThreads(keepsStack: boolean): Pick<KernelScenario, "modules" | "setUp" | "rounds"> {
  return {
    modules: module("sleep"),
    setUp(k: Kernel): void {
      for (let i = 0; i < 2; i++) {
        const thread = k.createThread(k.kernelTask, {
          parameters: USER_PARAMETERS,
          label: "syscall_continuation",
          resume: { name: "yielder", label: keepsStack ? null : "syscall_continuation" },
        });
        k.enqueue(thread, "start");
      }
    },
    rounds: 50,
  };
}

const SYSCALL = { exception: 1, syscall: 1, "exception-return": 1 } as const;
const FAULT = { exception: 1, "page-fault": 1, "exception-return": 1 } as const;

/** Traps, yields, handoffs and page faults. */
export const KERNEL_PATHS: readonly Path[] = [
  kernelPath({
    name: "null syscall",
    round: "system call that does nothing: trap, TypeScript handler, exit",
    modules: module("null"),
    events: SYSCALL,
    marker: "syscall",
    rounds: 50,
  }),
  kernelPath({
    name: "mutex",
    round: "system calls that lock and unlock a mutex nobody else wants",
    modules: module("mutex"),
    events: { exception: 2, syscall: 2, "exception-return": 2 },
    marker: (event) => event.type === "syscall" && event.name === "mutex_unlock",
    rounds: 50,
  }),
  kernelPath({
    name: "100 mutexes, user mode",
    round: "futex mutex that nobody else wants, locked and unlocked 100 times; null system call",
    modules: module("futex-mutex"),
    events: SYSCALL,
    marker: "syscall",
    rounds: 50,
  }),
  kernelPath({
    name: "semaphore round trip",
    round: "signal another thread and wait for its signal; it does the same: 4 system calls",
    modules: module("semaphores"),
    events: { exception: 4, syscall: 4, "exception-return": 4, "stack-handoff": 2 },
    marker: (event) =>
      event.type === "syscall" && event.name === "semaphore_signal" && event.args[0] === 1n,
    rounds: 50,
  }),
  kernelPath({
    name: "yield, same task",
    round: "yield system call to another thread of the task, which comes back from its own",
    modules: module("yield-threads"),
    events: { ...SYSCALL, "stack-handoff": 1 },
    marker: "stack-handoff",
    rounds: 50,
  }),
  kernelPath({
    name: "yield, other task",
    round: "yield system call to a thread of another task, with its address space",
    modules: (arch) => [benchModule(arch, "yield"), benchModule(arch, "yield")],
    events: { ...SYSCALL, "stack-handoff": 1 },
    marker: "stack-handoff",
    rounds: 50,
  }),
  kernelPath({
    name: "stack handoff",
    round: "kernel thread blocks with a continuation; the next takes its stack over",
    ...kernelThreads(false),
    events: { "stack-handoff": 1 },
    marker: "stack-handoff",
  }),
  kernelPath({
    name: "full switch",
    round: "kernel thread blocks without a continuation; switch_context to the next one's stack",
    ...kernelThreads(true),
    events: { "context-switch": 1 },
    marker: "context-switch",
  }),
  kernelPath({
    name: "demand-zero fault",
    round: "first write to a page: fault, frame filled with zeros by the guest, mapping, exit",
    modules: module("zero-pages"),
    machine: { memory: ZERO_MEMORY },
    events: FAULT,
    marker: "page-fault",
    rounds: 20,
    most: ZERO_PAGES,
  }),
  kernelPath({
    name: "file page-in",
    round: "first read of a page of a file: fault, block, device interrupt, copy, wake, exit",
    modules: (arch) => [benchModule(arch, "file-pages", { fileSize: FILE_PAGES * PAGE_SIZE })],
    machine: { memory: FILE_MEMORY },
    events: { ...FAULT, "context-switch": 2, idle: 1, irq: 1, "stack-handoff": 1 },
    marker: "page-fault",
    rounds: 10,
    most: FILE_PAGES - 200,
  }),
];
