/**
 * The kernel's state. Handlers take it as their first argument; {@linkcode Machine} owns it and applies what they decide.
 *
 * @module
 */

import type { Arch, Cpu } from "../arch/arch.ts";
import { KernelSpace } from "../arch/kernel_space.ts";
import { PAGE_SIZE, PhysicalMemory } from "../arch/physical_memory.ts";
import type { Policy } from "../sched/policy.ts";
import type { EventSink } from "../trace/events.ts";
import { AddressSpace, type ResidentPage } from "./vm/address_space.ts";
import { Clock } from "./clock.ts";
import { Emitter } from "./emitter.ts";
import { FrameAllocator } from "./vm/page_frames.ts";
import type { Module } from "./boot/loader.ts";
import type { Outcome } from "./thread/outcome.ts";
import { PageIo } from "./vm/page_io.ts";
import { StackPool } from "./thread/stack_pool.ts";
import { Task } from "./thread/task.ts";
import { Thread, type ThreadLayout, threadLayout, ThreadZone } from "./thread/thread.ts";
import { attachStack } from "./thread/thread_stacks.ts";
import { WaitQueue } from "./thread/wait_queue.ts";

/** Name of the kernel's own task in logs. */
export const KERNEL_TASK = "gnumach";

/** Priority of kernel threads. */
export const KERNEL_PRIORITY = 96;

/** Priority of user threads. */
export const USER_PRIORITY = 32;

/** What a kernel is built from. Every field is checked by the machine before. */
export interface KernelOptions {
  /** Architecture. */
  readonly arch: Arch;
  /** Bytes of RAM. */
  readonly memory: number;
  /** Scheduling policy. */
  readonly policy: Policy;
  /** Instructions between timer interrupts. */
  readonly quantum: number;
  /** Seed of the timer's variation; 0 for none. */
  readonly seed: number;
  /** Most user threads with a kernel stack at a time. */
  readonly stackLimit: number;
  /** Instructions a page-in takes. */
  readonly ioLatency: number;
  /** Where events go. */
  readonly sinks: readonly EventSink[];
}

/** What the kernel's own threads wait for. */
export interface KernelQueues {
  /** Dead threads. */
  readonly reaper: WaitQueue;
  /** Free stacks. */
  readonly swapin: WaitQueue;
  /** Dead tasks. */
  readonly taskReaper: WaitQueue;
  /** Passed deadlines. */
  readonly timeout: WaitQueue;
  /** Few free frames. */
  readonly pageout: WaitQueue;
  /** Few zeroed frames. */
  readonly pageZero: WaitQueue;
  /** Finished page-ins. */
  readonly ioDone: WaitQueue;
  /** The startup thread's next step. */
  readonly startup: WaitQueue;
  /** Frames given back by the page-out daemon. */
  readonly memory: WaitQueue;
}

/** Everything the kernel knows. */
export class Kernel {
  /** Architecture. */
  readonly arch: Arch;
  /** RAM. */
  readonly memory: PhysicalMemory;
  /** Frames of RAM. */
  readonly frames: FrameAllocator;
  /** Kernel half of the address space. */
  readonly space: KernelSpace;
  /** The CPU. */
  readonly cpu: Cpu;
  /** Time. */
  readonly clock: Clock;
  /** Event stream. */
  readonly events: Emitter;
  /** Scheduling policy. */
  readonly policy: Policy;
  /** Kernel stacks. */
  readonly stacks: StackPool;
  /** One past the stack for traps that find no room on a kernel stack. */
  readonly emergencyStackTop: bigint;
  /** Thread objects. */
  readonly zone: ThreadZone;
  /** Layout of thread objects. */
  readonly layout: ThreadLayout;
  /** Page-ins under way. */
  readonly pageIo: PageIo;
  /** Tasks by number, dead ones too. */
  readonly tasks: Task[] = [];
  /** Threads by number, dead ones too. */
  readonly threads: Thread[] = [];
  /** Boot modules. */
  readonly modules: Module[] = [];
  /** The kernel's own task. */
  readonly kernelTask: Task;
  /** Threads that sleep until a time. */
  readonly sleepers: { readonly thread: Thread; readonly until: number }[] = [];
  /** Pages of all tasks that can be dropped and read again, oldest first. */
  readonly cleanPages: Set<ResidentPage> = new Set();
  /** Frames that are zeroed already. */
  readonly zeroed: bigint[] = [];
  /** Dead threads whose resources have not been freed. */
  readonly deadThreads: Thread[] = [];
  /** Dead tasks whose resources have not been freed. */
  readonly deadTasks: Task[] = [];
  /** Threads that are ready but wait for a kernel stack. */
  readonly stackless: Thread[] = [];
  /** Most user threads with a kernel stack at a time. */
  readonly stackLimit: number;
  /** User threads that have a kernel stack. */
  userStacks = 0;
  /** What the kernel's own threads wait for. */
  readonly queues: KernelQueues;
  /** Thread whose registers are in the floating-point unit. */
  fpOwner: Thread | null = null;
  /** The thread that runs. */
  current: Thread;
  /** The thread that runs when no other can. */
  idle: Thread;
  /** Why the machine stopped, or `null`. */
  halted: string | null = null;

