/**
 * From panic to unwind: how a thread's normal course ends.
 *
 * A panic, a thrown exception, a CPU exception or a kill request becomes an {@linkcode UnwindContext}. The thread's stack is walked
 * with its program's own tables; where a frame has something to clean up, the thread's trap frame is given the landing registers
 * and the guest's exit routine lands there. The cleanup runs in the guest, calls `_Unwind_Resume`, and the walk goes on from the
 * frames as they are then, until a handler takes the exception or the end of the stack is reached and the task ends with its
 * reason.
 *
 * @module
 */

import type { TrapFrame } from "../../arch/arch.ts";
import { hex } from "../../arch/physical_memory.ts";
import { InputError } from "../../bytes/mod.ts";
import type { Frame } from "../../unwind/walk/frame.ts";
import { FrameIterator } from "../../unwind/walk/frame_iterator.ts";
import {
  type BetweenCallSites,
  EXCEPTION_OBJECT,
  type Landing,
  type SearchResult,
  type Step,
  type ThrownException,
  Unwinding,
  type UnwindRequest,
} from "../../unwind/exception/mod.ts";
import type { Kernel } from "../kernel.ts";
import { endTask } from "../thread/lifecycle.ts";
import { EXIT, type Outcome } from "../thread/outcome.ts";
import { revokeEmergencyStack, revokeStackReserve } from "../vm/emergency_stack.ts";
import { land } from "./landing.ts";
import type { Thread } from "../thread/thread.ts";
import { registersOf, taskMemory, taskModules, writeTaskWord } from "./unwind_stack.ts";

/** Most frames of one walk: enough for a stack full of the smallest frames. */
const FRAME_LIMIT = 65_536;

/** What started an unwinding. */
export type UnwindCause = "panic" | "throw" | "exception" | "kill";

/** One unwinding on its way through one stack. */
export interface UnwindContext {
  /** Guest address of the exception object, which landing pads hand to `_Unwind_Resume`. */
  readonly object: bigint;
  /** What started it. */
  readonly cause: UnwindCause;
  /** What will be said of the task if nothing takes it: one line. */
  readonly reason: string;
  /** Frames at the start that belong to the panic itself. */
  readonly skip: number;
  /** The two phases. */
  readonly unwinding: Unwinding;
  /** What the handler that takes it gets as the thrown object; set when a handler's type matches. */
  readonly adjusted: () => bigint | null;
  /** Frees what the kernel made for it. */
  readonly release: () => void;
  /** Landing pads entered. */
  landings: number;
  /** Stack pointer of the last landing: calls of the cleanup are below it. */
  landingSp: bigint;
}

/** What a new unwinding is made from. */
export interface UnwindStart {
  /** What started it. */
  readonly cause: UnwindCause;
  /** One line. */
  readonly reason: string;
  /** Exception object. */
  readonly object: bigint;
  /** Class of the exception and, for C++, which types take it. */
  readonly exception: Omit<ThrownException, "object">;
  /** Frames to skip. */
  readonly skip?: number;
  /** See {@linkcode UnwindContext.adjusted}. */
  readonly adjusted?: () => bigint | null;
  /** See {@linkcode UnwindContext.release}. */
  readonly release?: () => void;
}

/**
 * Where a program was interrupted need not be a call: there the call site before it has to do. Further out, a call that the tables do not
 * list has nothing to clean up.
 */
function nearestCallSite(frame: Frame): BetweenCallSites {
  return frame.interrupted ? "previous" : "continue";
}

/** Makes an unwinding and takes its first step. */
export function startUnwinding(k: Kernel, frame: TrapFrame, start: UnwindStart): Outcome {
  const thread = k.current;
  const { cause, reason, object } = start;
  const request: UnwindRequest = {
    exception: { ...start.exception, object },
    // Handlers of everything are landed in for the cleanups they stand for, but a kill goes on after them.
    ...(cause === "kill" ? { forced: { catchAll: "land" } } : {}),
    ...(cause === "kill" || cause === "exception" ? { between: nearestCallSite } : {}),
  };
  const context: UnwindContext = {
    object,
    cause,
    reason,
    skip: start.skip ?? 0,
    unwinding: new Unwinding(request),
    adjusted: start.adjusted ?? (() => null),
    release: start.release ?? (() => {}),
    landings: 0,
    landingSp: 0n,
  };
  k.events.emit({ type: "panic", thread: thread.ref, cause, reason, context: object });
  const outer = activeContext(thread);
  thread.unwinds.push(context);
  return guarded(k, context, () => {
    const { unwinding } = context;
    if (cause !== "kill") {
      const end = search(k, { context, frame, outer });
      if (end !== null) return end;
    } else if (outer !== undefined) {
      return doublePanic(k, { outer, context });
    }
    return step(k, { context, frame, take: (frames) => unwinding.begin(frames) });
  });
}

