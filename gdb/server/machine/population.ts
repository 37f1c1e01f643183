/**
 * Which processes a debugger has attached to, and who comes and goes.
 *
 * A task that begins is told as `fork` and `exec`: debuggers then know its program, and set what
 * they have waited to set in it, before its first instruction. Nobody forks here, but it is how they
 * are told of new processes.
 *
 * @module
 */

import type { TaskStatus } from "../../../kernel/thread/task.ts";
import { SIGNAL } from "../../../trace/signals.ts";
import { KERNEL_PROCESS, THE_CPU, type ThreadName } from "../names.ts";
import type { Debuggee } from "./debuggee.ts";
import { programOf } from "./files.ts";
import type { Stop } from "./stop.ts";

/** Reasons of a halt that are the machine's regular end. */
const REGULAR_ENDS: readonly string[] = ["reboot", "all tasks have ended"];

/** How a process is told of that has begun. */
type Beginning = Stop & { readonly kind: "fork" | "exec" };

/** The processes of a machine for one debugger. */
export class Population {
  readonly #debuggee: Debuggee;
  readonly #attached = new Set<number>();
  /** Tasks whose beginning was told, or had happened before. */
  readonly #known = new Set<number>();
  /** Signals that processes were told to have, and may die of. */
  readonly #signals = new Map<number, number>();
  /** Beginnings that were not told yet. */
  #begun: Beginning[] = [];
  /** What the machine has stopped for, as long as there is something to be told before. */
  #held: Stop | undefined;
  /** Ends that were not told yet. */
  readonly #gone: Stop[] = [];
  /** Whether the debugger wants to hear of tasks that begin. */
  tellsForks = false;
  #isOne = false;

  /** All there are, attached to. */
  constructor(debuggee: Debuggee) {
    this.#debuggee = debuggee;
    for (const process of debuggee.inferiors.processes) this.attach(process);
  }

  /** The processes that are attached to, and alive, in the order of their numbers. */
  get attached(): number[] {
    const { inferiors } = this.#debuggee;
    return [...this.#attached].filter((process) => inferiors.isAlive(process))
      .sort((a, b) => a - b);
  }

  /** Whether a process is attached to. */
  has(process: number): boolean {
    return this.#attached.has(process);
  }

  /** The debugger knows but one process: everything happens in the kernel's, on the CPU. */
  beOne(): void {
    this.#isOne = true;
    for (const process of this.#attached) {
      if (process !== KERNEL_PROCESS) this.detach(process);
    }
  }

  /** Whether there is but one process for it, the kernel's, in which everything happens. */
  get isOne(): boolean {
    return this.#isOne;
  }

  /** Attaches to a process that is alive. */
  attach(process: number): void {
    this.#attached.add(process);
    this.#known.add(process);
  }

  /** Detaches from one: nothing in it stops any more. */
  detach(process: number): void {
    this.#attached.delete(process);
    this.#debuggee.points.clear(process);
    this.#begun = this.#begun.filter((stop) =>
      stop.kind === "fork" || stop.thread.process !== process
    );
  }

  /** The thread that is told instead of one that is not attached to. */
  told(thread: ThreadName): ThreadName {
    if (this.has(thread.process)) return thread;
    if (this.has(KERNEL_PROCESS)) return THE_CPU;
    const { inferiors } = this.#debuggee;
    return this.attached.flatMap((process) => inferiors.threads(process))[0] ?? thread;
  }

  /** A stop that has happened and was not told yet: who is back, what was held, who is gone. */
  next(): Stop | undefined {
    const begun = this.#begun.shift();
    if (begun !== undefined) {
      if (begun.kind === "fork") this.attach(begun.child.process);
      return begun;
    }
    const held = this.#held;
    this.#held = undefined;
    return held ?? this.#gone.shift();
  }

  /** What is to be told of a stop: first of all who is back, without whom it means nothing. */
  after(stop: Stop): Stop {
    this.#held = stop;
    return this.next() ?? stop;
  }

  /** A process has had a signal that it may die of. */
  dies(process: number, signal: number): void {
    this.#signals.set(process, signal);
  }

