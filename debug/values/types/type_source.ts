/**
 * Where types come from.
 *
 * @module
 */
import type { Entry } from "../../../elf/dwarf/mod.ts";
import type { Type } from "./type.ts";

/** Gives types of entries. */
export interface TypeSource {
  /**
   * The type that an attribute of an entry (`DW_AT_type` by default), or of what the entry stands
   * for, names; `void` if there is none. Throws `InputError` if the information is damaged.
   */
  typeOf(entry: Entry, attribute?: number): Type;
  /** Entries of all the program by their name without scopes: functions, variables, types. */
  named(name: string): Iterable<Entry>;
  /** The function with code that a symbol of the linker is of; undefined if it is not known. */
  functionNamed(symbol: string): Entry | undefined;
  /** The type that an entry describes. Throws as {@linkcode TypeSource.typeOf}. */
  type(entry: Entry): Type;
}
