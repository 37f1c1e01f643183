/**
 * Indexes of packages of split files (`.dwp`): where the parts of each section are that a unit
 * has brought along (DWARF 5, section 7.3.5.3; GNU's version 2 before it has other numbers for
 * sections). Units are found by their own headers, so the table of hashes is not read.
 *
 * @module
 */
import type { Cursor } from "../../../bytes/mod.ts";
import { DwarfError } from "../errors.ts";
import type { DwarfSectionName, DwarfSections } from "../sections.ts";

/** Where the parts of sections begin that are a unit's own. */
export type UnitParts = ReadonlyMap<DwarfSectionName, number>;

/** Sections by their numbers, in GNU's version 2 and in DWARF 5. */
const SECTIONS: Readonly<Record<2 | 5, readonly (DwarfSectionName | undefined)[]>> = {
  2: [
    undefined,
    ".debug_info",
    ".debug_types",
    ".debug_abbrev",
    ".debug_line",
    ".debug_loc",
    ".debug_str_offsets",
  ],
  5: [
    undefined,
    ".debug_info",
    undefined,
    ".debug_abbrev",
    ".debug_line",
    ".debug_loclists",
    ".debug_str_offsets",
    undefined,
    ".debug_rnglists",
  ],
};

/** Sections that an index may have columns for: there are eight. */
const COLUMN_LIMIT = 16;

/** One of the two indexes, of compilations or of types. */
export class PackageIndex {
  readonly #cursor: Cursor;
  readonly #columns: readonly (DwarfSectionName | undefined)[];
  readonly #units: number;
  readonly #tableAt: number;
  /** Rows by the offset that a column has, for each section that has been asked for. */
  readonly #byOffset: Map<DwarfSectionName, ReadonlyMap<number, number>> = new Map();

  /** Reads the header. Throws {@linkcode DwarfError} or `DecodeError`. */
  constructor(cursor: Cursor) {
    this.#cursor = cursor;
    // Version 2 is a word; version 5 a half, and two bytes of padding.
    const version = cursor.u32();
    if (version !== 2 && version !== 5) throw this.#fail(`version is ${version}`, "2 or 5", 0);
    const columns = cursor.u32();
    this.#units = cursor.u32();
    const slots = cursor.u32();
    if (columns > COLUMN_LIMIT) {
      throw this.#fail(`columns are ${columns}`, `at most ${COLUMN_LIMIT}`, 4);
    }
    if ((slots & (slots - 1)) !== 0 || slots < this.#units) {
      throw this.#fail(`slots are ${slots}`, `a power of two, above ${this.#units}`, 12);
    }
    cursor.skip(slots * 12);
    const names = SECTIONS[version];
    this.#columns = Array.from({ length: columns }, () => names[cursor.u32()]);
    this.#tableAt = cursor.at;
    cursor.skip(this.#units * columns * 8);
  }

  /** Parts of the unit that is at an offset of its section. Throws {@linkcode DwarfError}. */
  at(section: DwarfSectionName, offset: number): UnitParts | undefined {
    let rows = this.#byOffset.get(section);
    if (rows === undefined) this.#byOffset.set(section, rows = this.#readOffsets(section));
    const row = rows.get(offset);
    return row === undefined ? undefined : this.#partsOf(row);
  }

  #readOffsets(section: DwarfSectionName): ReadonlyMap<number, number> {
    const column = this.#columns.indexOf(section);
    const rows = new Map<number, number>();
    if (column < 0) return rows;
    for (let row = 1; row <= this.#units; row++) rows.set(this.#cell(row, column), row);
    return rows;
  }

  #partsOf(row: number): UnitParts {
    const parts = new Map<DwarfSectionName, number>();
    for (const [column, name] of this.#columns.entries()) {
      if (name !== undefined) parts.set(name, this.#cell(row, column));
    }
    return parts;
  }

  #cell(row: number, column: number): number {
    const cursor = this.#cursor;
    const cell = (row - 1) * this.#columns.length + column;
    cursor.seek(this.#tableAt + cell * 4, cursor.bytes.length);
    return cursor.u32();
  }

  #fail(what: string, expected: string, offset: number): DwarfError {
    const message = `Index of a package: its ${what}, expected ${expected}`;
    return new DwarfError("index", message, { source: this.#cursor.source, offset });
  }
}

/** The index of a package's compilations or types; undefined for a file that is no package. */
export function packageIndexOf(
  sections: DwarfSections,
  name: ".debug_cu_index" | ".debug_tu_index",
): PackageIndex | undefined {
  return sections.has(name) ? new PackageIndex(sections.cursor(name)) : undefined;
}
