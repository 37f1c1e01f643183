/**
 * From panic to unwind: how a thread's normal course ends.
 *
 * A panic, a thrown exception, a CPU exception or a kill request becomes an {@linkcode Unwind}. The
 * thread's stack is walked with its program's own tables; where a stack frame has something to
 * clean up, the thread's trap frame is given the landing registers and the guest's exit routine
 * lands there. The cleanup runs in the guest, calls `_Unwind_Resume`, and the walk goes on from the
 * stack frames as they are then, until a handler takes the exception or the end of the stack is
 * reached and the task ends with its reason.
 *
 * @module
 */

import type { TrapFrame } from "../../arch/arch.ts";
import { hex } from "../../arch/physical_memory.ts";
import { InputError } from "../../bytes/mod.ts";
import {
  type BetweenCallSites,
  EXCEPTION_OBJECT,
  type Landing,
  type SearchResult,
  type Step,
  Unwinding,
  type UnwindRequest,
} from "../../unwind/exception/mod.ts";
import type { Frame } from "../../unwind/walk/mod.ts";
import type { Kernel } from "../kernel.ts";
import { endTask } from "../lifecycle.ts";
import { EXIT, type Outcome } from "../thread/outcome.ts";
import type { Thread } from "../thread/thread.ts";
import { revokeEmergencyStack, revokeStackReserve } from "../memory/emergency_stack.ts";
import { releaseObject } from "../memory/exception_page.ts";
import { land } from "./landing.ts";
import { enclosingUnwind, framesOf, isLandedIn, takeReleased, takeRunning } from "./enclosing.ts";
import { taskMemory, writeTaskWord } from "./unwind_stack.ts";
import type { Unwind } from "../thread/unwinds.ts";

/** What a new unwinding is made from. */
export type UnwindStart =
  & Pick<Unwind, "cause" | "reason" | "object" | "exceptionClass">
  & Partial<Pick<Unwind, "skip" | "thrown" | "page">>;

/** One step of an unwinding. */
interface Walked {
  /** The unwinding. */
  readonly unwind: Unwind;
  /** Where the walk begins. */
  readonly frame: TrapFrame;
  /** Its two phases. */
  readonly unwinding: Unwinding;
  /**
   * What the handler that takes it gets as the thrown object: known when a handler's type has
   * matched.
   */
  readonly adjusted: () => bigint | null;
}

/**
 * Where a program was interrupted need not be a call: there the call site before it has to do.
 * Further out, a call that the tables do not list has nothing to clean up.
 */
function nearestCallSite(frame: Frame): BetweenCallSites {
  return frame.interrupted ? "previous" : "continue";
}

/** Whether no handler can end an unwinding. */
function isForced({ cause }: Unwind): boolean {
  return cause === "kill" || cause === "forced";
}

/** Makes the two phases of an unwinding go on from where they are. */
function takeUp(k: Kernel, thread: Thread, how: { unwind: Unwind; frame: TrapFrame }): Walked {
  const { unwind, frame } = how;
  const { object, exceptionClass, cause, thrown, progress } = unwind;
  let adjusted = thrown?.address ?? null;
  const { task } = thread;
  const matcher = thrown === null ? null : task.code.typeMatcher(taskMemory(k, task));
  const request: UnwindRequest = {
    exception: {
      object,
      exceptionClass,
      ...(thrown === null || matcher === null ? {} : {
        matches: (wanted: bigint): boolean => {
          const matched = matcher.match(thrown.type, thrown.address, wanted);
          if (matched !== undefined) adjusted = matched;
          return matched !== undefined;
        },
      }),
    },
    // Handlers of everything are landed in for the cleanups they stand for, but what is forced goes
    // on after them.
    ...(isForced(unwind) ? { forced: { catchAll: "land" } } : {}),
    ...(isForced(unwind) || cause === "exception" ? { between: nearestCallSite } : {}),
  };
  const unwinding = new Unwinding(request, progress);
  return { unwind, frame, unwinding, adjusted: () => adjusted };
}

