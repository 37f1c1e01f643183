/**
 * Exception objects that the kernel makes: each has a page of its task, so that there is room for
 * what a language's runtime keeps with it.
 *
 * @module
 */

import { PAGE_SIZE } from "../../arch/physical_memory.ts";
import { KernReturn } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import type { Task } from "../thread/task.ts";
import { READ_WRITE } from "../vm/vm_map.ts";
import type { Unwind } from "../thread/unwinds.ts";

const PAGE = BigInt(PAGE_SIZE);

/** Where such pages are put. */
const OBJECT_BASE = 0x2000_0000n;

/**
 * Puts a page frame into a task's memory, for an exception object; `null`, and the page frame is
 * freed, if there is no room.
 */
export function mapObject(k: Kernel, task: Task, physical: bigint): bigint | null {
  const { space } = task;
  if (space === null) return k.kernelSpace.virtual(physical);
  const page = space.findSpace(OBJECT_BASE, PAGE) ?? 0n;
  const object = { kind: "zero" } as const;
  const kr = space.enter({ begin: page, end: page + PAGE, protection: READ_WRITE, object });
  if (kr !== KernReturn.SUCCESS) {
    k.pageFrames.free(physical);
    return null;
  }
  space.enterPage(page, { frame: physical, protection: READ_WRITE, clean: false });
  return page;
}

/** Frees what the kernel made for an unwinding, if anything. */
export function releaseObject(k: Kernel, task: Task, { page }: Unwind): void {
  if (page === null) return;
  const { space } = task;
  if (space === null) return k.pageFrames.free(page - k.kernelSpace.directMap);
  space.remove(page, page + PAGE);
}
