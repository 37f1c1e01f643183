/**
 * The processes and threads of a machine as debuggers see them.
 *
 * A task is a process, and its threads are those that have a program to run; what is seen of one is
 * its program, wherever the kernel has put it. The kernel is a process of its own. Its first thread
 * is the CPU with whatever it executes, in whichever mode. The others are the kernel's sides of
 * threads that keep a kernel stack while they do not run: where they blocked, for a backtrace.
 *
 * @module
 */

import type { Machine } from "../../../kernel/machine.ts";
import type { PerCpu } from "../../../kernel/per_cpu.ts";
import { CPU_CONTEXT, KERNEL_SIDE, stateOf } from "../../../kernel/inspect/kernel_contexts.ts";
import type { Task } from "../../../kernel/thread/task.ts";
import type { Thread } from "../../../kernel/thread/thread.ts";
import { isNameOf, KERNEL_PROCESS, THE_CPU, type ThreadName } from "../names.ts";

/** Size of the region where the programs of kernel-mode tasks are linked. */
const PROGRAM_REGION_SIZE = 1n << 30n;

/** Names what runs in a machine. */
export class Inferiors {
  readonly #machine: Machine;

  /** Those of a machine. */
  constructor(machine: Machine) {
    this.#machine = machine;
  }

  get #on(): PerCpu {
    return this.#machine.kernel.cpus[0] as PerCpu;
  }

  /** The thread that has the CPU. */
  get current(): Thread {
    return this.#on.current;
  }

  /** Whether the CPU executes the program of the thread that has it, and not the kernel. */
  get inProgram(): boolean {
    const { cpu, current } = this.#on;
    if (cpu.userMode) return true;
    const { programRegion } = this.#machine.kernel.arch;
    const { pc } = cpu;
    return current.task.kernelMode && pc >= programRegion &&
      pc < programRegion + PROGRAM_REGION_SIZE;
  }

  /** Whether the CPU executes the program of a certain thread. */
  runs(name: ThreadName): boolean {
    return isNameOf(name, this.current) && this.inProgram;
  }

  /** Who is at work: a thread whose program the CPU executes, or else the CPU. */
  get here(): ThreadName {
    const { id, task } = this.current;
    return this.inProgram ? { process: task.id, thread: id } : THE_CPU;
  }

  /** Numbers of the processes there are, the kernel's last. */
  get processes(): number[] {
    const tasks = this.#machine.kernel.tasks.filter((task) => this.#programs(task).length > 0);
    return [...tasks.map(({ id }) => id), KERNEL_PROCESS];
  }

  /** The task of a process; `undefined` for the kernel's, and for one that has never been. */
  task(process: number): Task | undefined {
    return process === 0 ? undefined : this.#machine.kernel.tasks[process];
  }

  /** Whether there is a process now. */
  isAlive(process: number): boolean {
    if (process === KERNEL_PROCESS) return true;
    const task = this.task(process);
    return task !== undefined && this.#programs(task).length > 0;
  }

  /** The threads of a process: none if there is no such process now. */
  threads(process: number): ThreadName[] {
    if (process !== KERNEL_PROCESS) {
      const task = this.task(process);
      return task === undefined
        ? []
        : this.#programs(task).map(({ id }) => ({ process, thread: id }));
    }
    const parked = this.#machine.kernel.threads.filter((thread) => this.#isParked(thread));
    return [THE_CPU, ...parked.map(({ id }) => ({ process, thread: KERNEL_SIDE + id }))];
  }

  /** Whether there is a thread now. */
  has(name: ThreadName): boolean {
    const thread = this.thread(name);
    if (name.process !== KERNEL_PROCESS) {
      return thread !== undefined && this.isAlive(name.process) && isProgram(thread);
    }
    return name.thread === CPU_CONTEXT || (thread !== undefined && this.#isParked(thread));
  }

  /** The kernel's thread that a name is about: for the CPU, the one that has it. */
  thread({ process, thread }: ThreadName): Thread | undefined {
    const { threads } = this.#machine.kernel;
    if (process === KERNEL_PROCESS) {
      return thread === CPU_CONTEXT ? this.current : threads[thread - KERNEL_SIDE];
    }
    const found = threads[thread];
    return found?.task.id === process ? found : undefined;
  }

  /** What to call a thread, and what it does: a few words each. */
  describe(name: ThreadName): { readonly name: string; readonly state: string } {
    const thread = this.thread(name);
    if (thread === undefined) return { name: "none", state: "there is no such thread" };
    const { id, task } = thread;
    const state = stateOf(thread);
    if (name.process !== KERNEL_PROCESS) return { name: task.name, state };
    return name.thread === CPU_CONTEXT
      ? { name: "CPU 0", state: `runs thread ${id} of ${task.name}` }
      : { name: `${task.name} ${id}`, state };
  }

  #programs(task: Task): Thread[] {
    if (task.id === 0 || task.status !== null || task.reaped) return [];
    return this.#machine.kernel.threadsOf(task).filter(isProgram);
  }

  #isParked(thread: Thread): boolean {
    return thread.state !== "dead" && thread !== this.current && thread.stack !== null;
  }
}

function isProgram({ userReady, state }: Thread): boolean {
  return userReady && state !== "dead";
}
