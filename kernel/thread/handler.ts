/**
 * A program's own handler of CPU exceptions, as data: Mach's exception ports reduced to one
 * function of the thread itself.
 *
 * @module
 */

import type { UserTrap } from "../../arch/arch.ts";

/** Where a thread's exceptions go. */
export interface ExceptionHandler {
  /** Function entered, with the record of what was interrupted and `argument`. */
  readonly entry: bigint;
  /** Its second argument. */
  readonly argument: bigint;
  /** Lowest address of the stack it is entered on. */
  readonly bottom: bigint;
  /** One past the highest. */
  readonly top: bigint;
}

/** An exception that nothing resolves. */
export interface UserException extends UserTrap {
  /** Why a page fault was not resolved, as a kernel return code; 0 for other exceptions. */
  readonly status: number;
  /** What will be said of the task if no handler deals with it: one line. */
  readonly reason: string;
}

/** An exception that a handler has been given. */
export interface HandledException {
  /** The exception. */
  readonly exception: UserException;
  /** What was interrupted, as the handler got it. */
  readonly state: Uint8Array;
  /** The stack the handler runs on: there it has not been left. */
  readonly bottom: bigint;
  /** One past its highest address. */
  readonly top: bigint;
}
