/**
 * Values of DWARF expressions that have a type: DWARF 5, section 2.5.1.1.
 *
 * @module
 */
import { bytesOfInteger, integerOfBytes } from "../../../bytes/mod.ts";
import { DW_OP, type TypedStackValue } from "../../../unwind/cfi/mod.ts";
import { isInteger, isSignedInteger } from "../types/base.ts";
import type { Encoding } from "../types/type.ts";
import {
  bytesOfFloat,
  type FloatFormat,
  floatFormat,
  type FloatNumber,
  type FloatParts,
  floatParts,
  nearest,
  partsOfInteger,
  partsOfNumber,
  truncated,
} from "./floats.ts";

/** What a value on the stack is of. */
export interface ValueType {
  /** What its bytes are. */
  readonly encoding: Encoding;
  /** Their number. */
  readonly size: number;
  /** Format of floating-point numbers; the usual one of their size if it is not said. */
  readonly format?: FloatFormat | undefined;
}

/** A value with a type. */
export class TypedValue implements TypedStackValue {
  /** Its type. */
  readonly type: ValueType;
  /** Its bytes, little-endian, as many as the type has. */
  readonly bytes: Uint8Array;

  /** A value of `bytes`, which are cut or filled up with zeros. */
  constructor(type: ValueType, bytes: Uint8Array) {
    this.type = type;
    this.bytes = sized(bytes, type.size);
  }

  /** A value of an integer type, or a floating-point one, nearest to a number. */
  static of(type: ValueType, value: bigint | number | FloatNumber): TypedValue {
    const parts = typeof value === "number" ? partsOfNumber(value) : value;
    const format = formatOf(type);
    if (format === undefined) {
      return new TypedValue(type, bytesOfInteger(truncatedInteger(parts), type.size));
    }
    const number = typeof parts === "bigint" ? partsOfInteger(parts) : parts;
    return new TypedValue(type, bytesOfFloat(number, { format, size: type.size }));
  }

  /** The value as an address. */
  get word(): bigint {
    return BigInt.asUintN(64, truncatedInteger(this.exact));
  }

  /** The value: the nearest number if it is a floating-point one. */
  get number(): bigint | number {
    const { exact } = this;
    return typeof exact === "bigint" ? exact : nearest(exact);
  }

  /** The value, taken apart if it is a floating-point one. */
  get exact(): bigint | FloatParts {
    const format = formatOf(this.type);
    return format === undefined
      ? integerOfBytes(this.bytes, isSigned(this.type))
      : floatParts(this.bytes, format);
  }

  /** The same value of another type, as near as that can be. */
  as(type: ValueType): TypedValue {
    const isSame = isFloat(type) && isFloat(this.type) && formatOf(type) === formatOf(this.type);
    return isSame ? new TypedValue(type, this.bytes) : TypedValue.of(type, this.exact);
  }
}

/** Format of a type's numbers; undefined if they are integers, or no format has so many bytes. */
function formatOf(type: ValueType): FloatFormat | undefined {
  return isFloat(type) ? type.format ?? floatFormat(type.size) : undefined;
}

function truncatedInteger(value: bigint | FloatNumber): bigint {
  return typeof value === "bigint" ? value : truncated(value);
}

/** Whether values of a type can be computed with. */
export function isNumeric(type: ValueType): boolean {
  return isFloat(type) ? formatOf(type) !== undefined : isInteger(type);
}

/** Whether a type's values are floating-point numbers. */
export function isFloat({ encoding }: ValueType): boolean {
  return encoding === "float";
}

/** Whether a type's values may be negative. */
export function isSigned(type: ValueType): boolean {
  return isSignedInteger(type) || isFloat(type);
}

/** Bytes cut to a size, or filled up with zeros. */
function sized(bytes: Uint8Array, size: number): Uint8Array {
  if (bytes.length >= size) return bytes.subarray(0, size);
  const filled = new Uint8Array(size);
  filled.set(bytes);
  return filled;
}

/**
 * Two-operand arithmetic on values of one type; divisors are not the integer 0. Undefined if it is
 * not defined for the type.
 */
export function typedBinary(op: number, left: TypedValue, right: TypedValue):
  | TypedValue
  | bigint
  | undefined {
  const { type } = left;
  const a = left.number;
  const b = right.number;
  const compared = compare(op, a, b);
  if (compared !== undefined) return compared ? 1n : 0n;
  const result = typeof a === "number" || typeof b === "number"
    ? floats(op, Number(a), Number(b))
    : integers(op, { a, b, size: type.size });
  return result === undefined ? undefined : TypedValue.of(type, result);
}

function compare(op: number, a: bigint | number, b: bigint | number): boolean | undefined {
  switch (op) {
    case DW_OP.eq:
      return a === b;
    case DW_OP.ne:
      return a !== b;
    case DW_OP.lt:
      return a < b;
    case DW_OP.le:
      return a <= b;
    case DW_OP.gt:
      return a > b;
    case DW_OP.ge:
      return a >= b;
  }
  return undefined;
}

function floats(op: number, a: number, b: number): number | undefined {
  switch (op) {
    case DW_OP.plus:
      return a + b;
    case DW_OP.minus:
      return a - b;
    case DW_OP.mul:
      return a * b;
    case DW_OP.div:
      return a / b;
  }
  return undefined;
}

function integers(
  op: number,
  { a, b, size }: { readonly a: bigint; readonly b: bigint; readonly size: number },
): bigint | undefined {
  const bits = 8 * size;
  const isFar = b < 0n || b >= BigInt(bits);
  switch (op) {
    case DW_OP.plus:
      return a + b;
    case DW_OP.minus:
      return a - b;
    case DW_OP.mul:
      return a * b;
    case DW_OP.div:
      return a / b;
    case DW_OP.mod:
      return a % b;
    case DW_OP.and:
      return a & b;
    case DW_OP.or:
      return a | b;
    case DW_OP.xor:
      return a ^ b;
    case DW_OP.shl:
      return isFar ? 0n : a << b;
    case DW_OP.shr:
      return isFar ? 0n : BigInt.asUintN(bits, a) >> b;
    case DW_OP.shra:
      return BigInt.asIntN(bits, a) >> (isFar ? BigInt(bits) : b);
  }
  return undefined;
}
