/**
 * Tasks: an address space and the threads that run in it.
 *
 * @module
 */

import type { BootModule, ProgramAbi } from "../program/loader.ts";
import { ModuleCode } from "../program/module_code.ts";
import type { AddressSpace } from "../vm/address_space.ts";

/** How a task ended. */
export type TaskStatus =
  | {
    /** It called exit. */
    readonly kind: "exit";
    /** Its exit code, 32 bits, signed. */
    readonly code: number;
  }
  | {
    /** It was ended by somebody or something else. */
    readonly kind: "killed";
    /** Why, one line. */
    readonly reason: string;
  };

/** A range of addresses. */
export interface AddressRange {
  /** First address. */
  readonly begin: bigint;
  /** One past the last. */
  readonly end: bigint;
}

/** Everything a task keeps, as plain data; its address space apart. */
export interface TaskRecord {
  /** See {@linkcode Task.id}. */
  readonly id: number;
  /** See {@linkcode Task.name}. */
  readonly name: string;
  /** Index of its boot module, or `null`. */
  readonly module: number | null;
  /** See {@linkcode Task.threads}. */
  readonly threads: readonly number[];
  /** See {@linkcode Task.waiters}. */
  readonly waiters: readonly number[];
  /** See {@linkcode Task.locks}. */
  readonly locks: readonly number[];
  /** See {@linkcode Task.programPages}. */
  readonly programPages: readonly bigint[];
  /** How often it has been suspended and not resumed. */
  readonly suspendCount: number;
  /** See {@linkcode Task.loaded}. */
  readonly loaded: boolean;
  /** See {@linkcode Task.status}. */
  readonly status: TaskStatus | null;
  /** See {@linkcode Task.ending}. */
  readonly ending: TaskStatus | null;
  /** See {@linkcode Task.emergencyStack}. */
  readonly emergencyStack: AddressRange | null;
  /** See {@linkcode Task.reaped}. */
  readonly reaped: boolean;
}

/** What the kernel's own task has for the unwinder. */
const NO_CODE = new ModuleCode(null);

/** A task. Threads are known by their numbers. */
export class Task {
  /** Number, from 0; 0 is the kernel's own task. */
  readonly id: number;
  /** Name in logs: the boot module's. */
  readonly name: string;
  /** Its address space; the kernel task has none of its own. */
  readonly space: AddressSpace | null;
  /** The boot module it was started from. */
  readonly module: BootModule | null;
  /** Whether it runs at the kernel's privilege, in the kernel's address space. */
  readonly kernelMode: boolean;
  /** Whose system calls its program makes. */
  readonly abi: ProgramAbi;
  /** Its code for the unwinder. */
  readonly code: ModuleCode;
  readonly #threads = new Set<number>();
  readonly #waiters = new Set<number>();
  readonly #locks = new Set<number>();
  #programPages: bigint[] = [];
  #suspendCount = 0;
  #loaded = false;
  #status: TaskStatus | null = null;
  #ending: TaskStatus | null = null;
  #emergencyStack: AddressRange | null = null;
  #reaped = false;

  /** Makes a task without threads. */
  constructor(
    id: number,
    options: { name: string; space: AddressSpace | null; module: BootModule | null },
  ) {
    this.id = id;
    this.name = options.name;
    this.space = options.space;
    this.module = options.module;
    this.code = options.module?.code ?? NO_CODE;
    this.kernelMode = options.space === null && options.module !== null;
    this.abi = options.module?.abi ?? "trapline";
  }

  /**
   * Numbers of the threads whose objects it holds, dead ones that are not reaped yet too, in order
   * of creation.
   */
  get threads(): ReadonlySet<number> {
    return this.#threads;
  }

  /** Threads that wait for it to end. */
  get waiters(): ReadonlySet<number> {
    return this.#waiters;
  }

  /** Numbers of its mutexes, semaphores and condition variables. */
  get locks(): ReadonlySet<number> {
    return this.#locks;
  }

  /** Pages of the program of a kernel-mode task. */
  get programPages(): readonly bigint[] {
    return this.#programPages;
  }

