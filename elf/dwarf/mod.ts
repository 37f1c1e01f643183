/**
 * Debug information, as far as source lines go: the line tables of DWARF 2 to 5.
 * {@linkcode lineTableOf} gives the {@linkcode LineTable} of an ELF file, its
 * {@linkcode LineTable.at} the file, line and column of an address, and its
 * {@linkcode LineTable.places} the addresses of a line. Tables are read when they are
 * asked for. What is damaged is left out and told of as {@linkcode DwarfError}s with their offsets;
 * whatever the bytes are, memory and time stay in proportion to their number.
 *
 * ```ts
 * import { aarch64 } from "@trapline/trapline/arch"; // for the bytes of a file; any ELF64 file will do
 * import { parseElf } from "@trapline/trapline/elf";
 * import { lineTableOf } from "@trapline/trapline/elf/dwarf";
 *
 * const file = parseElf(aarch64.image.bytes, { name: "kernel" });
 * const lines = lineTableOf(file); // undefined if nobody has asked the compiler for -g, as here
 * console.log(lines?.at(file.entry)); // { path: …, line: …, column: … }
 * ```
 *
 * The files, lowest first: `constants.ts`; `sections.ts`, where the bytes and strings are;
 * `form.ts`, values of attributes; `unit_roots.ts`, where compilers ran. In `lines/`:
 * `line_header.ts` and `line_files.ts`, what stands before a line program; `line_program.ts`, which
 * makes rows of it; `line_matrix.ts`, all rows by address and by line; `line_unit.ts`, all of one
 * compilation; `sequence_index.ts` and `line_table.ts`, from addresses to rows and from lines to
 * addresses.
 *
 * @module
 */
export { DwarfError, type DwarfErrorKind } from "./errors.ts";
export type { LineFile, LineFiles } from "./lines/line_files.ts";
export type { LineHeader } from "./lines/line_header.ts";
export type { MatrixRow } from "./lines/line_matrix.ts";
export { LineProgram } from "./lines/line_program.ts";
export { type LinePlace, LineTable, lineTableOf, type SourceLine } from "./lines/line_table.ts";
export { type FileNames, type LineRow, LineUnit, type LineUnitContext } from "./lines/line_unit.ts";
export {
  type DwarfSectionName,
  DwarfSections,
  sectionsOf,
  type SectionSource,
} from "./sections.ts";
export type { UnitRoot } from "./unit_roots.ts";
