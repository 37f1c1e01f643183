/**
 * Moving bytes between a user thread's memory and the host, through the guest's copyin and copyout and a bounce page.
 *
 * @module
 */

import { PAGE_SIZE } from "../../arch/physical_memory.ts";
import { KernReturn } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import { readKernel, writeKernel } from "../boot/kernel_program.ts";
import { anyFrame } from "./memory.ts";
import { call, type Outcome } from "../thread/outcome.ts";

/** Goes on with the page of the thread through which copies go, or `null` if there is no memory; it is freed with the thread. */
function bouncePage(k: Kernel, then: (page: bigint | null) => Outcome): Outcome {
  const thread = k.current;
  if (thread.bounce !== null) return then(thread.bounce);
  return anyFrame(k, (frame) => {
    thread.bounce = frame;
    return then(frame);
  });
}

/** Memory of a kernel-mode task is the kernel's own: no copy routine is needed. */
function copyinKernel(
  k: Kernel,
  range: { address: bigint; size: number },
  then: (bytes: Uint8Array | null, kr: number) => Outcome,
): Outcome {
  const bytes = readKernel(k, BigInt.asUintN(64, range.address), range.size);
  return bytes === undefined
    ? then(null, KernReturn.INVALID_ADDRESS)
    : then(bytes, KernReturn.SUCCESS);
}

/** Whether a range lies in the user half. */
function valid(k: Kernel, address: bigint, size: number): boolean {
  return k.current.task.space?.map.inside(address, BigInt(size)) ?? false;
}

/**
 * Reads user memory.
 * @param range user address and number of bytes, at most 4096
 * @param then goes on with the bytes, or with a kernel return code
 */
export function copyin(
  k: Kernel,
  range: { address: bigint; size: number },
  then: (bytes: Uint8Array | null, kr: number) => Outcome,
): Outcome {
  const { address, size } = range;
  if (k.current.task.kernelMode && size <= PAGE_SIZE) return copyinKernel(k, range, then);
  if (!valid(k, address, size) || size > PAGE_SIZE) return then(null, KernReturn.INVALID_ADDRESS);
  return bouncePage(k, (page) => {
    if (page === null) return then(null, KernReturn.RESOURCE_SHORTAGE);
    return call("copyin", [k.space.virtual(page), address, BigInt(size)], (failed) => {
      if (failed !== 0n) return then(null, KernReturn.INVALID_ADDRESS);
      return then(k.memory.slice(page, size).slice(), KernReturn.SUCCESS);
    });
  });
}

/**
 * Writes user memory.
 * @param address user address
 * @param bytes what to write, any number
 * @param then goes on with a kernel return code
 */
export function copyout(
  k: Kernel,
  target: { address: bigint; bytes: Uint8Array },
  then: (kr: number) => Outcome,
): Outcome {
  const { address, bytes } = target;
  if (k.current.task.kernelMode) {
    const written = writeKernel(k, BigInt.asUintN(64, address), bytes);
    return then(written ? KernReturn.SUCCESS : KernReturn.INVALID_ADDRESS);
  }
  if (!valid(k, address, bytes.length)) return then(KernReturn.INVALID_ADDRESS);
  return bouncePage(k, (page) => {
    if (page === null) return then(KernReturn.RESOURCE_SHORTAGE);
    const chunk = bytes.subarray(0, PAGE_SIZE);
    k.memory.slice(page, chunk.length).set(chunk);
    const words = [address, k.space.virtual(page), BigInt(chunk.length)];
    return call("copyout", words, (failed) => {
      if (failed !== 0n) return then(KernReturn.INVALID_ADDRESS);
      if (chunk.length === bytes.length) return then(KernReturn.SUCCESS);
      const rest = { address: address + BigInt(chunk.length), bytes: bytes.subarray(chunk.length) };
      return copyout(k, rest, then);
    });
  });
}

/** Copies bytes that are in guest RAM already, such as a module's, to user memory. */
export function copyoutPhysical(
  k: Kernel,
  range: { address: bigint; physical: bigint; size: number },
  then: (kr: number) => Outcome,
): Outcome {
  const { address, physical, size } = range;
  if (!valid(k, address, size)) return then(KernReturn.INVALID_ADDRESS);
  return call(
    "copyout",
    [address, k.space.virtual(physical), BigInt(size)],
    (failed) => then(failed === 0n ? KernReturn.SUCCESS : KernReturn.INVALID_ADDRESS),
  );
}
