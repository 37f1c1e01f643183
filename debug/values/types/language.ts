/**
 * Which language a unit is in.
 *
 * @module
 */
import { DW_LANG, type Unit } from "../../../elf/dwarf/mod.ts";
import type { Language } from "./type.ts";

const C = [DW_LANG.c89, DW_LANG.c, DW_LANG.c99, DW_LANG.c11, DW_LANG.c17, DW_LANG.c23];

const C_PLUS_PLUS = [
  DW_LANG.cPlusPlus,
  DW_LANG.cPlusPlus03,
  DW_LANG.cPlusPlus11,
  DW_LANG.cPlusPlus14,
  DW_LANG.cPlusPlus17,
  DW_LANG.cPlusPlus20,
  DW_LANG.cPlusPlus23,
];

const LANGUAGES: ReadonlyMap<number, Language> = new Map<number, Language>([
  ...C.map((code) => [code, "c"] as const),
  ...C_PLUS_PLUS.map((code) => [code, "c++"] as const),
  [DW_LANG.rust, "rust"],
]);

/** Language of a unit; `c` if it does not say, as assembly. */
export function languageOf(unit: Unit): Language {
  const code = unit.language;
  return code === undefined ? "c" : LANGUAGES.get(code) ?? "other";
}
