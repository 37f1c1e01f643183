/**
 * Names with the namespaces and classes that they are in, as gdb shows them.
 *
 * @module
 */
import { CPLUSPLUS_LANGUAGES, DW_AT, DW_LANG, DW_TAG, type Entry } from "../../elf/dwarf/mod.ts";

/** Languages whose functions are named with the namespaces and classes they are in. */
const SCOPED: ReadonlySet<number> = new Set([...CPLUSPLUS_LANGUAGES, DW_LANG.rust]);

/**
 * The name of a function with the namespaces and classes it is in, in languages that have them.
 * Throws `InputError` if the debug information is damaged there.
 */
export function qualifiedNameOf(entry: Entry): string | undefined {
  return SCOPED.has(entry.unit.language ?? 0) ? scopedName(entry) : entry.name;
}

/** So many scopes a name has at most; more is damage. */
const SCOPE_LIMIT = 64;

/** A name with the namespaces and classes that it is in, unless they are in a function. */
function scopedName(entry: Entry): string | undefined {
  const named = entry.inherited(DW_AT.name);
  const name = named?.text(DW_AT.name);
  if (named === undefined || name === undefined) return undefined;
  const parts = [name];
  let scope = named.parent;
  for (let i = 0; i < SCOPE_LIMIT && scope !== undefined; i++) {
    switch (scope.tag) {
      case DW_TAG.namespace:
        parts.push(scope.name ?? "(anonymous namespace)");
        break;
      case DW_TAG.classType:
      case DW_TAG.structureType:
      case DW_TAG.unionType:
      case DW_TAG.interfaceType:
      case DW_TAG.enumerationType:
        // The type of a lambda has no name, and nothing that it is in is told.
        if (scope.name === undefined) return parts.reverse().join("::");
        parts.push(scope.name);
        break;
      case DW_TAG.subprogram:
        return parts.reverse().join("::");
    }
    // What is defined outside of its class says there where it belongs.
    scope = (scope.reference(DW_AT.specification) ?? scope).parent;
  }
  return parts.reverse().join("::");
}
