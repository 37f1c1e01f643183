/**
 * Activations: how they begin and end, who takes an exception, what their bytecodes refer to.
 *
 * @module
 */
import { decodeCode, type Instruction } from "../bytecode/decode.ts";
import {
  ANY_CLASS,
  BUILT_IN_CLASSES,
  FINALLY_CLASS,
  type Method,
  type Position,
} from "../bytecode/program.ts";
import type { Value, VmObject } from "./heap.ts";
import type { Activation } from "./state.ts";

/** A method's activation at its first bytecode. */
export function enter(
  method: Method,
  args: readonly Value[],
  { serial, caller, viaNative }: Pick<Activation, "serial" | "caller" | "viaNative">,
): Activation {
  const locals = method.locals.map((_, i) => args[i]);
  return {
    method,
    bci: 0,
    phase: "at",
    locals,
    operands: [],
    result: undefined,
    args: [],
    serial,
    caller,
    viaNative,
  };
}

/** An activation that has given up its stack frame. */
export function gone(activation: Activation, result: Value | undefined): Activation {
  const locals = activation.locals.map(() => undefined);
  return { ...activation, phase: "leaving", locals, operands: [], result };
}

/** Where a method goes on with an exception; undefined if it does not take it. */
export function handlerFor(
  { method: { handlers }, bci }: Activation,
  exception: VmObject,
): number | undefined {
  const { index } = exception.class;
  return handlers.find(({ from, to, class: type }) => {
    if (bci < from || bci >= to) return false;
    if (type === FINALLY_CLASS || type === index) return true;
    return type === ANY_CLASS && index !== BUILT_IN_CLASSES.cancelled;
  })?.target;
}

/** Which of an object's references or ints a bytecode means; its words are references, then ints. */
export function fieldOf(
  object: VmObject,
  bytecode: string,
  word: number,
): { readonly list: Value[]; readonly index: number } {
  const isInt = bytecode.endsWith("i");
  const list = isInt ? object.ints : object.refs;
  const index = isInt ? word - object.refs.length : word;
  if (index >= 0 && index < list.length) return { list, index };
  throw new RangeError(`${bytecode} ${word} of a ${object.class.name}: there is no such field`);
}

/** Whether a value is a reference to an object. */
export function isObject(value: Value | undefined): value is VmObject {
  return typeof value === "object" && value !== null;
}

/** A bytecode, and what is known there. */
interface Place {
  readonly instruction: Instruction;
  readonly position: Position;
}

const PLACES = new WeakMap<Method, ReadonlyMap<number, Place>>();

function placeAt(method: Method, bci: number): Place {
  let places = PLACES.get(method);
  if (places === undefined) {
    const { code, name, positions } = method;
    places = new Map(
      decodeCode(code, name).map((instruction, i) =>
        [instruction.bci, { instruction, position: positions[i]! }] as const
      ),
    );
    PLACES.set(method, places);
  }
  const found = places.get(bci);
  if (found === undefined) throw new RangeError(`There is no bytecode ${bci} in ${method.name}`);
  return found;
}

/** A method's bytecode. */
export function instructionAt(method: Method, bci: number): Instruction {
  return placeAt(method, bci).instruction;
}

/** What is known at a method's bytecode. */
export function positionAt(method: Method, bci: number): Position {
  return placeAt(method, bci).position;
}
