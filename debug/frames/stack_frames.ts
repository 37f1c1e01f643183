/**
 * The logical frames of one stack: those of the walk, what is inlined in each, and what has left it
 * by tail calls.
 *
 * @module
 */
import { type Address, InputError } from "../../bytes/mod.ts";
import type { Frame, FrameIterator, MemoryReader, Module, WalkEnd } from "../../unwind/walk/mod.ts";
import type { TargetThread } from "../target/mod.ts";
import { physicalFrame, type VariableFrame } from "../values/mod.ts";
import type { ModuleCode, PlaceFunction } from "./module_code.ts";
import { StackFrame, type StackFrameInit, type Views } from "./stack_frame.ts";
import { TailCallFrame } from "./tail_call_frame.ts";
import type { TailCalls } from "./tail_calls.ts";

/** What is told of a stack. */
export interface FrameOptions {
  /** Most frames of the walk; default 4096. What is inlined in them does not count. */
  readonly limit?: number;
  /** Whether inlined functions are frames of their own; default true. */
  readonly inline?: boolean;
  /** Whether functions that have left by a tail call are frames; default true. */
  readonly tailCalls?: boolean;
}

/** What a stack is read from. */
export interface StackInit {
  /** What is known of the code of a module. */
  readonly codeOf: (module: Module | undefined) => ModuleCode;
  /** Finds what has left the stack. */
  readonly tailCalls: TailCalls;
  readonly thread: TargetThread;
  readonly memory: MemoryReader;
  readonly walk: () => FrameIterator;
  readonly options: FrameOptions;
}

/**
 * The frames of a stack, innermost first, found as far as they are asked for. May be gone through
 * more than once.
 */
export class StackFrames implements Iterable<StackFrame>, Views {
  /** The thread whose stack it is. */
  readonly thread: TargetThread;
  readonly #init: StackInit;
  readonly #frames: StackFrame[] = [];
  /** Frames that are not inlined, each made when its variables are asked for. */
  readonly #views: (VariableFrame | (() => VariableFrame))[] = [];
  #walk: FrameIterator | undefined;
  #isDone = false;
  readonly #tellsInlined: boolean;
  readonly #tellsTailCalls: boolean;
  #error: InputError | undefined;

  /** Made by `FrameReader.frames`. */
  constructor(init: StackInit) {
    this.thread = init.thread;
    this.#tellsInlined = init.options.inline ?? true;
    this.#tellsTailCalls = init.options.tailCalls ?? true;
    this.#init = init;
  }

  /** The frame of a level; undefined if the stack has none. */
  at(level: number): StackFrame | undefined {
    while (level >= this.#frames.length && this.#advance());
    return this.#frames[level];
  }

  /** Frames from the innermost on. */
  *[Symbol.iterator](): Generator<StackFrame, undefined> {
    for (let level = 0;; level++) {
      const frame = this.at(level);
      if (frame === undefined) return;
      yield frame;
    }
  }

  /** Why the walk ended; undefined if an error ended it. */
  get end(): WalkEnd | undefined {
    this.#finish();
    return this.#walk?.end;
  }

  /** The error that ended the walk; the frames before it are sound. */
  get error(): InputError | undefined {
    this.#finish();
    return this.#error;
  }

  #finish(): void {
    while (this.#advance());
  }

  /** Adds the next frame of the walk, and what belongs to it; false at the end. */
  #advance(): boolean {
    if (this.#isDone) return false;
    let frame: Frame | undefined;
    try {
      this.#walk ??= this.#init.walk();
      frame = this.#walk.next().value;
    } catch (error) {
      this.#isDone = true;
      if (!(error instanceof InputError)) throw error;
      this.#error = error;
      return false;
    }
    if (frame === undefined) {
      this.#isDone = true;
      return false;
    }
    this.#add(frame);
    return true;
  }

  /** Adds a frame of the walk, with what has left the stack between it and the one before. */
  #add(physical: Frame): void {
    const { module, pcAddress, kind } = physical;
    const code = this.#init.codeOf(module);
    const isNext = physical.interrupted || kind === "signal";
    const lookupAddress = isNext ? pcAddress : pcAddress - 1;
    const places = code.at(lookupAddress);
    const outermost = places[places.length - 1]!;
    const before = this.#frames.at(-1);
    if (before !== undefined && kind === "call" && this.#tellsTailCalls) {
      this.#addTailCalls(before, code, outermost, pcAddress);
    }
    const view = this.#views.length;
    this.#views.push(() =>
      physicalFrame(physical, {
        thread: this.thread,
        memory: this.#init.memory,
        function: outermost.entry,
        caller: () => this.view(view + 1),
      })
    );
    const own = { kind, physical, pcAddress, lookupAddress, module, view };
    this.#addPlaces(places, { ...own, views: this });
  }

  /** The frame of a number, for variables; undefined if the stack does not go on so far. */
  view(index: number): VariableFrame | undefined {
    while (index >= this.#views.length && this.#advance());
    const view = this.#views[index];
    return typeof view === "function" ? this.#views[index] = view() : view;
  }

  #addTailCalls(before: StackFrame, code: ModuleCode, caller: PlaceFunction, pc: Address): void {
    const { physical, place } = before;
    // The system has called nobody when it began a signal handler.
    if (physical.kind !== "call") return;
    const callee = { code: this.#init.codeOf(before.module), place };
    const calls = this.#init.tailCalls.between(callee, { code, place: caller }, pc);
    const first = this.#views.length;
    for (const [i, call] of calls.entries()) {
      const view = this.#views.length;
      this.#views.push(() =>
        new TailCallFrame(call, {
          callee: () => this.view(first - 1)!,
          caller: () => this.view(first + i + 1),
          returned: () => this.view(first + calls.length),
        })
      );
      const { module } = call.code;
      const lookupAddress = call.pc - 1;
      // As in gdb, what made the jump is one frame, though it may be inlined in another function.
      const places = call.code.at(lookupAddress).slice(0, 1);
      const own = { kind: "tail-call", pcAddress: call.pc, lookupAddress, module, view } as const;
      this.#addPlaces(places, { ...own, physical, views: this });
    }
  }

  #addPlaces(places: readonly PlaceFunction[], init: StackFrameInit): void {
    const frames = this.#frames;
    const last = places.length - 1;
    for (let i = this.#tellsInlined ? 0 : last; i <= last; i++) {
      frames.push(new StackFrame(frames.length, places[i]!, i < last, init));
    }
  }
}
