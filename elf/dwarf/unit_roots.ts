/**
 * The first entry of each unit in `.debug_info`: as much of it as line tables need, which is where
 * the compiler ran.
 *
 * @module
 */
import { type Cursor, InputError } from "../../bytes/mod.ts";
import { DW_AT, DW_FORM, DW_UT } from "./constants.ts";
import { DwarfError } from "./errors.ts";
import { type FormContext, type FormValue, readForm, readOffset, readUnitLength } from "./form.ts";
import type { DwarfSections } from "./sections.ts";

/** What the first entry of a unit says. */
export interface UnitRoot {
  /** Name of the source file, as the compiler was given it. */
  readonly name: string | undefined;
  /** Folder the compiler ran in. */
  readonly directory: string | undefined;
}

/** What of an abbreviation a unit's first entry is read with. */
interface Attribute {
  readonly attribute: number;
  readonly form: number;
}

/** How often all of `.debug_abbrev` may be read: units share tables, and begin them alike. */
const ABBREV_RATIO = 8;
const ABBREV_LEAST = 2 ** 16;

/** The units that have a line table, by its offset. */
export class UnitRoots {
  readonly #sections: DwarfSections;
  readonly #problems: InputError[];
  /** Declarations read so far, by the offset of their table and their code. */
  readonly #declarations: Map<string, readonly Attribute[]> = new Map();
  #read = 0;

  /** @param problems where to put the errors of units that are damaged */
  constructor(sections: DwarfSections, problems: InputError[]) {
    this.#sections = sections;
    this.#problems = problems;
  }

  /** Reads the first entries of all units that can be read, by the offset of their line table. */
  all(): Map<number, UnitRoot> {
    const roots = new Map<number, UnitRoot>();
    try {
      const cursor = this.#sections.cursor(".debug_info");
      const sectionEnd = cursor.end;
      while (cursor.at < sectionEnd) {
        const { end, offsetSize } = readUnitLength(cursor);
        cursor.end = end;
        this.#try(() => this.#readUnit(cursor, offsetSize, roots));
        cursor.at = end;
        cursor.end = sectionEnd;
      }
    } catch (error) {
      this.#keep(error);
    }
    return roots;
  }

  #try(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#keep(error);
    }
  }

  #keep(error: unknown): void {
    if (!(error instanceof InputError)) throw error;
    this.#problems.push(error);
  }

  #readUnit(cursor: Cursor, offsetSize: 4 | 8, roots: Map<number, UnitRoot>): void {
    const versionAt = cursor.at;
    const version = cursor.u16();
    if (version < 2 || version > 5) {
      const message = `Unit's version is ${version}, expected 2 to 5`;
      throw new DwarfError("version", message, { source: cursor.source, offset: versionAt });
    }
    const unit: FormContext = { version, offsetSize };
    let abbreviations: number;
    if (version >= 5) {
      const kind = cursor.u8();
      this.#checkAddressSize(cursor);
      abbreviations = readOffset(cursor, unit);
      if (kind === DW_UT.type || kind === DW_UT.splitType) return; // these have no line table
      if (kind === DW_UT.skeleton || kind === DW_UT.splitCompile) cursor.skip(8);
    } else {
      abbreviations = readOffset(cursor, unit);
      this.#checkAddressSize(cursor);
    }
    const code = cursor.uleb();
    if (code === 0) return;
    this.#readEntry(cursor, unit, this.#declaration(abbreviations, code), roots);
  }

  #checkAddressSize(cursor: Cursor): void {
    const size = cursor.u8();
    if (size === 8) return;
    const place = { source: cursor.source, offset: cursor.at - 1 };
    throw new DwarfError("address-size", `Unit's address size is ${size}, expected 8`, place);
  }

  #readEntry(
    cursor: Cursor,
    unit: FormContext,
    attributes: readonly Attribute[],
    roots: Map<number, UnitRoot>,
  ): void {
    const values = new Map<number, FormValue>();
    for (const { attribute, form } of attributes) {
      values.set(attribute, readForm(cursor, form, unit));
    }
    const table = values.get(DW_AT.stmtList);
    if (table?.kind !== "number") return;
    const base = values.get(DW_AT.strOffsetsBase);
    const text = (value: FormValue | undefined) =>
      this.#text(value, unit, base?.kind === "number" ? base.value : undefined);
    roots.set(table.value, {
      name: text(values.get(DW_AT.name)),
      directory: text(values.get(DW_AT.compDir)),
    });
  }

  #text(
    value: FormValue | undefined,
    unit: FormContext,
    base: number | undefined,
  ): string | undefined {
    if (value?.kind === "string") return value.read(this.#sections);
    if (value?.kind !== "index") return undefined;
    // The unit's own part of the section begins behind its header.
    const start = base ?? unit.offsetSize * 2;
    const offsets = this.#sections.cursor(".debug_str_offsets");
    offsets.seek(start, offsets.end);
    offsets.skip(value.index * unit.offsetSize);
    return this.#sections.string(".debug_str", readOffset(offsets, unit));
  }

  #declaration(table: number, code: number): readonly Attribute[] {
    const key = `${table} ${code}`;
    const known = this.#declarations.get(key);
    if (known !== undefined) return known;
    const cursor = this.#sections.cursor(".debug_abbrev");
    cursor.seek(table, cursor.end);
    const attributes = this.#find(cursor, code);
    this.#declarations.set(key, attributes);
    return attributes;
  }

  #find(cursor: Cursor, wanted: number): readonly Attribute[] {
    const start = cursor.at;
    const most = ABBREV_RATIO * cursor.end + ABBREV_LEAST;
    for (;;) {
      const at = cursor.at;
      const code = cursor.uleb();
      if (code === 0) {
        const message = `Unit's first entry has abbreviation ${wanted}, expected one of its table`;
        throw new DwarfError("abbreviation", message, { source: cursor.source, offset: start });
      }
      cursor.uleb(); // tag
      cursor.u8(); // whether it has children
      const attributes = readAttributes(cursor);
      this.#read += cursor.at - at;
      if (code === wanted) return attributes;
      if (this.#read > most) {
        const message = `Units read ${this.#read} bytes of abbreviations, expected at most ${most}`;
        throw new DwarfError("abbreviation", message, { source: cursor.source, offset: at });
      }
    }
  }
}

function readAttributes(cursor: Cursor): readonly Attribute[] {
  const attributes: Attribute[] = [];
  for (;;) {
    const attribute = cursor.uleb();
    const form = cursor.uleb();
    if (form === DW_FORM.implicitConst) cursor.bigSleb();
    if (attribute === 0 && form === 0) return attributes;
    attributes.push({ attribute, form });
  }
}
