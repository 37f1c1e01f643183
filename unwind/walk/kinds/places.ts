/**
 * Places of parameters and results in a frame, from the calling convention.
 *
 * @module
 */
import type { CallingConvention, PlaceBase } from "./convention.ts";
import { atCfa, atRegister, inRegister, NOWHERE, type Place } from "./map/place.ts";

/** Where a function finds a parameter at its entry. */
export function parameterPlace({ parameters }: CallingConvention, index: number): Place {
  if (parameters.in === "memory") {
    return relative(parameters.base, parameters.offset + parameters.step * index);
  }
  const register = parameters.registers[index];
  return register === undefined ? NOWHERE : inRegister(register);
}

/** Where a function with that many parameters has its result as it returns. */
export function resultPlace({ result }: CallingConvention, parameters: number): Place {
  if (result.in === "register") return inRegister(result.register);
  return relative(result.base, result.step * parameters);
}

function relative(base: PlaceBase, offset: number): Place {
  if (base === "cfa") return atCfa(offset);
  return typeof base === "number" ? atRegister(base, offset) : NOWHERE;
}
