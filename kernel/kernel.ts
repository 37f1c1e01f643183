/**
 * The kernel's state. Handlers take it as their first argument and the thread they act for as the
 * second; {@linkcode Machine} owns it, and `dispatch.ts` applies what handlers decide.
 *
 * @module
 */

import type { Arch, TrapFrame } from "../arch/arch.ts";
import type { GuestLabel } from "../arch/guest_labels.ts";
import { KernelSpace } from "../arch/kernel_space.ts";
import { PAGE_SIZE, PhysicalMemory } from "../arch/physical_memory.ts";
import type { SoundPolicy } from "../sched/host/mod.ts";
import { DEFAULT_PARAMETERS, type ThreadParameters } from "../sched/parameters.ts";
import type { ReadyReason, WakeHint } from "../sched/policy.ts";
import type { BootModule, BootOptions } from "./program/loader.ts";
import { Clock } from "./clock.ts";
import { Console } from "./console.ts";
import { Emitter } from "./emitter.ts";
import { KernelError } from "./errors.ts";
import type { KernelOptions } from "./kernel_options.ts";
import { PerCpu } from "./per_cpu.ts";
import { Decisions } from "./scheduling/decisions.ts";
import { faultEvent, hostPolicy } from "./scheduling/policy_host.ts";
import { Timers } from "./scheduling/timers.ts";
import type { QueueName, Wait, WaitResult } from "./thread/continuation.ts";
import { FutexTable } from "./thread/futex_table.ts";
import { type KernelQueues, makeQueues } from "./thread/kernel_queues.ts";
import { CPUS } from "./thread/parameters.ts";
import { SleepQueue } from "./thread/sleep_queue.ts";
import { StackPool } from "./thread/stack_pool.ts";
import { Task } from "./thread/task.ts";
import { type Resumption, Thread } from "./thread/thread.ts";
import { ThreadLocks } from "./thread/thread_locks.ts";
import { ThreadStacks } from "./thread/thread_stacks.ts";
import { type ThreadLayout, threadLayout, ThreadZone } from "./thread/thread_zone.ts";
import {
  AddressSpace,
  type AddressSpaceOptions,
  type AddressSpaceRecord,
  type ResidentPage,
} from "./vm/address_space.ts";
import { PageFrames } from "./vm/page_frames.ts";
import { PageIo } from "./vm/page_io.ts";

/** Name of the kernel's own task in logs. */
export const KERNEL_TASK = "gnumach";

/** Why threads are queued with the policy. */
const REASONS = {
  start: { reason: "start" },
  wakeup: { reason: "wakeup" },
  release: { reason: "release" },
  yield: { reason: "yield" },
  preempt: { reason: "preempt" },
} as const;

/** What a kernel keeps beside its public fields. */
export interface KernelRest {
  /** Why the machine stopped, or `null`. */
  readonly halted: string | null;
  /** Root of an address space with nothing in its user half, once there is one. */
  readonly emptyRoot: bigint | null;
}

