/**
 * A thread of the reference interpreter: one bytecode after the other, one state after the other.
 *
 * @module
 */
import type { Instruction } from "../bytecode/decode.ts";
import { BUILT_IN_CLASSES, type Method, type VmProgram } from "../bytecode/program.ts";
import {
  enter,
  fieldOf,
  gone,
  handlerFor,
  instructionAt,
  isObject,
  positionAt,
} from "./activation.ts";
import type { Value, VmObject } from "./heap.ts";
import { moveValues } from "./move_values.ts";
import { type NativeContext, runNative, takesEffectEarly } from "./natives.ts";
import { type Activation, isPure, type NativeCall, type ThreadState } from "./state.ts";

/** What a thread needs of its VM. */
export interface ThreadContext extends NativeContext {
  /** The program. */
  readonly program: VmProgram;
  /** Whether what other threads see of native functions is done when they are called. */
  readonly eager: boolean;
  /** A number that nobody has yet. */
  serial(): number;
  /** A new object. */
  allocate(index: number): VmObject;
}

/** Where a thread is. */
export interface ThreadRecord {
  /** Its innermost activation. */
  readonly top: Activation | null;
  /** Its native functions. */
  readonly native: NativeCall | null;
  /** Whether it is to end by forced unwinding. */
  readonly cancelled: boolean;
  /** Whether it has ended. */
  readonly ended: boolean;
  /** The exception that nobody has taken. */
  readonly uncaught: VmObject | null;
}

/** A thread. */
export class ReferenceThread {
  /** Its number: 1 is the one that runs `main`. */
  readonly id: number;
  readonly #context: ThreadContext;
  #top: Activation | null = null;
  #native: NativeCall | null = null;
  #start: { readonly method: Method; readonly argument: Value | undefined } | null;
  /** Whether it has ended. */
  ended = false;
  /** The exception that nobody has taken, if that ended it. */
  uncaught: VmObject | null = null;
  /** Whether it is to end by forced unwinding. */
  cancelled = false;

  /** A thread that is about to run a method. */
  constructor(context: ThreadContext, method: Method, argument?: Value) {
    this.id = context.thread;
    this.#context = context;
    this.#start = { method, argument };
  }

  /** The state it is in. */
  get state(): ThreadState {
    return this.#state();
  }

