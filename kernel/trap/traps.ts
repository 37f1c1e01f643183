/**
 * What the kernel does about a trap.
 *
 * @module
 */

import type { TrapCause, TrapFrame } from "../../arch/arch.ts";
import { hex } from "../../arch/physical_memory.ts";
import { KernReturn } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import { handleSyscall } from "../syscall/syscalls.ts";
import { call, type Outcome, panicKernel, RETURN } from "../thread/outcome.ts";
import type { Thread } from "../thread/thread.ts";
import { raiseException } from "../unwind/exceptions.ts";
import { raiseUserException } from "../unwind/user_handler.ts";
import { kernelCallers } from "../unwind/kernel_callers.ts";
import { grantStackReserve } from "../memory/emergency_stack.ts";
import { endOnFullStack, findsFullStack, isInKernel } from "./full_stack.ts";
import { resolveFault } from "../memory/fault.ts";
import type { Fault } from "../vm/fault_types.ts";
import { happenBefore } from "./alarm.ts";
import { handleInterrupt } from "./interrupts.ts";

type PageFault = Extract<TrapCause, { kind: "page-fault" }>;

/** Handles the trap frame of a thread that the guest has just saved at an address. */
export function handleTrap(k: Kernel, thread: Thread, address: bigint): Outcome {
  const frame = k.trapFrame(thread, address);
  if (!frame.fromUser) thread.pushTrap(address);
  const cause = frame.cause();
  const isFull = !frame.fromUser && findsFullStack(k, thread, frame);
  if (cause.kind === "interrupt") {
    const next = handleInterrupt(k, thread, { frame, line: cause.line });
    if (k.timers.oneShot && frame.fromUser) k.cpuOf(thread).fresh = false;
    return isFull ? endOnFullStack(k, thread, { frame, reason: reason(frame) }) : next;
  }
  if (k.events.heard) {
    const { origin, name, words } = frame.report();
    const mode = frame.fromUser ? "user" : "kernel";
    k.events.emit({ type: "exception", thread: thread.ref, mode, origin, name, words });
  } else {
    k.events.skip();
  }
  if (isFull) return endOnFullStack(k, thread, { frame, reason: describe(frame, cause) });
  if (!frame.fromUser) return handleKernelException(k, thread, { frame, cause });
  if (k.timers.oneShot) {
    k.cpuOf(thread).fresh = false;
    happenBefore(k);
  }
  switch (cause.kind) {
    case "syscall":
      return handleSyscall(k, thread, frame);
    case "page-fault":
      return handleUserFault(k, thread, { frame, cause });
    case "fp-disabled":
      return giveFp(k, thread);
    case "error":
      return raiseUserException(k, thread, {
        ...frame.userTrap(),
        status: KernReturn.SUCCESS,
        reason: reason(frame),
      });
  }
}

/** One line that says what a program did wrong. */
function reason(frame: TrapFrame, why?: string): string {
  const { meaning } = frame.report();
  return `${why ?? meaning}, at ${hex(frame.pc)}`;
}

function handleUserFault(
  k: Kernel,
  thread: Thread,
  trap: { frame: TrapFrame; cause: PageFault },
): Outcome {
  const { frame, cause: { address, access } } = trap;
  const { space } = thread.task;
  const fault: Fault = { address, access, label: "user_page_fault_continuation" };
  if (space === null || address >= space.end) {
    const status = KernReturn.INVALID_ADDRESS;
    const why = describeFault(frame, fault);
    return raiseUserException(k, thread, { ...frame.userTrap(), address, status, reason: why });
  }
  return resolveFault(k, thread, { fault, then: { name: "user_fault", fault } });
}

/** A page fault of user code is resolved, or cannot be. */
export function finishUserFault(
  k: Kernel,
  thread: Thread,
  how: { fault: Fault; kr: number },
): Outcome {
  const { fault, kr } = how;
  const { address, access } = fault;
  k.events.emit({ type: "page-fault", thread: thread.ref, address, access, kr });
  if (kr === KernReturn.SUCCESS) return RETURN;
  const frame = k.userFrame(thread);
  const why = describeFault(frame, fault, kr);
  // Another thread may have faulted since, so the CPU's fault address is not this one's any more.
  return raiseUserException(k, thread, { ...frame.userTrap(), address, status: kr, reason: why });
}