/** Everything the kernel knows. */
export class Kernel {
  /** Architecture. */
  readonly arch: Arch;
  /** How the bootstrap script is carried out. */
  readonly boot: BootOptions;
  /** RAM. */
  readonly memory: PhysicalMemory;
  /** Page frames of RAM. */
  readonly pageFrames: PageFrames;
  /** Kernel half of the address space. */
  readonly kernelSpace: KernelSpace;
  /** The CPUs, by number. */
  readonly cpus: readonly PerCpu[];
  /** Time. */
  readonly clock: Clock;
  /** Event stream. */
  readonly events: Emitter;
  /** What programs have printed. */
  readonly console: Console = new Console();
  /** Scheduling policy, held to its contract. */
  readonly policy: SoundPolicy;
  /** Kernel stacks. */
  readonly stackPool: StackPool;
  /** Which threads have them. */
  readonly stacks: ThreadStacks;
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
  /** Boot modules, by index. */
  readonly bootModules: BootModule[] = [];
  /** Mutexes, semaphores and condition variables of tasks. */
  readonly locks: ThreadLocks;
  /** What has an exact time. */
  readonly timers: Timers;
  /** When decisions are made, and what is charged. */
  readonly decisions: Decisions;
  /** Threads that wait for a change of a word in memory. */
  readonly futexes: FutexTable = new FutexTable();
  /** Threads that sleep until a time, and those whose wait for something else ends then. */
  readonly sleepers: SleepQueue = new SleepQueue();
  /** Pages of all tasks that can be dropped and read again, oldest first. */
  readonly cleanPages: Set<ResidentPage> = new Set();
  /** Page frames that are zeroed already, for the next demand-zero faults. */
  readonly zeroed: bigint[] = [];
  /** Dead threads whose resources have not been freed. */
  readonly deadThreads: Thread[] = [];
  /** Dead tasks whose resources have not been freed. */
  readonly deadTasks: Task[] = [];
  /** What the kernel's own threads wait for. */
  readonly queues: KernelQueues;
  #halted: string | null = null;
  #emptyRoot: bigint | null = null;
  /** The thread whose doing it is that others become ready, and what it knows of them. */
  #waking: { readonly waker: number; readonly hint: WakeHint } | null = null;
  /** User trap frames by CPU and thread: a thread's object stays where it is. */
  readonly #userFrames: TrapFrame[][] = [];

