/**
 * The directories and files that a line number program's header lists.
 *
 * @module
 */
import type { Cursor } from "../../../bytes/mod.ts";
import { DW_LNCT } from "../constants.ts";
import { DwarfError } from "../errors.ts";
import { type FormValue, isSizeless, readForm, unknownForm } from "../form.ts";
import type { LineHeader } from "./line_header.ts";
import { type DwarfSections, textAt } from "../sections.ts";

/** One file of a line table. */
export interface LineFile {
  /** Its name, as the table has it. */
  readonly name: string;
  /** Index of its directory in the table's own count; 0 is where the compiler ran. */
  readonly directory: number;
}

/** What a header lists. */
export interface LineFiles {
  /** Number of the first directory and the first file: 1 up to version 4, 0 in version 5. */
  readonly first: 0 | 1;
  /** Directories, the first being number {@linkcode LineFiles.first}. */
  readonly directories: readonly string[];
  /** Files, the first being number {@linkcode LineFiles.first}. */
  readonly files: readonly LineFile[];
}

/**
 * Reads both tables of a header.
 *
 * @param cursor over `.debug_line`
 * @throws {DwarfError | DecodeError | ElfError}
 */
export function readLineFiles(
  cursor: Cursor,
  header: LineHeader,
  sections: DwarfSections,
): LineFiles {
  cursor.seek(header.tablesAt, header.programAt);
  if (header.version < 5) return readPlain(cursor);
  const directories = readTable(cursor, header, sections).map(({ name }) => name);
  return { first: 0, directories, files: readTable(cursor, header, sections) };
}

/** One string at the cursor, which is left behind its NUL. */
function readText(cursor: Cursor): string {
  const text = textAt(cursor, cursor.at);
  cursor.at = cursor.bytes.indexOf(0, cursor.at) + 1;
  return text;
}

/** A file as versions 2 to 4 list them, and as programs define them. */
export function readPlainFile(cursor: Cursor): LineFile {
  const name = readText(cursor);
  const directory = cursor.uleb();
  cursor.bigUleb(); // time of its last change
  cursor.bigUleb(); // length
  return { name, directory };
}

function readPlain(cursor: Cursor): LineFiles {
  const directories: string[] = [];
  while (!isEndOfList(cursor)) directories.push(readText(cursor));
  const files: LineFile[] = [];
  while (!isEndOfList(cursor)) files.push(readPlainFile(cursor));
  return { first: 1, directories, files };
}

/** Whether the empty string that ends a list is next; it is skipped. */
function isEndOfList(cursor: Cursor): boolean {
  if (cursor.u8() === 0) return true;
  cursor.at--;
  return false;
}

function pathOf(value: FormValue, sections: DwarfSections): string | undefined {
  if (value.kind === "text") return value.text;
  if (value.kind !== "string" || value.section === "supplementary") return undefined;
  return sections.string(value.section, value.offset);
}

function readTable(cursor: Cursor, header: LineHeader, sections: DwarfSections): LineFile[] {
  const formats: { readonly content: number; readonly form: number }[] = [];
  for (let left = cursor.u8(); left > 0; left--) {
    const content = cursor.uleb();
    const form = cursor.uleb();
    // Each entry takes a byte at least, so a wrong count ends where the header ends.
    if (isSizeless(form)) throw unknownForm(cursor, form);
    formats.push({ content, form });
  }
  const countAt = cursor.at;
  const count = cursor.uleb();
  if (count > 0 && formats.length === 0) {
    const message = `Table has ${count} entries without a format, expected 0`;
    throw new DwarfError("header", message, { source: cursor.source, offset: countAt });
  }
  const entries: LineFile[] = [];
  for (let i = 0; i < count; i++) {
    let name = "";
    let directory = 0;
    for (const { content, form } of formats) {
      const value = readForm(cursor, form, header);
      if (content === DW_LNCT.path) name = pathOf(value, sections) ?? name;
      else if (content === DW_LNCT.directoryIndex && value.kind === "constant") {
        directory = Number(value.value);
      }
    }
    entries.push({ name, directory });
  }
  return entries;
}