function describeFault(
  frame: TrapFrame,
  fault: Pick<Fault, "access" | "address">,
  kr?: number,
): string {
  const why = kr === undefined
    ? "outside the user's half"
    : kr === KernReturn.PROTECTION_FAILURE
    ? "not allowed"
    : kr === KernReturn.RESOURCE_SHORTAGE
    ? "no memory left"
    : "not mapped";
  return reason(frame, `${fault.access} of ${hex(fault.address)}: ${why}`);
}

/** What kernel-mode code did wrong, in whose space nothing is mapped later. */
function describe(frame: TrapFrame, cause: TrapCause): string {
  return cause.kind === "page-fault"
    ? describeFault(frame, cause, KernReturn.INVALID_ADDRESS)
    : reason(frame);
}

/** A system call or an exception of a kernel-mode task's own code, as opposed to the kernel's. */
function handleProgramTrap(
  k: Kernel,
  thread: Thread,
  trap: { frame: TrapFrame; cause: TrapCause },
): Outcome {
  const { frame, cause } = trap;
  if (cause.kind === "syscall") return handleSyscall(k, thread, frame);
  const why = describe(frame, cause);
  const overflow = grantStackReserve(k, thread, frame.sp);
  return raiseException(k, thread, { frame, reason: overflow ? `stack overflow: ${why}` : why });
}

/**
 * The kernel itself faulted: right in the routines that touch user memory, the end of the machine
 * anywhere else.
 */
function handleKernelException(
  k: Kernel,
  thread: Thread,
  trap: { frame: TrapFrame; cause: TrapCause },
): Outcome {
  const { frame, cause } = trap;
  if (thread.task.kernelMode && !isInKernel(k, frame)) return handleProgramTrap(k, thread, trap);
  const inCopy = frame.pc >= k.label("copy_begin") && frame.pc < k.label("copy_end");
  if (cause.kind !== "page-fault" || !inCopy || thread.task.space === null) {
    const callers = kernelCallers(k, frame);
    const by = callers.length === 0 ? "" : `, called from ${callers.join(", ")}`;
    return panicKernel(`${reason(frame)} in ${symbolAt(k, frame.pc)}${by}`);
  }
  const { address, access } = cause;
  const fault: Fault = { address, access, label: null };
  return resolveFault(k, thread, { fault, then: { name: "copy_fault", trap: frame.address } });
}

/** A page fault of a copy routine is resolved, or the routine is to fail. */
export function finishCopyFault(
  k: Kernel,
  thread: Thread,
  how: { trap: bigint; kr: number },
): Outcome {
  if (how.kr !== KernReturn.SUCCESS) k.trapFrame(thread, how.trap).pc = k.label("copy_fault");
  return RETURN;
}

function symbolAt(k: Kernel, pc: bigint): string {
  const found = k.arch.image.elf.symbolAt(pc);
  return found === undefined ? hex(pc) : `${found.symbol.name}+${hex(found.offset)}`;
}

/** Gives the floating-point unit to a thread. */
function giveFp(k: Kernel, thread: Thread): Outcome {
  const on = k.cpuOf(thread);
  const owner = on.fpOwner;
  on.cpu.userFp = true;
  return owner === null
    ? call("fp_load", [thread.address], { name: "fp_given", from: null })
    : call("fp_swap", [owner.address, thread.address], { name: "fp_given", from: owner.id });
}

/** The floating-point unit holds the thread's registers. */
export function finishFp(k: Kernel, thread: Thread, from: number | null): Outcome {
  k.cpuOf(thread).giveFp(thread);
  const before = from === null ? null : k.thread(from).ref;
  k.events.emit({ type: "fp-switch", from: before, to: thread.ref });
  return RETURN;
}
