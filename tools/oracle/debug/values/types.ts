/**
 * Our types compared with gdb's.
 *
 * @module
 */
import {
  type Encoding,
  type Field,
  plainType,
  type Type,
  typeName,
} from "../../../../debug/values/mod.ts";
import type { GdbField, GdbType } from "./gdb.ts";

const BASE_CODES: Readonly<Partial<Record<Encoding, string>>> = {
  boolean: "BOOL",
  float: "FLT",
  complex: "COMPLEX",
  decimal: "DECFLOAT",
  utf: "CHAR",
};

/** Finds what differs. */
export class TypeComparison {
  /** Types that were compared. */
  count = 0;
  readonly #add: (text: string) => void;

  /** Differences go to `add`. */
  constructor(add: (text: string) => void) {
    this.#add = add;
  }

  /** Compares a type, and what it is made of as far as gdb says. */
  compare(own: Type, theirs: GdbType, place: string): void {
    this.count++;
    let type = unqualified(own);
    while (type.kind === "qualified") type = type.target;
    const text = typeName(own, { anonymousPointers: true });
    this.#same(place, "is", text, corrected(theirs.text));
    this.#same(`${place} ${text}`, "has the code", codeOf(type), theirs.code);
    this.#same(
      `${place} ${text}`,
      "has the name",
      nameOf(type),
      theirs.name === null ? null : corrected(theirs.name),
    );
    if (theirs.size === undefined) return;
    const size = type.kind === "void" || type.kind === "unspecified" ? 1 : type.size;
    // What has no size of its own has 0, or of arrays that of its first element, in gdb.
    if (size !== undefined) this.#same(`${place} ${text}`, "has the size", size, theirs.size);
    if (theirs.target !== undefined) this.#target(type, theirs.target, `${place} ${text}`);
    if (theirs.fields !== undefined) this.#fields(type, theirs.fields, `${place} ${text}`);
    if (theirs.constants !== undefined && type.kind === "enum") {
      const constants = type.enumerators.map(({ name, value }) => [name, `${value}`]);
      this.#same(
        `${place} ${text}`,
        "has",
        JSON.stringify(constants),
        JSON.stringify(theirs.constants),
      );
    }
    if (theirs.parameters !== undefined && type.kind === "function") {
      const parameters = type.parameters.map((each) => each.type);
      this.#same(`${place} ${text}`, "takes", parameters.length, theirs.parameters.length);
      theirs.parameters.forEach((each, i) => {
        const parameter = parameters[i];
        if (parameter !== undefined) this.compare(unqualified(parameter), each, `${place} ${text}`);
      });
    }
  }

  #target(type: Type, theirs: GdbType, place: string): void {
    switch (type.kind) {
      case "pointer":
      case "reference":
      case "rvalue-reference":
      case "typedef":
        return this.compare(unqualified(type.target), theirs, place);
      case "member-pointer": {
        // What a member function is, gdb has a word of its own for.
        const code = theirs.code === "METHOD" ? "FUNC" : theirs.code;
        return this.compare(unqualified(type.target), { ...theirs, code }, place);
      }
      case "array":
        return this.compare(unqualified(type.element), theirs, place);
      case "function":
        return this.compare(unqualified(type.result), theirs, place);
    }
  }

  #fields(type: Type, theirs: readonly GdbField[], place: string): void {
    if (type.kind !== "struct" && type.kind !== "class" && type.kind !== "union") return;
    const own = type.fields;
    if (type.variantPart !== undefined) return;
    this.#same(place, "has members", own.length, theirs.length);
    theirs.forEach((each, i) => {
      const field = own[i];
      if (field !== undefined) this.#field(field, each, `${place}.${each.name ?? ""}`);
    });
  }

  #field(own: Field, theirs: GdbField, place: string): void {
    const name = own.isBase ? typeName(own.type) : own.name;
    this.#same(place, "is called", name ?? "", theirs.name ?? "");
    const bits = own.place !== undefined && "bits" in own.place ? own.place.bits : null;
    this.#same(place, "is at bit", bits, theirs.bits);
    this.#same(place, "has the width", own.bitSize ?? 0, theirs.size);
    this.#same(place, "is a base class:", own.isBase, theirs.base);
    this.#same(place, "is artificial:", own.isArtificial, theirs.artificial);
    this.compare(unqualified(own.type), theirs.type, place);
  }

  #same(place: string, what: string, own: unknown, theirs: unknown): void {
    if (own !== theirs) this.#add(`type of ${place} ${what} ${own}, gdb has ${theirs}`);
  }
}

/** What gdb takes LLVM's name of a type for. */
function corrected(name: string): string {
  return name.replaceAll("unsigned int __int128", "unsigned __int128");
}

function unqualified(type: Type): Type {
  let plain = type;
  // `const` and `volatile` are what gdb takes off.
  while (plain.kind === "qualified" && /^const$|^volatile$/.test(plain.qualifier)) {
    plain = plain.target;
  }
  return plain;
}

function nameOf(type: Type): string | null {
  if (type.kind === "pointer") return null;
  return type.name ?? null;
}

function codeOf(type: Type): string {
  switch (type.kind) {
    case "base":
      return BASE_CODES[type.encoding] ?? "INT";
    case "pointer":
      return "PTR";
    case "reference":
      return "REF";
    case "rvalue-reference":
      return "RVALUE_REF";
    case "class":
      return "STRUCT";
    case "function":
      return "FUNC";
    case "member-pointer":
      return plainType(type.target).kind === "function" ? "METHODPTR" : "MEMBERPTR";
    case "unspecified":
      return "VOID";
  }
  return type.kind.toUpperCase();
}