  /** It will not die of that. */
  survives(process: number): void {
    this.#signals.delete(process);
    this.#debuggee.observer.forgetAbort(process);
  }

  /** Whether there is a task that has not begun its program. */
  get isExpecting(): boolean {
    return this.#debuggee.machine.kernel.tasks.some(({ id, status }) =>
      status === null && this.expects(id)
    );
  }

  /** Whether a task is not known yet. */
  expects(task: number): boolean {
    return task !== 0 && !this.#known.has(task);
  }

  /** The beginning of the task whose program has the CPU, if that was not told yet. */
  born(): Stop | undefined {
    const { inferiors } = this.#debuggee;
    const { task } = inferiors.current;
    if (!this.expects(task.id) || !inferiors.inProgram) return undefined;
    const child = inferiors.here;
    const [first, ...others] = this.#beginning(child);
    this.#meet(task.id);
    this.#begun.push(...others);
    return first;
  }

  /** How a process is told of that was not known; not at all if nobody wants to hear it. */
  #beginning(child: ThreadName): Beginning[] {
    const file = programOf(this.#debuggee.machine, child.process);
    if (!this.tellsForks || !this.has(KERNEL_PROCESS) || file === undefined) return [];
    return [{ kind: "fork", child }, { kind: "exec", thread: child, file }];
  }

  /** A process that was not known is there. */
  #meet(process: number): void {
    if (this.#isOne) this.#known.add(process);
    else this.attach(process);
  }

  /** The end of a process that is attached to and no more. Others wait for their turn. */
  departed(): Stop | undefined {
    const { inferiors } = this.#debuggee;
    const gone = [...this.#attached].filter((process) => !inferiors.isAlive(process));
    for (const process of gone) {
      const status = inferiors.task(process)?.status;
      // Its threads are dead, and it is about to be.
      if (status === null) continue;
      this.#gone.push(this.#exit(process, status ?? { kind: "exit", code: 0 }));
    }
    return this.next();
  }

  /**
   * Takes note of who is there, after the machine was moved without anybody hearing: who has come
   * back and who is gone is told of next.
   */
  settle(): void {
    const { inferiors } = this.#debuggee;
    this.#held = undefined;
    this.#begun = this.#begun.filter((stop) =>
      stop.kind === "exec" && this.has(stop.thread.process)
    );
    for (const process of inferiors.processes) {
      const [child] = inferiors.threads(process);
      if (this.#known.has(process) || child === undefined || !this.#hasBegun(child)) continue;
      const stops = this.#beginning(child);
      if (stops.length === 0) this.#meet(process);
      else this.#begun.push(...stops);
    }
    this.miss();
  }

  /** Whether the first thread of a process has come to its program: a task that has not will. */
  #hasBegun(first: ThreadName): boolean {
    const { inferiors } = this.#debuggee;
    const entry = inferiors.task(first.process)?.module?.program.entry;
    return inferiors.runs(first) || this.#debuggee.pc(first) !== entry;
  }

  /** Takes note of who is gone. */
  miss(): void {
    const { inferiors } = this.#debuggee;
    for (const process of [...this.#attached]) {
      if (inferiors.isAlive(process)) continue;
      const status = inferiors.task(process)?.status ?? { kind: "exit", code: 0 };
      this.#gone.push(this.#exit(process, status));
    }
  }

  /** The machine has ended: so have all processes, the kernel's last. */
  end(reason: string): Stop {
    const status: TaskStatus = REGULAR_ENDS.includes(reason)
      ? { kind: "exit", code: 0 }
      : { kind: "killed", reason };
    if (status.kind === "killed") this.dies(KERNEL_PROCESS, SIGNAL.ABRT);
    for (const process of [...this.#attached].sort((a, b) => a - b)) {
      this.#gone.push(this.#exit(process, status));
    }
    return this.next() ?? this.#exit(KERNEL_PROCESS, status);
  }

  #exit(process: number, status: TaskStatus): Stop {
    this.#attached.delete(process);
    this.#known.delete(process);
    this.#debuggee.points.clear(process);
    const signal = this.#signals.get(process) ?? this.#debuggee.observer.signalOf(process);
    return { kind: "exit", process, status, signal };
  }
}
