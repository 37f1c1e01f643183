/**
 * What there is to see of a machine.
 *
 * @module
 */

import type { Cpu } from "../../arch/arch.ts";
import type { Kernel } from "../kernel.ts";
import type { PerCpu } from "../per_cpu.ts";
import { summarize, type ThreadSummary } from "../thread/describe.ts";
import type { Task } from "../thread/task.ts";
import { ConsoleView } from "./console_view.ts";
import { findTask, findThread } from "./find.ts";
import { summarizeLocks, type TaskLockSummary } from "./locks.ts";
import { readMemory, readText, writeMemory } from "./memory.ts";
import { cpuRegisters, programRegisters, type Registers, setRegister } from "./registers.ts";
import { summarizeTasks, type TaskSummary } from "./tasks.ts";

/** A machine as whoever debugs it sees it. */
export abstract class MachineView {
  /** The kernel, for inspection. */
  readonly kernel: Kernel;

  /** A view of the machine a kernel runs on. */
  protected constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  /**
   * Refuses what would change the machine while its kernel is at work, in a sink or callback.
   * @throws {KernelError} of kind `misuse`
   */
  protected abstract checkQuiet(action: string): void;

  /** The CPU it boots on, number 0; all of them are in {@linkcode Kernel.cpus}. */
  get cpu(): Cpu {
    return (this.kernel.cpus[0] as PerCpu).cpu;
  }

  /** The instruction clock: guest instructions executed plus idle time skipped. */
  get now(): number {
    return this.kernel.clock.now;
  }

  /**
   * Its threads, but those whose objects have been freed: where each is, what it waits for, how it
   * will go on.
   */
  get threads(): ThreadSummary[] {
    const k = this.kernel;
    return k.tasks.flatMap((task) => k.threadsOf(task)).map(summarize);
  }

  /** Its tasks, dead ones too: how each ended, its threads, what is mapped. */
  get tasks(): TaskSummary[] {
    return summarizeTasks(this.kernel);
  }

  /**
   * Mutexes, semaphores and condition variables of its tasks: who has each, and who waits for it.
   * What a thread waits for is in {@linkcode MachineView.threads}.
   */
  get locks(): TaskLockSummary[] {
    return summarizeLocks(this.kernel);
  }

  /** What its programs have printed. */
  get console(): ConsoleView {
    return new ConsoleView(this.kernel);
  }

  /**
   * The general registers by name, in the order of a register dump: the CPU's as they are now, or
   * those of a thread's program, wherever it is.
   *
   * @example Where the CPU is
   * ```ts
   * // deno run --allow-ffi --allow-env example.ts
   * import { archByName, Machine } from "@trapline/trapline";
   *
   * using machine = new Machine({ arch: archByName("x86_64"), modules: [] });
   * machine.run(1_000);
   * console.log(machine.registers().rip);
   * ```
   *
   * @param options `thread` is a thread's number
   * @throws {KernelError} of kind `misuse` if there is no such thread, or it runs no program
   */
  registers(options: { readonly thread?: number } = {}): Registers {
    const k = this.kernel;
    return options.thread === undefined
      ? cpuRegisters(k, this.cpu)
      : programRegisters(k, findThread(k, options.thread));
  }

  /**
   * Sets a general register by its name in {@linkcode MachineView.registers}: the CPU's, or that of
   * a thread's program, wherever it is.
   *
   * @param options `thread` is a thread's number
   * @throws {KernelError} of kind `misuse` if there is no such register or thread, it runs no
   *   program or its registers are just being saved, or in a sink or callback
   */
  setRegister(name: string, value: bigint, options: { readonly thread?: number } = {}): void {
    this.checkQuiet("set a register of");
    const k = this.kernel;
    const { cpu } = this;
    const { thread } = options;
    const on = thread === undefined ? { cpu } : { cpu, thread: findThread(k, thread) };
    setRegister(k, on, { name, value });
  }

  /**
   * Reads memory by virtual address: in the upper half the kernel's, below that a task's own. No
   * protection is asked; pages not touched yet are what the task would find in them.
   *
   * @param options `task` is a task's number or name; by default the one whose thread runs
   * @throws {KernelError} of kind `address` if a part is not mapped, with the first address that is
   *   not; `misuse` if there can be no such range or there is no such task
   */
  readMemory(
    address: bigint,
    size: number,
    options: { readonly task?: number | string } = {},
  ): Uint8Array<ArrayBuffer> {
    return readMemory(this.kernel, { task: this.#task(options), address, size });
  }

  /**
   * Reads a text of a C program by virtual address: UTF-8 up to a zero byte.
   *
   * @param options `task` as for {@linkcode MachineView.readMemory}; `limit` is the most bytes that
   *   are read, by default 4,096
   * @throws {KernelError} as {@linkcode MachineView.readMemory}
   */
  readText(
    address: bigint,
    options: { readonly task?: number | string; readonly limit?: number } = {},
  ): string {
    const { limit: size = 4096 } = options;
    return readText(this.kernel, { task: this.#task(options), address, size });
  }

  /**
   * Writes memory by virtual address, as {@linkcode MachineView.readMemory} reads it. Pages not
   * touched yet come into memory; changed code is executed as it is now.
   *
   * @throws {KernelError} as {@linkcode MachineView.readMemory}, and of kind `memory` if there are
   *   too few page frames, or `misuse` in a sink or callback; nothing is written then
   */
  writeMemory(
    address: bigint,
    bytes: Uint8Array,
    options: { readonly task?: number | string } = {},
  ): void {
    this.checkQuiet("write memory of");
    writeMemory(this.kernel, { task: this.#task(options), address }, bytes);
  }

  #task({ task }: { readonly task?: number | string }): Task {
    return task === undefined
      ? (this.kernel.cpus[0] as PerCpu).current.task
      : findTask(this.kernel, task);
  }

  /** Why the machine stopped for good, or `null`. */
  get halted(): string | null {
    return this.kernel.halted;
  }
}
