/**
 * Structures, tuples and enums of Rust as gdb writes them.
 *
 * @module
 */
import { plainType, type StructType, type Type } from "../types/type.ts";
import type { Member, Value } from "../value/value.ts";
import type { Budget } from "./budget.ts";
import { stringText } from "./char_text.ts";
import { pointedBytes } from "./array_text.ts";

/** A structure with its name, a tuple without, an enum by its variant. */
export function rustStructText(value: Value, type: StructType, budget: Budget): string {
  if (type.variantPart !== undefined) return enumText(value, type, budget);
  if (type.kind === "union") return braces(value.members, type.name ?? "", budget);
  const slice = isSlice(type) ? sliceText(value, type, budget) : undefined;
  if (slice !== undefined) return slice;
  const isTuple = type.name?.startsWith("(") === true;
  return whole(value.members, isTuple ? "" : type.name ?? "", budget);
}

function enumText(value: Value, type: StructType, budget: Budget): string {
  const { variant } = value;
  const [field] = variant?.fields ?? [];
  const inside = field === undefined ? undefined : value.member(field);
  if (field === undefined || inside === undefined) return `${type.name ?? ""}`;
  const name = `${type.name ?? ""}::${field.name ?? ""}`;
  const plain = plainType(inside.type);
  const members = plain.kind === "struct" ? inside.members : [];
  if (members.length === 0) return name;
  const isTuple = members.every((each) => isNumbered(each));
  return isTuple ? `${name}${list(members, budget)}` : `${name}${named(members, budget)}`;
}

/** A structure: `Name {x: 1}`, `Name (1, 2)`, or `(1, 2)`. */
function whole(members: readonly Member[], name: string, budget: Budget): string {
  if (members.length === 0) return name === "" ? "()" : name;
  const space = name === "" ? "" : " ";
  if (members.every((each) => isNumbered(each))) return `${name}${space}${list(members, budget)}`;
  return braces(members, name, budget);
}

function braces(members: readonly Member[], name: string, budget: Budget): string {
  return `${name}${name === "" ? "" : " "}${named(members, budget)}`;
}

function isNumbered({ field }: Member): boolean {
  return /^__\d+$|^\d+$/.test(field.name ?? "");
}

function list(members: readonly Member[], budget: Budget): string {
  const inner = budget.inside();
  return `(${members.map(({ value }) => inner.text(value)).join(", ")})`;
}

function named(members: readonly Member[], budget: Budget): string {
  const inner = budget.inside();
  return `{${
    members.map(({ field, value }) => `${field.name ?? ""}: ${inner.text(value)}`).join(", ")
  }}`;
}

/** Pointer and length of a slice; undefined if they are not there. */
function partsOf(value: Value): { readonly pointer: Value; readonly length: number } | undefined {
  const of = (name: string) => value.members.find(({ field }) => field.name === name)?.value;
  const length = of("length")?.integer;
  const pointer = of("data_ptr");
  return length === undefined || pointer === undefined
    ? undefined
    : { pointer, length: Number(length) };
}

/** Whether a structure is what the compiler makes of a slice. */
function isSlice({ fields }: StructType): boolean {
  const names = fields.map(({ name }) => name);
  return names.length === 2 && names.includes("data_ptr") && names.includes("length");
}

/** A slice: its elements behind its type; of a string, its characters. */
function sliceText(value: Value, type: StructType, budget: Budget): string | undefined {
  if (type.name === "&str") return stringSlice(value, budget);
  const parts = partsOf(value);
  const first = parts?.pointer.target;
  if (parts === undefined || first === undefined) return undefined;
  const { length: count } = parts;
  const { language, entry } = type;
  const array: Type = {
    ...{ kind: "array", name: undefined, language, entry, isVector: false },
    element: first.type,
    lower: 0,
    extent: { count },
    size: count * (first.size ?? 0),
  };
  return `${type.name} ${budget.text(first.as(array))}`;
}

/** A `&str`: its characters. */
function stringSlice(value: Value, budget: Budget): string | undefined {
  const parts = partsOf(value);
  if (parts === undefined) return undefined;
  const { pointer, length } = parts;
  const size = Math.min(budget.elements, length);
  const bytes = pointedBytes(pointer, size);
  if (bytes === undefined) return undefined;
  return stringText([...new TextDecoder().decode(bytes)].map((each) => each.codePointAt(0)!), {
    repeats: budget.repeats,
    size: 4,
    prefix: "",
    isCut: length > size,
  });
}
