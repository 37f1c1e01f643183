/**
 * The logical frames of one stack: those of the walk, what is inlined in each, and what has left it
 * by tail calls.
 *
 * @module
 */
import { InputError, toBigAddress } from "../../bytes/mod.ts";
import type { Entry } from "../../elf/dwarf/mod.ts";
import type { Frame, FrameIterator, MemoryReader, Module, WalkEnd } from "../../unwind/walk/mod.ts";
import type { TargetThread } from "../target/mod.ts";
import { physicalFrame, type VariableFrame } from "../values/mod.ts";
import type { ModuleCode, PlaceFunction } from "./module_code.ts";
import { StackFrame, type StackFrameInit, type StackFrameKind } from "./stack_frame.ts";
import { TailCallFrame } from "./tail_call_frame.ts";
import { startOf, type TailCalls } from "./tail_calls.ts";

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
export class StackFrames implements Iterable<StackFrame> {
  /** The thread whose stack it is. */
  readonly thread: TargetThread;
  readonly #init: StackInit;
  readonly #frames: StackFrame[] = [];
  /** Frames that are not inlined, each made when its variables are asked for. */
  readonly #views: (VariableFrame | (() => VariableFrame))[] = [];
  #walk: FrameIterator | undefined;
  #isDone = false;
  #error: InputError | undefined;

  /** Made by `FrameReader.frames`. */
  constructor(init: StackInit) {
    this.thread = init.thread;
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
    const { module, pc, lookupAddress: lookup, kind } = physical;
    const code = this.#init.codeOf(module);
    const places = code.at(lookup);
    const before = this.#frames.at(-1);
    if (before !== undefined && (this.#init.options.tailCalls ?? true)) {
      this.#addTailCalls(before, { code, entry: places.at(-1)?.entry, pc, kind });
    }
    const view = this.#views.length;
    this.#views.push(() =>
      physicalFrame(physical, {
        thread: this.thread,
        memory: this.#init.memory,
        function: places.at(-1)?.entry,
        caller: () => this.#view(view + 1),
      })
    );
    this.#addPlaces(places, { kind, physical, pc, lookup, module });
  }

  /** The view of a number, which is there if the stack goes on so far. */
  #view(index: number): VariableFrame | undefined {
    while (index >= this.#views.length && this.#advance());
    const view = this.#views[index];
    return typeof view === "function" ? this.#views[index] = view() : view;
  }

  #addTailCalls(
    before: StackFrame,
    caller: { code: ModuleCode; entry: Entry | undefined; pc: bigint; kind: StackFrameKind },
  ): void {
    const { code, entry, pc, kind } = caller;
    const { physical } = before;
    // What was interrupted has called nobody, nor has the system jumped to a handler.
    if (kind !== "call" || physical.kind !== "call" || entry === undefined) return;
    const callee = this.#calleeOf(before);
    if (callee === undefined) return;
    const first = this.#views.length;
    const calls = this.#init.tailCalls.between(callee, { code, entry }, pc);
    for (const [i, call] of calls.entries()) {
      this.#views.push(() =>
        new TailCallFrame(call, {
          callee: () => this.#view(first - 1)!,
          caller: () => this.#view(first + i + 1),
          returned: () => this.#view(first + calls.length),
        })
      );
      const { module } = call.code;
      const lookup = call.pc - 1n;
      // As in gdb, what made the jump is one frame, though it may be inlined in another function.
      const places = call.code.at(lookup).slice(0, 1);
      this.#addPlaces(places, { kind: "tail-call", physical, pc: call.pc, lookup, module });
    }
  }

  /** First instruction of the function that a frame is of. */
  #calleeOf({ module, place }: StackFrame): bigint | undefined {
    const { entry, symbol } = place;
    const start = entry === undefined ? symbol?.symbol?.start : startOf(entry);
    if (start === undefined) return undefined;
    return BigInt.asUintN(64, toBigAddress(start) + this.#init.codeOf(module).bias);
  }

  #addPlaces(
    places: readonly PlaceFunction[],
    init: Omit<StackFrameInit, "level" | "place" | "variables">,
  ): void {
    const view = this.#views.length - 1;
    const variables = () => this.#view(view)!;
    const inline = this.#init.options.inline ?? true;
    for (const [i, place] of places.entries()) {
      const isOutermost = i === places.length - 1;
      if (!isOutermost && !inline) continue;
      const kind = isOutermost ? init.kind : "inline";
      this.#frames.push(
        new StackFrame({ ...init, kind, level: this.#frames.length, place, variables }),
      );
    }
  }
}