/** Phase one. Returns how the thread ends if nothing can take the exception; what was seen is told only then. */
function search(
  k: Kernel,
  how: { context: UnwindContext; frame: TrapFrame; outer: UnwindContext | undefined },
): Outcome | null {
  const { context, frame, outer } = how;
  const seen: Frame[] = [];
  const tell = () => emitFrames(k, { context, seen, landing: undefined });
  let found: SearchResult;
  try {
    found = context.unwinding.search(() => watch(k, frame, seen));
  } catch (error) {
    tell();
    throw error;
  }
  const inside = outer === undefined ||
    (found.type === "handler" && context.cause === "throw" &&
      (found.frame.cfa ?? 0n) <= outer.landingSp);
  if (inside && found.type !== "terminate") return null;
  tell();
  if (outer !== undefined) return doublePanic(k, { outer, context });
  return found.type === "terminate" ? abort(k, context, noexcept(found.frame)) : null;
}

/** The frames of a walk, each noted when it has been found. */
function* watch(k: Kernel, frame: TrapFrame, seen: Frame[]): Generator<Frame> {
  for (const each of walk(k, frame)) {
    seen.push(each);
    yield each;
  }
}

/** Goes on after a cleanup: `_Unwind_Resume` was called with an exception object. */
export function resumeUnwinding(k: Kernel, frame: TrapFrame, object: bigint): Outcome {
  const thread = k.current;
  const context = thread.unwinds.at(-1);
  k.events.emit({ type: "unwind-resume", thread: thread.ref, context: object });
  if (context === undefined || context.object !== object || !context.unwinding.isActive) {
    const reason = `_Unwind_Resume called with ${hex(object)}, which is not being unwound`;
    return endWith(k, reason);
  }
  return guarded(
    k,
    context,
    () => step(k, { context, frame, take: (frames) => context.unwinding.resume(frames) }),
  );
}

/** A handler is done with an exception: what the kernel made for it can go. */
export function releaseException(k: Kernel, object: bigint): void {
  const { caught } = k.current;
  const index = caught.findIndex((context) => context.object === object);
  if (index < 0) return;
  caught[index]?.release();
  caught.splice(index, 1);
}

/** The unwinding whose cleanup a thread is running. */
export function activeContext(thread: Thread): UnwindContext | undefined {
  const context = thread.unwinds.at(-1);
  return context?.unwinding.isActive ? context : undefined;
}

/** The frames of the current thread from a trap frame outwards. */
function walk(k: Kernel, frame: TrapFrame): FrameIterator {
  const { task } = k.current;
  return new FrameIterator({
    registers: registersOf(k, frame),
    memory: taskMemory(k, task),
    modules: taskModules(task),
    // Interrupts push on the stacks of kernel-mode tasks.
  }, { maxFrames: FRAME_LIMIT, ...(task.kernelMode ? { redZone: 0 } : {}) });
}

/** Takes one step of phase two and tells what was seen on the way. */
function step(
  k: Kernel,
  how: {
    context: UnwindContext;
    frame: TrapFrame;
    take: (frames: () => Iterable<Frame>) => Step;
  },
): Outcome {
  const { context, frame } = how;
  const seen: Frame[] = [];
  let taken: Step | undefined;
  try {
    taken = how.take(() => watch(k, frame, seen));
  } finally {
    const landing = taken?.type === "land" ? taken.landing : undefined;
    emitFrames(k, { context, seen, landing });
  }
  switch (taken.type) {
    case "land":
      return landAt(k, { context, frame, landing: taken.landing });
    case "end":
    case "stopped":
      return finish(k, context);
    case "terminate":
      return abort(k, context, noexcept(taken.frame));
  }
}

/** Tells which frames were looked at, and what was done with the last. */
function emitFrames(
  k: Kernel,
  walked: { context: UnwindContext; seen: readonly Frame[]; landing: Landing | undefined },
): void {
  const { context, seen, landing } = walked;
  for (const frame of seen) emitFrame(k, { context, frame, landing });
}

