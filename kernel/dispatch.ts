/**
 * Applies outcomes: returns, switches, hands stacks off, calls the guest's routines. Everything
 * here ends in one answer to the guest.
 *
 * @module
 */

import type { StopReason } from "../sched/policy.ts";
import { runContinuation } from "./continuations.ts";
import { KernelError } from "./errors.ts";
import type { Kernel } from "./kernel.ts";
import type { PerCpu } from "./per_cpu.ts";
import { enclosingUnwind } from "./unwind/enclosing.ts";
import { forceUnwind } from "./unwind/exceptions.ts";
import { retire } from "./lifecycle.ts";
import { blockAt, EXIT, type Outcome, preemptAt } from "./thread/outcome.ts";
import type { Thread } from "./thread/thread.ts";

type Block = Extract<Outcome, { kind: "block" }>;

/**
 * Applies an outcome of the thread that runs on a CPU, and the outcomes that follow from it, until
 * the guest has an answer.
 */
export function apply(k: Kernel, on: PerCpu, outcome: Outcome): void {
  let next: Outcome | null = outcome;
  while (next !== null) next = applyOne(k, on, next);
}

/** Applies one outcome; returns the next one, or `null` once the guest has been answered. */
function applyOne(k: Kernel, on: PerCpu, outcome: Outcome): Outcome | null {
  const thread = on.current;
  switch (outcome.kind) {
    case "return":
      return thread.trap === undefined
        ? returnToUser(k, on, thread)
        : returnToKernel(k, on, { thread, trap: thread.trap });
    case "resume":
      return runContinuation(k, thread, { to: outcome.to, value: outcome.value });
    case "call":
      thread.pushCall(outcome.then);
      on.cpu.answer(k.label(outcome.routine), ...outcome.words);
      return null;
    case "block":
      return giveUp(k, on, outcome);
    case "exit":
      stopRunning(k, on, "ended");
      retire(k, thread);
      return switchTo(k, on, {
        next: choose(k, on, { handoff: true }),
        keepsStack: false,
        why: "ended",
      });
    case "halt":
      k.halt(outcome.reason);
      return null;
  }
}

/** Charges the thread that stops running, and tells the policy. */
function stopRunning(k: Kernel, on: PerCpu, reason: StopReason): void {
  const elapsed = k.decisions.charge(on);
  on.decision = null;
  if (!on.isIdle) k.policy.stopping(on.current.id, { cpu: on.id, elapsed, reason });
}

/** Why a thread that blocks stops running. */
function stopReason(thread: Thread, { requeue }: Block): StopReason {
  if (requeue === null || requeue === "release") return "blocked";
  if (requeue === "yield") return "yielded";
  return thread.preempted ? "preempted" : "quantum";
}

/** The running thread blocks, yields or is preempted. */
function giveUp(k: Kernel, on: PerCpu, block: Block): Outcome | null {
  const old = on.current;
  // The program of a kernel-mode task has its stack frames on the kernel stack.
  const label = old.task.kernelMode ? null : block.label;
  const { requeue } = block;
  if (k.timers.oneShot && requeue === "preempt") decideToPreempt(k, on);
  const why = stopReason(old, block);
  stopRunning(k, on, why);
  old.stop({ label, resume: block.resume });
  if (requeue !== null) k.enqueue(old, requeue);
  const next = choose(k, on, { handoff: label !== null });
  if (next !== old) return switchTo(k, on, { next, keepsStack: label === null, why });
  old.run(on.id);
  begin(k, on, { from: old, why });
  if (label === null) return goOn(old);
  startAtLabel(k, old);
  on.cpu.answer(k.label("call_continuation"), old.address);
  return null;
}

/**
 * With a one-shot timer: the running thread gives way at the instant the timer has decided it, or
 * now, which the policy is asked about as the timer would ask it.
 */
function decideToPreempt(k: Kernel, on: PerCpu): void {
  if (on.decision !== null) k.decisions.decideAt(on.decision);
  else if (k.decisions.tick(on)) on.current.postAst("quantum");
}

/**
 * The idle thread looks for work; returns whether it found some and the guest has been answered.
 */
export function leaveIdle(k: Kernel, on: PerCpu): boolean {
  const next = choose(k, on, { handoff: false });
  if (next === on.idle) return false;
  switchTo(k, on, { next, keepsStack: true, why: "idle" });
  return true;
}

/**
 * Picks the next thread. A thread without a kernel stack can run if it may take over the old
 * thread's (`handoff`) or there is one left; otherwise it waits for the swap-in thread.
 */
function choose(k: Kernel, on: PerCpu, { handoff }: { handoff: boolean }): Thread {
  for (;;) {
    const id = k.policy.pick(on.id);
    if (id === null) return on.idle;
    const next = k.threads[id];
    if (next === undefined) throw new KernelError("misuse", `Policy picked unknown thread ${id}`);
    if (next.stack !== null || next === on.current) return next;
    if (handoff && k.stacks.mayHandOff(on.current, next)) return next;
    if (k.stacks.attach(next)) return next;
    k.stacks.wait(next);
  }
}