  /** Whether none of its threads may run its program. */
  get suspended(): boolean {
    return this.#suspendCount > 0;
  }

  /** Whether its program is in memory and its first thread waits to be resumed. */
  get loaded(): boolean {
    return this.#loaded;
  }

  /** How it ended, or `null` while it lives. */
  get status(): TaskStatus | null {
    return this.#status;
  }

  /** How it will have ended when its last thread is gone, or `null` while nobody has ended it. */
  get ending(): TaskStatus | null {
    return this.#ending;
  }

  /** Range below an overflowed stack that was lent for its unwinding, or `null`. */
  get emergencyStack(): AddressRange | null {
    return this.#emergencyStack;
  }

  /** Whether its address space has been destroyed. */
  get reaped(): boolean {
    return this.#reaped;
  }

  /** A thread is made for it. */
  addThread(thread: number): void {
    this.#threads.add(thread);
  }

  /** A dead thread's object has been freed. */
  removeThread(thread: number): void {
    this.#threads.delete(thread);
  }

  /** A thread waits for its end. */
  addWaiter(thread: number): void {
    this.#waiters.add(thread);
  }

  /** A thread waits no longer. */
  removeWaiter(thread: number): void {
    this.#waiters.delete(thread);
  }

  /** A mutex, semaphore or condition variable is made for it. */
  addLock(object: number): void {
    this.#locks.add(object);
  }

  /** One of them is destroyed. */
  removeLock(object: number): void {
    this.#locks.delete(object);
  }

  /** A page of its kernel-mode program was mapped. */
  addProgramPage(address: bigint): void {
    this.#programPages.push(address);
  }

  /** Its kernel-mode program is gone: returns and forgets its pages. */
  takeProgramPages(): readonly bigint[] {
    const pages = this.#programPages;
    this.#programPages = [];
    return pages;
  }

  /** None of its threads may run its program until {@linkcode resume} was called as often. */
  suspend(): void {
    this.#suspendCount++;
  }

  /** Takes one {@linkcode suspend} back; returns whether its threads may run. */
  resume(): boolean {
    this.#suspendCount--;
    return this.#suspendCount <= 0;
  }

  /** Its program is in memory. */
  becomeLoaded(): void {
    this.#loaded = true;
  }

  /** Somebody ends it; the first to do so says how. Returns how it will have ended. */
  end(status: TaskStatus): TaskStatus {
    return this.#ending ??= status;
  }

  /** Its last thread is gone, or will not run again: returns the threads that waited for this. */
  die(status: TaskStatus): readonly number[] {
    this.#status = status;
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    return waiters;
  }

  /** A range is lent below a stack that has overflowed, or taken back. */
  lendEmergencyStack(range: AddressRange | null): void {
    this.#emergencyStack = range;
  }

  /** Its address space is destroyed. */
  becomeReaped(): void {
    this.#reaped = true;
  }

  /** Everything there is to know, but for its address space. */
  save(): TaskRecord {
    return {
      id: this.id,
      name: this.name,
      module: this.module?.index ?? null,
      threads: [...this.#threads],
      waiters: [...this.#waiters],
      locks: [...this.#locks],
      programPages: this.#programPages.slice(),
      suspendCount: this.#suspendCount,
      loaded: this.#loaded,
      status: this.#status,
      ending: this.#ending,
      emergencyStack: this.#emergencyStack,
      reaped: this.#reaped,
    };
  }

  /** The task a record was made of. */
  static from(
    record: TaskRecord,
    options: { space: AddressSpace | null; module: BootModule | null },
  ): Task {
    const task = new Task(record.id, { name: record.name, ...options });
    for (const thread of record.threads) task.#threads.add(thread);
    for (const waiter of record.waiters) task.#waiters.add(waiter);
    for (const object of record.locks) task.#locks.add(object);
    task.#programPages = record.programPages.slice();
    task.#suspendCount = record.suspendCount;
    task.#loaded = record.loaded;
    task.#status = record.status;
    task.#ending = record.ending;
    task.#emergencyStack = record.emergencyStack;
    task.#reaped = record.reaped;
    return task;
  }
}
