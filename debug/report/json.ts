/**
 * A backtrace as data for JSON. Addresses are hexadecimal text; what is not known is left out.
 *
 * @module
 */
import type { Certainty, Doubt, WalkEnd } from "../../unwind/walk/mod.ts";
import type { StackFrameKind } from "../frames/mod.ts";
import type { SourcePlace } from "../symbols/mod.ts";
import type { ValueData } from "../values/mod.ts";
import type { FrameReport, ThreadReport } from "./report.ts";
import type { VariableReport } from "./variable_report.ts";

/** A variable in JSON. */
export interface VariableJson {
  /** Its name. */
  readonly name: string;
  /** Its value as gdb writes it. */
  readonly text: string;
  /** Its type, and its value or why there is none. */
  readonly value: ValueData;
}

/** A frame in JSON. */
export interface FrameJson {
  /** Its number, 0 for the innermost. */
  readonly level: number;
  /** What it is. */
  readonly kind: StackFrameKind;
  /** Address of the next instruction: `0x`, then 16 digits. */
  readonly pc: string;
  /** Name of its function. */
  readonly function?: string;
  /** Where in the source it is. */
  readonly source?: SourcePlace;
  /** File of its code. */
  readonly module?: string;
  /** Kind of its code, where that is generated or interpreted, and the bytecode it is at. */
  readonly code?: { readonly kind: string; readonly bytecode?: number };
  /** How sure it is that the frame is there. */
  readonly certainty: Certainty;
  /** Why it is doubtful. */
  readonly doubt?: Doubt;
  /** Its parameters. */
  readonly parameters?: readonly VariableJson[];
  /** Its local variables, the innermost block's first. */
  readonly locals?: readonly VariableJson[];
  /** Why its variables cannot be told. */
  readonly damage?: string;
}

/** A thread in JSON. */
export interface ThreadJson {
  /** Its number. */
  readonly id: number;
  /** Its name. */
  readonly name?: string;
  /** What it waits for, in words. */
  readonly state?: string;
  /** Its frames, innermost first. */
  readonly frames: readonly FrameJson[];
  /** Why the walk ended. */
  readonly end?: WalkEnd;
  /** Why the walk broke off. */
  readonly error?: string;
}

/** A thread's stack as data that JSON can hold. */
export function threadJson(thread: ThreadReport): ThreadJson {
  const { id, name, state, frames, end, error } = thread;
  return known({ id, name, state, frames: frames.map(frameJson), end, error });
}

function frameJson(frame: FrameReport): FrameJson {
  const { source } = frame;
  return known({
    level: frame.level,
    kind: frame.kind,
    pc: `0x${frame.pc.toString(16).padStart(16, "0")}`,
    function: frame.function,
    source: source &&
      { path: source.path, file: source.file, line: source.line, column: source.column },
    module: frame.module,
    code: frame.code && known(frame.code),
    certainty: frame.certainty,
    doubt: frame.doubt,
    parameters: frame.parameters?.map(variableJson),
    locals: frame.locals?.map(variableJson),
    damage: frame.damage,
  });
}

function variableJson({ name, type, text, data }: VariableReport): VariableJson {
  return { name, text, value: data ?? { type, value: text } };
}

/** The same without what is not known. */
function known<T extends object>(data: T): Defined<T> {
  const entries = Object.entries(data).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Defined<T>;
}

/** The keys of values that may be undefined. */
type Optional<T> = { [K in keyof T]: undefined extends T[K] ? K : never }[keyof T];

/** Values that may be undefined, as values that may not be there. */
type Defined<T> =
  & { [K in Exclude<keyof T, Optional<T>>]: T[K] }
  & { [K in Optional<T>]?: Exclude<T[K], undefined> };