/** Makes an unwinding and takes its first step. */
export function startUnwinding(
  k: Kernel,
  thread: Thread,
  how: { frame: TrapFrame; start: UnwindStart },
): Outcome {
  const { frame, start } = how;
  const unwind: Unwind = {
    skip: 0,
    thrown: null,
    page: null,
    ...start,
    progress: { phase: "new", handlerCfa: undefined },
    landings: 0,
    landingCfa: null,
  };
  const { cause, reason, object } = unwind;
  const outer = enclosingUnwind(k, thread, frame);
  // Before it is told of: who hears it may want a core file, which says what a thread died of.
  thread.unwinds.begin(unwind);
  k.events.emit({ type: "panic", thread: thread.ref, cause, reason, context: object });
  return guarded(k, thread, () => {
    const walked = takeUp(k, thread, { unwind, frame });
    if (!isForced(unwind)) {
      const end = search(k, thread, { walked, outer });
      if (end !== null) return end;
    } else if (outer !== undefined && cause === "kill") {
      return doublePanic(k, thread, { outer, unwind });
    }
    return step(k, thread, { walked, take: (frames) => walked.unwinding.begin(frames) });
  });
}

/**
 * Phase one. Returns how the thread ends if nothing can take the exception; what was seen is told
 * only then.
 */
function search(
  k: Kernel,
  thread: Thread,
  how: { walked: Walked; outer: Unwind | undefined },
): Outcome | null {
  const { walked, outer } = how;
  const { unwind, unwinding } = walked;
  const seen: Frame[] = [];
  const tell = () => emitFrames(k, thread, { unwind, seen, landing: undefined });
  let found: SearchResult;
  try {
    found = unwinding.search(() => watch(k, thread, { frame: walked.frame, seen }));
  } catch (error) {
    tell();
    throw error;
  }
  const inside = outer === undefined ||
    (found.type === "handler" && unwind.cause === "throw" &&
      !seen.some((each) => isLandedIn(outer, each)));
  if (inside && found.type !== "terminate") return null;
  tell();
  if (outer !== undefined) return doublePanic(k, thread, { outer, unwind });
  return found.type === "terminate" ? abort(k, thread, noexcept(found.frame)) : null;
}

/** The stack frames of a walk, each noted when it has been found. */
function* watch(
  k: Kernel,
  thread: Thread,
  how: { frame: TrapFrame; seen: Frame[] },
): Generator<Frame> {
  for (const each of framesOf(k, thread, how.frame)) {
    how.seen.push(each);
    yield each;
  }
}

/** Goes on after a cleanup: `_Unwind_Resume` was called with an exception object. */
export function resumeUnwinding(
  k: Kernel,
  thread: Thread,
  how: { frame: TrapFrame; object: bigint },
): Outcome {
  const { frame, object } = how;
  k.events.emit({ type: "unwind-resume", thread: thread.ref, context: object });
  const unwind = takeRunning(k, thread, object);
  if (unwind === undefined) {
    const reason = `_Unwind_Resume called with ${hex(object)}, which is not being unwound`;
    return endWith(k, thread, reason);
  }
  return guarded(k, thread, () => {
    const walked = takeUp(k, thread, { unwind, frame });
    return step(k, thread, { walked, take: (frames) => walked.unwinding.resume(frames) });
  });
}

/**
 * A handler is done with an exception, or the program with what it forced: what the kernel made for
 * it can go.
 */
export function releaseException(k: Kernel, thread: Thread, object: bigint): void {
  const unwind = takeReleased(k, thread, object);
  if (unwind === undefined) return;
  if (unwind.cause === "forced") {
    tellEnd(k, thread, { landings: unwind.landings, outcome: "caught" });
  }
  releaseObject(k, thread.task, unwind);
}

/** Takes one step of phase two and tells what was seen on the way. */
function step(
  k: Kernel,
  thread: Thread,
  how: { walked: Walked; take: (frames: () => Iterable<Frame>) => Step },
): Outcome {
  const { walked } = how;
  const { unwind, frame, unwinding } = walked;
  const seen: Frame[] = [];
  let taken: Step | undefined;
  try {
    taken = how.take(() => watch(k, thread, { frame, seen }));
  } finally {
    thread.unwinds.advance({ progress: unwinding.save() });
    const landing = taken?.type === "land" ? taken.landing : undefined;
    emitFrames(k, thread, { unwind, seen, landing });
  }
  if (unwind.cause === "forced") {
    // What is forced ends on its own stack: a cleanup on the way there is not done.
    const outer = thread.unwinds.running.find((each) =>
      each.object !== unwind.object && seen.some((frame) => isLandedIn(each, frame))
    );
    if (outer !== undefined) return doublePanic(k, thread, { outer, unwind });
  }
  switch (taken.type) {
    case "land":
      return landAt(k, thread, { walked, landing: taken.landing });
    case "end":
    case "stopped":
      return finish(k, thread, unwind);
    case "terminate":
      return abort(k, thread, noexcept(taken.frame));
  }
}

