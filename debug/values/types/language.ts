/**
 * Which language a unit is in.
 *
 * @module
 */
import { C_LANGUAGES, CPLUSPLUS_LANGUAGES, DW_LANG, type Unit } from "../../../elf/dwarf/mod.ts";
import type { Language } from "./type.ts";

const LANGUAGES: ReadonlyMap<number, Language> = new Map<number, Language>([
  ...C_LANGUAGES.map((code) => [code, "c"] as const),
  ...CPLUSPLUS_LANGUAGES.map((code) => [code, "c++"] as const),
  [DW_LANG.rust, "rust"],
]);

/** Language of a unit; `c` if it does not say, as assembly. */
export function languageOf(unit: Unit): Language {
  const code = unit.language;
  return code === undefined ? "c" : LANGUAGES.get(code) ?? "other";
}
