/**
 * What is debugged: a stopped program, wherever its memory and registers come from.
 *
 * @module
 */
import type { InputError } from "../../bytes/mod.ts";
import type { Machine } from "../../elf/mod.ts";
import type { MemoryReader, ModuleList, RegisterSet, WalkOptions } from "../../unwind/walk/mod.ts";

/** Where a target's memory and registers come from. */
export type TargetKind = "core" | "remote" | "machine" | "snapshot";

/** A program, or a machine full of programs, that is stopped. Dispose of it when done. */
export interface Target extends Disposable {
  /** Where memory and registers come from. */
  readonly kind: TargetKind;
  /** Name for messages: a file, an address. */
  readonly name: string;
  /** Machine the code is for. */
  readonly machine: Machine;
  /** A core file has one; a machine its kernel and each task with an address space. */
  readonly processes: readonly TargetProcess[];
  /** What was damaged or not to be had, and has been left out. */
  readonly problems: readonly InputError[];
  /**
   * Runs an action that reads the target's memory. Memory that comes over a wire cannot be read
   * synchronously: where a part of it has not been fetched the action is broken off, the part
   * fetched, and the action run again; so it must be a function of the target alone and harmless if
   * it is run again. All other targets just run it.
   */
  settle<T>(action: () => T): Promise<T>;
}

/** An address space with the threads that run in it. */
export interface TargetProcess {
  /** Its number; 0 if it has none. */
  readonly id: number;
  /** Name of its program. */
  readonly name: string;
  /** The thread that died, or runs, comes first. */
  readonly threads: readonly TargetThread[];
  /** Its memory. */
  readonly memory: MemoryReader;
  /** Its code. */
  readonly modules: ModuleList;
  /** Files that it has mapped and that are not among the modules. */
  readonly missing: readonly MissingFile[];
  /** What a walk of its stacks must know. */
  readonly walk: Pick<WalkOptions, "redZone" | "addressBits" | "stopAtUser">;
  /** The signal that stopped or ended it. */
  readonly signal?: SignalInfo | undefined;
}

/** A thread that is stopped. */
export interface TargetThread {
  /** Its number. */
  readonly id: number;
  /** Its name, where it has one. */
  readonly name?: string | undefined;
  /** Its general registers. */
  readonly registers: RegisterSet;
  /** Address of its thread-local storage (`fs.base`, `TPIDR_EL0`). */
  readonly threadPointer: bigint | undefined;
  /** What it waits for, in words. */
  readonly state?: string | undefined;
  /**
   * A register that is no general one, by its DWARF number: `xmm0` to `xmm15` (17 to 32), `st0` to
   * `st7` (33 to 40) and `xmm16` to `xmm31` (67 to 82) of x86-64, `v0` to `v31` (64 to 95) of
   * AArch64. Its bytes, little-endian and as many as are known: 16 or more of a vector register, 10
   * of `st0`. Undefined if it is not known.
   */
  vector(dwarf: number): Uint8Array | undefined;
}

/** A signal, in Linux's numbers. */
export interface SignalInfo {
  /** Its number. */
  readonly number: number;
  /** Why it was sent (`si_code`). */
  readonly code?: number | undefined;
  /** The address that was accessed, of a signal that a fault sent. */
  readonly address?: bigint | undefined;
}

/** A file that a process has mapped and that cannot be used. */
export interface MissingFile {
  /** Its name. */
  readonly name: string;
  /** Why it cannot be used. */
  readonly reason: string;
}
