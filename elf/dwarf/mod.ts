/**
 * Debug information of ELF files: DWARF 2 to 5, as it is in one file. {@linkcode lineTableOf} gives
 * the {@linkcode LineTable} of an ELF file, its {@linkcode LineTable.at} the file, line and column
 * of an address, and its {@linkcode LineTable.places} the addresses of a line.
 * {@linkcode debugInfoOf} gives its {@linkcode DebugInfo}: units and entries,
 * with their attributes, references, ranges and location lists, by address and by name. What is in
 * other files (split units, what `dwz` has moved) is read from there if the caller finds them.
 *
 * Everything is read when it is asked for. What is damaged is left out and told of as
 * {@linkcode DwarfError}s with their offsets; whatever the bytes are, memory and time stay in
 * proportion to their number.
 *
 * ```ts
 * import { aarch64 } from "@trapline/trapline/arch"; // for the bytes of a file; any ELF64 file will do
 * import { parseElf } from "@trapline/trapline/elf";
 * import { debugInfoOf, lineTableOf } from "@trapline/trapline/elf/dwarf";
 *
 * const file = parseElf(aarch64.image.bytes, { name: "kernel" });
 * const lines = lineTableOf(file); // undefined if nobody has asked the compiler for -g, as here
 * console.log(lines?.at(file.entry)); // { path: …, line: …, column: … }
 * console.log(debugInfoOf(file)?.functionAt(Number(file.entry))?.name);
 * ```
 *
 * The files, lowest first: `constants.ts`, `tags.ts`, `attributes.ts`; `sections.ts`, where the
 * bytes and strings are; `form.ts`, values of attributes. `lists/`: ranges of addresses, and where
 * variables are. `info/`: `abbreviation.ts`, `abbreviations.ts`, `skip.ts` and `scanner.ts`, the
 * fast way through entries; `entry.ts`, one of them; `unit_header.ts`, `package_index.ts` and
 * `unit.ts`, which find what entries refer to; `scopes.ts`, `address_index.ts` and `parents.ts`,
 * from addresses and offsets to entries; `debug_info.ts`, all of a file. `names/`: `name_table.ts`
 * and `name_index.ts`, from names to entries. `lines/`: `line_header.ts` and `line_files.ts`, what
 * stands before a line program; `line_program.ts`, which makes rows of it; `sequences.ts` and
 * `line_matrix.ts`, all rows by address and by line; `line_unit.ts`, all of one compilation;
 * `sequence_index.ts` and `line_table.ts`, from addresses to rows and from lines to addresses.
 *
 * @module
 */
export { DW_AT } from "./attributes.ts";
export {
  C_LANGUAGES,
  CPLUSPLUS_LANGUAGES,
  DW_ATE,
  DW_FORM,
  DW_INL,
  DW_LANG,
  DW_UT,
} from "./constants.ts";
export { DwarfError, type DwarfErrorKind } from "./errors.ts";
export type { FormContext, FormValue, ReferenceBase } from "./form.ts";
export type { Abbreviation } from "./info/abbreviation.ts";
export type { Abbreviations, AbbreviationTable } from "./info/abbreviations.ts";
export {
  DebugInfo,
  debugInfoOf,
  type DebugInfoOptions,
  splitInfoOf,
  type SplitRequest,
  type SupplementaryRequest,
} from "./info/debug_info.ts";
export { type Attribute, Entry, type Unit, type UnitKind } from "./info/entry.ts";
export type { UnitOwner } from "./info/unit.ts";
export { EntryScanner, type ScanInput } from "./info/scanner.ts";
export { FileTable, type LineFile, type LineFiles, type NamePlace } from "./lines/line_files.ts";
export type { LineHeader } from "./lines/line_header.ts";
export type { MatrixRow } from "./lines/line_matrix.ts";
export { LineProgram } from "./lines/line_program.ts";
export { type LinePlace, LineTable, lineTableOf, type SourceLine } from "./lines/line_table.ts";
export {
  type FileNames,
  type LineRow,
  LineUnit,
  type LineUnitContext,
  type UnitRoot,
} from "./lines/line_unit.ts";
export type { LocationRange } from "./lists/locations.ts";
export type { AddressRange, ListBudget } from "./lists/ranges.ts";
export {
  type DwarfSectionName,
  DwarfSections,
  sectionsOf,
  type SectionSource,
  splitSectionsOf,
} from "./sections.ts";
export { DW_TAG } from "./tags.ts";
