/**
 * Values of enumerations as gdb writes them.
 *
 * @module
 */
import type { EnumType } from "../types/type.ts";

/** A value: its name, names of its flags, or the number. */
export function enumText(type: EnumType, value: bigint): string {
  const { enumerators, size } = type;
  const found = enumerators.find((each) => each.value === value);
  if (found !== undefined) return found.name;
  if (!isFlags(type)) return `${value}`;
  let rest = BigInt.asUintN(8 * (size ?? 8), value);
  const parts: string[] = [];
  for (const { name, value: flag } of enumerators) {
    if ((rest & flag) === 0n) continue;
    rest &= ~flag;
    parts.push(name);
  }
  if (rest !== 0n) parts.push(`unknown: 0x${rest.toString(16)}`);
  return parts.length === 0 ? "0" : `(${parts.join(" | ")})`;
}

/** Whether each value is a bit, so that they may be combined. */
function isFlags({ enumerators, isSigned }: EnumType): boolean {
  return !isSigned && enumerators.every(({ value }) => (value & (value - 1n)) === 0n);
}
