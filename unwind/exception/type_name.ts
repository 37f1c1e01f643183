/**
 * Names of exceptions' types.
 *
 * @module
 */
import { demangleType } from "../../debug/demangle/mod.ts";
import { contiguousBytes, type MemoryReader, readWord } from "../walk/mod.ts";

/**
 * Name of the type a type information symbol stands for, or the symbol itself if it is not
 * understood.
 */
export function typeNameOf(symbol: string): string {
  return (symbol.startsWith("_ZTI") ? demangleType(symbol.slice(4)) : undefined) ?? symbol;
}

/** Longest name looked at, in bytes. */
const NAME_LIMIT = 256;

/**
 * Name of the type whose type information (`std::type_info`) is at `typeInfo` in the program's
 * memory; the mangled name if it is not understood, undefined if it cannot be read. The second word
 * of type information points at the name, without `_ZTI`.
 */
export function typeNameAt(memory: MemoryReader, typeInfo: bigint): string | undefined {
  const address = readWord(memory, typeInfo + 8n);
  const window = address === undefined ? undefined : contiguousBytes(memory, address);
  if (window === undefined) return undefined;
  const text = window.bytes.subarray(0, NAME_LIMIT);
  const end = text.indexOf(0);
  const bytes = end < 0 ? text : text.subarray(0, end);
  // A star says that the name is to be compared by address.
  const mangled = new TextDecoder().decode(bytes).replace(/^\*/, "");
  return demangleType(mangled) ?? mangled;
}