  /** Builds the kernel half and opens the CPU; nothing runs yet. */
  constructor(options: KernelOptions) {
    const { arch } = options;
    this.arch = arch;
    this.memory = new PhysicalMemory(arch.ramBase, options.memory);
    this.frames = new FrameAllocator(this.memory);
    this.frames.reserve(
      arch.image.begin - arch.directMap,
      Number(arch.image.end - arch.image.begin),
    );
    arch.image.load(this.memory, arch.directMap);
    this.space = new KernelSpace(this.memory, {
      frames: this.frames,
      format: arch.entryFormat,
      image: arch.image,
      directMap: arch.directMap,
      stackRegion: arch.stackRegion,
    });
    this.cpu = arch.openCpu(this.space);
    this.frames.onFree = (frame) => this.dropCode(frame);
    this.clock = new Clock(() => this.cpu.instructions, {
      period: options.quantum,
      seed: options.seed,
    });
    this.events = new Emitter(options.sinks, () => this.clock.now);
    this.policy = options.policy;
    this.stacks = new StackPool(this.space, {
      frames: this.frames,
      region: arch.stackRegion,
    });
    this.stackLimit = options.stackLimit;
    this.layout = threadLayout(arch.image);
    this.zone = new ThreadZone(this.space, { frames: this.frames, size: this.layout.size });
    this.pageIo = new PageIo(this.clock, { latency: options.ioLatency });
    const queue = () => new WaitQueue((thread) => this.makeReady(thread));
    this.queues = {
      reaper: queue(),
      swapin: queue(),
      taskReaper: queue(),
      timeout: queue(),
      pageout: queue(),
      pageZero: queue(),
      ioDone: queue(),
      startup: queue(),
      memory: queue(),
    };
    this.emergencyStackTop = this.stacks.top(this.stacks.allocate());
    this.kernelTask = this.createTask({ name: KERNEL_TASK, module: null, space: null });
    this.idle = this.createThread(this.kernelTask, { priority: 0, continuation: "idle_thread" });
    attachStack(this, this.idle);
    this.current = this.idle;
  }

  /** Makes a task. */
  createTask(
    options: { name: string; module: Module | null; space: AddressSpace | null },
  ): Task {
    const task = new Task(this.tasks.length, options);
    this.tasks.push(task);
    if (task.id > 0) {
      this.events.emit({ type: "task-create", task: task.name, thread: 0n });
    }
    return task;
  }

  /** Makes an empty user address space. */
  createSpace(): AddressSpace {
    return new AddressSpace({
      space: this.space,
      frames: this.frames,
      end: this.arch.userEnd,
      sharedRoot: this.arch.sharedRoot,
      clean: this.cleanPages,
      invalidate: () => this.cpu.flushTranslations(),
      dropCode: (frame) => this.dropCode(frame),
    });
  }

  /** Makes the CPU forget the code of a page frame that is executable no more or that TypeScript wrote. */
  dropCode(frame: bigint): void {
    this.cpu.flushCode(frame, PAGE_SIZE);
  }

  /** Makes a blocked thread without a kernel stack that will start at a continuation. */
  createThread(
    task: Task,
    options: { priority: number; continuation: string; resume?: () => Outcome },
  ): Thread {
    const address = this.zone.allocate();
    const thread = new Thread(this.threads.length, { address, task, priority: options.priority });
    this.threads.push(thread);
    task.threads.add(thread);
    thread.continuation = options.continuation;
    thread.resume = options.resume ?? null;
    const { layout, space } = this;
    space.writeU64(address + BigInt(layout.id), BigInt(thread.id));
    space.writeU64(address + BigInt(layout.task), BigInt(task.id));
    space.writeU64(address + BigInt(layout.root), task.space?.root ?? this.emptyRoot());
    space.writeU64(address + BigInt(layout.emergency), this.emergencyStackTop);
    this.arch.initializeFp(space, address);
    this.events.emit({ type: "thread-create", task: task.name, thread: address });
    return thread;
  }

  #emptyRoot: bigint | null = null;

  /** Root of the address space kernel threads run in: nothing in its user half. */
  emptyRoot(): bigint {
    if (this.#emptyRoot === null) {
      this.#emptyRoot = this.arch.sharedRoot ? this.space.root : this.space.tables.createTable();
    }
    return this.#emptyRoot;
  }

  /** Address of a label of the guest image. */
  label(name: string): bigint {
    return this.arch.image.symbol(name);
  }

  /** Address of a thread's user trap frame. */
  frameAddress(thread: Thread): bigint {
    return thread.address + BigInt(this.layout.frame);
  }

  /** Writes a word of a thread object. */
  setThreadWord(thread: Thread, offset: number, value: bigint): void {
    this.space.writeU64(thread.address + BigInt(offset), value);
  }

  #charged = 0;

  /** Charges a thread for the instructions since the last call; returns how many they were. */
  chargeTime(thread: Thread): number {
    const executed = this.cpu.instructions;
    const elapsed = executed - this.#charged;
    this.#charged = executed;
    thread.runTime += elapsed;
    return elapsed;
  }

  /** Makes a blocked thread ready, and asks the running one to give way if the policy wants that. */
  makeReady(thread: Thread): void {
    if (thread.state !== "blocked") return;
    thread.cancelWait = null;
    this.enqueue(thread, "wakeup");
    if (
      this.current !== this.idle &&
      this.policy.preempts({ priority: thread.priority }, { priority: this.current.priority })
    ) {
      this.current.asts.add("quantum");
    }
  }

  /** Queues a thread with the policy. */
  enqueue(thread: Thread, reason: "start" | "wakeup" | "yield" | "preempt"): void {
    thread.state = "ready";
    this.policy.enqueue(thread.id, { parameters: { priority: thread.priority }, reason });
  }

  /** The task with a number, if it is alive. */
  liveTask(id: bigint): Task | undefined {
    if (id < 1n || id >= BigInt(this.tasks.length)) return undefined;
    const task = this.tasks[Number(id)];
    return task?.status === null ? task : undefined;
  }
}
