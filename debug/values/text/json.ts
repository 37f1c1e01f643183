/**
 * Values as data that JSON can hold.
 *
 * @module
 */
import { plainType } from "../types/type.ts";
import { typeName } from "../types/type_name.ts";
import type { Value } from "../value/value.ts";
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
export function valueJson(value: Value, options: DataOptions = {}, depth = 0): ValueData {
  const type = typeName(value.type);
  const { absence } = value;
  if (absence !== undefined) {
    return absence.state === "optimized-out" || absence.state === "synthetic"
      ? { type, state: absence.state }
      : { type, state: absence.state, reason: absence.reason };
  }
  const plain = plainType(value.type);
  const limit = options.elements ?? 200;
  switch (plain.kind) {
    case "struct":
    case "class":
    case "union": {
      if (depth > 20) return { type, state: "error", reason: "Structures are over 20 deep" };
      const members = value.members.map(({ field, value: member }): MemberData => {
        const data = valueJson(member, options, depth + 1);
        const name = field.isBase ? member.type.name : field.name;
        return name === undefined ? { value: data } : { name, value: data };
      });
      const variant = value.variant?.fields[0]?.name;
      return variant === undefined ? { type, members } : { type, members, variant };
    }
    case "array": {
      const length = value.length ?? 0;
      const count = depth > 20 ? 0 : Math.min(length, limit);
      const elements = Array.from(
        { length: count },
        (_, i) => valueJson(value.element(i), options, depth + 1),
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
      return scalar(value, type, options);
  }
  const { integer } = value;
  return { type, value: integer === undefined ? hex(value) : numeric(integer) };
}

function scalar(value: Value, type: string, options: DataOptions): ValueData {
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
        { name: "real", value: valueJson(real, options) },
        { name: "imaginary", value: valueJson(imaginary, options) },
      ],
    };
  }
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
  const bytes = Array.from(value.contents.bytes, (byte) => byte.toString(16).padStart(2, "0"));
  return `0x${bytes.reverse().join("")}`;
}
