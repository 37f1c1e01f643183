/**
 * Values: a type and where the bytes are. Nothing is read before it is asked for.
 *
 * @module
 */
import { fromBigAddress, integerOfBytes } from "../../../bytes/mod.ts";
import { DW_AT, type Entry } from "../../../elf/dwarf/mod.ts";
import { DescribedVariable } from "./described.ts";
import { type DecimalParts, decimalParts } from "../expression/decimals.ts";
import { type FloatParts, floatParts, nearest } from "../expression/floats.ts";
import type { ValueContext } from "../frame/value_context.ts";
import { type Absence, absenceOf } from "../types/absence.ts";
import { elementCount, extentBound } from "../types/array.ts";
import { isInteger, isSignedInteger } from "../types/base.ts";
import { qualifiedName } from "../types/scope_name.ts";
import { resolveType } from "../types/resolve.ts";
import {
  type Field,
  isAggregate,
  isStruct,
  plainType,
  type Type,
  type Variant,
} from "../types/type.ts";
import { absent, type Contents, inMemory, known, located, type Storage } from "./contents.ts";
import { formatOf } from "./float_format.ts";

/** A part of a structure. */
export interface Member {
  /** What describes it. */
  readonly field: Field;
  /** Its value. */
  readonly value: Value;
}

/** Largest value whose bytes are read as a whole, in bytes. */
export const CONTENTS_LIMIT = 1 << 20;

/** Largest number, address or character, in bytes. */
const SCALAR_LIMIT = 64;

/** A value of a variable, or a part of one. */
export class Value {
  /** Its type, with the bounds that arrays have in this frame. */
  readonly type: Type;
  /** The frame it is in. */
  readonly context: ValueContext;
  /** Width of a bit field. */
  readonly bitSize: number | undefined;
  readonly #storage: Storage;
  /** Bits of the storage before it. */
  readonly #begin: number;
  #contents: Contents | undefined;

  /** A value of `type`, `begin` bits into `storage`. */
  constructor(
    type: Type,
    storage: Storage,
    options: {
      readonly context: ValueContext;
      readonly begin?: number;
      readonly bitSize?: number | undefined;
    },
  ) {
    this.type = type;
    this.context = options.context;
    this.bitSize = options.bitSize;
    this.#storage = storage;
    this.#begin = options.begin ?? 0;
  }

