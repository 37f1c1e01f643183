/**
 * What a frame walk takes and how it ends.
 *
 * @module
 */
import type { MemoryReader } from "./memory.ts";
import type { ModuleList } from "./module_list.ts";
import type { RegisterSet } from "./register_set.ts";

/** What a walk starts from. */
export interface WalkInput {
  /** Registers of the innermost stack frame; program counter and stack pointer must be known. */
  readonly registers: RegisterSet;
  /** Memory of the program. */
  readonly memory: MemoryReader;
  /** Code of the program. */
  readonly modules: ModuleList;
  /** Address of the thread's own storage, where its anchor is found. */
  readonly threadPointer?: bigint | undefined;
}

/** Options of a walk. */
export interface WalkOptions {
  /**
   * What the first program counter is: `instruction` if the program was stopped there (a fault, an
   * interrupt, a breakpoint), the default; `return-address` if it called the unwinder and will go
   * on there.
   */
  readonly start?: "instruction" | "return-address";
  /** Most stack frames given; default 4096. */
  readonly maxFrames?: number;
  /**
   * Whether the frame pointer is believed where there is no table; default true. Such frames say so
   * in their source, and what they lead to in its certainty.
   */
  readonly framePointer?: boolean;
  /**
   * Significant bits of an address; the bits above, up to bit 55, hold a signature (AArch64). 33 to
   * 55, default 48.
   */
  readonly addressBits?: number;
  /**
   * Bytes below the stack pointer of an interrupted stack frame that are still its own. A register
   * that a table says is stored further below has been popped, in an epilogue, and has its value
   * again; what an interrupt pushed may be in its place. Default no limit: the table is believed
   * wherever memory can be read. On a stack that interrupts push on, that is 0.
   */
  readonly redZone?: number;
  /** Whether to end at a trap that came from user mode; default false. */
  readonly stopAtUser?: boolean;
  /**
   * What to do about native code that managed code has called, where the thread has an anchor:
   * `walk` through it as far as tables lead, the default, or `skip` it.
   */
  readonly native?: "walk" | "skip";
}

/** Why a walk ended without an error. */
export type WalkEnd =
  /** The table says that there is no caller. */
  | "return-address-undefined"
  /** The return address is zero. */
  | "return-address-zero"
  /** No table, and no frame pointer that can be believed. */
  | "no-rule"
  /** The function at which the program's file is entered: no table says so, but nobody calls it. */
  | "program-entry"
  /** As many stack frames as asked for. */
  | "frame-limit"
  /** A trap from user mode, with `stopAtUser`. */
  | "user";
