/**
 * Stack overflows: a reserve below the stack, lent while it is unwound.
 *
 * @module
 */

import { PAGE_SIZE } from "../../arch/physical_memory.ts";
import { KernReturn } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import { STACK_PAGES } from "../thread/stack_pool.ts";
import type { Task } from "../thread/task.ts";
import type { Thread } from "../thread/thread.ts";
import { pageCeil, READ_WRITE } from "../vm/vm_map.ts";

const PAGE = BigInt(PAGE_SIZE);

/** How far beyond a stack an access may be and still be taken for its overflow. */
const OVERFLOW_REACH = 64n * 1024n;

/** Stack that an overflow gets for unwinding. */
const EMERGENCY_SIZE = 64n * 1024n;

/**
 * Whether a fault is a stack that has run over its end. If so, the stack gets an emergency reserve
 * below it, so that the cleanups of its frames have room to run.
 */
export function grantEmergencyStack(task: Task, fault: { address: bigint; sp: bigint }): boolean {
  const { address, sp } = fault;
  const { space } = task;
  if (space === null || task.emergencyStack !== null) return false;
  const distance = address < sp ? sp - address : address - sp;
  if (distance > OVERFLOW_REACH) return false;
  let above = pageCeil(address + 1n);
  while (above <= sp + OVERFLOW_REACH && space.lookup(above) === undefined) above += PAGE;
  const stack = space.lookup(above);
  if (stack === undefined || !stack.protection.write || stack.begin !== above) return false;
  const range = { begin: above - EMERGENCY_SIZE, end: above };
  const kr = space.enter({ ...range, protection: READ_WRITE, object: { kind: "zero" } });
  if (kr !== KernReturn.SUCCESS) return false;
  task.lendEmergencyStack(range);
  return true;
}

/** Takes the emergency stack back from a thread that has landed above it. */
export function revokeEmergencyStack(task: Task, sp: bigint): void {
  const range = task.emergencyStack;
  if (range === null || sp < range.end) return;
  task.space?.remove(range.begin, range.end);
  task.lendEmergencyStack(null);
}

/** How far beyond a kernel stack its stack pointer may be after an overflow. */
const KERNEL_REACH = 16n * 1024n;

/**
 * What the kernel may need of the stack below the trap frame of a kernel-mode task: a call, the
 * frame of an interrupt in what is called, a switch frame.
 */
const KERNEL_ROOM = 1024n;

/** Interrupted stack pointers this far above the end of a stack may have left too little room. */
const KERNEL_MARGIN = 2n * KERNEL_ROOM;

/** Whether a trap frame is on the stack for traps that find no room on their own. */
export function isOnEmergencyStack(k: Kernel, frame: bigint): boolean {
  const top = k.emergencyStackTop;
  return frame < top && frame >= top - BigInt(STACK_PAGES) * PAGE;
}

/**
 * Whether a trap frame of a kernel-mode task has left so little of its kernel stack that the kernel
 * could not work on it, or has found no room there at all.
 */
export function lacksKernelRoom(k: Kernel, thread: Thread, frame: bigint): boolean {
  if (isOnEmergencyStack(k, frame)) return true;
  if (thread.stack === null) return false;
  const end = thread.stackReserve ?? k.stackPool.base(thread.stack);
  return frame >= end && frame < end + KERNEL_ROOM;
}

/**
 * Whether the kernel stack of a kernel-mode task has run over its end, or nearly so. If so, the
 * page below it is lent, so that the cleanups of its frames have room to run.
 */
export function grantStackReserve(k: Kernel, thread: Thread, sp: bigint): boolean {
  if (thread.stackReserve !== null || k.pageFrames.available === 0) return false;
  if (thread.stack === null || !isNearStackEnd(k, thread, sp)) return false;
  const base = k.stackPool.base(thread.stack);
  thread.lendReserve(base - PAGE);
  k.kernelSpace.mapStackPage(base - PAGE, k.pageFrames.allocate());
  return true;
}

/** Whether a stack pointer is about the end of a thread's kernel stack. */
export function isNearStackEnd(k: Kernel, thread: Thread, sp: bigint): boolean {
  if (thread.stack === null) return false;
  const base = k.stackPool.base(thread.stack);
  return sp >= base - KERNEL_REACH && sp <= base + KERNEL_MARGIN;
}

/** Takes the reserve back: the thread has landed above it, or is dead. */
export function revokeStackReserve(k: Kernel, thread: Thread): void {
  if (thread.stackReserve === null) return;
  const frame = k.kernelSpace.unmapPage(thread.stackReserve);
  if (frame !== undefined) k.pageFrames.free(frame);
  thread.lendReserve(null);
  k.flushTranslations();
}
