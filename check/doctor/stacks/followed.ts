/**
 * A thread as it is followed.
 *
 * @module
 */

import type { Thread } from "../../../kernel/thread/thread.ts";
import type { SyscallEvent } from "../../../trace/mod.ts";
import type { FollowedBlock, Program } from "./program.ts";
import type { Call, Moment, Stack } from "./stacks.ts";

/** A stack pointer that has another value; nothing has come of it yet. */
export interface Pending {
  /** The value. */
  readonly value: number;
  /** What it was made of. */
  readonly handle: number;
  /** The instruction. */
  readonly set: Moment;
  /** The stack pointer before. */
  readonly before: number;
  /** First instruction of the function that is in. */
  readonly function: number;
  /** The stack before. */
  readonly from: Stack;
  /** Whether that is the stack after, too. */
  readonly isLocal: boolean;
  /** Whether the stack after is used for the first time. */
  readonly isNew: boolean;
  /** The thread that was running on the stack after. */
  readonly runner: bigint | null;
}

/** A thread as it is followed. */
export interface Followed {
  /** The thread. */
  readonly thread: Thread;
  /** Its program. */
  readonly program: Program;
  /** The stack it is on. */
  stack: Stack;
  /** The block it is in. */
  last: FollowedBlock;
  /** The stack pointer it has entered that with. */
  sp: number;
  /** Whether more than the end of the last block is to be looked at. */
  attention: boolean;
  /** A stack pointer that has just got another value. */
  pending: Pending | null;
  /** Where it has gone on with another stack pointer, which nothing is known of. */
  unsure: { readonly pending: Pending; readonly pc: number; readonly time: number } | null;
  /** Where it has trapped, until it goes on. */
  trap: { readonly pc: number; readonly sp: number; readonly at: number } | null;
  /** The system call it has made. */
  syscall: { readonly event: SyscallEvent; readonly call: Moment } | null;
  /** The call in which a role was taken last, and the block. */
  role: { readonly call: Call | undefined; readonly pc: number } | null;
}
