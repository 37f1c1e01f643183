/**
 * Accounts for everything a kernel hands out: frames, stacks and thread objects. What nobody owns
 * has leaked.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { Kernel } from "../kernel.ts";
import type { Machine } from "../machine.ts";
import { STACK_PAGES } from "../thread/stack_pool.ts";
import { pageFloor } from "../vm/vm_map.ts";

/** Number of tables of a root, itself included; entries below `first` are another's. */
function tableCount(k: Kernel, root: bigint, range: { first: number; end: number }): number {
  const count = (table: bigint, level: number, { first, end }: typeof range): number => {
    let tables = 1;
    for (let i = first; level < 3 && i < end; i++) {
      const entry = k.memory.readU64(table + BigInt(8 * i));
      const format = k.arch.entryFormat;
      if (!format.isPresent(entry) || format.isLeaf(entry, level)) continue;
      tables += count(format.physical(entry), level + 1, { first: 0, end: 512 });
    }
    return tables;
  };
  return count(root, 0, range);
}

/** Frames that tasks, threads and the kernel's pools own at the moment. */
function ownedFrames(k: Kernel): number {
  const user = { first: 0, end: k.arch.sharedRoot ? 256 : 512 };
  let owned = tableCount(k, k.kernelSpace.root, {
    first: 256 * Number(k.arch.sharedRoot),
    end: 512,
  });
  // A page is carved into thread objects when the first of them is needed, and never given back.
  owned += new Set(k.threads.map(({ address }) => pageFloor(address))).size;
  owned += k.zeroed.length + (k.stackPool.inUse + k.stackPool.spare) * STACK_PAGES;
  for (const { space, reaped, threads, programPages } of k.tasks) {
    owned += programPages.length;
    for (const id of threads) owned += k.thread(id).bounce === null ? 0 : 1;
    if (space !== null && !reaped) owned += space.residentCount + tableCount(k, space.root, user);
  }
  return owned;
}

/** The books of one machine, opened when nothing has run yet. */
export class Audit {
  readonly #kernel: Kernel;
  /** Frames in use from the start for good: image, modules, boot tables. */
  readonly #fixed: number;

  /** Opens the books. */
  constructor(machine: Machine) {
    this.#kernel = machine.kernel;
    this.#fixed = this.#used - ownedFrames(this.#kernel);
  }

  get #used(): number {
    const { pageFrames: frames } = this.#kernel;
    return frames.total - frames.available;
  }

  /**
   * Frames in use that nobody owns. Exact whenever no thread is in the middle of handing a frame
   * on, as after a halt.
   */
  get leakedFrames(): number {
    return this.#used - this.#fixed - ownedFrames(this.#kernel);
  }

  /** Asserts that everything in use is somebody's, and nothing is two's. */
  check(): void {
    const k = this.#kernel;
    assertEquals(this.leakedFrames, 0, "frames that nobody owns");
    const threads = k.tasks.flatMap((task) => k.threadsOf(task));
    assertEquals(k.zone.inUse, threads.length, "thread objects");
    const stacks = threads.flatMap(({ stack }) => stack === null ? [] : [stack]);
    assertEquals(new Set(stacks).size, stacks.length, "stacks with two owners");
    // One more is kept for emergencies.
    assertEquals(k.stackPool.inUse, stacks.length + 1, "stacks");
    const user = threads.filter(({ task, stack }) => task.space !== null && stack !== null);
    assertEquals(k.stacks.userStacks, user.length, "stacks of user threads");
    const pages = k.tasks.flatMap(({ space, reaped }) =>
      space === null || reaped ? [] : [...space.pages.values()].map(({ frame }) => frame)
    );
    assertEquals(new Set(pages).size, pages.length, "frames that are two pages");
    assert(pages.every((frame) => k.pageFrames.isUsed(frame)), "a page whose frame is free");
    this.#checkWaits();
  }

  /** Asserts that only living threads have locks or wait, and locks are those of tasks. */
  #checkWaits(): void {
    const k = this.#kernel;
    const { objects, threads } = k.locks.save();
    const owned = k.tasks.filter(({ reaped }) => !reaped).flatMap(({ locks }) => [...locks]);
    assertEquals(objects.map(({ id }) => id + 1), owned.sort((a, b) => a - b), "locks of tasks");
    const isDead = (id: number): boolean => k.thread(id).state === "dead";
    assertEquals(threads.filter(({ thread }) => isDead(thread)), [], "dead threads with locks");
    for (const { threads, address } of k.futexes.save()) {
      for (const id of threads) {
        const { wait } = k.thread(id);
        assert(wait?.kind === "futex" && wait.address === address, `thread ${id} does not wait`);
      }
    }
    for (const { thread, until } of k.sleepers.save()) {
      const { wait } = k.thread(thread);
      assert(wait !== null && "until" in wait && wait.until === until, `${thread} has no time`);
    }
  }
}
