/**
 * Names of C and C++ types as gdb prints them (`whatis`): a declaration without the name, such as
 * `int (*)[3]`.
 *
 * @module
 */
import { elementCount, extentBound } from "./array.ts";
import type { Bound, FunctionType, Qualifier, Type } from "./type.ts";

/** Deepest nesting that is followed. */
export const DEPTH = 64;
/** Most types that one name consists of. */
export const TYPES = 1000;

/** How deep in a name, and how many types have been named. */
interface Walk {
  readonly depth: number;
  readonly named: { count: number };
}

function inside({ depth, named }: Walk): Walk {
  return { depth: depth + 1, named };
}

/** A type with its qualifiers taken off. */
interface Unqualified {
  readonly type: Exclude<Type, { kind: "qualified" }>;
  readonly qualifiers: ReadonlySet<Qualifier>;
}

function unqualified(type: Type): Unqualified {
  const qualifiers = new Set<Qualifier>();
  let plain = type;
  for (let i = 0; plain.kind === "qualified" && i < DEPTH; i++) {
    qualifiers.add(plain.qualifier);
    plain = plain.target;
  }
  return { type: plain as Unqualified["type"], qualifiers };
}

/** The name of a type. */
export function cTypeName(type: Type): string {
  return named(type, { depth: 0, named: { count: 0 } });
}

function named(type: Type, walk: Walk): string {
  if (walk.depth > DEPTH || walk.named.count++ > TYPES) return "...";
  const { type: plain } = unqualified(type);
  const base = baseName(type, walk.depth);
  const space = isDerived(plain) ? " " : "";
  return `${base}${space}${prefix(type, { ...walk, inPointer: false, spaced: false })}${
    suffix(type, { ...walk, inPointer: false })
  }`;
}

/** Whether a type is a declarator around another. */
function isDerived(type: Unqualified["type"]): boolean {
  return type.kind === "pointer" || type.kind === "function" || type.kind === "reference" ||
    type.kind === "rvalue-reference" || type.kind === "member-pointer" ||
    type.kind === "array" && !type.isVector && type.name === undefined;
}

const ORDER: readonly Qualifier[] = ["const", "volatile", "restrict", "atomic"];

function qualifierText(qualifiers: ReadonlySet<Qualifier>, isCPlusPlus: boolean): string {
  return ORDER.filter((each) => qualifiers.has(each))
    .map((each) =>
      each === "restrict" && isCPlusPlus ? "__restrict__" : each === "atomic" ? "_Atomic" : each
    )
    .join(" ");
}

/** What stands at the very front: the type that all declarators are about. */
function baseName(type: Type, depth: number): string {
  const { type: plain, qualifiers } = unqualified(type);
  if (depth > DEPTH) return "...";
  switch (plain.kind) {
    case "pointer":
    case "reference":
    case "rvalue-reference":
    case "member-pointer":
      return baseName(plain.target, depth + 1);
    case "array":
      if (plain.name !== undefined) break;
      return baseName(plain.element, depth + 1);
    case "function":
      return baseName(plain.result, depth + 1);
  }
  const words = qualifierText(qualifiers, plain.language === "c++");
  return words === "" ? tagged(plain) : `${words} ${tagged(plain)}`;
}

/** A type that has a name, or should have. */
function tagged(type: Unqualified["type"]): string {
  const { name } = type;
  switch (type.kind) {
    case "struct":
    case "class":
    case "union":
    case "enum": {
      // C++ needs no word before a name.
      if (name === undefined) return `${type.kind} {...}`;
      return type.language === "c++" || type.language === "rust" ? name : `${type.kind} ${name}`;
    }
    case "void":
      return "void";
  }
  return name ?? "<unnamed>";
}

/** Place of a type among declarators. */
interface Place extends Walk {
  /** Whether the declarator around it is a pointer or reference, which binds less. */
  readonly inPointer: boolean;
}

function prefix(type: Type, place: Place & { readonly spaced: boolean }): string {
  const { type: plain, qualifiers } = unqualified(type);
  const { inPointer } = place;
  const walk = inside(place);
  if (walk.depth > DEPTH) return "";
  const language = plain.language === "c++";
  switch (plain.kind) {
    case "pointer": {
      const words = qualifierText(qualifiers, language);
      const own = words === "" ? "*" : `* ${words}${place.spaced ? " " : ""}`;
      return `${prefix(plain.target, { ...walk, inPointer: true, spaced: true })}${own}`;
    }
    case "reference":
    case "rvalue-reference": {
      const own = plain.kind === "reference" ? "&" : "&&";
      return `${prefix(plain.target, { ...walk, inPointer: true, spaced: false })}${own}`;
    }
    case "member-pointer": {
      const container = named(plain.container, walk);
      const around = unqualified(plain.target).type.kind === "function";
      return `${prefix(plain.target, { ...walk, inPointer: false, spaced: false })}${
        around ? "(" : ""
      }${container}::*`;
    }
    case "function":
      return `${prefix(plain.result, { ...walk, inPointer: false, spaced: false })}${
        inPointer ? "(" : ""
      }`;
    case "array":
      // Vectors of the machine have names of their own.
      if (plain.name !== undefined) return "";
      return `${prefix(plain.element, { ...walk, inPointer: false, spaced: place.spaced })}${
        inPointer ? "(" : ""
      }`;
  }
  return "";
}

function suffix(type: Type, place: Place): string {
  const { type: plain } = unqualified(type);
  const walk = inside(place);
  if (walk.depth > DEPTH) return "";
  const closing = place.inPointer ? ")" : "";
  switch (plain.kind) {
    case "pointer":
    case "reference":
    case "rvalue-reference":
      return suffix(plain.target, { ...walk, inPointer: true });
    case "member-pointer": {
      const { type: target } = unqualified(plain.target);
      if (target.kind !== "function") return suffix(target, { ...walk, inPointer: false });
      return `)${parameters(target, walk)}${suffix(target.result, { ...walk, inPointer: false })}`;
    }
    case "function":
      return `${closing}${parameters(plain, walk)}${
        suffix(plain.result, { ...walk, inPointer: false })
      }`;
    case "array": {
      if (plain.name !== undefined) return "";
      const count = elementCount(plain);
      const isVariable = isDynamic(extentBound(plain)) || isDynamic(plain.lower);
      const text = isVariable ? "variable length" : count === undefined ? "" : `${count}`;
      const own = plain.isVector ? ` __attribute__ ((vector_size(${text})))` : `[${text}]`;
      return `${closing}${own}${suffix(plain.element, { ...walk, inPointer: false })}`;
    }
  }
  return "";
}

function isDynamic(bound: Bound): boolean {
  return typeof bound === "object" && !("unknown" in bound);
}

function parameters(type: FunctionType, walk: Walk): string {
  const all = type.parameters.map((each) => named(each.type, inside(walk)));
  // gdb leaves out the dots of a function that has no other parameters.
  if (type.isVariadic && all.length > 0) all.push("...");
  if (all.length === 0 && (type.isPrototyped || type.language === "c++")) all.push("void");
  return `(${all.join(", ")})`;
}
