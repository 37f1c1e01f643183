/**
 * From addresses to functions and source lines, and back. {@linkcode Symbols} takes the files of a
 * program; its {@linkcode Symbols.at} gives, for an address of the file, the function and whatever
 * was inlined there, each with file, line and column; its {@linkcode Symbols.places} the addresses
 * of a line. Without debug information names are those of the ELF symbol tables.
 *
 * The files, lowest first: `symbol_index.ts`, ELF symbols by address; `scoped_name.ts`; `symbol_frame.ts`, one
 * function; `symbols.ts`.
 *
 * @module
 */
export type { LinePlace } from "../../elf/dwarf/mod.ts";
export {
  type FrameContext,
  type FrameInit,
  type SourcePlace,
  SymbolFrame,
} from "./symbol_frame.ts";
export { qualifiedNameOf } from "./scoped_name.ts";
export { type FunctionSymbol, SymbolIndex } from "./symbol_index.ts";
export { type LineRule, Symbols, type SymbolsOptions } from "./symbols.ts";
