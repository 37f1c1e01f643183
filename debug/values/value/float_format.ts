/**
 * Which format a floating-point type has: its name says what its size leaves open.
 *
 * @module
 */
import type { Machine } from "../../../elf/mod.ts";
import { BINARY128, BRAIN, type FloatFormat } from "../expression/floats.ts";
import type { BaseType } from "../types/type.ts";

/** Format of a type that is not the usual one of its size; undefined for all others. */
export function formatOf({ name, size }: BaseType, machine: Machine): FloatFormat | undefined {
  if (size === 16) {
    // AArch64's `long double` is no other than this.
    const isQuadruple = machine === "aarch64" || /^(__float128|_Float128|f128)$/.test(name ?? "");
    return isQuadruple ? BINARY128 : undefined;
  }
  return size === 2 && /bf16|bfloat/i.test(name ?? "") ? BRAIN : undefined;
}
