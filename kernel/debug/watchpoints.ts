/**
 * Watchpoints: who touches these bytes?
 *
 * A watchpoint names virtual addresses, of one task or of all, and each run of the machine ends
 * behind an access to one of them. What counts is the address an instruction uses, in the address
 * space it runs in: a page that the task does not have yet, or has another copy of after a write,
 * is followed. The kernel's part in TypeScript has no virtual addresses; what it writes counts
 * wherever a watched address leads to. What it reads does not count: it reads as a debugger would,
 * for logs and unwinding, and no guest could tell. Restoring a snapshot is no access.
 *
 * @module
 */

import type { WatchHit, WatchRange } from "../../arch/arch.ts";
import { ADDRESSES, UPPER_HALF } from "../../arch/page_tables.ts";
import { hex } from "../../arch/physical_memory.ts";
import { KernelError } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import type { PerCpu } from "../per_cpu.ts";

/** What a watchpoint watches for. */
export type WatchKind = "read" | "write" | "access";

const KINDS: readonly WatchKind[] = ["read", "write", "access"];
/** More than this would be looked up page by page at each run. */
const MAX_SIZE = 2 ** 20;

/** How to watch. */
export interface WatchpointOptions {
  /**
   * Number of the only task whose accesses count: those to its own addresses, and to the kernel's
   * those made while one of its threads runs. It need not exist yet. By default every task's do.
   */
  readonly task?: number;
}

/** Bytes that are watched until it is disposed of. */
export interface Watchpoint extends Disposable {
  /** Number of the watchpoint in its machine, from 1. */
  readonly id: number;
  /** Virtual address of the first byte. */
  readonly address: bigint;
  /** Bytes. */
  readonly size: number;
  /** What it watches for. */
  readonly kind: WatchKind;
  /** Number of the only task it is about, or `null`. */
  readonly task: number | null;
}

/** One access that a watchpoint has found. */
export interface WatchpointHit {
  /** The watchpoint. */
  readonly watchpoint: Watchpoint;
  /** What was done. An instruction that does both makes two hits. */
  readonly access: "read" | "write";
  /** Address of the first watched byte that was touched. */
  readonly address: bigint;
  /** How many were. */
  readonly size: number;
  /** Those bytes as they were before. */
  readonly before: Uint8Array;
  /** Those bytes as they were read or written. */
  readonly value: Uint8Array;
  /**
   * Address of the instruction; of the kernel's or the processor's own writes, where the CPU was.
   */
  readonly pc: bigint;
  /**
   * Who did it: an instruction of the guest, in whichever mode; `cpu`, the processor that saves
   * state when it enters an exception; or `kernel`, the kernel's part in TypeScript.
   */
  readonly by: "instruction" | "cpu" | "kernel";
  /** Number of the task whose thread was running. */
  readonly task: number;
}

/** The watchpoints of a machine. */
export class Watchpoints {
  readonly #kernel: Kernel;
  readonly #watchpoints = new Map<WatchRange, Watchpoint>();
  #next = 1;

  /** None yet. */
  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** Adds one. @throws {KernelError} of kind `misuse` if what it is to watch is none */
  add(
    range: { address: bigint; size: number; kind: WatchKind },
    { task }: WatchpointOptions = {},
  ): Watchpoint {
    const { address, size, kind } = range;
    check(range, task);
    const k = this.#kernel;
    const watched: WatchRange = {
      address,
      size,
      reads: kind !== "write",
      writes: kind !== "read",
      roots: () => rootsOf(k, task),
    };
    const parts = k.cpus.map(({ cpu }) => cpu.addWatch(watched));
    const watchpoint: Watchpoint = {
      id: this.#next++,
      address,
      size,
      kind,
      task: task ?? null,
      [Symbol.dispose]: () => {
        for (const part of parts) part[Symbol.dispose]();
        this.#watchpoints.delete(watched);
      },
    };
    this.#watchpoints.set(watched, watchpoint);
    return watchpoint;
  }

  /** Whether there are none, so that nothing need be asked. */
  get isEmpty(): boolean {
    return this.#watchpoints.size === 0;
  }

  /** What the kernel has written on a CPU since its last run. */
  written(on: PerCpu): readonly WatchpointHit[] {
    return this.found(on, on.cpu.takeWatchHits());
  }

  /** The hits of a CPU that are one of the watchpoints'. */
  found(on: PerCpu, hits: readonly WatchHit[]): readonly WatchpointHit[] {
    const task = on.current.task.id;
    return hits.flatMap(({ range, access, address, before, value, pc, by }) => {
      const watchpoint = this.#watchpoints.get(range);
      if (watchpoint === undefined) return [];
      const isKernels = watchpoint.address >= UPPER_HALF;
      if (isKernels && watchpoint.task !== null && watchpoint.task !== task) return [];
      const size = before.length;
      return [{ watchpoint, access, address, size, before, value, pc, by, task }];
    });
  }
}

function check(
  { address, size, kind }: { address: bigint; size: number; kind: WatchKind },
  task: number | undefined,
): void {
  const refuse = (what: string, expected: string): never => {
    throw new KernelError("misuse", `Cannot watch ${what}: expected ${expected}`);
  };
  if (typeof address !== "bigint" || address < 0n || address >= ADDRESSES) {
    refuse(`address ${String(address)}`, "an unsigned 64-bit address");
  }
  if (!Number.isSafeInteger(size) || size < 1 || size > MAX_SIZE) {
    refuse(`${size} bytes`, `an integer from 1 to ${MAX_SIZE}`);
  }
  const end = address + BigInt(size);
  if (end > ADDRESSES || (address < UPPER_HALF && end > UPPER_HALF)) {
    refuse(`${size} bytes at ${hex(address)}`, "a range within one half of the address space");
  }
  if (!KINDS.includes(kind)) refuse(`for "${String(kind)}"`, KINDS.join(", "));
  if (task !== undefined && !(Number.isSafeInteger(task) && task >= 0)) {
    refuse(`task ${String(task)}`, "the number of a task");
  }
}

/** Root tables of one task, or of all that have any. */
function rootsOf(k: Kernel, only: number | undefined): bigint[] {
  const tasks = only === undefined ? k.tasks : k.tasks.slice(only, only + 1);
  return tasks.flatMap(({ space, reaped }) => space === null || reaped ? [] : [space.root]);
}
