/**
 * Reads types from debugging information.
 *
 * @module
 */
import { DW_AT, DW_TAG, type Entry } from "../../../elf/dwarf/mod.ts";
import { arrayType } from "./array.ts";
import { baseType } from "./base.ts";
import { fieldsOf, variantPartOf } from "./members.ts";
import { EntryMap } from "./entry_map.ts";
import { enumType } from "./enumeration.ts";
import { languageOf } from "./language.ts";
import { lazily } from "./lazily.ts";
import { qualifiedName } from "./scope_name.ts";
import { byteSize } from "./size.ts";
import {
  type FunctionType,
  plainType,
  type PointerType,
  type Qualifier,
  type StructType,
  type Type,
  UNIT,
  VOID,
} from "./type.ts";
import type { TypeSource } from "./type_source.ts";

/** Bytes of an address on both machines. */
const ADDRESS_SIZE = 8;

const QUALIFIERS: ReadonlyMap<number, Qualifier> = new Map<number, Qualifier>([
  [DW_TAG.constType, "const"],
  [DW_TAG.volatileType, "volatile"],
  [DW_TAG.restrictType, "restrict"],
  [DW_TAG.atomicType, "atomic"],
]);

const POINTERS: ReadonlyMap<number, PointerType["kind"]> = new Map<number, PointerType["kind"]>([
  [DW_TAG.pointerType, "pointer"],
  [DW_TAG.referenceType, "reference"],
  [DW_TAG.rvalueReferenceType, "rvalue-reference"],
]);

const STRUCTS: ReadonlyMap<number, StructType["kind"]> = new Map<number, StructType["kind"]>([
  [DW_TAG.structureType, "struct"],
  [DW_TAG.classType, "class"],
  [DW_TAG.interfaceType, "class"],
  [DW_TAG.unionType, "union"],
]);

/**
 * Entries by their name without scopes: functions, variables and types of all modules of the
 * program.
 */
export type NamedEntries = (name: string) => Iterable<Entry>;

/** Reads types, each once. */
export class TypeReader implements TypeSource {
  readonly #known: EntryMap<Type> = new EntryMap();
  readonly #named: NamedEntries;
  readonly #functionNamed: (symbol: string) => Entry | undefined;

  /**
   * A reader that looks for what is only declared among entries of that name; of functions, which
   * may have several names, by symbol if `functionNamed` is given.
   */
  constructor(
    named: NamedEntries = () => [],
    functionNamed: (symbol: string) => Entry | undefined = () => undefined,
  ) {
    this.#named = named;
    this.#functionNamed = functionNamed;
  }

  /** The function that a symbol is of, or else one that has its name. */
  functionNamed(symbol: string): Entry | undefined {
    const found = this.#functionNamed(symbol);
    if (found !== undefined) return found;
    for (const each of this.#named(symbol)) {
      if (each.tag !== DW_TAG.subprogram || each.ranges().length === 0) continue;
      const own = each.linkageName ?? each.name;
      const isExternal = each.inherited(DW_AT.external)?.flag(DW_AT.external) === true;
      if (isExternal && own === symbol) return each;
    }
    return undefined;
  }

  /** Entries of a name. */
  named(name: string): Iterable<Entry> {
    return this.#named(name);
  }

  /**
   * The type that an attribute of an entry, or of what the entry stands for, names; `void` if there
   * is none. Throws `InputError` if the information is damaged.
   */
  typeOf(entry: Entry, attribute: number = DW_AT.type): Type {
    const target = entry.inherited(attribute)?.reference(attribute);
    if (target !== undefined) return this.type(target);
    return languageOf(entry.unit) === "rust" ? UNIT : VOID;
  }

  /** The type that an entry describes. Throws as {@linkcode TypeReader.typeOf}. */
  type(entry: Entry): Type {
    const signed = entry.has(DW_AT.signature) ? entry.reference(DW_AT.signature) : undefined;
    const described = signed ?? entry;
    return this.#known.get(described, () => this.#read(this.#complete(described)));
  }

