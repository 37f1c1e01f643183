/**
 * Page faults: demand-zero pages, pages of files, and protections that are granted at the first use.
 *
 * @module
 */

import { PAGE_SIZE } from "../../arch/physical_memory.ts";
import type { AddressSpace } from "./address_space.ts";
import { KernReturn } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import { zeroedFrame } from "./memory.ts";
import { blockKeepingStack, blockWith, type Outcome } from "../thread/outcome.ts";
import { pageFloor, type VmEntry } from "./vm_map.ts";

/** A fault to be resolved. */
export interface Fault {
  /** Address space it happened in. */
  readonly space: AddressSpace;
  /** Faulting address. */
  readonly address: bigint;
  /** What was tried. */
  readonly access: "read" | "write" | "execute";
  /** Continuation to block with while a page is read, or `null` to keep the stack. */
  readonly continuation: string | null;
}

/** Makes the faulting access possible, if its map allows it; goes on with a kernel return code. */
export function resolveFault(
  k: Kernel,
  fault: Fault,
  then: (kr: number) => Outcome,
): Outcome {
  const { space, address, access } = fault;
  const entry = space.map.lookup(address);
  if (entry === undefined) return then(KernReturn.INVALID_ADDRESS);
  if (!entry.protection[access]) return then(KernReturn.PROTECTION_FAILURE);
  if (space.page(address) !== undefined) {
    space.upgrade(address, { protection: entry.protection, execute: access === "execute" });
    return then(KernReturn.SUCCESS);
  }
  if (entry.object.kind === "file") return readPage(k, { fault, entry }, then);
  return zeroedFrame(k, (frame) => {
    if (frame === null) return then(KernReturn.RESOURCE_SHORTAGE);
    return enterPage(k, { fault, entry, frame, clean: false })
      ? then(KernReturn.SUCCESS)
      : resolveFault(k, fault, then);
  });
}

/**
 * Puts a frame where a page is missing. If another thread has changed the map meanwhile, or brought the page in, the frame is freed
 * and the answer is no.
 */
function enterPage(
  k: Kernel,
  page: { fault: Fault; entry: VmEntry; frame: bigint; clean: boolean },
): boolean {
  const { fault: { space, address, access }, entry, frame, clean } = page;
  const { protection } = entry;
  if (space.map.lookup(address) !== entry || space.page(address) !== undefined) {
    k.frames.free(frame);
    return false;
  }
  space.enter(address, { frame, protection, clean });
  if (access === "execute") space.upgrade(address, { protection, execute: true });
  return true;
}

/** Reads a page of a file while the thread waits. The page is the space's as soon as it is read: the thread may be dead by then. */
function readPage(
  k: Kernel,
  request: { fault: Fault; entry: VmEntry },
  then: (kr: number) => Outcome,
): Outcome {
  const { fault, entry } = request;
  const { object } = entry;
  if (object.kind !== "file") return then(KernReturn.FAILURE);
  const offset = object.offset + Number(pageFloor(fault.address) - entry.begin);
  const thread = k.current;
  let failed = false;
  k.pageIo.submit({
    source: object.file + BigInt(offset),
    size: Math.max(0, Math.min(PAGE_SIZE, object.size - offset)),
    done: (frame) => {
      if (frame === null) failed = true;
      else if (thread.state === "dead") k.frames.free(frame);
      else enterPage(k, { fault, entry, frame, clean: true });
      k.makeReady(thread);
    },
  });
  const resume = () => failed ? then(KernReturn.RESOURCE_SHORTAGE) : resolveFault(k, fault, then);
  return fault.continuation === null
    ? blockKeepingStack(resume)
    : blockWith(fault.continuation, resume);
}
