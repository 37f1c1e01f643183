/**
 * Exceptions of user code that a handler of the program itself deals with.
 *
 * The kernel writes a record of the interrupted state to the top of the stack the thread has set
 * for it (`arch/exception_state.ts`) and has the thread go on at the handler's entry, whose CFI
 * leads through the record into the interrupted code. `exception_return` loads a record. A handler
 * that comes to its end without, takes an exception itself, or has no stack to run on leaves the
 * first exception to what becomes of it without a handler; the kernel has kept what it interrupted.
 *
 * @module
 */

import { STATE } from "../../arch/exception_state.ts";
import { hex } from "../../arch/physical_memory.ts";
import { KernReturn } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import { grantEmergencyStack } from "../memory/emergency_stack.ts";
import { readKernel, writeKernel } from "../memory/kernel_memory.ts";
import { copyout } from "../memory/user_memory.ts";
import type { Continuation } from "../thread/continuation.ts";
import type { ExceptionHandler, UserException } from "../thread/handler.ts";
import { type Outcome, RETURN } from "../thread/outcome.ts";
import type { Thread } from "../thread/thread.ts";
import { raiseException } from "./exceptions.ts";
import { moveFpRegisters } from "./fp_registers.ts";

/** An exception of user code that nothing resolves: the thread's handler gets it, if it has one. */
export function raiseUserException(
  k: Kernel,
  thread: Thread,
  exception: UserException,
): Outcome {
  if (thread.handler === null) return endOnException(k, thread, exception);
  const { handling } = thread;
  const frame = k.userFrame(thread);
  if (handling !== null && isOnStack(handling, frame.sp)) {
    const why = `${handling.exception.reason}; its handler failed: ${exception.reason}`;
    return giveBack(k, thread, { outcome: "failed", reason: why });
  }
  const then = { name: "handler_state", exception } as const;
  return moveFpRegisters(k, thread, { routine: "fp_save", then });
}

/** What becomes of an exception that no handler deals with. */
export function endOnException(k: Kernel, thread: Thread, exception: UserException): Outcome {
  const { task } = thread;
  const { address, status, reason } = exception;
  const frame = k.userFrame(thread);
  const overflow = status !== KernReturn.SUCCESS && task.code.hasCleanups &&
    grantEmergencyStack(task, { address, sp: frame.sp });
  return raiseException(k, thread, {
    frame,
    reason: overflow ? `stack overflow: ${reason}` : reason,
  });
}

/** Whether a handler that was entered on a stack is still on it. */
export function isOnStack(stack: Pick<ExceptionHandler, "bottom" | "top">, sp: bigint): boolean {
  return sp >= stack.bottom && sp <= stack.top;
}

/** The floating-point state is in the thread object: writes the record to the handler's stack. */
export function writeState(k: Kernel, thread: Thread, exception: UserException): Outcome {
  const { handler } = thread;
  if (handler === null) return endOnException(k, thread, exception);
  const { size } = k.arch.exceptionState;
  const address = handler.top - BigInt(size);
  const state = encodeState(k, thread, exception);
  return copyout(k, thread, {
    address,
    bytes: state,
    then: { name: "handler_enter", exception, address, state },
  });
}

/** The record has been written, or could not be: enters the handler. */
export function enterHandler(
  k: Kernel,
  thread: Thread,
  how: { exception: UserException; address: bigint; state: Uint8Array; kr: number },
): Outcome {
  const { exception, address, state, kr } = how;
  const { handler } = thread;
  if (handler === null || kr !== KernReturn.SUCCESS) {
    const reason = `${exception.reason}; its handler has no stack at ${hex(address)}`;
    return endOnException(k, thread, { ...exception, reason });
  }
  const frame = k.userFrame(thread);
  const { code, address: faultAddress } = exception;
  k.events.emit({
    type: "handler-entry",
    thread: thread.ref,
    code,
    address: faultAddress,
    pc: frame.pc,
    state: address,
  });
  const { bottom, top } = handler;
  thread.enterHandler({ exception, state, bottom, top });
  frame.enterFunction({
    pc: handler.entry,
    sp: address,
    framePointer: address + BigInt(STATE.link),
    arguments: [address, handler.argument],
  });
  return RETURN;
}

