/**
 * How sure it is that a stack frame is there.
 *
 * @module
 */

/**
 * How sure it is that a stack frame is there, from sure to not: the weakest of the steps that led
 * to it from the innermost one.
 * - `exact`: registers that were given, unwind tables and described trap frames;
 * - `recognized`: instructions that are known, of stubs and of signal trampolines;
 * - `guessed`: the frame pointer, or a jump to nowhere, was believed, and what it led to was
 *   checked: an address after a call, in code, on the same stack;
 * - `doubtful`: it was believed for want of better, and failed the check that {@linkcode Doubt}
 *   names.
 */
export type Certainty = "exact" | "recognized" | "guessed" | "doubtful";

/**
 * What is wrong with a stack frame that a guess led to:
 * - `misaligned`: program counter or stack pointer are not aligned as the machine has them;
 * - `no-code`: no module has executable code at the program counter;
 * - `no-call`: the instruction before the return address is no call;
 * - `other-stack`: between the two stack frames is memory that cannot be read, or a megabyte.
 */
export type Doubt = "misaligned" | "no-code" | "no-call" | "other-stack";

/** A certainty, and why it is `doubtful` if it is. */
export interface Trust {
  /** How sure. */
  readonly certainty: Certainty;
  /** What is wrong. */
  readonly doubt: Doubt | undefined;
}

/** What tables lead to. */
export const EXACT: Trust = { certainty: "exact", doubt: undefined };

/** What known instructions lead to. */
export const RECOGNIZED: Trust = { certainty: "recognized", doubt: undefined };

/** What a guess leads to at best. */
export const GUESSED: Trust = { certainty: "guessed", doubt: undefined };

const ORDER: readonly Certainty[] = ["exact", "recognized", "guessed", "doubtful"];

/** The less sure of two; the first if they are alike. */
export function weaker(a: Trust, b: Trust): Trust {
  return ORDER.indexOf(b.certainty) > ORDER.indexOf(a.certainty) ? b : a;
}
