/**
 * Which language a unit is in.
 *
 * @module
 */
import type { Unit } from "../../../elf/dwarf/mod.ts";
import type { Language } from "./type.ts";

/** Numbers of DWARF 5, table 7.17, and those that were added since. */
const LANGUAGES: ReadonlyMap<number, Language> = new Map<number, Language>([
  ...[0x01, 0x02, 0x0c, 0x1d, 0x2c, 0x3e].map((code) => [code, "c"] as const),
  ...[0x04, 0x1a, 0x21, 0x2b, 0x3a].map((code) => [code, "c++"] as const),
  [0x1c, "rust"],
]);

/** Language of a unit; `c` if it does not say, as assembly. */
export function languageOf(unit: Unit): Language {
  const code = unit.language;
  return code === undefined ? "c" : LANGUAGES.get(code) ?? "other";
}
