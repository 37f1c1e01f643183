/**
 * Moving bytes between a user thread's memory and the host, through the guest's copyin and copyout
 * and a bounce page.
 *
 * @module
 */

import { PAGE_SIZE } from "../../arch/physical_memory.ts";
import { KernReturn } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import type { Continuation, CopyResult, FrameResult } from "../thread/continuation.ts";
import { call, type Outcome, resume } from "../thread/outcome.ts";
import type { Thread } from "../thread/thread.ts";
import { readKernel, writeKernel } from "./kernel_memory.ts";
import { anyFrame } from "./supply.ts";

/** What a copy that did not come about gives. */
function failed(kr: number): CopyResult {
  return { bytes: null, kr };
}

/**
 * Goes on with the page frame of the thread through which copies go, or `null` if there is no
 * memory; it is freed with the thread.
 */
function bouncePage(k: Kernel, thread: Thread, then: Continuation<FrameResult>): Outcome {
  return thread.bounce === null ? anyFrame(k, thread, then) : resume(then, thread.bounce);
}

/** Memory of a kernel-mode task is the kernel's own: no copy routine is needed. */
function copyinKernel(k: Kernel, range: { address: bigint; size: number }): CopyResult {
  const bytes = readKernel(k, BigInt.asUintN(64, range.address), range.size);
  return bytes === undefined
    ? failed(KernReturn.INVALID_ADDRESS)
    : { bytes, kr: KernReturn.SUCCESS };
}

/** Whether a range lies in the user half. */
function isInside(thread: Thread, address: bigint, size: number): boolean {
  return thread.task.space?.inside(address, BigInt(size)) ?? false;
}

/**
 * Reads user memory.
 * @param range user address and number of bytes, at most 4096, and what goes on with the bytes or
 *   with a kernel return code
 */
export function copyin(
  k: Kernel,
  thread: Thread,
  range: { address: bigint; size: number; then: Continuation<CopyResult> },
): Outcome {
  const { address, size, then } = range;
  if (thread.task.kernelMode && size <= PAGE_SIZE) return resume(then, copyinKernel(k, range));
  if (!isInside(thread, address, size) || size > PAGE_SIZE) {
    return resume(then, failed(KernReturn.INVALID_ADDRESS));
  }
  return bouncePage(k, thread, { name: "copyin_bounce", address, size, then });
}

/** Has the guest read through the bounce page. */
export function copyinThrough(
  k: Kernel,
  thread: Thread,
  how: { page: FrameResult; address: bigint; size: number; then: Continuation<CopyResult> },
): Outcome {
  const { page, address, size, then } = how;
  if (page === null) return resume(then, failed(KernReturn.RESOURCE_SHORTAGE));
  thread.giveBounce(page);
  const words = [k.kernelSpace.virtual(page), address, BigInt(size)];
  return call("copyin", words, { name: "copyin_take", page, size, then });
}

/** Takes what the guest has read out of the bounce page. */
export function takeCopied(
  k: Kernel,
  how: { page: bigint; size: number; status: bigint },
): CopyResult {
  if (how.status !== 0n) return failed(KernReturn.INVALID_ADDRESS);
  return { bytes: k.memory.slice(how.page, how.size).slice(), kr: KernReturn.SUCCESS };
}

/**
 * Writes user memory.
 * @param target user address, any number of bytes, and what goes on with a kernel return code
 */
export function copyout(
  k: Kernel,
  thread: Thread,
  target: { address: bigint; bytes: Uint8Array; then: Continuation<number> },
): Outcome {
  const { address, bytes, then } = target;
  if (thread.task.kernelMode) {
    const written = writeKernel(k, BigInt.asUintN(64, address), bytes);
    return resume(then, written ? KernReturn.SUCCESS : KernReturn.INVALID_ADDRESS);
  }
  if (!isInside(thread, address, bytes.length)) return resume(then, KernReturn.INVALID_ADDRESS);
  return bouncePage(k, thread, { name: "copyout_bounce", address, bytes, then });
}

/** Has the guest write through the bounce page, as much as goes into it. */
export function copyoutThrough(
  k: Kernel,
  thread: Thread,
  how: { page: FrameResult; address: bigint; bytes: Uint8Array; then: Continuation<number> },
): Outcome {
  const { page, address, bytes, then } = how;
  if (page === null) return resume(then, KernReturn.RESOURCE_SHORTAGE);
  thread.giveBounce(page);
  const chunk = bytes.subarray(0, PAGE_SIZE);
  k.memory.write(page, chunk);
  const words = [address, k.kernelSpace.virtual(page), BigInt(chunk.length)];
  if (chunk.length === bytes.length) return call("copyout", words, { name: "copy_status", then });
  return call("copyout", words, {
    name: "copyout_rest",
    address: address + BigInt(chunk.length),
    bytes: bytes.subarray(chunk.length),
    then,
  });
}

/** Kernel return code of a copy routine's result. */
export function copyStatus(status: bigint): number {
  return status === 0n ? KernReturn.SUCCESS : KernReturn.INVALID_ADDRESS;
}

/** Copies bytes that are in guest RAM already, such as a boot module's, to user memory. */
export function copyoutPhysical(
  k: Kernel,
  thread: Thread,
  range: { address: bigint; physical: bigint; size: number; then: Continuation<number> },
): Outcome {
  const { address, physical, size, then } = range;
  if (!isInside(thread, address, size)) return resume(then, KernReturn.INVALID_ADDRESS);
  const words = [address, k.kernelSpace.virtual(physical), BigInt(size)];
  return call("copyout", words, { name: "copy_status", then });
}
