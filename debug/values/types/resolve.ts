/**
 * Types whose sizes depend on a stack frame: arrays of variable length.
 *
 * @module
 */
import { word } from "../../../unwind/cfi/mod.ts";
import { absenceOf } from "./absence.ts";
import type { ValueContext } from "../frame/value_context.ts";
import { arraySize, extentBound } from "./array.ts";
import { type ArrayType, type Bound, plainType, type Type } from "./type.ts";

/** Deepest nesting that is looked into. */
const DEPTH = 64;

/**
 * A type with the bounds that it has in a frame; the same type if none depends on it. A bound that
 * cannot be computed says why.
 */
export function resolveType(type: Type, context: ValueContext, depth = 0): Type {
  if (depth > DEPTH) return type;
  switch (type.kind) {
    case "typedef": {
      const target = resolveType(type.target, context, depth + 1);
      if (target === type.target) return type;
      const { kind, name, language, entry } = type;
      return { kind, name, language, entry, target, size: plainType(target).size };
    }
    case "qualified": {
      const target = resolveType(type.target, context, depth + 1);
      if (target === type.target) return type;
      const { kind, name, language, entry, qualifier } = type;
      return { kind, name, language, entry, qualifier, target, size: plainType(target).size };
    }
    case "array":
      return resolveArray(type, context, depth);
  }
  return type;
}

function resolveArray(type: ArrayType, context: ValueContext, depth: number): ArrayType {
  const element = resolveType(type.element, context, depth + 1);
  const lower = resolveBound(type.lower, context);
  const bound = extentBound(type);
  const resolved = resolveBound(bound, context);
  if (element === type.element && lower === type.lower && resolved === bound) return type;
  const extent = "count" in type.extent ? { count: resolved } : { upper: resolved };
  const { kind, name, language, entry, isVector } = type;
  const array = { kind, name, language, entry, isVector, element, lower, extent };
  return { ...array, size: arraySize(array) };
}

function resolveBound(bound: Bound, context: ValueContext): Bound {
  if (typeof bound !== "object" || "unknown" in bound) return bound;
  try {
    const value = "variable" in bound
      ? context.of(bound.variable).variable(bound.variable)
      : context.of(bound.entry, context.objectAddress).compute(bound.expression);
    const number = Number(BigInt.asIntN(64, word(value)));
    return Number.isSafeInteger(number) ? number : undefined;
  } catch (error) {
    return { unknown: absenceOf(error) };
  }
}