/** Tells which stack frames were looked at, and what was done with the last. */
function emitFrames(
  k: Kernel,
  thread: Thread,
  walked: { unwind: Unwind; seen: readonly Frame[]; landing: Landing | undefined },
): void {
  const { unwind, seen, landing } = walked;
  for (const frame of seen) {
    const named = frame.function;
    const first = unwind.landings === 0;
    k.events.emit({
      type: "frame",
      thread: thread.ref,
      index: frame.index,
      pc: frame.pc,
      cfa: frame.cfa ?? 0n,
      function: named?.name ?? "",
      offset: Number(named?.offset ?? 0n),
      source: frame.source,
      certainty: frame.certainty,
      doubt: frame.doubt ?? null,
      action: landing?.frame === frame
        ? landing.kind
        : first && frame.index < unwind.skip
        ? "skip"
        : "pass",
    });
  }
}

/** Gives the thread its landing registers. */
function landAt(k: Kernel, thread: Thread, how: { walked: Walked; landing: Landing }): Outcome {
  const { walked, landing } = how;
  const { unwind, frame } = walked;
  const landings = unwind.landings + 1;
  const landingSp = landing.registers.sp ?? 0n;
  thread.unwinds.advance({ landings, landingCfa: landing.frame.cfa ?? null });
  k.events.emit({
    type: "landing",
    thread: thread.ref,
    kind: landing.kind,
    function: landing.frame.function?.name ?? "",
    landingPad: landing.landingPad,
    sp: landingSp,
    selector: landing.selector,
  });
  if (landing.kind === "handler") {
    const adjusted = walked.adjusted();
    if (adjusted !== null) {
      // Where a handler finds the adjusted object pointer.
      const address = unwind.object + EXCEPTION_OBJECT.private1;
      writeTaskWord(k, { task: thread.task, address }, adjusted);
    }
    thread.unwinds.catch();
    revokeEmergencyStack(thread.task, landingSp);
    revokeStackReserve(k, thread);
    tellEnd(k, thread, { landings, outcome: "caught" });
  }
  return land(k, thread, { frame, registers: landing.registers });
}

/** The end of the stack: nothing is left to clean up. */
function finish(k: Kernel, thread: Thread, unwind: Unwind): Outcome {
  thread.unwinds.end();
  tellEnd(k, thread, { landings: unwind.landings, outcome: "end-of-stack" });
  releaseObject(k, thread.task, unwind);
  const { cause, reason } = unwind;
  return endWith(k, thread, cause === "throw" ? `uncaught ${reason}` : reason);
}

/** Gives the innermost unwinding up; the task ends with what was found so far. */
function abort(k: Kernel, thread: Thread, why: string): Outcome {
  const { landings = 0, reason = "" } = thread.unwinds.innermost ?? {};
  tellEnd(k, thread, { landings, outcome: "aborted", reason: why });
  return endWith(k, thread, `${reason}; unwinding aborted: ${why}`);
}

function doublePanic(
  k: Kernel,
  thread: Thread,
  how: { outer: Unwind; unwind: Unwind },
): Outcome {
  const { outer, unwind } = how;
  const why = `double panic: "${unwind.reason}" while unwinding "${outer.reason}"`;
  tellEnd(k, thread, { landings: unwind.landings, outcome: "aborted", reason: why });
  return endWith(k, thread, why);
}

/**
 * A function that lets no exception pass has got one, or the program has given up: no more cleanups
 * are run.
 */
export function terminate(k: Kernel, thread: Thread): Outcome {
  const { held } = thread.unwinds;
  const why = held === undefined ? "terminate called" : `${held.reason}; terminate called`;
  return endWith(k, thread, why);
}

/** Ends a thread's task; other threads of the task are unwound too. */
function endWith(k: Kernel, thread: Thread, reason: string): Outcome {
  for (const unwind of thread.unwinds.clear()) releaseObject(k, thread.task, unwind);
  const status = { kind: "killed", reason } as const;
  return endTask(k, thread.task, { by: thread, status, otherwise: EXIT });
}

function tellEnd(
  k: Kernel,
  thread: Thread,
  end: { landings: number; outcome: "end-of-stack" | "caught" | "aborted"; reason?: string },
): void {
  k.events.emit({ type: "unwind-end", thread: thread.ref, ...end });
}

function noexcept(frame: Frame): string {
  return `${frame.function?.name ?? hex(frame.pc)} lets no exception pass`;
}

/** Runs a step; damaged tables or stacks end the unwinding and not the kernel. */
function guarded(k: Kernel, thread: Thread, run: () => Outcome): Outcome {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return abort(k, thread, error.message);
  }
}
