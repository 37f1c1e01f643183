/**
 * What the script inside gdb tells (`drive.py`). Numbers that may be large are decimal texts.
 *
 * @module
 */

/** A stack frame. */
export interface DrivenFrame {
  /** Program counter. */
  readonly pc: string;
  /** Function. */
  readonly name: string | null;
  /** Line of the source, 0 if there is none. */
  readonly line: number;
}

/** A thread: its process, and its number. */
export type DrivenThread = readonly [process: number, thread: number];

/** A stop that is compared with the machine at that instant. */
export interface DrivenStop {
  /** Which. */
  readonly what:
    | "start"
    | "switch_context"
    | "conditional"
    | "lines"
    | "thread"
    | "hardware"
    | "attached"
    | "end";
  /** What `monitor when` says. */
  readonly when: string;
  /** Who stopped. */
  readonly thread: DrivenThread;
  /** Its stack frames. */
  readonly frames: readonly DrivenFrame[];
  /** Its registers, those of vectors in one number; `null` for what it does not have. */
  readonly registers: Readonly<Record<string, string | null>>;
  /** Variables and texts. */
  readonly [more: string]: unknown;
}

/** A place: function and line. */
export type DrivenPlace = readonly [name: string, line: number];
/** Where a step led: program counter and stack pointer. */
export type DrivenStep = readonly [pc: string, sp: string];

/** Everything else that is told. */
export type DrivenResult =
  | DrivenStop
  | {
    readonly what: "switch" | "system call";
    readonly forward: readonly DrivenStep[];
    readonly backward: readonly DrivenStep[];
    readonly first?: string;
    readonly last?: string;
  }
  | {
    readonly what: "inferiors";
    readonly inferiors: Readonly<Record<string, string>>;
    readonly text: string;
  }
  | { readonly what: "finish" | "call"; readonly value: number; readonly place: DrivenPlace }
  | {
    readonly what: "watch";
    readonly totals: readonly (readonly [total: number, name: string, thread: DrivenThread])[];
    readonly back: readonly [total: number, name: string];
  }
  | { readonly what: "monitor"; readonly tasks: string; readonly nonsense: string }
  | { readonly what: "exit"; readonly text: string; readonly code: number }
  | { readonly what: "done" }
  | { readonly what: "error"; readonly error: string };

/** Whether a result is a stop. */
export function isStop(result: DrivenResult): result is DrivenStop {
  return "registers" in result;
}