/** The thread that has got the CPU begins to run, in place of another. */
function begin(k: Kernel, on: PerCpu, before: { from: Thread; why: StopReason | "idle" }): void {
  const { current } = on;
  if (k.timers.oneShot) {
    const from = before.from === on.idle ? null : before.from.ref;
    const to = current === on.idle ? null : current.ref;
    k.events.emit({ type: "decision", instant: k.decisions.instant, from, why: before.why, to });
  }
  on.fresh = true;
  on.sliceStale = true;
  if (current !== on.idle) k.policy.running(current.id, on.id);
}

/** Has the guest switch stacks, or hand the old one over. */
function switchTo(
  k: Kernel,
  on: PerCpu,
  how: { next: Thread; keepsStack: boolean; why: StopReason | "idle" },
): null {
  const { next, keepsStack, why } = how;
  const { current: old, idle } = on;
  if (old === idle) k.decisions.charge(on);
  if (next.task !== k.kernelTask) on.loadRegisters(next);
  on.switchTo(next);
  begin(k, on, { from: old, why });
  if (next.stack === null) {
    k.stacks.handOff(old, next);
    k.offerStacks();
    startAtLabel(k, next);
    k.events.emit({ type: "stack-handoff", from: old.ref, to: next.ref });
    on.cpu.answer(k.label("stack_handoff"), old.address, next.address);
    return null;
  }
  k.events.emit({
    type: "context-switch",
    from: old.ref,
    fromContinuation: old.label === null ? 0n : k.label(old.label),
    to: next.ref,
    toContinuation: next.label === null ? 0n : k.label(next.label),
  });
  if (next.label !== null) startAtLabel(k, next);
  if (keepsStack) {
    if (old !== idle) old.pushCall({ name: "switched_back" });
    on.cpu.answer(k.label("switch_context"), old.address, next.address);
  } else {
    if (old.state !== "dead") k.detachStack(old);
    on.cpu.answer(k.label("load_context"), old.address, next.address);
  }
  return null;
}

/** Writes the label a thread is about to be started at into its object. */
function startAtLabel(k: Kernel, thread: Thread): void {
  k.setThreadWord(thread, k.layout.continuation, k.label(thread.takeLabel()));
}

/** What a thread does that has the CPU again. */
export function goOn(thread: Thread): Outcome {
  const { to, result } = thread.takeResume();
  return { kind: "resume", to, value: result };
}

/**
 * The last steps on the way back to kernel code: that of a kernel-mode task is asked to give way as
 * user code is.
 */
function returnToKernel(
  k: Kernel,
  on: PerCpu,
  how: { thread: Thread; trap: bigint },
): Outcome | null {
  const { thread, trap } = how;
  if (thread.task.kernelMode && thread.trapDepth === 1 && thread.asts.size > 0) {
    const next = takeAsts(k, thread);
    if (next !== null) return next;
  }
  thread.popTrap();
  on.cpu.answer(k.label(k.trapFrame(thread, trap).exitRoutine()), trap);
  return null;
}

/** The last steps on the way to user mode. */
function returnToUser(k: Kernel, on: PerCpu, thread: Thread): Outcome | null {
  if (thread.task.space === null) {
    throw new KernelError("misuse", `Kernel thread ${thread.id} cannot return to user mode`);
  }
  const frame = k.userFrame(thread);
  if (k.events.heard) {
    k.events.emit({ type: "exception-return", thread: thread.ref, pc: frame.pc });
  } else {
    k.events.skip();
  }
  if (thread.asts.size > 0) {
    const next = takeAsts(k, thread);
    if (next !== null) return next;
  }
  on.cpu.userFp = on.fpOwner === thread;
  on.cpu.answer(k.label(frame.exitRoutine()), thread.address);
  return null;
}

/**
 * Takes asynchronous system traps; returns what they make of the thread, or `null` if it may go on.
 */
function takeAsts(k: Kernel, thread: Thread): Outcome | null {
  const { asts } = thread;
  k.events.emit({ type: "ast", thread: thread.ref, reasons: [...asts] });
  // A thread whose stack is being unwound already is on its way out, unless a handler takes the
  // exception.
  if (asts.has("terminate") && enclosingUnwind(k, thread) === undefined) {
    thread.clearAst("terminate");
    return thread.killReason === null ? EXIT : forceUnwind(k, thread, thread.killReason);
  }
  if (thread.clearAst("suspend") && thread.task.suspended) {
    thread.clearAst("quantum");
    thread.waitFor({ kind: "resume" });
    return blockAt("thread_exception_return", { name: "return" });
  }
  const expired = thread.clearAst("quantum");
  // With a one-shot timer the policy may keep a thread from running though no other is ready.
  if (expired && (k.policy.size > 0 || k.timers.oneShot)) {
    return preemptAt("thread_exception_return");
  }
  return null;
}
