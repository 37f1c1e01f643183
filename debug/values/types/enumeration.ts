/**
 * Enumerations: DWARF 5, section 5.7.
 *
 * @module
 */
import { DW_AT, DW_TAG, type Entry } from "../../../elf/dwarf/mod.ts";
import { isSignedInteger } from "./base.ts";
import { languageOf } from "./language.ts";
import { lazily } from "./lazily.ts";
import { qualifiedName, scopeName } from "./scope_name.ts";
import { byteSize } from "./size.ts";
import { type Enumerator, type EnumType, plainType, type Type } from "./type.ts";
import type { TypeSource } from "./type_source.ts";

/** Reads an enumeration. */
export function enumType(entry: Entry, reader: TypeSource): EnumType {
  const underlying = (): Type | undefined =>
    entry.has(DW_AT.type) ? reader.typeOf(entry) : undefined;
  const type = {
    kind: "enum" as const,
    name: qualifiedName(entry),
    language: languageOf(entry.unit),
    entry,
    isScoped: entry.flag(DW_AT.enumClass),
    isIncomplete: entry.flag(DW_AT.declaration),
  };
  const later: EnumType = lazily(type, {
    underlying,
    size: () => byteSize(entry) ?? underlying()?.size,
    isSigned: () => isSigned(entry, underlying()),
    enumerators: () => enumeratorsOf(entry, later),
  });
  return later;
}

function constants(entry: Entry): Entry[] {
  return [...entry.children()].filter(({ tag }) => tag === DW_TAG.enumerator);
}

function isSigned(entry: Entry, underlying: Type | undefined): boolean {
  const plain = underlying === undefined ? undefined : plainType(underlying);
  if (plain?.kind === "base") return isSignedInteger(plain);
  return constants(entry).some((each) => (each.big(DW_AT.constValue) ?? 0n) < 0n);
}

function enumeratorsOf(entry: Entry, { isSigned: signed, size }: EnumType): Enumerator[] {
  const bits = 8 * (size ?? 8);
  // Constants of a plain enumeration are in the scope around it.
  const outer = scopeName(entry);
  const own = entry.flag(DW_AT.enumClass) ? entry.name : undefined;
  const scope = [outer, own].filter((part) => part !== undefined && part !== "").join("::");
  return constants(entry).map((each) => {
    const own = each.big(DW_AT.constValue) ?? 0n;
    const value = signed ? BigInt.asIntN(bits, own) : BigInt.asUintN(bits, own);
    const name = each.name ?? "";
    return { name: scope === "" ? name : `${scope}::${name}`, value };
  });
}
