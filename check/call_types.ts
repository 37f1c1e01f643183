/**
 * What a shadow call stack is told and tells.
 *
 * @module
 */

import type { RegisterSet } from "../unwind/walk/mod.ts";
import type { Flow } from "../arch/arch.ts";

/** A stack frame that a walk must find. */
export interface ExpectedFrame {
  /** Program counter. */
  readonly pc: bigint;
  /** Whether it is that of an interrupted instruction, or the next to be executed. */
  readonly interrupted: boolean;
  /** Canonical frame address; `undefined` where there is nothing to compare with. */
  readonly cfa: bigint | undefined;
  /** Its registers; `undefined` for the innermost frame. */
  readonly registers: RegisterSet | undefined;
  /** Whether all its registers must be found, or those that a call preserves. */
  readonly allRegisters: boolean;
}

/** The CPU before an instruction. */
export interface StepState {
  /** What the instruction does. */
  readonly flow: Flow;
  /** Its address. */
  readonly pc: bigint;
  /** Stack pointer. */
  readonly sp: bigint;
  /** Whether it is user code. */
  readonly userMode: boolean;
  /** Registers; the tracker may keep them. */
  readonly registers: RegisterSet;
}

/** Where the CPU is. */
export interface Place {
  /** Address of the next instruction. */
  readonly pc: bigint;
  /** Stack pointer. */
  readonly sp: bigint;
  /** Whether it is in user mode. */
  readonly userMode: boolean;
}

/** Numbers of what has been seen. */
export interface CallCounts {
  /** Calls. */
  calls: number;
  /** Returns. */
  returns: number;
  /** Exceptions and interrupts. */
  traps: number;
  /** Landings. */
  landings: number;
  /** Changes of stacks by the guest. */
  switches: number;
}

/** The call stacks do not fit together: an instruction went where no call came from. */
export class ShadowError extends Error {
  /** Class name. */
  override readonly name = "ShadowError";
}