  /** The definition of a structure or enumeration that is only declared, if there is one. */
  #complete(entry: Entry): Entry {
    if (!entry.flag(DW_AT.declaration)) return entry;
    const name = qualifiedName(entry);
    const { name: own } = entry;
    if (name === undefined || own === undefined) return entry;
    for (const found of this.#named(own)) {
      if (!sameKind(found.tag, entry.tag) || found.flag(DW_AT.declaration)) continue;
      if (found.has(DW_AT.signature)) continue;
      if (qualifiedName(found) === name) return found;
    }
    return entry;
  }

  #read(entry: Entry): Type {
    const { tag } = entry;
    const kind = STRUCTS.get(tag);
    if (kind !== undefined) return this.#struct(entry, kind);
    const pointer = POINTERS.get(tag);
    if (pointer !== undefined) return this.#pointer(entry, pointer);
    const qualifier = QUALIFIERS.get(tag);
    if (qualifier !== undefined) return this.#qualified(entry, qualifier);
    switch (tag) {
      case DW_TAG.baseType:
        return baseType(entry);
      case DW_TAG.arrayType:
        return arrayType(entry, this);
      case DW_TAG.enumerationType:
        return enumType(entry, this);
      case DW_TAG.typedef:
      case DW_TAG.templateAlias:
        return this.#typedef(entry);
      case DW_TAG.subroutineType:
      case DW_TAG.subprogram:
        return this.#function(entry);
      case DW_TAG.ptrToMemberType:
        return this.#memberPointer(entry);
      case DW_TAG.subrangeType:
        return this.#range(entry);
      case DW_TAG.packedType:
      case DW_TAG.sharedType:
      case DW_TAG.immutableType:
        return this.typeOf(entry);
    }
    return {
      kind: "unspecified",
      name: qualifiedName(entry),
      language: languageOf(entry.unit),
      // The one of these that C++ has is as large as a pointer.
      size: byteSize(entry) ??
        (entry.name === "decltype(nullptr)" ? ADDRESS_SIZE : undefined),
      entry,
    };
  }

  #struct(entry: Entry, kind: StructType["kind"]): StructType {
    const type = {
      kind,
      name: qualifiedName(entry),
      language: languageOf(entry.unit),
      size: byteSize(entry),
      entry,
      isIncomplete: entry.flag(DW_AT.declaration),
    };
    return lazily(type, {
      fields: () => fieldsOf(entry, this),
      variantPart: () => variantPartOf(entry, this),
    });
  }

  #pointer(entry: Entry, kind: PointerType["kind"]): PointerType {
    const type = {
      kind,
      name: entry.name,
      language: languageOf(entry.unit),
      size: byteSize(entry) ?? ADDRESS_SIZE,
      entry,
    };
    return lazily(type, { target: () => this.typeOf(entry) });
  }

  #qualified(entry: Entry, qualifier: Qualifier): Type {
    const type = {
      kind: "qualified" as const,
      name: undefined,
      language: languageOf(entry.unit),
      entry,
      qualifier,
    };
    return lazily(type, this.#behind(entry));
  }

  #typedef(entry: Entry): Type {
    const type = {
      kind: "typedef" as const,
      name: qualifiedName(entry),
      language: languageOf(entry.unit),
      entry,
    };
    return lazily(type, this.#behind(entry));
  }

  /** The type that an entry's is another form of, and its size. */
  #behind(entry: Entry): { target: () => Type; size: () => number | undefined } {
    const target = () => this.typeOf(entry);
    return { target, size: () => plainType(target()).size };
  }

  #function(entry: Entry): FunctionType {
    const type = {
      kind: "function" as const,
      name: undefined,
      language: languageOf(entry.unit),
      size: 1,
      entry,
      isPrototyped: entry.flag(DW_AT.prototyped),
    };
    const children = (tag: number) => [...entry.children()].filter((child) => child.tag === tag);
    // Compilers do not say everywhere that `this` is constant.
    const parameter = (child: Entry): Type => {
      const own = this.typeOf(child);
      if (own.language !== "c++" || !child.flag(DW_AT.artificial)) return own;
      const object = entry.reference(DW_AT.objectPointer);
      const isThis = object === undefined
        ? child.name === undefined || child.name === "this"
        : object.is(child);
      return isThis ? constant(own) : own;
    };
    return lazily(type, {
      result: () => this.typeOf(entry),
      isVariadic: () => children(DW_TAG.unspecifiedParameters).length > 0,
      parameters: () =>
        children(DW_TAG.formalParameter).map((child) => ({
          type: parameter(child),
          isArtificial: child.flag(DW_AT.artificial),
        })),
    });
  }

  #memberPointer(entry: Entry): Type {
    const type = {
      kind: "member-pointer" as const,
      name: entry.name,
      language: languageOf(entry.unit),
      entry,
    };
    return lazily(type, {
      container: () => this.typeOf(entry, DW_AT.containingType),
      target: () => this.typeOf(entry),
      // The Itanium ABI: an offset, or an address or table index and an offset.
      size: () => plainType(this.typeOf(entry)).kind === "function" ? 16 : 8,
    });
  }

  #range(entry: Entry): Type {
    const type = {
      kind: "range" as const,
      name: entry.name,
      language: languageOf(entry.unit),
      entry,
    };
    const { target, size } = this.#behind(entry);
    return lazily(type, { target, size: () => byteSize(entry) ?? size() });
  }
}

function constant(type: Type): Type {
  if (type.kind === "qualified" && type.qualifier === "const") return type;
  const { language, size, entry } = type;
  return {
    kind: "qualified",
    name: undefined,
    language,
    size,
    entry,
    qualifier: "const",
    target: type,
  };
}

function sameKind(tag: number, other: number): boolean {
  return tag === other || STRUCTS.has(tag) && STRUCTS.has(other);
}
