/**
 * What can go wrong with coroutines, on either side of the machine.
 *
 * @module
 */
import type { CoroutineFrame } from "./frames.ts";

/**
 * What went wrong:
 * - `program`: the program cannot be used: not built for this architecture, or without the agent
 * - `function`: it has no function of that name
 * - `value`: a value is no machine word, or a size or alignment cannot be
 * - `stack`: a stack of that size cannot be, or there is no memory for it
 * - `finished`: the coroutine has come to its end
 * - `running`: it is running already
 * - `foreign`: a yielder, value or coroutine is another host's, or of another time
 * - `disposed`: the coroutine or its host has been disposed of
 * - `busy`: an operation has not come to its end, see {@linkcode CoroutineHost.proceed}
 * - `budget`: the instructions of an operation are used up, see the same
 * - `stopped`: a breakpoint or watchpoint was reached, see the same
 * - `yield`: a host function cannot yield here
 * - `panic`: an exception or panic of the guest: a {@linkcode GuestPanic}
 * - `trap`: a fault of the guest: a {@linkcode GuestTrap}
 * - `halted`: the guest has ended, and all of its coroutines with it
 */
export type CoroutineErrorKind =
  | "program"
  | "function"
  | "value"
  | "stack"
  | "finished"
  | "running"
  | "foreign"
  | "disposed"
  | "busy"
  | "budget"
  | "stopped"
  | "yield"
  | "panic"
  | "trap"
  | "halted";

/** Thrown by everything in `coro/`. */
export class CoroutineError extends Error {
  /** Class name, for messages. */
  override readonly name: string = "CoroutineError";
  /** What went wrong. */
  readonly kind: CoroutineErrorKind;

  /** Makes the error; `message` states the action, what was found, and what was expected. */
  constructor(kind: CoroutineErrorKind, message: string, options: { cause?: unknown } = {}) {
    super(message, "cause" in options ? { cause: options.cause } : {});
    this.kind = kind;
  }
}

/** What a guest did that ended its function: where, and what was on its stacks. */
export interface GuestFailure {
  /** One line that says what happened. */
  readonly reason: string;
  /** Stack frames at that moment, innermost first, through all linked stacks. */
  readonly frames: readonly CoroutineFrame[];
}

/** An exception or panic of the guest has left the function that the host had called. */
export class GuestPanic extends CoroutineError {
  /** Class name, for messages. */
  override readonly name = "GuestPanic";
  /** Type of the exception as C++ writes it; `panic` of a panic. */
  readonly type: string;
  /**
   * What it says: the text of a panic, of a `const char *` or of a `coroutine::exception`, the value of
   * an integer; empty of other types.
   */
  readonly text: string;
  /** Stack frames where it was thrown, innermost first, through all linked stacks. */
  readonly frames: readonly CoroutineFrame[];

  /** Makes the error for a function of the guest. */
  constructor(
    where: string,
    thrown: { readonly type: string; readonly text: string } & GuestFailure,
  ) {
    const { type, text, reason, frames } = thrown;
    super("panic", `${where}: ${reason}${text === "" || type === "panic" ? "" : `: ${text}`}`);
    this.type = type;
    this.text = text;
    this.frames = frames;
  }
}

/** A fault of the guest has ended the function that the host had called. */
export class GuestTrap extends CoroutineError {
  /** Class name, for messages. */
  override readonly name = "GuestTrap";
  /** Address that was accessed, of a memory fault; else that of the instruction. */
  readonly address: bigint;
  /** Whether it was an overflow of the coroutine's stack into its guard. */
  readonly overflow: boolean;
  /** Stack frames at the fault, innermost first, through all linked stacks. */
  readonly frames: readonly CoroutineFrame[];

  /** Makes the error for a function of the guest. */
  constructor(
    where: string,
    trap: { readonly address: bigint; readonly overflow: boolean } & GuestFailure,
  ) {
    const { address, overflow, reason, frames } = trap;
    super("trap", `${where}: ${reason}`);
    this.address = address;
    this.overflow = overflow;
    this.frames = frames;
  }
}
