/**
 * A machine as a value. A snapshot lists everything that what happens next depends on: RAM, the
 * CPUs, and what the kernel, its policy, clock and devices keep beside it. It is plain data, and it
 * never changes. Sinks, breakpoints and observers belong to the machine, and what is derived from a
 * boot module or from tables in RAM is made again.
 *
 * @module
 */

import type { ArchName } from "../../arch/arch.ts";
import type { RamImage } from "../../arch/page_store.ts";
import type { LocksState } from "../../sched/locks/mod.ts";
import type { Plain } from "../../util/plain.ts";
import type { BootOptions, ProgramAbi, ProgramMode } from "../program/loader.ts";
import type { ClockRecord } from "../clock.ts";
import type { ConsoleRecord } from "../console.ts";
import type { KernelRest } from "../kernel.ts";
import type { PerCpuRecord } from "../per_cpu.ts";
import type { QueueName } from "../thread/continuation.ts";
import type { FutexRecord } from "../thread/futex_table.ts";
import type { ParameterRecord } from "../thread/parameters.ts";
import type { Sleeper } from "../thread/sleep_queue.ts";
import type { StackPoolRecord } from "../thread/stack_pool.ts";
import type { TaskRecord } from "../thread/task.ts";
import type { ThreadRecord } from "../thread/thread.ts";
import type { ThreadStacksRecord } from "../thread/thread_stacks.ts";
import type { ThreadZoneRecord } from "../thread/thread_zone.ts";
import type { TimerKind } from "../scheduling/timers.ts";
import type { WaitQueueRecord } from "../thread/wait_queue.ts";
import type { AddressSpaceRecord } from "../vm/address_space.ts";
import type { PageFramesRecord } from "../vm/page_frames.ts";
import type { PageIoRecord } from "../vm/page_io.ts";
import type { CpuStateRecord } from "./cpu_blocks.ts";

/** What a machine was built from. A snapshot can be restored only where all of this is the same. */
export interface MachineConfig {
  /** Architecture. */
  readonly arch: ArchName;
  /** CPU model. */
  readonly cpuModel: string;
  /** Hash of the guest kernel's image. */
  readonly image: string;
  /** Bytes of RAM. */
  readonly memory: number;
  /** The scheduling policy as it was asked for: its name, and options of its own. */
  readonly policy: string;
  /** Whether that is one its user gave, which a new machine must be given again. */
  readonly ownPolicy: boolean;
  /** Instructions between timer interrupts. */
  readonly quantum: number;
  /** Seed of the timer's variation. */
  readonly seed: number;
  /** How the timer works. */
  readonly timer: TimerKind;
  /** Most user threads with a kernel stack at a time. */
  readonly stackLimit: number;
  /** Instructions a page-in takes. */
  readonly ioLatency: number;
  /** How the bootstrap script is carried out. */
  readonly boot: BootOptions;
  /** Boot modules; their files are in RAM. */
  readonly modules: readonly ModuleRecord[];
}

/** A boot module. */
export interface ModuleRecord {
  /** Bootstrap script line. */
  readonly commandLine: string;
  /** Where it runs. */
  readonly mode: ProgramMode;
  /** Whose system calls it makes. */
  readonly abi: ProgramAbi;
  /** Scheduling parameters of its first thread. */
  readonly parameters: ParameterRecord;
  /** Physical address of its file. */
  readonly physical: bigint;
  /** Bytes of its file. */
  readonly size: number;
  /** Hash of its file. */
  readonly hash: string;
}

/** A CPU and what the kernel keeps for it. */
export interface CpuRecord {
  /** The CPU itself. */
  readonly state: CpuStateRecord;
  /** Threads on it, and what has been charged. */
  readonly kernel: PerCpuRecord;
}

/** What the kernel keeps. Threads and tasks are named by their numbers. */
export interface KernelRecord extends KernelRest {
  /** Time. */
  readonly clock: ClockRecord;
  /** The policy's own state. */
  readonly policy: Plain;
  /** Free page frames. */
  readonly pageFrames: PageFramesRecord;
  /** Kernel stacks. */
  readonly stackPool: StackPoolRecord;
  /** Which threads have them. */
  readonly stacks: ThreadStacksRecord;
  /** Thread objects. */
  readonly zone: ThreadZoneRecord;
  /** Page-ins under way. */
  readonly pageIo: PageIoRecord;
  /** By number, dead ones too. */
  readonly tasks: readonly TaskRecord[];
  /** The address space of each task, if it has one of its own. */
  readonly spaces: readonly (AddressSpaceRecord | null)[];
  /** By number, dead ones too. */
  readonly threads: readonly ThreadRecord[];
  /** What threads wait on. */
  readonly queues: readonly (readonly [QueueName, WaitQueueRecord])[];
  /** Threads that sleep until a time, or wait for something until then. */
  readonly sleepers: readonly Sleeper[];
  /** Threads that wait for a change of a word in memory. */
  readonly futexes: readonly FutexRecord[];
  /** Mutexes, semaphores and condition variables, and who has them or waits. */
  readonly locks: LocksState;
  /** Task and address of each page that can be dropped, oldest first. */
  readonly cleanPages: readonly (readonly [number, bigint])[];
  /** Page frames that the guest has filled with zeros. */
  readonly zeroed: readonly bigint[];
  /** Threads that are not reaped. */
  readonly deadThreads: readonly number[];
  /** Tasks that are not reaped. */
  readonly deadTasks: readonly number[];
  /** What programs have printed. */
  readonly console: ConsoleRecord;
  /** Number of the next event. */
  readonly seq: number;
}

/** A machine at one instant. */
export interface Snapshot {
  /** What it was built from. */
  readonly config: MachineConfig;
  /** Contents of the page frames in use. */
  readonly ram: RamImage;
  /** CPUs by number. */
  readonly cpus: readonly CpuRecord[];
  /** The kernel. */
  readonly kernel: KernelRecord;
}
