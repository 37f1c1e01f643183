/**
 * Makes plans of frames from what a method's record and a map say.
 *
 * @module
 */
import type { FramePlan, PlannedVariable } from "./frame_plan.ts";
import type { ManagedMethod, MethodPosition } from "./map/method.ts";
import { NOWHERE, PLACE, type Place } from "./map/place.ts";

/** Where the values of a frame that executes a bytecode are. */
export interface BytecodePlaces {
  /** Place of a local. */
  readonly local: (index: number) => Place;
  /** Place of an operand. */
  readonly operand: (index: number) => Place;
  /** Whether the operands that the bytecode takes off have gone over to its callee. */
  readonly isConsumed: boolean;
  /** Place of the result of a callee that has returned; undefined if none has. */
  readonly result: Place | undefined;
}

/** What the slot of a value is called: locals come first, then operands. */
export function slotName(method: ManagedMethod, index: number): string {
  return index < method.locals ? method.localName(index) : operandName(index - method.locals);
}

function operandName(index: number): string {
  return `stack${index}`;
}

/** A frame that executes a bytecode, or is about to. */
export function planBytecode(
  method: ManagedMethod,
  position: MethodPosition,
  places: BytecodePlaces,
): FramePlan {
  const { depth, pops, refs, ints, live, stackRefs } = position;
  const variables: PlannedVariable[] = [];
  for (let i = 0; i < method.locals; i++) {
    const isRef = (refs >> i & 1) !== 0;
    const type = isRef ? "ref" : (ints >> i & 1) !== 0 ? "int" : undefined;
    const isDead = type === undefined || isRef && (live >> i & 1) === 0;
    const place = places.local(i);
    variables.push({
      name: method.localName(i),
      role: i < method.params ? "parameter" : "local",
      index: i,
      type,
      absence: isDead ? "dead" : absenceOf(place),
      place,
    });
  }
  const kept = places.isConsumed ? depth - pops : depth;
  for (let i = 0; i < kept; i++) {
    const place = places.operand(i);
    const type = (stackRefs >> i & 1) !== 0 ? "ref" : "int";
    const absence = absenceOf(place);
    const name = operandName(i);
    variables.push({ name, role: "operand", index: i, type, absence, place });
  }
  const next = method.after(position);
  const index = depth - pops;
  // A call that gives nothing leaves no more operands than it has not taken.
  if (places.result !== undefined && next !== undefined && next.depth > index) {
    const type = (next.stackRefs >> index & 1) !== 0 ? "ref" : "int";
    variables.push(resultVariable(places.result, { index, type }));
  }
  return { method, bci: position.bci, variables };
}

/** A frame that is being left, at a bytecode if that is known, with the place of its result. */
export function planLeaving(
  method: ManagedMethod,
  bci: number | undefined,
  result: Place | undefined,
): FramePlan {
  const variables = Array.from({ length: method.locals }, (_, i): PlannedVariable => ({
    name: method.localName(i),
    role: i < method.params ? "parameter" : "local",
    index: i,
    type: undefined,
    absence: "gone",
    place: NOWHERE,
  }));
  return { method, bci, variables: [...variables, ...resultOf(method, result)] };
}

/** A frame that hands parameters over, and takes a result back. */
export function planParameters(
  method: ManagedMethod,
  places: {
    /** Place of a parameter; undefined if the callee has them. */
    readonly parameter: ((index: number) => Place) | undefined;
    /** Place of the result; undefined if there is none yet. */
    readonly result: Place | undefined;
  },
): FramePlan {
  const { parameter } = places;
  const count = parameter === undefined ? 0 : method.params;
  const variables = Array.from({ length: count }, (_, i): PlannedVariable => {
    const place = parameter!(i);
    return {
      name: method.localName(i),
      role: "parameter",
      index: i,
      type: (method.paramRefs >> i & 1) !== 0 ? "ref" : "int",
      absence: absenceOf(place),
      place,
    };
  });
  const result = resultOf(method, places.result);
  return { method, bci: undefined, variables: [...variables, ...result] };
}

function resultOf({ result: type }: ManagedMethod, place: Place | undefined): PlannedVariable[] {
  if (place === undefined || type === "void") return [];
  return [resultVariable(place, { index: 0, type })];
}

function resultVariable(
  place: Place,
  what: { readonly index: number; readonly type: "int" | "ref" },
): PlannedVariable {
  return { name: "result", role: "result", ...what, absence: absenceOf(place), place };
}

function absenceOf({ kind }: Place): "optimized-out" | undefined {
  return kind === PLACE.nowhere ? "optimized-out" : undefined;
}
