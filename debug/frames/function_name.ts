/**
 * Names of functions as gdb shows them in stack frames.
 *
 * @module
 */
import { DW_LANG, type Entry } from "../../elf/dwarf/mod.ts";
import { demangle } from "../demangle/mod.ts";
import { qualifiedNameOf, type SymbolFrame } from "../symbols/mod.ts";

/** In backtraces parameters are told with their values, and so are not part of the name. */
const WITHOUT_PARAMETERS = { parameters: false } as const;

/**
 * Name of a function: from debug information without its parameters; else that of its symbol, whole.
 * Throws `InputError` if the debug information is damaged there.
 */
export function functionName(frame: SymbolFrame): string | undefined {
  const { entry } = frame;
  const name = entry === undefined ? undefined : entryName(entry);
  // Symbols are read, all of a file, only where nothing else names a function.
  return name ?? symbolName(frame.symbol?.name);
}

/** Name of a symbol, without its version. */
export function symbolName(name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  const version = name.indexOf("@@");
  const plain = version > 0 ? name.slice(0, version) : name;
  return demangle(plain) ?? plain;
}

function entryName(entry: Entry): string | undefined {
  const { linkageName, unit } = entry;
  // Of Rust the names for linkers say less, and some are none.
  if (linkageName === undefined || unit.language === DW_LANG.rust) return qualifiedNameOf(entry);
  return demangle(linkageName, WITHOUT_PARAMETERS) ?? linkageName;
}