function emitFrame(
  k: Kernel,
  seen: { context: UnwindContext; frame: Frame; landing: Landing | undefined },
): void {
  const { context, frame, landing } = seen;
  const named = frame.function;
  const first = context.landings === 0;
  k.events.emit({
    type: "frame",
    thread: k.current.ref,
    index: frame.index,
    pc: frame.pc,
    cfa: frame.cfa ?? 0n,
    function: named?.name ?? "",
    offset: Number(named?.offset ?? 0n),
    source: frame.source,
    action: landing?.frame === frame
      ? landing.kind
      : first && frame.index < context.skip
      ? "skip"
      : "pass",
  });
}

/** Gives the thread its landing registers. */
function landAt(
  k: Kernel,
  how: { context: UnwindContext; frame: TrapFrame; landing: Landing },
): Outcome {
  const { context, frame, landing } = how;
  const thread = k.current;
  context.landings++;
  context.landingSp = landing.registers.sp ?? 0n;
  k.events.emit({
    type: "landing",
    thread: thread.ref,
    kind: landing.kind,
    function: landing.frame.function?.name ?? "",
    landingPad: landing.landingPad,
    sp: context.landingSp,
    selector: landing.selector,
  });
  if (landing.kind === "handler") {
    const adjusted = context.adjusted();
    if (adjusted !== null) {
      // Where the runtime's handler looks for it.
      const address = context.object + EXCEPTION_OBJECT.private1;
      writeTaskWord(k, { task: thread.task, address }, adjusted);
    }
    thread.unwinds.pop();
    thread.caught.push(context);
    revokeEmergencyStack(thread.task, context.landingSp);
    revokeStackReserve(k, thread);
    endContext(k, context, { outcome: "caught" });
  }
  return land(k, frame, landing.registers);
}

/** The end of the stack: nothing is left to clean up. */
function finish(k: Kernel, context: UnwindContext): Outcome {
  k.current.unwinds.pop();
  endContext(k, context, { outcome: "end-of-stack" });
  context.release();
  const { cause, reason } = context;
  return endWith(k, cause === "throw" ? `uncaught ${reason}` : reason);
}

/** Gives an unwinding up; the task ends with what was found so far. */
function abort(k: Kernel, context: UnwindContext, why: string): Outcome {
  endContext(k, context, { outcome: "aborted", reason: why });
  return endWith(k, `${context.reason}; unwinding aborted: ${why}`);
}

function doublePanic(
  k: Kernel,
  how: { outer: UnwindContext; context: UnwindContext },
): Outcome {
  const { outer, context } = how;
  const why = `double panic: "${context.reason}" while unwinding "${outer.reason}"`;
  endContext(k, context, { outcome: "aborted", reason: why });
  return endWith(k, why);
}

/** A function that lets no exception pass has got one, or the program has given up: no more cleanups are run. */
export function terminate(k: Kernel): Outcome {
  const held = k.current.caught.at(-1);
  return endWith(k, held === undefined ? "terminate called" : `${held.reason}; terminate called`);
}

/** Ends the current thread's task; other threads of the task are unwound too. */
function endWith(k: Kernel, reason: string): Outcome {
  releaseAll(k.current);
  return endTask(k, k.current.task, { status: { kind: "killed", reason }, otherwise: EXIT });
}

/** Frees what the kernel made for all the exceptions of a thread. */
export function releaseAll(thread: Thread): void {
  for (const context of [...thread.unwinds, ...thread.caught]) context.release();
  thread.unwinds.length = 0;
  thread.caught.length = 0;
}

function endContext(
  k: Kernel,
  context: UnwindContext,
  end: { outcome: "end-of-stack" | "caught" | "aborted"; reason?: string },
): void {
  k.events.emit({
    type: "unwind-end",
    thread: k.current.ref,
    landings: context.landings,
    ...end,
  });
}

function noexcept(frame: Frame): string {
  return `${frame.function?.name ?? hex(frame.pc)} lets no exception pass`;
}

/** Runs a step; damaged tables or stacks end the unwinding and not the kernel. */
function guarded(k: Kernel, context: UnwindContext, run: () => Outcome): Outcome {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return abort(k, context, error.message);
  }
}
