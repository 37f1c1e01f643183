/**
 * Values as data that JSON can hold.
 *
 * @module
 */
import { absenceOf } from "../types/absence.ts";
import { plainType, type Type } from "../types/type.ts";
import { typeName } from "../types/type_name.ts";
import type { Value } from "../value/value.ts";
import { DEPTH, VALUES } from "./budget.ts";
import { decimalText } from "./decimal_text.ts";
import { enumText } from "./enum_text.ts";

/** A value as data. Numbers that JSON's cannot say are decimal text. */
export type ValueData =
  | { readonly type: string; readonly state: "optimized-out" | "synthetic" }
  | { readonly type: string; readonly state: "unavailable" | "error"; readonly reason: string }
  | { readonly type: string; readonly value: number | string | boolean; readonly name?: string }
  | { readonly type: string; readonly address: string }
  | { readonly type: string; readonly members: readonly MemberData[]; readonly variant?: string }
  | { readonly type: string; readonly elements: readonly ValueData[]; readonly length: number };

/** A member as data. */
export interface MemberData {
  /** Its name; of a base class its type's. */
  readonly name?: string;
  /** Its value. */
  readonly value: ValueData;
}

/** Limits of {@linkcode valueJson}. */
export interface DataOptions {
  /** Most elements of an array; default 200. */
  readonly elements?: number;
}

/** A value as data. */
export function valueJson(value: Value, options: DataOptions = {}): ValueData {
  return dataOf(value, { elements: options.elements ?? 200, depth: 0, told: { values: 0 } });
}

/** Names of types, each of which many values may have. */
const NAMES = new WeakMap<Type, string>();

function nameOf(type: Type): string {
  let name = NAMES.get(type);
  if (name === undefined) NAMES.set(type, name = typeName(type));
  return name;
}

/** What may still be told. */
interface Limits {
  readonly elements: number;
  readonly depth: number;
  readonly told: { values: number };
}

function dataOf(value: Value, limits: Limits): ValueData {
  let type = "";
  try {
    type = nameOf(value.type);
    return partsOf(value, type, limits);
  } catch (error) {
    const absence = absenceOf(error);
    return "reason" in absence
      ? { type, state: "error", reason: absence.reason }
      : { type, state: "optimized-out" };
  }
}

function partsOf(value: Value, type: string, limits: Limits): ValueData {
  const { elements: limit, depth, told } = limits;
  const { absence } = value;
  if (absence !== undefined) {
    return absence.state === "optimized-out" || absence.state === "synthetic"
      ? { type, state: absence.state }
      : { type, state: absence.state, reason: absence.reason };
  }
  const plain = plainType(value.type);
  if (depth > DEPTH || told.values++ > VALUES) {
    return { type, state: "error", reason: "Value has too many parts to be told" };
  }
  const inner = { ...limits, depth: depth + 1 };
  switch (plain.kind) {
    case "struct":
    case "class":
    case "union": {
      const members = value.members.map(({ field, value: member }): MemberData => {
        const data = dataOf(member, inner);
        const name = field.isBase ? member.type.name : field.name;
        return name === undefined ? { value: data } : { name, value: data };
      });
      const variant = value.variant?.fields[0]?.name;
      return variant === undefined ? { type, members } : { type, members, variant };
    }
    case "array": {
      const length = value.length ?? 0;
      const count = Math.min(length, limit);
      const elements = Array.from(
        { length: count },
        (_, i) => dataOf(value.element(i), inner),
      );
      return { type, elements, length };
    }
    case "enum": {
      const integer = value.integer ?? 0n;
      return { type, value: numeric(integer), name: enumText(plain, integer) };
    }
    case "pointer":
    case "reference":
    case "rvalue-reference":
      return { type, address: `0x${(value.integer ?? 0n).toString(16)}` };
    case "base":
      return scalar(value, type, inner);
  }
  const { integer } = value;
  return { type, value: integer === undefined ? hex(value) : numeric(integer) };
}

function scalar(value: Value, type: string, inner: Limits): ValueData {
  const plain = plainType(value.type);
  if (plain.kind === "base" && plain.encoding === "boolean") {
    const { integer } = value;
    return { type, value: integer === 0n ? false : integer === 1n ? true : numeric(integer ?? 0n) };
  }
  const parts = value.complexParts;
  if (parts !== undefined) {
    const [real, imaginary] = parts;
    return {
      type,
      members: [
        { name: "real", value: dataOf(real, inner) },
        { name: "imaginary", value: dataOf(imaginary, inner) },
      ],
    };
  }
  const { decimal } = value;
  if (decimal !== undefined) return { type, value: decimalText(decimal) };
  const { number } = value;
  if (number !== undefined) {
    return { type, value: Number.isFinite(number) ? number : `${number}` };
  }
  const { integer } = value;
  return { type, value: integer === undefined ? hex(value) : numeric(integer) };
}

function numeric(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : `${value}`;
}

function hex(value: Value): string {
  return `0x${value.contents.bytes.toReversed().toHex()}`;
}
