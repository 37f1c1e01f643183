/**
 * What gdb makes of core files.
 *
 * @module
 */
import { askGdb } from "./batch.ts";

/** A core file to read. */
export interface GdbRequest {
  /** The program's file. */
  readonly program: string;
  /** The core file. */
  readonly core: string;
  /** Ranges of memory to read: address and bytes. */
  readonly memory: readonly (readonly [address: string, size: number])[];
}

/** A stack frame; numbers are decimal, unknown ones `null`. */
export interface GdbFrame {
  /** Program counter. */
  readonly pc: string;
  /** Function. */
  readonly name: string | null;
  /** Stack pointer. */
  readonly sp: string | null;
  /** Registers that calls keep, by name. */
  readonly kept: Readonly<Record<string, string | null>>;
}

/** A thread. */
export interface GdbThread {
  /** Its number. */
  readonly id: number;
  /** Its registers by gdb's names. */
  readonly registers: Readonly<Record<string, string | null>>;
  /** Its vector registers in halves, low ones first. */
  readonly vectors: readonly (readonly [low: string, high: string])[];
  /** Its stack frames. */
  readonly frames: readonly GdbFrame[];
  /** Why there are no more. */
  readonly end: string;
}

/** A core file as gdb has read it, or its error. */
export type GdbCore =
  | {
    /** What gdb printed when it opened the core. */
    readonly said: string;
    /** Threads by number. */
    readonly threads: readonly GdbThread[];
    /** The memory that was asked for, in hexadecimal, or errors. */
    readonly memory: readonly string[];
    /** Signal, code and address of what ended the process, if the core says. */
    readonly info: readonly [signal: number, code: number, address: string] | null;
  }
  | { readonly error: string };

const SCRIPT = new URL("cores.py", import.meta.url).pathname;

/**
 * Has one gdb read core files of one architecture, in order; `undefined` if it is not installed.
 *
 * @param directory for the file with the request
 */
export function readWithGdb(
  requests: readonly GdbRequest[],
  directory: string,
): GdbCore[] | undefined {
  return askGdb(SCRIPT, requests, directory);
}
