/**
 * Names with the namespaces and classes they are in.
 *
 * @module
 */
import { DW_AT, DW_TAG, type Entry } from "../../../elf/dwarf/mod.ts";
import { canonicalName } from "./canonical.ts";
import { languageOf } from "./language.ts";

/** Most scopes that are looked at; only damaged information has more. */
const DEPTH = 100;

/**
 * Scope that an entry's name is in, such as `space::Class`; empty where there is none, and in
 * languages without.
 */
export function scopeName(entry: Entry): string {
  const language = languageOf(entry.unit);
  if (language !== "c++" && language !== "rust") return "";
  const parts: string[] = [];
  let at = declared(entry).parent;
  for (let i = 0; i < DEPTH && at !== undefined; i++) {
    switch (at.tag) {
      case DW_TAG.namespace:
        parts.unshift(at.name ?? "(anonymous namespace)");
        break;
      case DW_TAG.classType:
      case DW_TAG.structureType:
      case DW_TAG.unionType:
      case DW_TAG.interfaceType: {
        const { name } = at;
        // Nothing in a class without a name has another scope.
        if (name === undefined) return parts.join("::");
        parts.unshift(canonicalName(name));
        break;
      }
      case DW_TAG.subprogram:
        // What is declared in a function has no scope, whatever the function is in.
        return parts.join("::");
      case DW_TAG.enumerationType:
        if (at.flag(DW_AT.enumClass) && at.name !== undefined) parts.unshift(at.name);
        break;
    }
    at = declared(at).parent;
  }
  return parts.join("::");
}

/** The entry that stands where its name is declared; a type with a unit of its own says it there. */
function declared(entry: Entry): Entry {
  const described = entry.has(DW_AT.signature) ? entry.reference(DW_AT.signature) : undefined;
  const own = described ?? entry;
  return own.reference(DW_AT.specification) ?? own;
}

/** The name of an entry with its scope; undefined if it has none. */
export function qualifiedName(entry: Entry): string | undefined {
  const { name } = entry;
  if (name === undefined) return undefined;
  const own = languageOf(entry.unit) === "c++" ? canonicalName(name) : name;
  const scope = scopeName(entry);
  return scope === "" ? own : `${scope}::${own}`;
}
