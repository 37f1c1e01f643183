/**
 * States of a thread of the reference interpreter: values that never change, so that they can be
 * kept while the thread goes on.
 *
 * @module
 */
import { OPCODES } from "../bytecode/opcodes.ts";
import type { Instruction } from "../bytecode/decode.ts";
import type { Method } from "../bytecode/program.ts";
import type { Value, VmObject } from "./heap.ts";

/** What a native function comes to. */
export type NativeOutcome =
  /** It has returned. */
  | { readonly kind: "result"; readonly value: Value | undefined }
  /** It calls a method. */
  | { readonly kind: "upcall"; readonly method: Method; readonly argument: Value }
  /** It returns, and the exception is thrown. */
  | { readonly kind: "throw"; readonly exception: VmObject }
  /** It waits for another thread. */
  | { readonly kind: "blocked" };

/**
 * Where an activation is in its bytecode:
 *
 * - `at`: before it; operands and locals are there;
 * - `calling`: what it takes is consumed, its callee or the VM's runtime at work;
 * - `returned`: the callee has left its result, which is not an operand yet;
 * - `leaving`: of a return: only method and bytecode are there still.
 */
export type Phase = "at" | "calling" | "returned" | "leaving";

/** An activation of a method. */
export interface Activation {
  /** Its method. */
  readonly method: Method;
  /** Its bytecode. */
  readonly bci: number;
  /** Where it is in that. */
  readonly phase: Phase;
  /** Its locals; undefined where none has been stored. */
  readonly locals: readonly (Value | undefined)[];
  /** Its operands. */
  readonly operands: readonly Value[];
  /** A result that is not an operand yet, if `returned`; that it returns, if `leaving`. */
  readonly result: Value | undefined;
  /** What its callee was given, while it is `calling` or `returned`. */
  readonly args: readonly Value[];
  /** Number of the activation among all of its VM: the same in all of its states. */
  readonly serial: number;
  /** Its caller, null if the VM itself called. */
  readonly caller: Activation | null;
  /** Whether a native function that the caller has called is between them. */
  readonly viaNative: boolean;
}

/**
 * Whether a state is seen by whoever looks at every instruction: `always`; or maybe not, since the
 * code that executes the bytecode may be no instructions at all (`pure`); or since it is one that
 * some kinds of code pass through and others do not (`passing`).
 */
export type Seen = "always" | "pure" | "passing";

/** A state of a thread. */
export interface ThreadState {
  /** Its innermost activation; null before it has begun and after its end. */
  readonly top: Activation | null;
  /** Whether it is always seen. */
  readonly seen: Seen;
  /** The native function at work for the innermost activation, if one is. */
  readonly native: NativeCall | null;
}

/** A native function at work. */
export interface NativeCall {
  /** Its number. */
  readonly number: number;
  /** Its arguments. */
  readonly args: readonly Value[];
  /** Whether it has called a method, which has returned; and what. */
  readonly returned: Value | undefined;
  /** What it has come to already, if others may see it before it returns. */
  readonly early?: NativeOutcome | null;
  /** The exception that is to be thrown when it returns. */
  readonly pending: VmObject | null;
  /** The native functions that are at work for activations further out. */
  readonly outer: NativeCall | null;
}

const IMPURE = new Set<string>(
  Object.values(OPCODES).filter((opcode) => "throws" in opcode && opcode.name !== "poll")
    .map(({ name }) => name),
).add("return").add("return_value");

/** Whether a bytecode changes nothing but locals and operands of its own activation. */
export function isPure({ name }: Instruction): boolean {
  return !IMPURE.has(name);
}

/** Activations from the innermost to the outermost. */
export function* activations(top: Activation | null): Generator<Activation> {
  for (let each = top; each !== null; each = each.caller) yield each;
}
