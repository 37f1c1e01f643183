/**
 * Applies outcomes: returns, switches, hands stacks off, calls continuations. Everything here ends in one answer to the guest.
 *
 * @module
 */

import type { Kernel } from "../kernel.ts";
import { KernelError } from "../errors.ts";
import { blockWith, EXIT, type Outcome, preemptAt, RETURN } from "./outcome.ts";
import { forceUnwind } from "../unwind/exceptions.ts";
import { retire } from "./lifecycle.ts";
import { activeContext } from "../unwind/panic.ts";
import type { Thread } from "./thread.ts";
import { attachStack, detachStack, mayTakeOver, takeOver } from "./thread_stacks.ts";

type Block = Extract<Outcome, { kind: "block" }>;

/** Applies an outcome of the current thread, and the outcomes that follow from it, until the guest has an answer. */
export function apply(k: Kernel, outcome: Outcome): void {
  let next: Outcome | null = outcome;
  while (next !== null) next = applyOne(k, next);
}

/** Applies one outcome; returns the next one, or `null` once the guest has been answered. */
function applyOne(k: Kernel, outcome: Outcome): Outcome | null {
  const thread = k.current;
  switch (outcome.kind) {
    case "return": {
      const trap = thread.kernelTraps.at(-1);
      if (trap === undefined) return returnToUser(k, thread);
      if (thread.task.kernelMode && thread.kernelTraps.length === 1 && thread.asts.size > 0) {
        const next = takeAsts(k, thread);
        if (next !== null) return next;
      }
      thread.kernelTraps.pop();
      k.cpu.answer(k.label(trap.exitRoutine()), trap.address);
      return null;
    }
    case "call":
      thread.pending.push(outcome.then);
      k.cpu.answer(k.label(outcome.routine), ...outcome.words);
      return null;
    case "block":
      return giveUp(k, outcome);
    case "exit":
      retire(k, thread);
      return switchTo(k, { old: thread, next: choose(k, true), keepsStack: false });
    case "halt":
      k.halted = outcome.reason;
      k.events.emit({ type: "halt", reason: outcome.reason });
      return null;
  }
}

/** The current thread blocks or yields. */
function giveUp(k: Kernel, block: Block): Outcome | null {
  const old = k.current;
  // The program of a kernel-mode task has its frames on the kernel stack.
  const keepsStack = block.continuation === null || old.task.kernelMode;
  old.continuation = keepsStack ? null : block.continuation;
  old.resume = block.resume ?? (keepsStack ? () => RETURN : null);
  if (!keepsStack) {
    old.pending.length = 0;
    old.kernelTraps.length = 0;
  }
  old.asts.delete("quantum"); // it gives way now
  if (block.requeue === "preempt") k.policy.tick(old.id, k.chargeTime(old));
  if (block.requeue !== null) k.enqueue(old, block.requeue);
  else if (old.state === "running") old.state = "blocked";
  const next = choose(k, !keepsStack);
  if (next !== old) return switchTo(k, { old, next, keepsStack });
  old.state = "running";
  if (keepsStack) return takeResume(old);
  startContinuation(k, old);
  k.cpu.answer(k.label("call_continuation"), old.address);
  return null;
}

/** The idle thread looks for work; returns whether it found some and the guest has been answered. */
export function leaveIdle(k: Kernel): boolean {
  const next = choose(k, false);
  if (next === k.idle) return false;
  switchTo(k, { old: k.idle, next, keepsStack: true });
  return true;
}

/**
 * Picks the next thread. A thread without a kernel stack can run if it may take over the old thread's (`handoff`) or there is one
 * left; otherwise it is queued for the swap-in thread.
 */
function choose(k: Kernel, handoff: boolean): Thread {
  for (;;) {
    const id = k.policy.pick();
    if (id === null) return k.idle;
    const next = k.threads[id];
    if (next === undefined) throw new KernelError("misuse", `Policy picked unknown thread ${id}`);
    if (next.stack !== null || next === k.current) return next;
    if (handoff && mayTakeOver(k, { old: k.current, next })) return next;
    if (attachStack(k, next)) return next;
    next.state = "blocked";
    k.stackless.push(next);
  }
}

/** Has the guest switch stacks, or hand the old one over. */
function switchTo(
  k: Kernel,
  how: { old: Thread; next: Thread; keepsStack: boolean },
): null {
  const { old, next, keepsStack } = how;
  if (next.state === "ready" || next === k.idle) next.state = "running";
  k.chargeTime(old);
  k.current = next;
  if (next.stack === null) {
    takeOver(k, { old, next });
    startContinuation(k, next);
    k.events.emit({ type: "stack-handoff", from: old.ref, to: next.ref });
    k.cpu.answer(k.label("stack_handoff"), old.address, next.address);
    return null;
  }
  k.events.emit({
    type: "context-switch",
    from: old.ref,
    fromContinuation: old.continuation === null ? 0n : k.label(old.continuation),
    to: next.ref,
    toContinuation: next.continuation === null ? 0n : k.label(next.continuation),
  });
  if (next.continuation !== null) startContinuation(k, next);
  if (keepsStack) {
    if (old !== k.idle) old.pending.push(() => takeResume(old));
    k.cpu.answer(k.label("switch_context"), old.address, next.address);
  } else {
    if (old.state !== "dead") detachStack(k, old);
    k.cpu.answer(k.label("load_context"), old.address, next.address);
  }
  return null;
}

/** Writes the continuation a thread is about to be started at into its object. */
function startContinuation(k: Kernel, thread: Thread): void {
  if (thread.continuation === null) {
    throw new KernelError("misuse", `Thread ${thread.id} has no stack and no continuation`);
  }
  k.setThreadWord(thread, k.layout.continuation, k.label(thread.continuation));
  thread.continuation = null;
}

/** What a thread that kept its stack wanted to do next. */
function takeResume(thread: Thread): Outcome {
  const resume = thread.resume;
  if (resume === null) throw new KernelError("misuse", `Thread ${thread.id} has nothing to resume`);
  thread.resume = null;
  return resume();
}

/** The last steps on the way to user mode. */
function returnToUser(k: Kernel, thread: Thread): Outcome | null {
  if (thread.task.space === null) {
    throw new KernelError("misuse", `Kernel thread ${thread.id} cannot return to user mode`);
  }
  const frame = k.arch.trapFrame(k.space, k.frameAddress(thread), { cpu: k.cpu });
  k.events.emit({ type: "exception-return", thread: thread.ref, pc: frame.pc });
  if (thread.asts.size > 0) {
    const next = takeAsts(k, thread);
    if (next !== null) return next;
  }
  k.cpu.userFp = k.fpOwner === thread;
  k.cpu.answer(k.label(frame.exitRoutine()), thread.address);
  return null;
}

/** Takes asynchronous system traps; returns what they make of the thread, or `null` if it may go on. */
function takeAsts(k: Kernel, thread: Thread): Outcome | null {
  const { asts } = thread;
  k.events.emit({ type: "ast", thread: thread.ref, reasons: [...asts] });
  // A thread whose stack is being unwound already is on its way out, unless a handler takes the exception.
  if (asts.has("terminate") && activeContext(thread) === undefined) {
    asts.delete("terminate");
    return thread.killReason === null ? EXIT : forceUnwind(k, thread.killReason);
  }
  if (asts.delete("suspend") && thread.task.suspendCount > 0) {
    asts.delete("quantum");
    thread.suspended = true;
    return blockWith("thread_exception_return");
  }
  if (asts.delete("quantum") && k.policy.size > 0) return preemptAt("thread_exception_return");
  return null;
}