  /** Builds the kernel half and opens the CPUs; nothing runs yet. */
  constructor(options: KernelOptions) {
    const { arch } = options;
    const timers = new Timers(options.timer);
    this.timers = timers;
    // First, for what is no policy is refused; it is attached before there are clock, CPUs or stream.
    let now = (): number => 0;
    this.policy = hostPolicy(options, {
      now: () => now(),
      cpu: (id) => this.cpus?.[id],
      onFault: (fault) => {
        this.decisions?.forgetSlices();
        this.events?.emit(faultEvent(fault));
      },
    });
    this.arch = arch;
    this.boot = options.boot;
    this.memory = new PhysicalMemory(arch.ramBase, options.memory);
    const frames = new PageFrames(this.memory);
    this.pageFrames = frames;
    frames.reserve(arch.image.begin - arch.directMap, Number(arch.image.end - arch.image.begin));
    arch.image.load(this.memory, arch.directMap);
    const space = new KernelSpace(this.memory, {
      frames,
      format: arch.entryFormat,
      image: arch.image,
      directMap: arch.directMap,
      stackRegion: arch.stackRegion,
    });
    this.kernelSpace = space;
    const model = options.cpuModel;
    this.cpus = Array.from(
      { length: CPUS },
      (_, id) => new PerCpu(id, arch.openCpu(space, { model })),
    );
    frames.onFree = (frame) => this.dropCode(frame);
    // Time is what all CPUs have executed together.
    const executed = (): number => {
      let sum = 0;
      for (const { cpu } of this.cpus) sum += cpu.instructions;
      return sum;
    };
    const { quantum: period, seed } = options;
    this.clock = new Clock(executed, { period, seed, ticks: !timers.oneShot });
    const { clock, policy, sleepers, cpus } = this;
    this.decisions = new Decisions({ clock, policy, sleepers, timers, cpus });
    now = () => this.decisions.instant;
    this.events = new Emitter(options.sinks, () => this.clock.now);
    if (this.policy.fault !== null) this.events.emit(faultEvent(this.policy.fault));
    this.locks = new ThreadLocks({
      by: this.policy.urgency,
      thread: (id) => this.thread(id),
      update: ({ id }, parameters) => {
        this.decisions.forgetSlices();
        this.policy.update(id, parameters);
      },
      wake: (thread, result) => {
        this.#forgetTime(thread);
        this.makeReady(thread, result);
      },
      deadlock: (cycle) =>
        this.events.emit({
          type: "deadlock",
          cycle: cycle.map(({ thread, mutex }) => ({ thread: thread.ref, mutex })),
        }),
    });
    this.stackPool = new StackPool(space, { frames, region: arch.stackRegion });
    this.layout = threadLayout(arch.image);
    this.zone = new ThreadZone(space, { frames, size: this.layout.size });
    this.stacks = new ThreadStacks({
      arch,
      space,
      frames,
      pool: this.stackPool,
      layout: this.layout,
      limit: options.stackLimit,
    });
    this.pageIo = new PageIo(this.clock, { latency: options.ioLatency });
    this.queues = makeQueues();
    this.emergencyStackTop = this.stackPool.top(this.stackPool.allocate());
    const task = this.createTask({ name: KERNEL_TASK, module: null, space: null });
    for (const on of this.cpus) {
      const idle = this.#makeThread(task, {
        parameters: DEFAULT_PARAMETERS,
        label: "idle_thread",
        resume: { name: "idle" },
      });
      this.stacks.attach(idle);
      on.adoptIdle(idle);
    }
  }

  /** The kernel's own task. */
  get kernelTask(): Task {
    return this.task(0);
  }

  /** Why the machine stopped, or `null`. */
  get halted(): string | null {
    return this.#halted;
  }

  /** Stops the machine for good. */
  halt(reason: string): void {
    this.#halted = reason;
    this.events.emit({ type: "halt", reason });
  }

  /** A thread prints text, with a character for each byte. */
  print(thread: Thread, text: string): void {
    this.console.write(thread.task.id, text);
    this.events.emit({ type: "console", thread: thread.ref, text });
  }

  /** What of the kernel's own state no field shows. */
  saveRest(): KernelRest {
    return { halted: this.#halted, emptyRoot: this.#emptyRoot };
  }

  /** Takes over what {@linkcode Kernel.saveRest} returned. */
  restoreRest(rest: KernelRest): void {
    this.#halted = rest.halted;
    this.#emptyRoot = rest.emptyRoot;
    this.#userFrames.length = 0;
  }

  /** The task with a number. @throws {KernelError} of kind `misuse` if there never was one */
  task(id: number): Task {
    const task = this.tasks[id];
    if (task === undefined) throw new KernelError("misuse", `Cannot find task ${id}`);
    return task;
  }

  /** The thread with a number. @throws {KernelError} of kind `misuse` if there never was one */
  thread(id: number): Thread {
    const thread = this.threads[id];
    if (thread === undefined) throw new KernelError("misuse", `Cannot find thread ${id}`);
    return thread;
  }

  /** The threads of a task whose objects it holds, dead ones that are not reaped yet too. */
  threadsOf(task: Task): Thread[] {
    return [...task.threads].map((id) => this.thread(id));
  }

  /** The CPU a thread runs on. @throws {KernelError} of kind `misuse` if it does not run */
  cpuOf(thread: Thread): PerCpu {
    const cpu = thread.cpu === null ? undefined : this.cpus[thread.cpu];
    if (cpu === undefined) {
      throw new KernelError(
        "misuse",
        `Cannot find the CPU of thread ${thread.id}: it does not run`,
      );
    }
    return cpu;
  }

  /** Makes a task. */
  createTask(
    options: { name: string; module: BootModule | null; space: AddressSpace | null },
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
    return AddressSpace.create(this.#spaceOptions());
  }

  /** The address space a record was made of, on the tables that are in RAM. */
  restoreSpace(record: AddressSpaceRecord): AddressSpace {
    return AddressSpace.from(record, this.#spaceOptions());
  }

  #spaceOptions(): AddressSpaceOptions {
    return {
      space: this.kernelSpace,
      frames: this.pageFrames,
      end: this.arch.userEnd,
      sharedRoot: this.arch.sharedRoot,
      clean: this.cleanPages,
      invalidate: () => this.flushTranslations(),
      dropCode: (frame) => this.dropCode(frame),
    };
  }

  /** Makes a blocked thread without a kernel stack, which the policy schedules. */
  createThread(task: Task, options: { parameters: ThreadParameters } & Resumption): Thread {
    const thread = this.#makeThread(task, options);
    this.policy.admit(thread.id, thread.parameters);
    this.locks.admit(thread, thread.parameters);
    return thread;
  }

  /**
   * Gives a thread other parameters. Everything that changes them comes by here; what it then has,
   * with what it inherits, goes to the policy.
   */
  setParameters(thread: Thread, parameters: ThreadParameters): void {
    thread.setParameters(parameters);
    this.locks.setParameters(thread, parameters);
  }

  #makeThread(task: Task, options: { parameters: ThreadParameters } & Resumption): Thread {
    const address = this.zone.allocate();
    const thread = new Thread(this.threads.length, { address, task, ...options });
    this.threads.push(thread);
    task.addThread(thread.id);
    const { layout, kernelSpace } = this;
    this.setThreadWord(thread, layout.root, task.space?.root ?? this.emptyRoot());
    this.setThreadWord(thread, layout.emergency, this.emergencyStackTop);
    this.arch.initializeFp(kernelSpace, address);
    this.events.emit({ type: "thread-create", task: task.name, thread: address });
    return thread;
  }

  /** Root of the address space kernel threads run in: nothing in its user half. */
  emptyRoot(): bigint {
    if (this.#emptyRoot === null) {
      this.#emptyRoot = this.arch.sharedRoot
        ? this.kernelSpace.root
        : this.kernelSpace.tables.createTable();
    }
    return this.#emptyRoot;
  }

  /** Address of a label of the guest image. */
  label(name: GuestLabel): bigint {
    return this.arch.image.label(name);
  }

  /** The user trap frame of a thread, in its thread object. */
  userFrame(thread: Thread): TrapFrame {
    const on = thread.cpu ?? 0;
    const frames = this.#userFrames[on] ??= [];
    return frames[thread.id] ??= this.#frameAt(thread.address + BigInt(this.layout.frame), on);
  }

  /** The trap frame of a thread at a kernel address. */
  trapFrame(thread: Thread, address: bigint): TrapFrame {
    const own = this.userFrame(thread);
    return own.address === address ? own : this.#frameAt(address, thread.cpu ?? 0);
  }

  #frameAt(address: bigint, on: number): TrapFrame {
    const { cpu } = this.cpus[on] as PerCpu;
    return this.arch.trapFrame(this.kernelSpace, address, { cpu });
  }

  /** Writes a word of a thread object. */
  setThreadWord(thread: Thread, offset: number, value: bigint): void {
    this.kernelSpace.writeU64(thread.address + BigInt(offset), value);
  }

  /** Drops the translations of addresses that all CPUs have cached. */
  flushTranslations(): void {
    for (const { cpu } of this.cpus) cpu.flushTranslations();
  }

  /**
   * Has all CPUs forget the code of a page frame that is executable no more, or that TypeScript
   * wrote.
   */
  dropCode(frame: bigint): void {
    for (const { cpu } of this.cpus) cpu.flushCode(frame, PAGE_SIZE);
  }

  /** Takes the kernel stack of a thread that will not resume it. */
  detachStack(thread: Thread): void {
    if (thread.stack === null) return;
    this.stacks.detach(thread);
    this.offerStacks();
  }

  /** Wakes the swap-in thread if somebody waits for a kernel stack and could have one. */
  offerStacks(): void {
    if (this.stacks.isOffered) this.wake("swapin");
  }

  /** Puts a thread on a queue. */
  waitOn(thread: Thread, queue: QueueName): void {
    this.queues[queue].add(thread);
    thread.waitFor({ kind: "queue", queue });
  }

  /** Wakes the threads of a queue. */
  wake(queue: QueueName): void {
    for (const thread of this.queues[queue].takeAll()) this.makeReady(thread);
  }

  /** A thread starts that was just made. */
  start(thread: Thread): void {
    this.#enter(thread, "start");
  }

  /** Makes a blocked thread ready. */
  makeReady(
    thread: Thread,
    result: WaitResult = "awakened",
    reason: "wakeup" | "release" = "wakeup",
  ): void {
    if (thread.state !== "blocked") return;
    thread.wake(result);
    this.#enter(thread, reason);
  }

  /** Queues a thread, and asks a running one to give way if the policy wants that. */
  #enter(thread: Thread, reason: "start" | "wakeup" | "release"): void {
    this.enqueue(thread, reason);
    for (const { id, isIdle, current } of this.cpus) {
      if (!isIdle && this.policy.preempts(thread.id, id)) {
        current.postAst("quantum", { preempted: true });
        return;
      }
    }
  }

  /** Queues a thread with the policy. */
  enqueue(thread: Thread, reason: Exclude<ReadyReason, "migrated">): void {
    thread.ready();
    this.decisions.forgetSlices();
    if (this.timers.oneShot && reason !== "yield" && reason !== "preempt") {
      this.events.emit({ type: "ready", of: thread.ref, reason, instant: this.decisions.instant });
    }
    const { jobs } = thread;
    if (reason !== "release" || jobs === null) {
      const waking = this.#waking;
      const why = waking === null ? REASONS[reason] : { ...waking, reason };
      this.policy.enqueue(thread.id, why);
    } else this.policy.enqueue(thread.id, { reason, released: jobs.releaseOf(jobs.record.job) });
  }

  /**
   * Does what may make threads ready, for which the policy is told whose doing it is.
   * @param hint what the thread knows of those it wakes, or of itself
   */
  wakeBy<Result>({ id }: Thread, hint: WakeHint, wake: () => Result): Result {
    const before = this.#waking;
    this.#waking = { waker: id, hint };
    try {
      return wake();
    } finally {
      this.#waking = before;
    }
  }

  /** A thread waits for what `wait` says, for its time at most if it has one. */
  waitUntil(thread: Thread, wait: Extract<Wait, { readonly until: number | null }>): void {
    thread.waitFor(wait);
    if (wait.until !== null) this.sleepers.add({ thread: thread.id, until: wait.until });
  }

  /** Makes a thread ready that waits, and takes it off whatever it waits for. */
  endWait(thread: Thread, result: WaitResult): void {
    this.cancelWait(thread);
    this.makeReady(thread, result);
  }

  /** The time of a thread has come that slept, or waited for something for so long. */
  expire(thread: Thread): void {
    switch (thread.wait?.kind) {
      case "time":
        return this.endWait(thread, "awakened");
      case "futex":
        return this.endWait(thread, "timed-out");
      default:
        this.locks.expire(thread);
    }
  }

  /** The wait of a thread does not end at its time any more. */
  #forgetTime({ id, wait }: Thread): void {
    if (wait !== null && "until" in wait && wait.until !== null) this.sleepers.remove(id);
  }

  /** Takes a blocked thread off whatever it waits for. */
  cancelWait(thread: Thread): void {
    const { wait } = thread;
    if (wait === null) return;
    this.#forgetTime(thread);
    switch (wait.kind) {
      case "queue":
        this.queues[wait.queue].remove(thread);
        break;
      case "release":
        this.timers.removeRelease(thread.id);
        break;
      case "futex":
        this.futexes.remove(wait, thread.id);
        break;
      case "mutex":
      case "semaphore":
      case "condition":
        this.locks.cancel(thread);
        break;
      case "task":
        this.task(wait.task).removeWaiter(thread.id);
    }
  }

  /** The task with a number, if it is alive. */
  liveTask(id: bigint): Task | undefined {
    if (id < 1n || id >= BigInt(this.tasks.length)) return undefined;
    const task = this.tasks[Number(id)];
    return task?.status === null ? task : undefined;
  }
}
