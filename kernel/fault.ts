/**
 * Page faults: demand-zero pages, pages of files, and protections that are granted at the first use.
 *
 * @module
 */

import { PAGE_SIZE } from "../arch/physical_memory.ts";
import type { AddressSpace } from "./address_space.ts";
import { KernReturn } from "./errors.ts";
import type { Kernel } from "./kernel.ts";
import { blockKeepingStack, blockWith, call, type Outcome } from "./outcome.ts";
import { pageFloor, type VmEntry } from "./vm_map.ts";

const PAGE = BigInt(PAGE_SIZE);

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
  const enter = (frame: bigint | null, clean: boolean): Outcome => {
    if (frame === null) return then(KernReturn.RESOURCE_SHORTAGE);
    if (space.page(address) !== undefined) {
      k.frames.free(frame);
    } else {
      space.enter(address, { frame, protection: entry.protection, clean });
      if (access === "execute") {
        space.upgrade(address, { protection: entry.protection, execute: true });
      }
    }
    return then(KernReturn.SUCCESS);
  };
  if (entry.object.kind === "file") {
    return readPage(k, { fault, entry }, (frame) => enter(frame, true));
  }
  return zeroedFrame(k, (frame) => enter(frame, false));
}

/** Goes on with a frame full of zeros, or `null` if there is no memory. */
export function zeroedFrame(k: Kernel, then: (frame: bigint | null) => Outcome): Outcome {
  const ready = k.zeroed.pop();
  if (ready !== undefined) return then(ready);
  return anyFrame(k, (frame) => {
    if (frame === null) return then(null);
    return call("zero_page", [k.space.virtual(frame)], () => then(frame));
  });
}

/** Goes on with a frame of undefined contents, waiting for the page-out daemon if memory is short. */
function anyFrame(k: Kernel, then: (frame: bigint | null) => Outcome): Outcome {
  if (k.frames.available < k.frames.low) k.queues.pageout.wakeAll();
  if (k.frames.available > k.frames.minimum) return then(k.frames.allocate());
  k.queues.memory.add(k.current);
  return blockKeepingStack(() =>
    then(k.frames.available > k.frames.minimum ? k.frames.allocate() : null)
  );
}

/** Reads a page of a file while the thread waits. */
function readPage(
  k: Kernel,
  request: { fault: Fault; entry: VmEntry },
  then: (frame: bigint | null) => Outcome,
): Outcome {
  const { fault, entry } = request;
  const { object } = entry;
  if (object.kind !== "file") return then(null);
  const offset = object.offset + Number(pageFloor(fault.address) - entry.begin);
  const thread = k.current;
  let result: bigint | null = null;
  k.pageIo.submit({
    source: object.file + BigInt(offset),
    size: Math.max(0, Math.min(PAGE_SIZE, object.size - offset)),
    done: (frame) => {
      if (thread.state === "dead") {
        if (frame !== null) k.frames.free(frame);
        return;
      }
      result = frame;
      k.makeReady(thread);
    },
  });
  const resume = () => then(result);
  return fault.continuation === null
    ? blockKeepingStack(resume)
    : blockWith(fault.continuation, resume);
}

/** Drops clean file pages of all tasks until `enough` frames are free; returns how many it dropped. */
export function dropCleanPages(k: Kernel, enough: number): number {
  let dropped = 0;
  for (const task of k.tasks) {
    if (task.space === null || task.reaped) continue;
    for (const [address, page] of task.space.pages) {
      if (k.frames.available >= enough) return dropped;
      if (!page.clean) continue;
      task.space.remove(address, address + PAGE);
      dropped++;
    }
  }
  return dropped;
}
