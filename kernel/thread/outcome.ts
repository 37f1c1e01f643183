/**
 * Outcomes: what a handler wants to happen next. A handler is a plain function; it changes nothing about who runs, it returns an
 * outcome and the machine applies it.
 *
 * @module
 */

/** What a handler decided. Dropping one would lose a thread, so every path of a handler returns one. */
export type Outcome =
  | {
    /** Leave the innermost trap: back to the interrupted kernel code, or to user mode. */
    readonly kind: "return";
  }
  | {
    /** Have the guest run one of its routines on this stack, then go on with `then`. */
    readonly kind: "call";
    /** Label in the guest image. */
    readonly routine: string;
    /** Its argument words, at most six. */
    readonly words: readonly bigint[];
    /** What to do with the word it returns. */
    readonly then: (result: bigint) => Outcome;
  }
  | {
    /**
     * Give up the CPU until something makes the thread ready. The handler has already put the thread where it will be found, or
     * `requeue` says to queue it again at once.
     */
    readonly kind: "block";
    /** Label to start at on an empty stack, or `null` to keep the kernel stack as it is. */
    readonly continuation: string | null;
    /** What to do when the thread runs again; a continuation without one has a fixed meaning of its own. */
    readonly resume: (() => Outcome) | null;
    /** Why the thread stays ready, or `null` if it does not: it yields, or is preempted. */
    readonly requeue: "yield" | "preempt" | null;
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

/** Have the guest run a routine. */
export function call(
  routine: string,
  words: readonly bigint[],
  then: (result: bigint) => Outcome,
): Outcome {
  return { kind: "call", routine, words, then };
}

/** Block and discard the kernel stack; start again at `continuation`. */
export function blockWith(
  continuation: string,
  resume: (() => Outcome) | null = null,
): Outcome {
  return { kind: "block", continuation, resume, requeue: null };
}

/** Block and keep the kernel stack; go on with `resume` on it. */
export function blockKeepingStack(resume: () => Outcome): Outcome {
  return { kind: "block", continuation: null, resume, requeue: null };
}

/** Let others run, staying ready; start again at `continuation`. */
export function yieldWith(
  continuation: string,
  resume: (() => Outcome) | null = null,
): Outcome {
  return { kind: "block", continuation, resume, requeue: "yield" };
}

/** Let others run because the policy wants it; start again at `continuation`. */
export function preemptAt(continuation: string): Outcome {
  return { kind: "block", continuation, resume: null, requeue: "preempt" };
}
