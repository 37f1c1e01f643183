/**
 * Page faults: demand-zero pages, pages of files, and protections that are granted at the first
 * use.
 *
 * @module
 */

import { PAGE_SIZE } from "../../arch/physical_memory.ts";
import { KernReturn } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import type { Continuation, FrameResult, WaitResult } from "../thread/continuation.ts";
import { blockAt, blockKeepingStack, type Outcome, resume } from "../thread/outcome.ts";
import type { Thread } from "../thread/thread.ts";
import type { Fault } from "../vm/fault_types.ts";
import { zeroedFrame } from "./supply.ts";
import type { PageRequest } from "../vm/page_io.ts";
import { isSameEntry, pageFloor, type VmEntry } from "../vm/vm_map.ts";

/**
 * Makes the faulting access possible, if the map of the thread's task allows it; goes on with a
 * kernel return code.
 */
export function resolveFault(
  k: Kernel,
  thread: Thread,
  how: { fault: Fault; then: Continuation<number> },
): Outcome {
  const { fault, then } = how;
  const { address, access } = fault;
  const { space } = thread.task;
  const entry = space?.lookup(address);
  if (space === null || entry === undefined) return resume(then, KernReturn.INVALID_ADDRESS);
  if (!entry.protection[access]) return resume(then, KernReturn.PROTECTION_FAILURE);
  if (space.page(address) !== undefined) {
    space.upgradePage(address, { protection: entry.protection, execute: access === "execute" });
    return resume(then, KernReturn.SUCCESS);
  }
  if (entry.object.kind === "file") return readPage(k, thread, { fault, entry, then });
  return zeroedFrame(k, thread, { name: "fault_enter", fault, entry, then });
}

/** Puts the zeroed page frame where the page is missing. */
export function enterZeroedPage(
  k: Kernel,
  thread: Thread,
  how: { fault: Fault; entry: VmEntry; frame: FrameResult; then: Continuation<number> },
): Outcome {
  const { fault, entry, frame, then } = how;
  if (frame === null) return resume(then, KernReturn.RESOURCE_SHORTAGE);
  return enterPage(k, thread, { fault, entry, frame, clean: false })
    ? resume(then, KernReturn.SUCCESS)
    : resolveFault(k, thread, { fault, then });
}

/**
 * Puts a page frame where a page is missing. If another thread has changed the map meanwhile, or
 * brought the page in, the page frame is freed and the answer is no.
 */
function enterPage(
  k: Kernel,
  thread: Thread,
  page: { fault: Fault; entry: VmEntry; frame: bigint; clean: boolean },
): boolean {
  const { fault: { address, access }, entry, frame, clean } = page;
  const { protection } = entry;
  const { space } = thread.task;
  const present = space?.lookup(address);
  if (
    space === null || present === undefined || !isSameEntry(present, entry) ||
    space.page(address) !== undefined
  ) {
    k.pageFrames.free(frame);
    return false;
  }
  space.enterPage(address, { frame, protection, clean });
  if (access === "execute") space.upgradePage(address, { protection, execute: true });
  return true;
}

/** Reads a page of a file while the thread waits. */
function readPage(
  k: Kernel,
  thread: Thread,
  how: { fault: Fault; entry: VmEntry; then: Continuation<number> },
): Outcome {
  const { fault, entry, then } = how;
  const { object } = entry;
  if (object.kind !== "file") return resume(then, KernReturn.FAILURE);
  const offset = object.offset + Number(pageFloor(fault.address) - entry.begin);
  k.pageIo.submit({
    source: object.file + BigInt(offset),
    size: Math.max(0, Math.min(PAGE_SIZE, object.size - offset)),
    thread: thread.id,
    fault,
    entry,
  });
  thread.waitFor({ kind: "page", address: pageFloor(fault.address) });
  const retry = { name: "fault_retry", fault, then } as const;
  return fault.label === null ? blockKeepingStack(retry) : blockAt(fault.label, retry);
}

/**
 * A page has been read into a page frame, or there was none. The page is the space's from now on:
 * the thread that waited may be dead by now.
 */
export function finishPageIn(k: Kernel, request: PageRequest, frame: FrameResult): void {
  const thread = k.thread(request.thread);
  if (frame === null) return k.makeReady(thread, "failed");
  const { fault, entry } = request;
  if (thread.state === "dead") k.pageFrames.free(frame);
  else enterPage(k, thread, { fault, entry, frame, clean: true });
  k.makeReady(thread);
}

/** A thread that waited for a page looks at its fault again. */
export function retryFault(
  k: Kernel,
  thread: Thread,
  how: { fault: Fault; then: Continuation<number>; result: WaitResult },
): Outcome {
  const { fault, then, result } = how;
  return result === "failed"
    ? resume(then, KernReturn.RESOURCE_SHORTAGE)
    : resolveFault(k, thread, { fault, then });
}
