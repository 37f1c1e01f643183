/**
 * Which format a floating-point type has: its name says what its size leaves open.
 *
 * @module
 */
import type { Machine } from "../../../elf/mod.ts";
import { BINARY128, BRAIN, type FloatFormat, floatFormat } from "../expression/floats.ts";
import type { BaseType } from "../types/type.ts";

/** Format of a type's values; undefined if no format has its size. */
export function formatOf({ name, size }: BaseType, machine: Machine): FloatFormat | undefined {
  if (size === 16) {
    // AArch64's `long double` is no other than this.
    const isQuadruple = machine === "aarch64" || /^(__float128|_Float128|f128)$/.test(name ?? "");
    if (isQuadruple) return BINARY128;
  }
  return size === 2 && /bf16|bfloat/i.test(name ?? "") ? BRAIN : floatFormat(size);
}
