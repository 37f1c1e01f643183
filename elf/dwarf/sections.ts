/**
 * The sections that debug information is in, and the strings some of them hold.
 *
 * @module
 */
import { Cursor, textOf } from "../../bytes/mod.ts";
import { joinBytes } from "../../util/join_bytes.ts";
import type { ElfFile, RelocateOptions } from "../elf_file.ts";
import type { ElfSection } from "../section.ts";
import { DwarfError } from "./errors.ts";

/** Sections that are read here; those of split files by the same names, without their `.dwo`. */
export type DwarfSectionName =
  | ".debug_abbrev"
  | ".debug_addr"
  | ".debug_aranges"
  | ".debug_cu_index"
  | ".debug_info"
  | ".debug_line"
  | ".debug_line_str"
  | ".debug_loc"
  | ".debug_loclists"
  | ".debug_names"
  | ".debug_ranges"
  | ".debug_rnglists"
  | ".debug_str"
  | ".debug_str_offsets"
  | ".debug_sup"
  | ".debug_tu_index"
  | ".debug_types"
  | ".gnu_debugaltlink";

/** Gives the bytes of a section; undefined if there is none. May throw `InputError`. */
export type SectionSource = (name: DwarfSectionName) => Uint8Array | undefined;

/** Text that all names of a string section may have together, for each of its bytes. */
const TEXT_RATIO = 4;
const TEXT_LEAST = 2 ** 20;

/** Offset of the NUL that ends a string; throws {@linkcode DwarfError} (`string`) if there is none. */
export function endOfText(cursor: Cursor, at: number): number {
  const end = at < cursor.end ? cursor.bytes.indexOf(0, at) : -1;
  if (end >= 0 && end < cursor.end) return end;
  const message = "Cannot read a string here, expected one that ends with a NUL";
  throw new DwarfError("string", message, { source: cursor.source, offset: at });
}

/**
 * NUL-ended UTF-8 at the cursor, which is left behind the NUL. Throws {@linkcode DwarfError}
 * (`string`) if there is none.
 */
export function readText(cursor: Cursor): string {
  const { bytes, at } = cursor;
  const end = endOfText(cursor, at);
  cursor.at = end + 1;
  return textOf(bytes, at, end);
}

/**
 * Strings of one section, each read once. Strings share their ends, so all of them together may be
 * longer than the section; not much longer, though, or a table of offsets into one long string
 * would cost its number times its length.
 */
class StringSection {
  readonly #cursor: Cursor;
  readonly #known: Map<number, string> = new Map();
  #length = 0;

  constructor(cursor: Cursor) {
    this.#cursor = cursor;
  }

  at(offset: number): string {
    const known = this.#known.get(offset);
    if (known !== undefined) return known;
    const cursor = this.#cursor;
    const most = TEXT_RATIO * cursor.end + TEXT_LEAST;
    // Nothing is read any more when too much has been.
    const text = this.#length > most ? "" : textOf(cursor.bytes, offset, endOfText(cursor, offset));
    this.#length += text.length;
    if (this.#length > most) {
      const message = `Strings are too long in all, expected at most ${most} bytes`;
      throw new DwarfError("string", message, { source: cursor.source, offset });
    }
    this.#known.set(offset, text);
    return text;
  }
}

/** Sections of one file, each fetched when it is first asked for. */
export class DwarfSections {
  readonly #source: SectionSource;
  readonly #bytes: Map<DwarfSectionName, Uint8Array | undefined> = new Map();
  readonly #strings: Map<DwarfSectionName, StringSection> = new Map();
  /** Those of `.debug_str`, which are asked for most. */
  #names: StringSection | undefined;

  /** Sections out of wherever `source` has them. */
  constructor(source: SectionSource) {
    this.#source = source;
  }

  /** Whether there is such a section. Throws as {@linkcode DwarfSections.cursor}. */
  has(name: DwarfSectionName): boolean {
    return this.#data(name) !== undefined;
  }

  /** Bytes of a section; 0 if there is none. Throws as {@linkcode DwarfSections.cursor}. */
  sizeOf(name: DwarfSectionName): number {
    return this.#data(name)?.length ?? 0;
  }

  /**
   * A cursor over a section; over nothing if there is none. Throws `ElfError` if the section cannot
   * be inflated or relocated.
   */
  cursor(name: DwarfSectionName): Cursor {
    return new Cursor(this.#data(name) ?? new Uint8Array(0), name);
  }

  /** The string at an offset of a section; throws {@linkcode DwarfError} (`string`). */
  string(name: DwarfSectionName, offset: number): string {
    if (name !== ".debug_str") return this.#stringsOf(name).at(offset);
    return (this.#names ??= this.#stringsOf(name)).at(offset);
  }

  #stringsOf(name: DwarfSectionName): StringSection {
    let strings = this.#strings.get(name);
    if (strings === undefined) {
      strings = new StringSection(this.cursor(name));
      this.#strings.set(name, strings);
    }
    return strings;
  }

  #data(name: DwarfSectionName): Uint8Array | undefined {
    const known = this.#bytes.get(name);
    if (known !== undefined || this.#bytes.has(name)) return known;
    const bytes = this.#source(name);
    this.#bytes.set(name, bytes);
    return bytes;
  }
}

/** The sections of an ELF file, inflated, and relocated if the file is relocatable. */
export function sectionsOf(file: ElfFile, options?: RelocateOptions): DwarfSections {
  return namedSections(file, (name) => [name, name.replace(".debug", ".zdebug")], options);
}

/** The sections of a split file (`.dwo`, `.dwp`), whose names end with `.dwo` but for indexes. */
export function splitSectionsOf(file: ElfFile): DwarfSections {
  return namedSections(file, (name) => [INDEXES.has(name) ? name : `${name}.dwo`]);
}

const INDEXES: ReadonlySet<DwarfSectionName> = new Set([".debug_cu_index", ".debug_tu_index"]);

/**
 * Sections by their names in the file. A file that has not been linked may have several of a name,
 * one for each type: they are taken as one, in which each is where the one before ends.
 */
function namedSections(
  file: ElfFile,
  namesOf: (name: DwarfSectionName) => readonly string[],
  options?: RelocateOptions,
): DwarfSections {
  const parts = new Map<string, ElfSection[]>();
  for (const section of file.sections) {
    if (!/^\.z?debug_|^\.gnu_debugalt/.test(section.name)) continue;
    const others = parts.get(section.name);
    if (others === undefined) parts.set(section.name, [section]);
    else others.push(section);
  }
  const places = new Map<ElfSection, bigint>();
  for (const sections of parts.values()) {
    let place = 0n;
    for (const section of sections) {
      places.set(section, place);
      place += BigInt(section.size);
    }
  }
  const addressOf = (section: ElfSection) =>
    places.get(section) ?? options?.addressOf?.(section) ?? section.address;
  return new DwarfSections((name) => {
    const found = namesOf(name).map((each) => parts.get(each)).find((each) => each !== undefined);
    if (found === undefined) return undefined;
    const bytes = found.map((section) => file.relocatedData(section, { addressOf }));
    return joinBytes(bytes);
  });
}
