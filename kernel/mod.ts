/**
 * The kernel: tasks, threads, address spaces, traps and the exit loop.
 *
 * {@linkcode Machine} builds a kernel for an architecture, boots it with programs and runs it. The kernel's decisions are plain
 * functions that return an {@linkcode Outcome}: return, call a guest routine, block with or without a continuation, end. The
 * scheduler applies outcomes by answering the guest kernel's hypercall, and real guest code does the rest: saves and restores
 * trap frames, switches and hands over stacks, copies user memory.
 *
 * @module
 */
export { AddressSpace, type AddressSpaceOptions, type ResidentPage } from "./vm/address_space.ts";
export { parseScriptLine, type ScriptFunction, type ScriptLine } from "./boot/boot_script.ts";
export { Clock, type DueInterrupt, InterruptLine } from "./clock.ts";
export { Emitter } from "./emitter.ts";
export { KernelError, type KernelErrorKind, KernReturn } from "./errors.ts";
export type { LoadMode } from "./boot/exec.ts";
export { FrameAllocator } from "./vm/page_frames.ts";
export { Kernel, type KernelOptions, type KernelQueues } from "./kernel.ts";
export {
  type Module,
  type Program,
  type ProgramMode,
  type ProgramSegment,
  readProgram,
} from "./boot/loader.ts";
export { Machine, type MachineOptions, type ModuleOptions, type RunResult } from "./machine.ts";
export type { Outcome } from "./thread/outcome.ts";
export type { UnwindCause, UnwindContext } from "./unwind/panic.ts";
export { PageIo, type PageRequest } from "./vm/page_io.ts";
export { StackPool } from "./thread/stack_pool.ts";
export { Task, type TaskStatus } from "./thread/task.ts";
export {
  type Ast,
  Thread,
  type ThreadLayout,
  type ThreadState,
  ThreadZone,
} from "./thread/thread.ts";
export { type VmEntry, VmMap, type VmObject, type VmProtection } from "./vm/vm_map.ts";
export { WaitQueue } from "./thread/wait_queue.ts";
