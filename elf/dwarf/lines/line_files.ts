/**
 * The directories and files that a line number program's header lists.
 *
 * @module
 */
import type { Cursor } from "../../../bytes/mod.ts";
import { DW_FORM, DW_LNCT } from "../constants.ts";
import { DwarfError } from "../errors.ts";
import { isSizeless, readForm, readOffset, unknownForm } from "../form.ts";
import type { LineHeader } from "./line_header.ts";
import { type DwarfSections, endOfText } from "../sections.ts";

/** One file, or directory, of a line table. */
export interface LineFile {
  /** Its name, as the table has it. */
  readonly name: string;
  /** Index of its directory in the table's own count; 0 is where the compiler ran. */
  readonly directory: number;
}

/** Sections that names are in. */
const SECTIONS = [".debug_line", ".debug_line_str", ".debug_str"] as const;

/** Numbers that are kept of each entry: section and offset of its name, and its directory. */
const WORDS = 3;

/** Entries without a name that can be read. */
const NAMELESS = -1;

/** Where a name is: most are never asked for. */
export interface NamePlace {
  /** The section. */
  readonly section: ".debug_line" | ".debug_line_str" | ".debug_str";
  /** Offset in it. */
  readonly offset: number;
}

/** Files or directories; tables have many that nobody asks for. */
export class FileTable {
  readonly #sections: DwarfSections;
  readonly #words: number[] = [];

  /** An empty table, of names in some sections. */
  constructor(sections: DwarfSections) {
    this.#sections = sections;
  }

  /** How many there are. */
  get length(): number {
    return this.#words.length / WORDS;
  }

  /** Adds one. */
  add(place: NamePlace | undefined, directory: number): void {
    const section = place === undefined ? NAMELESS : SECTIONS.indexOf(place.section);
    this.#words.push(section, place?.offset ?? 0, directory);
  }

  /** The one of an index; throws `DwarfError` (`string`) if its name is damaged. */
  at(index: number): LineFile | undefined {
    const words = this.#words;
    const at = index * WORDS;
    const section = words[at];
    if (section === undefined) return undefined;
    const name = section === NAMELESS
      ? ""
      : this.#sections.string(SECTIONS[section]!, words[at + 1]!);
    return { name, directory: words[at + 2]! };
  }

  /** All of them. Throws as {@linkcode FileTable.at}. */
  *[Symbol.iterator](): Generator<LineFile> {
    for (let i = 0; i < this.length; i++) yield this.at(i)!;
  }
}

/** What a header lists. */
export interface LineFiles {
  /** Number of the first directory and the first file: 1 up to version 4, 0 in version 5. */
  readonly first: 0 | 1;
  /** Directories, the first being number {@linkcode LineFiles.first}. */
  readonly directories: FileTable;
  /** Files, the first being number {@linkcode LineFiles.first}. */
  readonly files: FileTable;
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
  if (header.version < 5) return readPlain(cursor, sections);
  const directories = readTable(cursor, header, sections);
  return { first: 0, directories, files: readTable(cursor, header, sections) };
}

/** Place of the string at the cursor, which is left behind its NUL. */
function namePlace(cursor: Cursor): NamePlace {
  const offset = cursor.at;
  cursor.at = endOfText(cursor, offset) + 1;
  return { section: ".debug_line", offset };
}

/** Adds a file as versions 2 to 4 list them, and as programs define them. */
export function readPlainFile(cursor: Cursor, into: FileTable): void {
  const place = namePlace(cursor);
  into.add(place, cursor.uleb());
  cursor.bigUleb(); // time of its last change
  cursor.bigUleb(); // length
}

function readPlain(cursor: Cursor, sections: DwarfSections): LineFiles {
  const directories = new FileTable(sections);
  while (!isEndOfList(cursor)) directories.add(namePlace(cursor), 0);
  const files = new FileTable(sections);
  while (!isEndOfList(cursor)) readPlainFile(cursor, files);
  return { first: 1, directories, files };
}

/** Whether the empty string that ends a list is next; it is skipped. */
function isEndOfList(cursor: Cursor): boolean {
  if (cursor.u8() === 0) return true;
  cursor.at--;
  return false;
}

/** Where a path of a form is; undefined for forms that are not strings of this file. */
function pathPlace(cursor: Cursor, form: number, header: LineHeader): NamePlace | undefined {
  switch (form) {
    case DW_FORM.string:
      return namePlace(cursor);
    case DW_FORM.lineStrp:
      return { section: ".debug_line_str", offset: readOffset(cursor, header) };
    case DW_FORM.strp:
      return { section: ".debug_str", offset: readOffset(cursor, header) };
  }
  readForm(cursor, form, header);
  return undefined;
}

function readTable(cursor: Cursor, header: LineHeader, sections: DwarfSections): FileTable {
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
  const entries = new FileTable(sections);
  for (let i = 0; i < count; i++) {
    let place: NamePlace | undefined;
    let directory = 0;
    for (const { content, form } of formats) {
      if (content === DW_LNCT.path) {
        place = pathPlace(cursor, form, header) ?? place;
        continue;
      }
      if (content === DW_LNCT.directoryIndex && form === DW_FORM.udata) {
        // What compilers write, without an object for each.
        directory = cursor.uleb();
        continue;
      }
      const value = readForm(cursor, form, header);
      if (content === DW_LNCT.directoryIndex && value.kind === "constant") {
        directory = Number(value.value);
      }
    }
    entries.add(place, directory);
  }
  return entries;
}
