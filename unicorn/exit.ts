/**
 * Why a run of the guest ended.
 *
 * @module
 */
import type { EngineError } from "./errors.ts";

/** What every exit has. */
export interface ExitBase {
  /**
   * Instructions executed in this run. An instruction that trapped, paused, made a system call or
   * touched absent memory counts, as it was begun; one that a budget or a hook stopped before it
   * began does not.
   */
  readonly instructions: number;
}

/**
 * An exception, not yet delivered: the engine walks neither IDT nor VBAR. After a fault PC is at
 * the instruction, after `int n`, `int3`, `svc` or `smc` behind it, at `brk` on it.
 */
export interface TrapExit extends ExitBase {
  /** Tells this exit from the others. */
  readonly kind: "trap";
  /** x86-64: the vector. AArch64: the engine's number, see {@linkcode AArch64Vector}. */
  readonly vector: number;
}

/** The x86-64 instruction `syscall`: RIP is behind it, nothing else has changed. */
export interface SyscallExit extends ExitBase {
  /** Tells this exit from the others. */
  readonly kind: "syscall";
}

/** `hlt` at CPL 0, or `wfi`: PC is behind it. */
export interface HaltExit extends ExitBase {
  /** Tells this exit from the others. */
  readonly kind: "halt";
}

/** The budget is used up: PC is at the next instruction. */
export interface BudgetExit extends ExitBase {
  /** Tells this exit from the others. */
  readonly kind: "budget";
}

/** The guest touched a physical address without memory. */
export interface MemoryExit extends ExitBase {
  /** Tells this exit from the others. */
  readonly kind: "memory";
  /** What the guest did. */
  readonly access: "read" | "write" | "fetch";
  /** Physical address. */
  readonly address: bigint;
  /** Bytes. */
  readonly size: number;
}

/** A code hook stopped the run before the instruction it was called for. */
export interface StopExit extends ExitBase {
  /** Tells this exit from the others. */
  readonly kind: "stop";
}

/**
 * The guest accessed watched memory: PC is behind the instruction that did, see
 * {@linkcode Engine.watchMemory}.
 */
export interface AccessExit extends ExitBase {
  /** Tells this exit from the others. */
  readonly kind: "access";
}

/**
 * The watcher of instructions refuses the next one: PC is at it, and it counts, as if it had been
 * begun and had trapped.
 */
export interface RefusedExit extends ExitBase {
  /** Tells this exit from the others. */
  readonly kind: "refused";
}

/**
 * The guest has written a debug register: PC is behind the instruction, see
 * {@linkcode EngineOptions.debugWrites}.
 */
export interface DebugExit extends ExitBase {
  /** Tells this exit from the others. */
  readonly kind: "debug";
}

/**
 * x86-64: the next instruction is one to look at first, see {@linkcode Engine.stopBefore}; RIP is
 * at it, and it has not been begun.
 */
export interface BeforeExit extends ExitBase {
  /** Tells this exit from the others. */
  readonly kind: "before";
}

/** The engine failed. */
export interface FaultExit extends ExitBase {
  /** Tells this exit from the others. */
  readonly kind: "fault";
  /** What failed. */
  readonly error: EngineError;
}

/** Why a run ended. */
export type Exit =
  | TrapExit
  | SyscallExit
  | HaltExit
  | BudgetExit
  | MemoryExit
  | StopExit
  | AccessExit
  | RefusedExit
  | BeforeExit
  | DebugExit
  | FaultExit;
