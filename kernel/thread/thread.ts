/**
 * Threads: the kernel's view (state, what to do next) and the machine-dependent object in guest memory.
 *
 * @module
 */

import type { TrapFrame } from "../../arch/arch.ts";
import type { GuestImage } from "../../arch/guest_image.ts";
import type { KernelSpace } from "../../arch/kernel_space.ts";
import { PAGE_SIZE } from "../../arch/physical_memory.ts";
import type { ThreadRef } from "../../trace/events.ts";
import type { FrameAllocator } from "../vm/page_frames.ts";
import type { Outcome } from "./outcome.ts";
import type { UnwindContext } from "../unwind/panic.ts";
import type { Task } from "./task.ts";

/** Where a thread is. */
export type ThreadState = "ready" | "running" | "blocked" | "dead";

/** Reasons to stop on the way to user mode (asynchronous system traps). */
export type Ast = "quantum" | "suspend" | "terminate";

/** Offsets in the thread object, read from the image. */
export interface ThreadLayout {
  /** Saved kernel stack pointer. */
  readonly ksp: number;
  /** Kernel stack base; its top follows. */
  readonly stackBase: number;
  /** Kernel stack top. */
  readonly stackTop: number;
  /** Continuation. */
  readonly continuation: number;
  /** Root table. */
  readonly root: number;
  /** Top of the emergency stack. */
  readonly emergency: number;
  /** User trap frame. */
  readonly frame: number;
  /** Floating-point state. */
  readonly fp: number;
  /** Bytes of the object. */
  readonly size: number;
}

/** Reads the layout from an image. */
export function threadLayout(image: GuestImage): ThreadLayout {
  const at = (name: string) => image.constant(`TH_${name}`);
  return {
    ksp: at("KSP"),
    stackBase: at("STACK_BASE"),
    stackTop: at("STACK_TOP"),
    continuation: at("CONTINUATION"),
    root: at("ROOT"),
    emergency: at("EMERGENCY"),
    frame: at("FRAME"),
    fp: at("FP"),
    size: at("SIZE"),
  };
}

/** A thread. */
export class Thread {
  /** Number, from 0, never reused; the scheduling policy knows the thread by it. */
  readonly id: number;
  /** Guest address of the thread object. */
  readonly address: bigint;
  /** Task it belongs to. */
  readonly task: Task;
  /** Scheduling priority, 0 to 127. */
  readonly priority: number;
  /** How events name it. */
  readonly ref: ThreadRef;
  /** Where it is. */
  state: ThreadState = "blocked";
  /** Index of its kernel stack, or `null` if it has none at the moment. */
  stack: number | null = null;
  /** Label it starts at when it runs next, or `null` if it resumes its stack. */
  continuation: string | null = null;
  /** What to do when it runs next. */
  resume: (() => Outcome) | null = null;
  /** What to do with the results of the guest routines that run on its stack, innermost last. */
  readonly pending: ((result: bigint) => Outcome)[] = [];
  /** Traps from kernel mode that are being handled on its stack, innermost last. */
  readonly kernelTraps: TrapFrame[] = [];
  /** What to take care of before it goes to user mode. */
  readonly asts: Set<Ast> = new Set();
  /** Whether it is blocked because its task is suspended. */
  suspended = false;
  /** Takes it off whatever it waits for. */
  cancelWait: (() => void) | null = null;
  /** Physical address of the page its copies to and from the host go through, if it has needed one. */
  bounce: bigint | null = null;
  /** Unwindings of its stack, innermost last. */
  readonly unwinds: UnwindContext[] = [];
  /** Exceptions that handlers hold. */
  readonly caught: UnwindContext[] = [];
  /** Whether it has a user context to go to or come from. */
  userReady = false;
  /** Page below its kernel stack that was lent because the stack overflowed, or `null`. */
  stackReserve: bigint | null = null;
  /** Why it is to be unwound to its end, or `null`. */
  killReason: string | null = null;
  /** Instructions it has run. */
  runTime = 0;

  /** Makes the kernel's view of the object at `address`. */
  constructor(id: number, options: { address: bigint; task: Task; priority: number }) {
    this.id = id;
    this.address = options.address;
    this.task = options.task;
    this.priority = options.priority;
    this.ref = { address: options.address, task: options.task.name };
  }
}

/** Carves thread objects out of frames at the top of RAM, highest address first; freed objects are used again. */
export class ThreadZone {
  readonly #frames: FrameAllocator;
  readonly #space: KernelSpace;
  readonly #size: number;
  readonly #free: bigint[] = [];
  #inUse = 0;

  /** Objects of `size` bytes, rounded up to 64: each begins at a cache line. */
  constructor(space: KernelSpace, options: { frames: FrameAllocator; size: number }) {
    this.#space = space;
    this.#frames = options.frames;
    this.#size = (options.size + 63) & ~63;
  }

  /** Objects that are in use. */
  get inUse(): number {
    return this.#inUse;
  }

  /** Returns the address of a zeroed object. */
  allocate(): bigint {
    if (this.#free.length === 0) {
      const page = this.#space.virtual(this.#frames.allocateHigh());
      const count = Math.floor(PAGE_SIZE / this.#size);
      for (let i = 0; i < count; i++) this.#free.push(page + BigInt(i * this.#size));
    }
    const address = this.#free.pop();
    if (address === undefined) throw new RangeError("A page holds no thread object");
    this.#space.memory.slice(this.#space.physical(address), this.#size).fill(0);
    this.#inUse++;
    return address;
  }

  /** Takes an object back. */
  free(address: bigint): void {
    this.#inUse--;
    this.#free.push(address);
  }
}
