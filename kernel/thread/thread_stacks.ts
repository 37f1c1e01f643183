/**
 * Which threads have kernel stacks. The kernel's own threads are few and always get one; user
 * threads share a limited number, and those that find none wait for the swap-in thread. So no
 * number of user threads that block in the kernel can keep the threads they wait for from running.
 *
 * @module
 */

import type { Arch } from "../../arch/arch.ts";
import type { KernelSpace } from "../../arch/kernel_space.ts";
import type { PageFrames } from "../vm/page_frames.ts";
import { STACK_PAGES, type StackPool } from "./stack_pool.ts";
import type { Thread } from "./thread.ts";
import type { ThreadLayout } from "./thread_zone.ts";

/** What stacks are made of. */
export interface ThreadStacksOptions {
  /** Architecture. */
  readonly arch: Arch;
  /** Kernel half of the address space. */
  readonly space: KernelSpace;
  /** Page frames of RAM. */
  readonly frames: PageFrames;
  /** The stacks themselves. */
  readonly pool: StackPool;
  /** Layout of thread objects. */
  readonly layout: ThreadLayout;
  /** Most user threads with a stack at a time. */
  readonly limit: number;
}

/** Everything there is to know; threads by number. */
export interface ThreadStacksRecord {
  /** User threads that have a stack. */
  readonly userStacks: number;
  /** Threads that wait for one, first come first. */
  readonly waiting: readonly number[];
}

function isUser(thread: Thread): boolean {
  return thread.task.space !== null;
}

/** Gives kernel stacks to threads and takes them back. */
export class ThreadStacks {
  readonly #options: ThreadStacksOptions;
  #userStacks = 0;
  #waiting: Thread[] = [];

  /** No thread has a stack yet. */
  constructor(options: ThreadStacksOptions) {
    this.#options = options;
  }

  /** User threads that have a stack. */
  get userStacks(): number {
    return this.#userStacks;
  }

  /** Threads that are ready but wait for a stack, first come first served. */
  get waiting(): readonly Thread[] {
    return this.#waiting;
  }

  /** Whether somebody waits for a stack and could have one. */
  get isOffered(): boolean {
    return this.#waiting.length > 0 && this.#isOneLeft;
  }

  /** Whether one more user thread may have a stack. */
  get #isOneLeft(): boolean {
    return this.#userStacks < this.#options.limit;
  }

  /**
   * Gives a thread a kernel stack on which it will start at its label.
   * @returns whether there was one; a kernel thread always gets one
   * @throws {KernelError} of kind `memory` if there are no page frames for a kernel thread's stack
   */
  attach(thread: Thread): boolean {
    const { arch, space, frames, pool, layout } = this.#options;
    if (isUser(thread)) {
      const affordable = pool.spare > 0 || frames.available > frames.minimum + STACK_PAGES;
      if (!this.#isOneLeft || !affordable) return false;
      this.#userStacks++;
    }
    const stack = pool.allocate();
    const top = pool.top(stack);
    const frame = top - BigInt(arch.switchFrameSize);
    arch.writeSwitchFrame(space, frame, { resume: arch.image.label("thread_start") });
    space.writeU64(thread.address + BigInt(layout.stackBase), pool.base(stack));
    space.writeU64(thread.address + BigInt(layout.stackTop), top);
    space.writeU64(thread.address + BigInt(layout.ksp), frame);
    thread.giveStack(stack);
    return true;
  }

  /** Takes the kernel stack of a thread that will not resume it. */
  detach(thread: Thread): void {
    const { space, pool, layout } = this.#options;
    if (thread.stack === null) return;
    pool.free(thread.stack);
    thread.giveStack(null);
    space.writeU64(thread.address + BigInt(layout.stackBase), 0n);
    space.writeU64(thread.address + BigInt(layout.stackTop), 0n);
    if (isUser(thread)) this.#userStacks--;
  }

  /** Whether `next` may take over the stack `old` is about to give up. */
  mayHandOff(old: Thread, next: Thread): boolean {
    return old.stack !== null && (!isUser(next) || isUser(old) || this.#isOneLeft);
  }

  /** Records that `next` has taken over the stack of `old`; the guest moves its bounds. */
  handOff(old: Thread, next: Thread): void {
    next.giveStack(old.stack);
    old.giveStack(null);
    if (isUser(next)) this.#userStacks++;
    if (isUser(old)) this.#userStacks--;
  }

  /** A thread waits for a stack. */
  wait(thread: Thread): void {
    thread.lackStack();
    this.#waiting.push(thread);
  }

  /** A thread waits no longer. */
  cancel(thread: Thread): void {
    this.#waiting = this.#waiting.filter((other) => other !== thread);
  }

  /** The threads that wait, to try again; none waits now. */
  takeWaiting(): readonly Thread[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }

  /** Everything there is to know. */
  save(): ThreadStacksRecord {
    return { userStacks: this.#userStacks, waiting: this.#waiting.map(({ id }) => id) };
  }

  /** Takes over a record; `thread` finds a thread by its number. */
  restore(record: ThreadStacksRecord, thread: (id: number) => Thread): void {
    this.#userStacks = record.userStacks;
    this.#waiting = record.waiting.map(thread);
  }
}
