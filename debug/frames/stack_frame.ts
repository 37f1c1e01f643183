/**
 * One logical stack frame.
 *
 * @module
 */
import { type Address, toBigAddress } from "../../bytes/mod.ts";
import type { Entry } from "../../elf/dwarf/mod.ts";
import type { Frame, Module } from "../../unwind/walk/mod.ts";
import type { SourcePlace } from "../symbols/mod.ts";
import type { VariableFrame } from "../values/mod.ts";
import { type CodeFrameInfo, codeFrameInfo } from "./code_frame.ts";
import type { PlaceFunction } from "./module_code.ts";
import { inspectAs } from "../../util/inspect.ts";

/**
 * What a frame is. A `call` is an activation of a function; an `inline` one was inlined into the
 * next outer frame's function; a `tail-call` has left the stack by jumping to the next inner one,
 * and is known from what compilers tell of calls; a `signal` is what the system put on the stack to
 * run a handler, a `trap` what a kernel's exception entry saved.
 */
export type StackFrameKind = "call" | "inline" | "tail-call" | "signal" | "trap";

/** What makes the frames that variables are read from, by number. */
export interface Views {
  /** The frame of that number, which is there. */
  view(index: number): VariableFrame | undefined;
}

/** What a frame is made of. */
export interface StackFrameInit {
  /** What it is. */
  readonly kind: StackFrameKind;
  /** The frame of the walk. */
  readonly physical: Frame;
  /** Address of the next instruction. */
  readonly pcAddress: Address;
  /** Address that is looked up. */
  readonly lookupAddress: Address;
  /** The module whose code it is. */
  readonly module: Module | undefined;
  /** Makes what its variables are read from. */
  readonly views: Views;
  /** Number of that. */
  readonly view: number;
}

/** A stack frame as debuggers number and show them. */
export class StackFrame {
  /** Its number, 0 for the innermost. */
  readonly level: number;
  /** What it is. */
  readonly kind: StackFrameKind;
  /** What is known of its function. */
  readonly place: PlaceFunction;
  readonly #init: StackFrameInit;
  #code: CodeFrameInfo | undefined | null = null;

  /** Made by `StackFrames`; an inlined one is part of what `init` says. */
  constructor(level: number, place: PlaceFunction, isInline: boolean, init: StackFrameInit) {
    this.level = level;
    this.kind = isInline ? "inline" : init.kind;
    this.place = place;
    this.#init = init;
  }

  /**
   * The frame of the walk that it is part of; of a tail call, the next inner one, which took its
   * place.
   */
  get physical(): Frame {
    return this.#init.physical;
  }

  /** The module whose code it is. */
  get module(): Module | undefined {
    return this.#init.module;
  }

  /** Address of the next instruction: of a caller, the return address; of inlined ones the same. */
  get pc(): bigint {
    return toBigAddress(this.#init.pcAddress);
  }

  /** Address that scopes and lines are looked up by: one less for a caller. */
  get lookup(): bigint {
    return toBigAddress(this.#init.lookupAddress);
  }

  /** What its variables are read from; of an inlined one, the frame it is part of. */
  get variables(): VariableFrame {
    const { views, view } = this.#init;
    return views.view(view)!;
  }

  /**
   * What its code's kind tells of it: method, position and values of generated and interpreted code;
   * undefined of native code.
   */
  get code(): CodeFrameInfo | undefined {
    if (this.#code !== null) return this.#code;
    return this.#code = this.kind === "call" ? codeFrameInfo(this.physical) : undefined;
  }

  /**
   * Name of its function as gdb shows it, or of its method; undefined if nothing tells it. Frames of
   * signals and traps have the names of the code that they return through.
   */
  get name(): string | undefined {
    return this.code?.name ?? this.place.name;
  }

  /** Where in the source it is. */
  get source(): SourcePlace | undefined {
    return this.place.source;
  }

  /** Its function (`DW_TAG_subprogram`), or the inlined call of it; undefined if nothing says. */
  get entry(): Entry | undefined {
    return this.place.entry;
  }
}

inspectAs(StackFrame, ({ level, kind, pc, name, source }) => {
  const where = source === undefined ? "" : ` at ${source.path}:${source.line}:${source.column}`;
  return `#${level} 0x${pc.toString(16)} ${name ?? "??"}${where}, ${kind}`;
});
