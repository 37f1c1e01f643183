/**
 * Structures of C and C++ as gdb writes them.
 *
 * @module
 */
import type { StructType } from "../types/type.ts";
import type { Value } from "../value/value.ts";
import type { Budget } from "./budget.ts";

/** Members in braces, base classes first by name in angle brackets. */
export function structText(value: Value, type: StructType, budget: Budget): string {
  if (type.isIncomplete) return "<incomplete type>";
  const { members } = value;
  if (members.length === 0) return type.fields.length === 0 ? "{<No data fields>}" : "{}";
  const inner = budget.inside();
  const parts = members.map(({ field, value: member }) => {
    const text = inner.text(member);
    if (field.isBase) return `<${member.type.name ?? ""}> = ${text}`;
    return field.name === undefined ? text : `${field.name} = ${text}`;
  });
  return `{${parts.join(", ")}}`;
}
