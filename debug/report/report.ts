/**
 * What a backtrace says, as plain data: everything has been read out of the process.
 *
 * @module
 */
import { InputError } from "../../bytes/mod.ts";
import type { Certainty, Doubt, WalkEnd } from "../../unwind/walk/mod.ts";
import type { FrameReader, StackFrame, StackFrameKind } from "../frames/mod.ts";
import type { SourcePlace } from "../symbols/mod.ts";
import { codeVariables } from "./code_variables.ts";
import type { VariableReport } from "./variable_report.ts";
import type { TargetThread } from "../target/mod.ts";
import {
  plainType,
  typeName,
  type Value,
  valueJson,
  valueText,
  type Variable,
  variablesOf,
} from "../values/mod.ts";

/** Which variables are told: none, the parameters of functions, or all. */
export type VariableRange = "none" | "parameters" | "all";

/** What is told. */
export interface ReportOptions {
  /** Most frames of each walk; default 4096. */
  readonly limit?: number;
  /** Which variables are told; default `parameters`. */
  readonly variables?: VariableRange;
  /** Whether values are told as data, too, which takes time; default false. */
  readonly data?: boolean;
}

/** What is told of generated and interpreted code. */
export interface CodeReport {
  /** Kind of the code: `optimized`, `jit`, `interpreter`, `adapter`, `native-stub` or another. */
  readonly kind: string;
  /** Offset of the bytecode that is executed or is next; undefined if none is. */
  readonly bytecode: number | undefined;
}

/** A stack frame. */
export interface FrameReport {
  /** Its number, 0 for the innermost. */
  readonly level: number;
  /** What it is. */
  readonly kind: StackFrameKind;
  /** Address of the next instruction. */
  readonly pc: bigint;
  /** Name of its function; undefined if nothing tells it. */
  readonly function: string | undefined;
  /** Where in the source it is; undefined if nothing tells it. */
  readonly source: SourcePlace | undefined;
  /** File of its code; undefined if it is of none. */
  readonly module: string | undefined;
  /** Kind of its code, where that is generated or interpreted; undefined of native code. */
  readonly code: CodeReport | undefined;
  /** How sure it is that the frame is there. */
  readonly certainty: Certainty;
  /** Why it is doubtful. */
  readonly doubt: Doubt | undefined;
  /** Its parameters; undefined if they were not asked for or nothing describes them. */
  readonly parameters: readonly VariableReport[] | undefined;
  /** Its local variables, the innermost block's first; undefined as above. */
  readonly locals: readonly VariableReport[] | undefined;
  /** Why its variables cannot be told. */
  readonly damage: string | undefined;
}

/** The stack of a thread. */
export interface ThreadReport {
  /** Its number. */
  readonly id: number;
  /** Its name, where it has one. */
  readonly name: string | undefined;
  /** What it waits for, in words. */
  readonly state: string | undefined;
  /** Its frames, innermost first. */
  readonly frames: readonly FrameReport[];
  /** Why the walk ended; undefined if it broke off. */
  readonly end: WalkEnd | undefined;
  /** Why the walk broke off. */
  readonly error: string | undefined;
}

/**
 * The stacks of some threads. Reads the process's memory and nothing else, so that it may be done
 * again where memory comes in pieces (`Target.settle`).
 */
export function backtraceReport(
  reader: FrameReader,
  threads: Iterable<TargetThread>,
  options: ReportOptions = {},
): ThreadReport[] {
  const { limit } = options;
  const scribe = new Scribe(reader, options);
  return Array.from(threads, (thread) => {
    const frames = reader.frames(thread, limit === undefined ? {} : { limit });
    return {
      id: thread.id,
      name: thread.name,
      state: thread.state,
      frames: Array.from(frames, (frame) => scribe.frame(frame)),
      end: frames.end,
      error: frames.error?.message,
    };
  });
}

/** Tells of frames and variables. */
class Scribe {
  readonly #reader: FrameReader;
  readonly #range: VariableRange;
  readonly #hasData: boolean;
  readonly #nameOf: FrameReader["nameOf"];

  constructor(reader: FrameReader, { variables = "parameters", data = false }: ReportOptions) {
    this.#reader = reader;
    this.#range = variables;
    this.#hasData = data;
    this.#nameOf = (address, what) => reader.nameOf(address, what);
  }

  frame(frame: StackFrame): FrameReport {
    const { level, kind, pc, name, source, module, physical } = frame;
    const code = frame.code && { kind: frame.code.kind, bytecode: frame.code.managed?.bci };
    const { certainty, doubt } = physical;
    const none = { parameters: undefined, locals: undefined, damage: undefined };
    const told = { level, kind, pc, function: name, source, module: module?.name, code };
    return { ...told, certainty, doubt, ...this.#variables(frame) ?? none };
  }

  #variables(
    frame: StackFrame,
  ): Pick<FrameReport, "parameters" | "locals" | "damage"> | undefined {
    const { entry, code } = frame;
    if (this.#range === "none") return undefined;
    if (code !== undefined) return codeVariables(code, this.#range === "all");
    if (entry === undefined) return undefined;
    try {
      const scope = variablesOf({
        frame: frame.variables,
        scope: entry,
        types: this.#reader.types,
      });
      const isAll = this.#range === "all";
      return {
        // In the line of a frame there is room for simple values only.
        parameters: scope.parameters.map((each) => this.#variable(each, isAll)),
        locals: isAll
          ? scope.blocks.flatMap(({ variables }) => variables)
            .map((each) => this.#variable(each, true))
          : undefined,
        damage: undefined,
      };
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      return { parameters: undefined, locals: undefined, damage: error.message };
    }
  }

  #variable(variable: Variable, isWhole: boolean): VariableReport {
    const { name } = variable;
    try {
      const { value } = variable;
      const text = isWhole || isScalar(value) ? valueText(value, { nameOf: this.#nameOf }) : "...";
      const data = this.#hasData ? valueJson(value) : undefined;
      return { name, type: typeName(variable.declaredType), text, data };
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      const text = `<${error.message}>`;
      const data = { type: "?", state: "error", reason: error.message } as const;
      return { name, type: "?", text, data: this.#hasData ? data : undefined };
    }
  }
}

/** Whether a value is one number, address or name; others are told where there is room. */
function isScalar({ type }: Value): boolean {
  const plain = plainType(type);
  const isReference = plain.kind === "reference" || plain.kind === "rvalue-reference";
  const told = isReference ? plainType(plain.target) : plain;
  return !["struct", "class", "union", "array"].includes(told.kind);
}