  /** Address in memory; undefined if it is not there, or not at a whole byte. */
  get address(): bigint | undefined {
    const { address } = this.#storage;
    if (address === undefined || this.#begin % 8 !== 0) return undefined;
    return BigInt.asUintN(64, address + BigInt(this.#begin / 8));
  }

  /** Size in bytes; undefined if it is not known. */
  get size(): number | undefined {
    return plainType(this.type).size;
  }

  /**
   * Its bytes, and which bits of them are not there. What is larger than
   * {@linkcode CONTENTS_LIMIT} is cut.
   */
  get contents(): Contents {
    return this.#contents ??= this.#storage.read(this.#begin, this.#bits);
  }

  /** Bits of the contents. */
  get #bits(): number {
    return this.bitSize ?? 8 * Math.min(this.size ?? 0, CONTENTS_LIMIT);
  }

  /** Why none of it, or a part of a scalar, is there; undefined if it is. */
  get absence(): Absence | undefined {
    try {
      return this.#absence();
    } catch (error) {
      return absenceOf(error);
    }
  }

  #absence(): Absence | undefined {
    const unknown = unknownBound(this.type);
    if (unknown !== undefined) return unknown;
    const { size = 0 } = this;
    const plain = plainType(this.type);
    if (plain.kind === "base" && plain.encoding === "other" && size > 0) {
      const encoding = plain.entry?.number(DW_AT.encoding) ?? 0;
      return { state: "error", reason: `Base type has the unknown encoding ${encoding}` };
    }
    if (size > SCALAR_LIMIT && !isAggregate(plain)) {
      return {
        state: "error",
        reason: `Scalar has ${size} bytes, expected at most ${SCALAR_LIMIT}`,
      };
    }
    const { holes } = this.contents;
    const [first] = holes;
    if (first === undefined || !isAggregate(plain)) return first?.absence;
    const lost = holes.reduce((sum, { begin, end }) => sum + end - begin, 0);
    return lost >= this.#bits ? first.absence : undefined;
  }

  /**
   * The number it is: of integers, characters, booleans, enumerations and addresses; undefined if
   * it is none or not there.
   */
  get integer(): bigint | undefined {
    const plain = plainType(this.type);
    if (this.absence !== undefined) return undefined;
    switch (plain.kind) {
      case "base":
        return isInteger(plain) ? this.#integer(isSignedInteger(plain)) : undefined;
      case "enum":
        return this.#integer(plain.isSigned);
      case "pointer":
      case "reference":
      case "rvalue-reference":
      case "unspecified":
        return this.#integer(false);
      case "range":
        return this.#integer(isSignedRange(plain.target));
      case "member-pointer":
        return plain.size === 8 ? this.#integer(true) : undefined;
    }
    return undefined;
  }

  /** The floating-point number it is, taken apart; undefined if it is none or not there. */
  get float(): FloatParts | undefined {
    const plain = plainType(this.type);
    if (plain.kind !== "base" || plain.encoding !== "float") return undefined;
    if (this.absence !== undefined) return undefined;
    const format = formatOf(plain, this.context.frame.machine);
    return format === undefined ? undefined : floatParts(this.contents.bytes, format);
  }

  /** The number it is, if a JavaScript number can say it. */
  get number(): number | undefined {
    const { float } = this;
    return float === undefined ? undefined : nearest(float);
  }

  /** The decimal number it is, taken apart; undefined if it is none or not there. */
  get decimal(): DecimalParts | undefined {
    const plain = plainType(this.type);
    if (plain.kind !== "base" || plain.encoding !== "decimal") return undefined;
    return this.absence === undefined ? decimalParts(this.contents.bytes) : undefined;
  }

  /** Both parts of a complex number; undefined if it is none. */
  get complexParts(): readonly [real: Value, imaginary: Value] | undefined {
    const plain = plainType(this.type);
    if (plain.kind !== "base" || plain.encoding !== "complex") return undefined;
    const size = plain.size / 2;
    const name = plain.name?.replace(/^complex /, "");
    const part: Type = { ...plain, name, size, encoding: "float" };
    return [this.#part(part, 0), this.#part(part, 8 * size)];
  }

  /** Members of a structure, in the order of the source, static ones left out. */
  get members(): readonly Member[] {
    const plain = plainType(this.type);
    if (!isStruct(plain)) return [];
    const fields = [...plain.fields];
    const variant = this.variant;
    if (variant !== undefined) fields.push(...variant.fields);
    return fields.flatMap((field) => {
      const value = this.member(field);
      return value === undefined ? [] : [{ field, value }];
    });
  }

  /** The value of a member; undefined if it is static. */
  member(field: Field): Value | undefined {
    const { place, bitSize } = field;
    if (place === undefined) return undefined;
    if ("bits" in place) {
      const type = this.#resolved(field.type);
      return this.#part(type, place.bits, bitSize);
    }
    const { context, address } = this;
    const options = { context };
    if (address === undefined) {
      const absence = this.absence ?? { state: "error", reason: "The object is not in memory" };
      return new Value(field.type, absent(absence), options);
    }
    try {
      const location = context.of(place.entry, address).locate(place.expression, [address]);
      return new Value(field.type, located(context, location), options);
    } catch (error) {
      return new Value(field.type, absent(absenceOf(error)), options);
    }
  }

  /** The value of a static member, wherever it is defined; undefined if it is none. */
  staticMember(field: Field): Value | undefined {
    if (field.place !== undefined) return undefined;
    if (field.entry.has(DW_AT.constValue) || field.entry.has(DW_AT.location)) {
      return variableValue(field.entry, this.context);
    }
    // The declaration may be another than the field's, where types have units of their own.
    const name = qualifiedName(field.entry);
    for (const found of this.context.types.named(field.name ?? "")) {
      const declaration = found.reference(DW_AT.specification);
      const isOf = declaration !== undefined && qualifiedName(declaration) === name;
      if (isOf) return variableValue(found, this.context);
    }
    return new Value(field.type, absent({ state: "optimized-out" }), { context: this.context });
  }

  /** The alternative that a discriminant selects; undefined if there are none, or it is not there. */
  get variant(): Variant | undefined {
    const plain = plainType(this.type);
    const part = isStruct(plain) ? plain.variantPart : undefined;
    if (part === undefined) return undefined;
    const { discriminant, variants } = part;
    if (discriminant === undefined) return variants[0];
    const value = this.member(discriminant);
    const integer = value?.integer;
    if (value === undefined || integer === undefined) return undefined;
    const bits = 8 * (value.size ?? 8);
    const unsigned = BigInt.asUintN(bits, integer);
    const chosen = variants.find(({ values }) =>
      values.some(([first, last]) =>
        unsigned >= BigInt.asUintN(bits, first) && unsigned <= BigInt.asUintN(bits, last)
      )
    );
    return chosen ?? variants.find(({ isDefault }) => isDefault);
  }

  /** Number of elements of an array; undefined if it is none or the number is not known. */
  get length(): number | undefined {
    const plain = plainType(this.type);
    return plain.kind === "array" ? elementCount(plain) : undefined;
  }

  /** The element at a position, from 0 whatever the array's lower bound is. */
  element(position: number): Value {
    const plain = plainType(this.type);
    if (plain.kind !== "array") throw new TypeError("Cannot take an element of what is no array");
    const size = plainType(plain.element).size ?? 0;
    return this.#part(plain.element, 8 * size * position);
  }

  /** The same bytes taken for another type. */
  as(type: Type): Value {
    return this.#part(type, 0, this.bitSize);
  }

  /** What a pointer or reference points to; undefined if it is none, or not there. */
  get target(): Value | undefined {
    const plain = plainType(this.type);
    const isPointer = plain.kind === "pointer" || plain.kind === "reference" ||
      plain.kind === "rvalue-reference";
    if (!isPointer) return undefined;
    const { absence } = this;
    if (absence?.state === "synthetic") return this.#synthetic(absence, plain.target);
    const address = this.integer;
    if (address === undefined) return undefined;
    const type = this.#resolved(plain.target);
    return new Value(type, inMemory(this.context, address), { context: this.context });
  }

  /** What a pointer points to that exists nowhere: a variable, or a part of it. */
  #synthetic(
    { entry, offset }: { readonly entry: Entry | undefined; readonly offset: number },
    type: Type,
  ): Value | undefined {
    if (entry === undefined) return undefined;
    const whole = variableValue(entry, this.context);
    return new Value(type, whole.#storage, {
      context: this.context,
      begin: whole.#begin + 8 * offset,
    });
  }

