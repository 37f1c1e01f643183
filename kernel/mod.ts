/**
 * The kernel: tasks, threads, address spaces, traps and the exit loop.
 *
 * ```ts
 * // deno run --allow-ffi --allow-env example.ts
 * import { archByName, moduleHello } from "@trapline/trapline";
 * import { Machine } from "@trapline/trapline/kernel";
 *
 * using machine = new Machine({
 *   arch: archByName("x86_64"),
 *   modules: [await moduleHello("x86_64")],
 *   sinks: [{ write: (event) => event.type === "page-fault" && console.log(event) }],
 *   load: "demand", // pages come when they are touched
 * });
 * while (machine.run(1_000).kind === "paused") { // a thousand instructions at a time
 *   if (machine.console.text().length > 20) break;
 * }
 * for (const { id, task, state, wait } of machine.threads) console.log(id, task, state, wait);
 * for (const { name, mappings } of machine.tasks) console.log(name, mappings);
 * ```
 *
 * {@linkcode Machine} builds a kernel for an architecture, boots it with programs and runs it. The
 * kernel's decisions are plain functions that return an {@linkcode Outcome}: return, call a guest
 * routine, block with or without a continuation, end. Outcomes are applied by answering the guest
 * kernel's hypercall, and real guest code does the rest: saves and restores trap frames, switches
 * and hands over stacks, copies user memory. What a thread does next is a {@linkcode Continuation}:
 * plain data, as is everything else a machine is made of.
 *
 * @module
 */
export {
  parseScriptLine,
  type ScriptFunction,
  type ScriptLine,
  scriptLine,
} from "./boot/boot_script.ts";
export type { LoadMode } from "./program/load_mode.ts";
export {
  type BootModule,
  type BootOptions,
  type Program,
  type ProgramAbi,
  type ProgramHeaders,
  type ProgramMode,
  type ProgramSegment,
  readProgram,
} from "./program/loader.ts";
export type { ModuleCode } from "./program/module_code.ts";
export { Clock, type ClockRecord, type DueInterrupt, InterruptLine } from "./clock.ts";
export { Console, CONSOLE_KEPT, type ConsoleRecord } from "./console.ts";
export { Emitter } from "./emitter.ts";
export type {
  WatchKind,
  Watchpoint,
  WatchpointHit,
  WatchpointOptions,
} from "./debug/watchpoints.ts";
export { KernelError, type KernelErrorKind, KernReturn } from "./errors.ts";
export { Kernel, type KernelRest } from "./kernel.ts";
export type { KernelOptions } from "./kernel_options.ts";
export { type DecisionParts, Decisions } from "./scheduling/decisions.ts";
export type { KernelQueues } from "./thread/kernel_queues.ts";
export type {
  ConsoleView,
  MachineView,
  MappingSummary,
  Registers,
  TaskLockSummary,
  TaskSummary,
} from "./inspect/mod.ts";
export { Machine, type RunResult } from "./machine.ts";
export type {
  MachineOptions,
  ModuleOptions,
  PolicyConditions,
  PolicyFactory,
} from "./machine_options.ts";
export { PerCpu, type PerCpuRecord } from "./per_cpu.ts";
export * from "./snapshot/mod.ts";
export type * from "./thread/continuation.ts";
export type { ThreadSummary } from "./thread/describe.ts";
export { type FutexKey, type FutexRecord, FutexTable } from "./thread/futex_table.ts";
export type { Outcome } from "./thread/outcome.ts";
export { type Sleeper, SleepQueue } from "./thread/sleep_queue.ts";
export { StackPool, type StackPoolRecord } from "./thread/stack_pool.ts";
export { type AddressRange, Task, type TaskRecord, type TaskStatus } from "./thread/task.ts";
export type { ParameterRecord } from "./thread/parameters.ts";
export {
  type Ast,
  type Resumption,
  Thread,
  type ThreadRecord,
  type ThreadState,
} from "./thread/thread.ts";
export {
  ThreadStacks,
  type ThreadStacksOptions,
  type ThreadStacksRecord,
} from "./thread/thread_stacks.ts";
export { type ThreadLayout, ThreadZone, type ThreadZoneRecord } from "./thread/thread_zone.ts";
export {
  LOCK_LIMIT,
  type LockSummary,
  type LockWait,
  type ThreadLockAnswer,
  ThreadLocks,
  type ThreadLocksHost,
} from "./thread/thread_locks.ts";
export { Jobs, type JobsRecord } from "./thread/jobs.ts";
export { type TimerKind, Timers } from "./scheduling/timers.ts";
export { WaitQueue, type WaitQueueRecord } from "./thread/wait_queue.ts";
export type { ExceptionHandler, HandledException, UserException } from "./thread/handler.ts";
export { type Unwind, type UnwindCause, Unwinds, type UnwindsRecord } from "./thread/unwinds.ts";
export {
  AddressSpace,
  type AddressSpaceOptions,
  type AddressSpaceRecord,
  type ResidentPage,
} from "./vm/address_space.ts";
export type { Fault } from "./vm/fault_types.ts";
export { PageFrames, type PageFramesRecord } from "./vm/page_frames.ts";
export { PageIo, type PageIoRecord, type PageRequest, type PendingPage } from "./vm/page_io.ts";
export { type VmEntry, VmMap, type VmObject, type VmProtection } from "./vm/vm_map.ts";
export type { Plain } from "../util/plain.ts";
export type { RandomState } from "../util/random.ts";
