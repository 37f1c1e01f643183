/**
 * Types as data: what a value's bytes mean. A type refers to other types through getters that read
 * the debugging information when they are asked, so that cycles and what nobody looks at cost
 * nothing.
 *
 * @module
 */
import type { Absence } from "./absence.ts";
import type { Entry } from "../../../elf/dwarf/mod.ts";

/** Language whose rules names and values are printed by. */
export type Language = "c" | "c++" | "rust" | "other";

/** What every type has. */
export interface TypeBase {
  /** Name with its namespaces and classes, as gdb has it; undefined if the type has none. */
  readonly name: string | undefined;
  /** Language of the unit that describes it. */
  readonly language: Language;
  /** Size in bytes; undefined if the type is incomplete or its size depends on the frame. */
  readonly size: number | undefined;
  /** The entry that describes it; undefined for what no entry describes, such as `void`. */
  readonly entry: Entry | undefined;
}

/** No value at all. */
export interface VoidType extends TypeBase {
  /** Which it is. */
  readonly kind: "void";
}

/** What the bytes of a base type are. */
export type Encoding =
  | "signed"
  | "unsigned"
  | "boolean"
  | "float"
  | "complex"
  | "decimal"
  | "signed-char"
  | "unsigned-char"
  | "utf"
  | "address"
  | "other";

/** A number, character or boolean. */
export interface BaseType extends TypeBase {
  /** Which it is. */
  readonly kind: "base";
  /** Size in bytes. */
  readonly size: number;
  /** What its bytes are. */
  readonly encoding: Encoding;
}

/** A pointer or reference. */
export interface PointerType extends TypeBase {
  /** Which it is. */
  readonly kind: "pointer" | "reference" | "rvalue-reference";
  /** Size in bytes. */
  readonly size: number;
  /** What it points to. */
  readonly target: Type;
}

/** A bound or stride: a number, or what gives it in a frame; undefined if nothing says. */
export type Bound =
  | number
  | { readonly expression: Uint8Array; readonly entry: Entry }
  | { readonly variable: Entry }
  /** It could not be computed in the frame. */
  | { readonly unknown: Absence }
  | undefined;

/** One dimension of an array, or a vector. */
export interface ArrayType extends TypeBase {
  /** Which it is. */
  readonly kind: "array";
  /** Type of the elements: an array again in all dimensions but the last. */
  readonly element: Type;
  /** Index of the first element. */
  readonly lower: Bound;
  /** Number of elements, or else the last index. */
  readonly extent: { readonly count: Bound } | { readonly upper: Bound };
  /** Whether it is a SIMD vector. */
  readonly isVector: boolean;
}

/** Where a member is. */
export type MemberPlace =
  /** Bits from the beginning of the object. */
  | { readonly bits: number }
  /** An expression over the object's address: a virtual base class. */
  | { readonly expression: Uint8Array; readonly entry: Entry };

/** A data member, a base class, or a static member. */
export interface Field {
  /** Its name; undefined for anonymous structures and unions. */
  readonly name: string | undefined;
  /** Its type. */
  readonly type: Type;
  /** Where it is; undefined for a static member, and a declaration. */
  readonly place: MemberPlace | undefined;
  /** Width of a bit field in bits. */
  readonly bitSize: number | undefined;
  /** Whether it is a base class. */
  readonly isBase: boolean;
  /** Whether the compiler made it, such as a pointer to a table of virtual functions. */
  readonly isArtificial: boolean;
  /** The entry that describes it. */
  readonly entry: Entry;
}

/** One of several layouts. */
export interface Variant {
  /** Ranges of the discriminant's values that select it, both ends included; none: the default. */
  readonly values: readonly (readonly [first: bigint, last: bigint])[];
  /** Whether it is taken if no other is. */
  readonly isDefault: boolean;
  /** Its members. */
  readonly fields: readonly Field[];
}

/** Layouts of which a discriminant selects one (Rust's enums). */
export interface VariantPart {
  /** The member that is looked at; undefined if there is but one variant. */
  readonly discriminant: Field | undefined;
  /** The layouts. */
  readonly variants: readonly Variant[];
}