  #part(type: Type, bits: number, bitSize?: number): Value {
    const begin = this.#begin + bits;
    if (begin < 0) {
      const reason = `Part is at bit ${begin} of its whole`;
      return new Value(type, absent({ state: "error", reason }), { context: this.context });
    }
    return new Value(type, this.#storage, { context: this.context, begin, bitSize });
  }

  #resolved(type: Type): Type {
    return resolveType(type, this.context);
  }

  #integer(signed: boolean): bigint | undefined {
    const { bytes } = this.contents;
    const value = integerOfBytes(bytes);
    return signed ? BigInt.asIntN(this.bitSize ?? 8 * bytes.length, value) : value;
  }
}

/** Value of the variable or parameter that an entry describes, in a frame. */
export function variableValue(entry: Entry, context: ValueContext): Value {
  const { types, frame } = context;
  const described = new DescribedVariable(entry, types, fromBigAddress(frame.lookup));
  return describedValue(described, context.of(entry));
}

/** Value of a variable in a frame at the place that it is described for. */
export function describedValue(described: DescribedVariable, context: ValueContext): Value {
  let type: Type;
  try {
    type = resolveType(described.type, context);
  } catch (error) {
    return new Value(UNKNOWN, absent(absenceOf(error)), { context });
  }
  let storage: Storage;
  try {
    const { place } = described;
    storage = place === undefined
      ? absent({ state: "optimized-out" })
      : "constant" in place
      ? known(place.constant)
      : located(context, context.in(place.entry).locate(place.expression));
  } catch (error) {
    storage = absent(absenceOf(error));
  }
  return new Value(type, storage, { context });
}

/** The type of what cannot be told. */
const UNKNOWN: Type = {
  kind: "unspecified",
  name: undefined,
  language: "other",
  size: undefined,
  entry: undefined,
};

/** Why it is not known how long an array is; undefined if it is known. */
function unknownBound(type: Type, depth = 0): Absence | undefined {
  const plain = plainType(type);
  if (plain.kind !== "array" || depth > 64) return undefined;
  for (const bound of [plain.lower, extentBound(plain)]) {
    if (typeof bound === "object" && "unknown" in bound) return bound.unknown;
  }
  return unknownBound(plain.element, depth + 1);
}

function isSignedRange(type: Type): boolean {
  const plain = plainType(type);
  return plain.kind === "base" && plain.encoding === "signed";
}