  /**
   * Goes on by the least that can be: gives the states that follow, in order; none if it waits or
   * has ended.
   */
  advance(): ThreadState[] {
    if (this.ended) return [];
    if (this.#start !== null) {
      const { method, argument } = this.#start;
      this.#start = null;
      this.#top = this.#enter(method, argument === undefined ? [] : [argument], null);
      return [this.#state()];
    }
    const top = this.#top!;
    if (this.#native !== null && top.phase === "calling") return this.#goOnNative(top);
    return this.#execute(top, instructionAt(top.method, top.bci));
  }

  /**
   * The stack has no room left for the method that was entered last, or the native function that was
   * called: the caller's call throws. How deep a stack may get only a machine knows.
   *
   * @throws {RangeError} If no method has just been entered.
   */
  overflow(): ThreadState[] {
    const top = this.#top;
    const exception = this.#context.throwable(BUILT_IN_CLASSES.stackOverflow);
    if (top?.phase === "calling" && this.#native !== null) {
      this.#native = this.#native.outer;
      return this.#dispatch(top, exception);
    }
    if (top?.phase !== "at" || top.bci !== 0 || top.operands.length > 0) {
      throw new RangeError("No method has just been entered");
    }
    const states = [this.#become(gone(top, undefined), "passing")];
    if (top.caller !== null) states.push(this.#become(top.caller, "passing"));
    return [...states, ...this.#unwind(top, exception)];
  }

  /**
   * Begins forced unwinding where the thread is, if it may begin there: at a `poll`, or in a native
   * function. Who follows a machine asks for it when the machine has: `advance` goes on without, as
   * the machine may have looked before the other thread had told it.
   *
   * @returns the states that follow; undefined if it cannot begin here
   */
  beginUnwinding(): ThreadState[] | undefined {
    const top = this.#top;
    if (!this.cancelled || top === null) return undefined;
    if (top.phase === "calling" && this.#native !== null) {
      return this.#leaveNative(top, this.#native.outer);
    }
    if (top.phase !== "at" || instructionAt(top.method, top.bci).name !== "poll") return undefined;
    return this.#cancel(top);
  }

  /** Where it is, to come back to. */
  save(): ThreadRecord {
    const { cancelled, ended, uncaught } = this;
    return { top: this.#top, native: this.#native, cancelled, ended, uncaught };
  }

  /** Comes back to where it was. */
  restore(record: ThreadRecord): void {
    this.#top = record.top;
    this.#native = record.native;
    this.cancelled = record.cancelled;
    this.ended = record.ended;
    this.uncaught = record.uncaught;
  }

  get #isToEnd(): boolean {
    return this.cancelled && !this.#context.eager;
  }

  /** Every object that its activations and native functions refer to, and will use. */
  *roots(): Generator<VmObject> {
    for (let each = this.#top; each !== null; each = each.caller) {
      const { refs, live } = positionAt(each.method, each.bci);
      for (const [i, value] of each.locals.entries()) {
        if ((refs & live & 1 << i) !== 0 && isObject(value)) yield value;
      }
      for (const value of each.operands) if (isObject(value)) yield value;
      if (isObject(each.result)) yield each.result;
    }
    for (let call = this.#native; call !== null; call = call.outer) {
      for (const value of call.args) if (isObject(value)) yield value;
      if (isObject(call.returned)) yield call.returned;
      if (call.pending !== null) yield call.pending;
    }
  }

  #state(seen?: ThreadState["seen"]): ThreadState {
    const top = this.#top;
    const native = top?.phase === "calling" ? this.#native : null;
    if (seen !== undefined || top === null) return { top, seen: seen ?? "always", native };
    const pure = top.phase === "at" && isPure(instructionAt(top.method, top.bci));
    return { top, seen: pure ? "pure" : "always", native };
  }

  #become(top: Activation, seen?: ThreadState["seen"]): ThreadState {
    this.#top = top;
    return this.#state(seen);
  }

  #execute(top: Activation, instruction: Instruction): ThreadState[] {
    const { name, value, next: bci } = instruction;
    const { operands } = top;
    if (name === "poll" && this.#isToEnd) return this.#cancel(top);
    const moved = moveValues(top, instruction);
    if (moved !== undefined) return [this.#become({ ...top, ...moved })];
    const last = operands.at(-1);
    const after = (count: number, ...push: Value[]): ThreadState => {
      const kept = operands.slice(0, operands.length - count);
      return this.#become({ ...top, bci, operands: [...kept, ...push] });
    };
    switch (name) {
      case "new": {
        const calling = this.#become({ ...top, phase: "calling" }, "passing");
        const made = this.#context.allocate(value);
        const returned = this.#become({ ...top, phase: "returned", result: made }, "passing");
        return [calling, returned, after(0, made)];
      }
      case "geti":
      case "getr": {
        const object = last as VmObject | null;
        if (object === null) return this.#throwBuiltIn(top, 1, BUILT_IN_CLASSES.nullPointer);
        const { list, index } = fieldOf(object, name, value);
        return [after(1, list[index]!)];
      }
      case "puti":
      case "putr": {
        const object = operands.at(-2) as VmObject | null;
        if (object === null) return this.#throwBuiltIn(top, 2, BUILT_IN_CLASSES.nullPointer);
        const { list, index } = fieldOf(object, name, value);
        list[index] = last!;
        return [after(2)];
      }
      case "throw": {
        const exception = last as VmObject | null;
        if (exception === null) return this.#throwBuiltIn(top, 1, BUILT_IN_CLASSES.nullPointer);
        return this.#throw(top, 1, exception);
      }
      case "invoke":
        return this.#invoke(top, this.#context.program.methods[value]!);
      case "return":
        return this.#return(top, undefined);
      default:
        return this.#return(top, last!);
    }
  }

  #enter(
    method: Method,
    args: readonly Value[],
    caller: Activation | null,
    viaNative = false,
  ): Activation {
    return enter(method, args, { serial: this.#context.serial(), caller, viaNative });
  }

  #invoke(top: Activation, callee: Method): ThreadState[] {
    const { operands } = top;
    const kept = operands.length - callee.params.length;
    const args = operands.slice(kept);
    const calling: Activation = {
      ...top,
      phase: "calling",
      operands: operands.slice(0, kept),
      args,
    };
    if (callee.native === undefined) {
      const before = this.#become(calling, "passing");
      return [before, this.#become(this.#enter(callee, args, calling))];
    }
    const { native: number } = callee;
    const call = { number, args, returned: undefined, pending: null, outer: this.#native };
    const isEarly = this.#context.eager && takesEffectEarly(number);
    const early = isEarly ? runNative(this.#context, call) : null;
    this.#native = { ...call, early };
    // Where nothing is consumed, it looks as before.
    return [this.#become(calling, args.length === 0 ? "passing" : "always")];
  }

  #goOnNative(top: Activation): ThreadState[] {
    const call = this.#native!;
    const outcome = runNative(this.#context, call);
    switch (outcome.kind) {
      case "blocked":
        return this.#isToEnd ? this.#leaveNative(top, call.outer) : [];
      case "upcall":
        return [this.#become(this.#enter(outcome.method, [outcome.argument], top, true))];
      case "throw":
        this.#native = call.outer;
        return this.#dispatch(top, outcome.exception);
      case "result":
        if (this.#isToEnd) return this.#leaveNative(top, call.outer);
        this.#native = call.outer;
        return this.#finish(top, outcome.value);
    }
  }

  #leaveNative(top: Activation, outer: NativeCall | null): ThreadState[] {
    this.#native = outer;
    return this.#cancel(top);
  }

  #cancel(top: Activation): ThreadState[] {
    this.cancelled = false;
    return this.#dispatch(top, this.#context.throwable(BUILT_IN_CLASSES.cancelled));
  }

  /** The caller takes a result, or goes on without one. */
  #finish(caller: Activation, result: Value | undefined): ThreadState[] {
    const { next } = instructionAt(caller.method, caller.bci);
    const { operands } = caller;
    const after = { ...caller, bci: next, phase: "at", result: undefined, args: [] } as const;
    if (result === undefined) {
      const returned = this.#become({ ...caller, phase: "returned" }, "passing");
      return [returned, this.#become({ ...after, operands })];
    }
    const returned = this.#become({ ...caller, phase: "returned", result }, "passing");
    return [returned, this.#become({ ...after, operands: [...operands, result] })];
  }

  #return(top: Activation, result: Value | undefined): ThreadState[] {
    const { caller, viaNative } = top;
    const leaving = this.#become(gone(top, result), "passing");
    if (caller === null) return [leaving, this.#end()];
    // An adapter may still be at work, which has the result.
    const calling = (): ThreadState => this.#become({ ...caller, result }, "passing");
    if (!viaNative) return [leaving, calling(), ...this.#finish(caller, result)];
    this.#native = { ...this.#native!, returned: result === undefined ? 0n : result };
    return [leaving, this.#become(caller)];
  }

  #end(): ThreadState {
    this.#top = null;
    this.ended = true;
    return this.#state();
  }

  #throwBuiltIn(top: Activation, consumed: number, index: number): ThreadState[] {
    return this.#throw(top, consumed, this.#context.throwable(index));
  }

  /** Throws in an activation, whose bytecode has taken so many operands. */
  #throw(top: Activation, consumed: number, exception: VmObject): ThreadState[] {
    const operands = top.operands.slice(0, top.operands.length - consumed);
    const args = [exception];
    const calling = this.#become({ ...top, phase: "calling", operands, args }, "passing");
    return [calling, ...this.#dispatch(top, exception)];
  }

  /** Leaves an activation by an exception. */
  #unwind({ caller, viaNative }: Activation, exception: VmObject): ThreadState[] {
    if (caller === null) {
      this.uncaught = exception;
      return [this.#end()];
    }
    if (!viaNative) return this.#dispatch(caller, exception);
    this.#native = { ...this.#native!, pending: exception };
    return [this.#become(caller)];
  }

  /** Finds who takes an exception. */
  #dispatch(from: Activation, exception: VmObject): ThreadState[] {
    for (let each: Activation = from;; each = each.caller) {
      const target = handlerFor(each, exception);
      if (target !== undefined) {
        const operands = [exception];
        const landed = { bci: target, phase: "at", operands, result: undefined, args: [] } as const;
        return [this.#become({ ...each, ...landed })];
      }
      if (each.caller === null || each.viaNative) return this.#unwind(each, exception);
    }
  }
}
