/**
 * Structures of C and C++ as gdb writes them.
 *
 * @module
 */
import { type Field, plainType, type StructType } from "../types/type.ts";
import { typeName } from "../types/type_name.ts";
import type { Value } from "../value/value.ts";
import type { Budget } from "./budget.ts";

/** Members in braces, base classes first by name in angle brackets. */
export function structText(value: Value, type: StructType, budget: Budget): string {
  if (type.isIncomplete) return "<incomplete type>";
  const parts = type.fields.map((field) =>
    field.place === undefined
      ? staticText(value, field, budget)
      : field.isBase
      ? baseText(value, field, budget)
      : memberText(value, field, budget)
  );
  if (type.fields.every(({ isBase }) => isBase)) parts.push("<No data fields>");
  return `{${parts.filter((part) => part !== "").join(", ")}}`;
}

function memberText(value: Value, field: Field, budget: Budget): string {
  const { name } = field;
  const member = value.member(field)!;
  const { integer } = member;
  // gdb names what tables of virtual functions are of even where it names no data.
  const isTable = name?.startsWith("_vptr") === true && integer !== undefined;
  const text = isTable ? budget.address(integer, "vtable") : budget.inside().text(member);
  return name === undefined ? text : `${name} = ${text}`;
}

/** A base class; of a virtual one that has been written already, nothing. */
function baseText(value: Value, field: Field, budget: Budget): string {
  // Clang names the alias that a class is derived by.
  const name = typeName(plainType(field.type));
  if (!("bits" in field.place!) && !budget.first(name)) return "";
  return `<${name}> = ${budget.ofBase().text(value.member(field)!)}`;
}

function staticText(value: Value, field: Field, budget: Budget): string {
  const member = value.staticMember(field);
  const text = member === undefined ? "<optimized out>" : budget.inside().text(member);
  return `static ${field.name ?? ""} = ${text}`;
}