/** A structure, class or union. */
export interface StructType extends TypeBase {
  /** Which it is. */
  readonly kind: "struct" | "class" | "union";
  /** Members and base classes in the order of the source. */
  readonly fields: readonly Field[];
  /** Alternatives; undefined for all but Rust's enums. */
  readonly variantPart: VariantPart | undefined;
  /** Whether only a declaration is known. */
  readonly isIncomplete: boolean;
}

/** A named constant. */
export interface Enumerator {
  /** Name with that of its scope. */
  readonly name: string;
  /** Value, signed if the type has negative ones. */
  readonly value: bigint;
}

/** An enumeration. */
export interface EnumType extends TypeBase {
  /** Which it is. */
  readonly kind: "enum";
  /** The constants in the order of the source. */
  readonly enumerators: readonly Enumerator[];
  /** Whether it is scoped (`enum class`). */
  readonly isScoped: boolean;
  /** Whether values may be negative. */
  readonly isSigned: boolean;
  /** Type of its values, where that is said. */
  readonly underlying: Type | undefined;
  /** Whether only a declaration is known. */
  readonly isIncomplete: boolean;
}

/** Another name for a type. */
export interface TypedefType extends TypeBase {
  /** Which it is. */
  readonly kind: "typedef";
  /** What it stands for. */
  readonly target: Type;
}

/** What a qualified type is besides. */
export type Qualifier = "const" | "volatile" | "restrict" | "atomic";

/** A type with a qualifier. */
export interface QualifiedType extends TypeBase {
  /** Which it is. */
  readonly kind: "qualified";
  /** Which. */
  readonly qualifier: Qualifier;
  /** The type without it. */
  readonly target: Type;
}

/** A function. */
export interface FunctionType extends TypeBase {
  /** Which it is. */
  readonly kind: "function";
  /** What it returns. */
  readonly result: Type;
  /** Types of its parameters, `this` among them. */
  readonly parameters: readonly { readonly type: Type; readonly isArtificial: boolean }[];
  /** Whether it takes more. */
  readonly isVariadic: boolean;
  /** Whether the parameters are declared (C). */
  readonly isPrototyped: boolean;
}

/** A pointer to a member of a class. */
export interface MemberPointerType extends TypeBase {
  /** Which it is. */
  readonly kind: "member-pointer";
  /** Size in bytes. */
  readonly size: number;
  /** The class. */
  readonly container: Type;
  /** The member's type; a function type for member functions. */
  readonly target: Type;
}

/** A part of another type's values. */
export interface RangeType extends TypeBase {
  /** Which it is. */
  readonly kind: "range";
  /** The other type. */
  readonly target: Type;
}

/** A type that has a name only, such as that of `nullptr`. */
export interface UnspecifiedType extends TypeBase {
  /** Which it is. */
  readonly kind: "unspecified";
}

/** A type of a variable. */
export type Type =
  | VoidType
  | BaseType
  | PointerType
  | ArrayType
  | StructType
  | EnumType
  | TypedefType
  | QualifiedType
  | FunctionType
  | MemberPointerType
  | RangeType
  | UnspecifiedType;

/** A type without other names and qualifiers around it. */
export function plainType(type: Type): Exclude<Type, TypedefType | QualifiedType> {
  let plain = type;
  // Damaged information may name a type by itself.
  for (let i = 0; i < 100; i++) {
    if (plain.kind !== "typedef" && plain.kind !== "qualified") return plain;
    plain = plain.target;
  }
  return VOID;
}

/** Whether a type has members. */
export function isStruct(type: Type): type is StructType {
  return type.kind === "struct" || type.kind === "class" || type.kind === "union";
}

/** Whether values of a type have parts of which some may be there and others not. */
export function isAggregate(type: Type): type is StructType | ArrayType {
  return isStruct(type) || type.kind === "array";
}

/** The type of nothing in Rust. */
export const UNIT: VoidType = {
  kind: "void",
  name: "void",
  language: "rust",
  size: undefined,
  entry: undefined,
};

/** The type of nothing. */
export const VOID: VoidType = {
  kind: "void",
  name: "void",
  language: "c",
  size: undefined,
  entry: undefined,
};
