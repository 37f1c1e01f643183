/**
 * Outcomes: what a handler wants to happen next. A handler is a plain function; it changes nothing
 * about who runs, it returns an outcome and `dispatch.ts` applies it. Outcomes are plain data.
 *
 * @module
 */

import type { GuestLabel } from "../../arch/guest_labels.ts";
import type { Continuation, WaitResult } from "./continuation.ts";

/**
 * What a handler decided. Dropping one would lose a thread, so every path of a handler returns one.
 */
export type Outcome =
  | {
    /** Leave the innermost trap: back to the interrupted kernel code, or to user mode. */
    readonly kind: "return";
  }
  | {
    /** Go on with a continuation at once. */
    readonly kind: "resume";
    /** Which. */
    readonly to: Continuation;
    /** What it is resumed with. */
    readonly value: unknown;
  }
  | {
    /** Have the guest run one of its routines on this stack, then go on with `then`. */
    readonly kind: "call";
    /** Label in the guest image. */
    readonly routine: GuestLabel;
    /** Its argument words, at most six. */
    readonly words: readonly bigint[];
    /** What takes the word it returns. */
    readonly then: Continuation<bigint>;
  }
  | {
    /**
     * Give up the CPU until something makes the thread ready. The handler has already put the
     * thread where it will be found, or `requeue` says to queue it again at once.
     */
    readonly kind: "block";
    /** Label to start at on an empty stack, or `null` to keep the kernel stack as it is. */
    readonly label: GuestLabel | null;
    /** What to do when the thread runs again. */
    readonly resume: Continuation<WaitResult>;
    /**
     * Why the thread stays ready, or `null` if it does not: it yields, is preempted, or its next
     * job has been released already.
     */
    readonly requeue: "yield" | "preempt" | "release" | null;
  }
  | {
    /** The thread is over. */
    readonly kind: "exit";
  }
  | {
    /** The machine stops. */
    readonly kind: "halt";
    /** Why, one line. */
    readonly reason: string;
  };

/** Leave the innermost trap. */
export const RETURN: Outcome = { kind: "return" };

/** End the current thread. */
export const EXIT: Outcome = { kind: "exit" };

/** Go on with a continuation at once. */
export function resume<Value>(to: Continuation<Value>, value: Value): Outcome {
  return { kind: "resume", to: to as Continuation, value };
}

/** Have the guest run a routine. */
export function call(
  routine: GuestLabel,
  words: readonly bigint[],
  then: Continuation<bigint>,
): Outcome {
  return { kind: "call", routine, words, then };
}

/** Block and discard the kernel stack; start again at `label`, then go on with `resume`. */
export function blockAt(label: GuestLabel, resume: Continuation<WaitResult>): Outcome {
  return { kind: "block", label, resume, requeue: null };
}

/** Block and keep the kernel stack; go on with `resume` on it. */
export function blockKeepingStack(resume: Continuation<WaitResult>): Outcome {
  return { kind: "block", label: null, resume, requeue: null };
}

/** Let others run, staying ready; start again at `label`, then go on with `resume`. */
export function yieldAt(label: GuestLabel, resume: Continuation<WaitResult>): Outcome {
  return { kind: "block", label, resume, requeue: "yield" };
}

/** Be done with a job when the next has been released already; go on with `resume`. */
export function releaseAt(label: GuestLabel, resume: Continuation<WaitResult>): Outcome {
  return { kind: "block", label, resume, requeue: "release" };
}

/** Let others run because the policy wants it; start again at `label`, and leave the trap. */
export function preemptAt(label: GuestLabel): Outcome {
  return { kind: "block", label, resume: { name: "return" }, requeue: "preempt" };
}

/** Stop the machine because the kernel itself is in a state it cannot go on from. */
export function panicKernel(reason: string): Outcome {
  return { kind: "halt", reason: `Kernel panic: ${reason}` };
}