/** A handler has come to its end without dealing with its exception. */
export function declineException(k: Kernel, thread: Thread): Outcome | null {
  const { handling } = thread;
  if (handling === null || !isOnStack(handling, k.userFrame(thread).sp)) return null;
  return giveBack(k, thread, { outcome: "declined", reason: handling.exception.reason });
}

/** Makes of an exception that a handler was given what becomes of it without one. */
function giveBack(
  k: Kernel,
  thread: Thread,
  how: { outcome: "declined" | "failed"; reason: string },
): Outcome {
  const { outcome, reason } = how;
  const handling = thread.leaveHandler();
  if (handling === null) return RETURN;
  const { pc } = k.userFrame(thread);
  k.events.emit({ type: "handler-return", thread: thread.ref, outcome, pc });
  return load(k, thread, {
    state: handling.state,
    then: { name: "handler_given_back", exception: { ...handling.exception, reason } },
  });
}

/**
 * Loads a record: the thread goes on as it says.
 * @returns the outcome, or the kernel return code if the record asks for what a program may not have
 */
export function loadState(k: Kernel, thread: Thread, state: Uint8Array): Outcome | number {
  const { exceptionState, userEnd } = k.arch;
  const view = viewOf(state);
  const pc = view.getBigUint64(STATE.pc, true);
  if (pc >= userEnd || view.getBigUint64(STATE.sp, true) > userEnd) {
    return KernReturn.INVALID_ADDRESS;
  }
  const flags = exceptionState.userFlags(view.getBigUint64(STATE.flags, true));
  if (flags === undefined) return KernReturn.INVALID_ARGUMENT;
  view.setBigUint64(STATE.flags, flags, true);
  exceptionState.cleanFp(state.subarray(exceptionState.fp));
  thread.leaveHandler();
  k.events.emit({ type: "handler-return", thread: thread.ref, outcome: "resumed", pc });
  return load(k, thread, { state, then: { name: "return" } });
}

/** Gives a thread the registers of a record that is fit for it. */
function load(
  k: Kernel,
  thread: Thread,
  how: { state: Uint8Array; then: Continuation<bigint> },
): Outcome {
  const { state, then } = how;
  const { exceptionState: { registers, flags, fp } } = k.arch;
  const frame = k.userFrame(thread);
  const view = viewOf(state);
  frame.pc = view.getBigUint64(STATE.pc, true);
  frame.sp = view.getBigUint64(STATE.sp, true);
  frame.setRegister(flags, view.getBigUint64(STATE.flags, true));
  registers.forEach((name, i) => {
    frame.setRegister(name, view.getBigUint64(STATE.registers + 8 * i, true));
  });
  writeKernel(k, thread.address + BigInt(k.layout.fp), state.subarray(fp));
  return moveFpRegisters(k, thread, { routine: "fp_load", then });
}

/** The record of what a thread was interrupted in; its floating-point state is in its object. */
function encodeState(k: Kernel, thread: Thread, exception: UserException): Uint8Array {
  const { registers, flags, framePointer, fp, fpSize, size } = k.arch.exceptionState;
  const frame = k.userFrame(thread);
  const state = new Uint8Array(size);
  const view = viewOf(state);
  const set = (offset: number, value: bigint): void => view.setBigUint64(offset, value, true);
  set(STATE.link, frame.register(framePointer));
  set(STATE.link + 8, frame.pc);
  set(STATE.code, exception.code);
  set(STATE.syndrome, exception.syndrome);
  set(STATE.address, exception.address);
  set(STATE.status, BigInt(exception.status));
  set(STATE.pc, frame.pc);
  set(STATE.sp, frame.sp);
  set(STATE.flags, frame.register(flags));
  registers.forEach((name, i) => set(STATE.registers + 8 * i, frame.register(name)));
  const floating = readKernel(k, thread.address + BigInt(k.layout.fp), fpSize);
  if (floating !== undefined) state.set(floating, fp);
  return state;
}

function viewOf(state: Uint8Array): DataView {
  return new DataView(state.buffer, state.byteOffset, state.byteLength);
}
