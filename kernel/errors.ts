/**
 * Errors of the kernel's host side. What a guest program does wrong never throws: it ends in an
 * error code or in the death of its task.
 *
 * @module
 */

/**
 * What went wrong:
 * - `misuse`: an option or argument of the host is out of range
 * - `script`: a bootstrap script line cannot be understood
 * - `program`: a module is not a program this kernel can load
 * - `memory`: guest memory is exhausted
 * - `address`: a guest address that the host asked for is not mapped
 * - `engine`: the engine failed or the machine was used after it had failed
 */
export type KernelErrorKind = "misuse" | "script" | "program" | "memory" | "address" | "engine";

/** Thrown by everything in `kernel/`. */
export class KernelError extends Error {
  /** Class name, for messages. */
  override readonly name = "KernelError";
  /** What went wrong. */
  readonly kind: KernelErrorKind;
  /** Guest address it is about, if any. */
  readonly address: bigint | undefined;

  /** Makes the error; `message` states the action and the current value. */
  constructor(
    kind: KernelErrorKind,
    message: string,
    options: { address?: bigint; cause?: unknown } = {},
  ) {
    super(message, "cause" in options ? { cause: options.cause } : {});
    this.kind = kind;
    this.address = options.address;
  }
}

/**
 * Mach kernel return codes (mach/kern_return.h) that this kernel uses. A system call returns them
 * negated.
 */
export const KernReturn = {
  SUCCESS: 0,
  INVALID_ADDRESS: 1,
  PROTECTION_FAILURE: 2,
  NO_SPACE: 3,
  INVALID_ARGUMENT: 4,
  FAILURE: 5,
  RESOURCE_SHORTAGE: 6,
  /** It is another task's. */
  NO_ACCESS: 8,
  ABORTED: 14,
  INVALID_RIGHT: 17,
  INVALID_VALUE: 18,
  POLICY_LIMIT: 27,
  TERMINATED: 37,
  LOCK_UNSTABLE: 39,
  LOCK_OWNED: 40,
  LOCK_OWNED_SELF: 41,
  /** No such system call (MIG_BAD_ID in Mach, outside its range of return codes). */
  NOT_IMPLEMENTED: 46,
  OPERATION_TIMED_OUT: 49,
  /** Threads would wait for each other (Mach has no code for it). */
  DEADLOCK: 257,
} as const;
