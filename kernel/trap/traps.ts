/**
 * What the kernel does about a trap.
 *
 * @module
 */

import type { TrapCause, TrapFrame } from "../../arch/arch.ts";
import { hex } from "../../arch/physical_memory.ts";
import { InterruptLine } from "../clock.ts";
import { grantEmergencyStack, grantStackReserve } from "../vm/emergency_stack.ts";
import { KernReturn } from "../errors.ts";
import { raiseException } from "../unwind/exceptions.ts";
import { resolveFault } from "../vm/fault.ts";
import type { Kernel } from "../kernel.ts";
import { call, type Outcome, RETURN } from "../thread/outcome.ts";
import { handleSyscall } from "../syscall/syscalls.ts";
import { hasCleanups } from "../unwind/unwind_stack.ts";

type PageFault = Extract<TrapCause, { kind: "page-fault" }>;

/** Handles a trap frame that the guest has just saved. */
export function handleTrap(k: Kernel, frame: TrapFrame): Outcome {
  const thread = k.current;
  if (!frame.fromUser) thread.kernelTraps.push(frame);
  const cause = frame.cause();
  if (cause.kind === "interrupt") return handleInterrupt(k, frame, cause.line);
  if (k.events.heard) {
    const { origin, name, words } = frame.report();
    const mode = frame.fromUser ? "user" : "kernel";
    k.events.emit({ type: "exception", thread: thread.ref, mode, origin, name, words });
  }
  if (!frame.fromUser) return handleKernelException(k, frame, cause);
  switch (cause.kind) {
    case "syscall":
      return handleSyscall(k, frame);
    case "page-fault":
      return handleUserFault(k, frame, cause);
    case "fp-disabled":
      return giveFp(k);
    case "error":
      return raiseException(k, frame, reason(frame));
  }
}

/** One line that says what user code did wrong. */
function reason(frame: TrapFrame, why?: string): string {
  const { meaning } = frame.report();
  return `${why ?? meaning}, at ${hex(frame.pc)}`;
}

function handleUserFault(k: Kernel, frame: TrapFrame, cause: PageFault): Outcome {
  const thread = k.current;
  const { address, access } = cause;
  const { space } = thread.task;
  if (space === null || address >= space.map.end) {
    return raiseException(k, frame, describeFault(frame, cause));
  }
  return resolveFault(
    k,
    { space, address, access, continuation: "user_page_fault_continuation" },
    (kr) => {
      k.events.emit({ type: "page-fault", thread: thread.ref, address, access, kr });
      if (kr === KernReturn.SUCCESS) return RETURN;
      const { task } = thread;
      const overflow = hasCleanups(task) && grantEmergencyStack(task, { address, sp: frame.sp });
      const why = describeFault(frame, cause, kr);
      return raiseException(k, frame, overflow ? `stack overflow: ${why}` : why);
    },
  );
}

function describeFault(frame: TrapFrame, cause: PageFault, kr?: number): string {
  const why = kr === undefined
    ? "outside the user's half"
    : kr === KernReturn.PROTECTION_FAILURE
    ? "not allowed"
    : kr === KernReturn.RESOURCE_SHORTAGE
    ? "no memory left"
    : "not mapped";
  return reason(frame, `${cause.access} of ${hex(cause.address)}: ${why}`);
}

/** A system call or an exception of a kernel-mode task's own code, as opposed to the kernel's. */
function handleProgramTrap(k: Kernel, frame: TrapFrame, cause: TrapCause): Outcome {
  if (cause.kind === "syscall") return handleSyscall(k, frame);
  const why = cause.kind === "page-fault"
    ? describeFault(frame, cause, KernReturn.INVALID_ADDRESS)
    : reason(frame);
  const overflow = grantStackReserve(k, k.current, frame.sp);
  return raiseException(k, frame, overflow ? `stack overflow: ${why}` : why);
}

/** The kernel itself faulted: right in the routines that touch user memory, the end of the machine anywhere else. */
function handleKernelException(k: Kernel, frame: TrapFrame, cause: TrapCause): Outcome {
  const { image } = k.arch;
  const inKernel = frame.pc >= image.begin && frame.pc < image.end;
  if (k.current.task.kernelMode && !inKernel) return handleProgramTrap(k, frame, cause);
  const inCopy = frame.pc >= k.label("copy_begin") && frame.pc < k.label("copy_end");
  const { space } = k.current.task;
  if (cause.kind !== "page-fault" || !inCopy || space === null) {
    return { kind: "halt", reason: `Kernel panic: ${reason(frame)} in ${symbolAt(k, frame.pc)}` };
  }
  const { address, access } = cause;
  return resolveFault(k, { space, address, access, continuation: null }, (kr) => {
    if (kr !== KernReturn.SUCCESS) frame.pc = k.label("copy_fault");
    return RETURN;
  });
}

function symbolAt(k: Kernel, pc: bigint): string {
  const found = k.arch.image.elf.symbolAt(pc);
  return found === undefined ? hex(pc) : `${found.symbol.name}+${hex(found.offset)}`;
}

/** Gives the floating-point unit to the current thread. */
function giveFp(k: Kernel): Outcome {
  const thread = k.current;
  const owner = k.fpOwner;
  k.cpu.userFp = true;
  const given = () => {
    k.fpOwner = thread;
    k.events.emit({ type: "fp-switch", from: owner?.ref ?? null, to: thread.ref });
    return RETURN;
  };
  return owner === null
    ? call("fp_load", [thread.address], given)
    : call("fp_swap", [owner.address, thread.address], given);
}

function handleInterrupt(k: Kernel, frame: TrapFrame, line: number): Outcome {
  k.events.emit({
    type: "irq",
    thread: k.current.ref,
    mode: frame.fromUser ? "user" : "kernel",
    line,
    pc: frame.pc,
  });
  if (line === InterruptLine.TIMER) tick(k);
  if (line === InterruptLine.IO) k.queues.ioDone.wakeAll();
  return RETURN;
}

/** The timer: charges the running thread and wakes the timeout thread if a deadline has passed. */
function tick(k: Kernel): void {
  const { current } = k;
  const elapsed = k.chargeTime(current);
  if (current !== k.idle && k.policy.tick(current.id, elapsed)) current.asts.add("quantum");
  if (k.sleepers.some((sleeper) => sleeper.until <= k.clock.now)) k.queues.timeout.wakeAll();
}
