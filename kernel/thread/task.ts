/**
 * Tasks: an address space and the threads that run in it.
 *
 * @module
 */

import type { AddressSpace } from "../vm/address_space.ts";
import type { ModuleList } from "../../unwind/walk/mod.ts";
import type { Module } from "../boot/loader.ts";
import type { Thread } from "./thread.ts";

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

/** A task. */
export class Task {
  /** Number, from 0; 0 is the kernel's own task. */
  readonly id: number;
  /** Name in logs: the module's. */
  readonly name: string;
  /** Its address space; the kernel task has none of its own. */
  readonly space: AddressSpace | null;
  /** The module it was started from. */
  readonly module: Module | null;
  /** Whether it runs at the kernel's privilege, in the kernel's address space. */
  readonly kernelMode: boolean;
  /** Pages of the program of a kernel-mode task. */
  readonly programPages: bigint[] = [];
  /** Live threads, in order of creation. */
  readonly threads: Set<Thread> = new Set();
  /** Threads that wait for the task to end. */
  readonly waiters: Set<Thread> = new Set();
  /** While positive, none of its threads runs in user mode. */
  suspendCount = 0;
  /** Whether its program is loaded and its first thread waits to be resumed. */
  suspended = false;
  /** How it ended, or `null` while it lives. */
  status: TaskStatus | null = null;
  /** How it will have ended when its last thread is gone, or `null` while nobody has ended it. */
  ending: TaskStatus | null = null;
  /** Its code for the unwinder; made when first needed. */
  modules: ModuleList | null = null;
  /** Whether its program has anything to clean up; found out when first needed. */
  cleanups: boolean | null = null;
  /** Range below an overflowed stack that was lent for its unwinding, or `null`. */
  emergencyStack: { readonly begin: bigint; readonly end: bigint } | null = null;
  /** Whether its address space has been destroyed. */
  reaped = false;

  /** Makes a task without threads. */
  constructor(
    id: number,
    options: { name: string; space: AddressSpace | null; module: Module | null },
  ) {
    this.id = id;
    this.name = options.name;
    this.space = options.space;
    this.module = options.module;
    this.kernelMode = options.space === null && options.module !== null;
  }
}
