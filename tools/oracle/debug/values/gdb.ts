/**
 * What gdb makes of the variables in core files.
 *
 * @module
 */
import { askGdb } from "../../gdb/batch.ts";
import type { ProgramCore } from "../dead/core_of.ts";

/** A type; one that has been described before is named only. */
export interface GdbType {
  /** As gdb writes it. */
  readonly text: string;
  /** gdb's code for its kind, such as `STRUCT`. */
  readonly code: string;
  /** Its own name. */
  readonly name: string | null;
  /** Bytes. */
  readonly size?: number;
  /** What it points to, consists of, stands for or returns. */
  readonly target?: GdbType;
  /** First and last index, or an error. */
  readonly range?: readonly [low: number, high: number] | string;
  /** Names and values of an enumeration. */
  readonly constants?: readonly (readonly [name: string, value: string])[];
  /** Members. */
  readonly fields?: readonly GdbField[];
  /** Parameters of a function. */
  readonly parameters?: readonly GdbType[];
}

/** A member. */
export interface GdbField {
  /** Its name. */
  readonly name: string | null;
  /** Bits before it; `null` if it is static or somewhere that is computed. */
  readonly bits: number | null;
  /** Width of a bit field, else 0. */
  readonly size: number;
  /** Whether it is a base class. */
  readonly base: boolean;
  /** Whether the compiler made it. */
  readonly artificial: boolean;
  /** Its type. */
  readonly type: GdbType;
}

/** A part of a value that has no parts. */
export type GdbLeaf =
  | { readonly out: true }
  /** A pointer to what is nowhere. */
  | { readonly synthetic: true }
  | { readonly number: string }
  /** Bytes of a double in hexadecimal, or `nan`. */
  | { readonly float: string }
  | { readonly text: string }
  | { readonly error: string };

/** A variable. */
export interface GdbVariable {
  /** Its name. */
  readonly name: string;
  /** Whether it is a parameter. */
  readonly parameter: boolean;
  /** Its type as it is declared. */
  readonly type: GdbType;
  /** Its type with the bounds of the frame. */
  readonly dynamic?: GdbType;
  /** Parts of its value by their paths, such as `.point.x` and `[3]`. */
  readonly values: Readonly<Record<string, GdbLeaf>>;
  /** Its value as text, or an error. */
  readonly text?: string;
}

/** A stack frame. */
export interface GdbFrame {
  /** What it is. */
  readonly kind: "call" | "inline" | "tail-call" | "signal" | "other";
  /** Program counter. */
  readonly pc: string;
  /** Function. */
  readonly name: string | null;
  /** Variables by block, the innermost first and the function's last. */
  readonly blocks: readonly (readonly GdbVariable[])[];
}

/** What gdb has read of a core file. */
export type GdbValues =
  | { readonly threads: readonly { readonly id: number; readonly frames: readonly GdbFrame[] }[] }
  | { readonly error: string };

const SCRIPT = new URL("read.py", import.meta.url).pathname;

/** Has one gdb read core files of one architecture; undefined if it is not installed. */
export function valuesOfGdb(
  cases: readonly ProgramCore[],
  directory: string,
): GdbValues[] | undefined {
  return askGdb(SCRIPT, cases, directory);
}
