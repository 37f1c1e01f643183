/**
 * Name indexes that compilers and linkers have written: `.debug_names` (DWARF 5, section 6.1.1).
 *
 * @module
 */
import type { Cursor } from "../../../bytes/mod.ts";
import { DW_IDX } from "../constants.ts";
import { DwarfError } from "../errors.ts";
import { isSizeless, readForm, readOffset, readUnitLength, unknownForm } from "../form.ts";
import type { Entry, Unit } from "../info/entry.ts";
import type { DwarfSections } from "../sections.ts";

/** What is asked of the file whose names they are. */
export interface NameTableContext {
  /** Its sections. */
  readonly sections: DwarfSections;
  /** The unit at an offset of `.debug_info`, if one begins there. */
  readonly unitAt: (offset: number) => Unit | undefined;
}

/** How entries of one kind are written. */
interface NameAbbreviation {
  readonly attributes: readonly { readonly index: number; readonly form: number }[];
}

/** Attributes that one kind of entry may have: there are a handful. */
const ATTRIBUTE_LIMIT = 64;

/** One index, of one unit or of several. */
export class NameTable {
  readonly #context: NameTableContext;
  readonly #cursor: Cursor;
  readonly #end: number;
  readonly #offsetSize: 4 | 8;
  readonly #counts: {
    readonly units: number;
    readonly localTypes: number;
    readonly foreignTypes: number;
    readonly buckets: number;
    readonly names: number;
  };
  readonly #unitsAt: number;
  readonly #bucketsAt: number;
  readonly #hashesAt: number;
  readonly #stringsAt: number;
  readonly #entriesAt: number;
  readonly #poolAt: number;
  readonly #abbreviations: ReadonlyMap<number, NameAbbreviation>;

  /**
   * Reads the header at the cursor's position, and leaves the cursor behind the index, also when it
   * throws for what is inside: only a wrong length leaves it where it was.
   *
   * @throws {DwarfError | DecodeError | ElfError}
   */
  constructor(cursor: Cursor, context: NameTableContext) {
    this.#context = context;
    const sectionEnd = cursor.end;
    const { end, offsetSize } = readUnitLength(cursor);
    this.#end = end;
    this.#offsetSize = offsetSize;
    this.#cursor = context.sections.cursor(cursor.source as ".debug_names");
    cursor.end = end;
    try {
      const version = cursor.u16();
      if (version !== 5) {
        const message = `Name index's version is ${version}, expected 5`;
        throw new DwarfError("version", message, { source: cursor.source, offset: cursor.at - 2 });
      }
      cursor.u16();
      const units = cursor.u32();
      const localTypes = cursor.u32();
      const foreignTypes = cursor.u32();
      const buckets = cursor.u32();
      const names = cursor.u32();
      const abbreviations = cursor.u32();
      const augmentation = cursor.u32();
      cursor.skip((augmentation + 3) & ~3);
      this.#counts = { units, localTypes, foreignTypes, buckets, names };
      this.#unitsAt = cursor.at;
      cursor.skip((units + localTypes) * offsetSize + foreignTypes * 8);
      this.#bucketsAt = cursor.at;
      cursor.skip(buckets * 4);
      this.#hashesAt = cursor.at;
      // Without buckets there are no hashes either.
      if (buckets > 0) cursor.skip(names * 4);
      this.#stringsAt = cursor.at;
      cursor.skip(names * offsetSize);
      this.#entriesAt = cursor.at;
      cursor.skip(names * offsetSize);
      const tableAt = cursor.at;
      cursor.skip(abbreviations);
      this.#poolAt = cursor.at;
      cursor.at = tableAt;
      cursor.end = this.#poolAt;
      this.#abbreviations = readAbbreviations(cursor);
    } finally {
      cursor.at = end;
      cursor.end = sectionEnd;
    }
  }

  /** Units whose names it has. Throws `DecodeError`. */
  units(): Unit[] {
    const found: Unit[] = [];
    for (let i = 0; i < this.#counts.units + this.#counts.localTypes; i++) {
      const unit = this.#context.unitAt(this.#word(this.#unitsAt, i));
      if (unit !== undefined) found.push(unit);
    }
    return found;
  }

  /** Entries of a name. Throws `InputError` where the index is damaged. */
  *named(name: string): Generator<Entry> {
    const bytes = new TextEncoder().encode(name);
    for (const index of this.#candidates(name, bytes)) {
      if (this.#isNamed(index, bytes)) yield* this.#entries(index);
    }
  }

  /** Numbers of the names that may be the wanted one. */
  *#candidates(name: string, bytes: Uint8Array): Generator<number> {
    const { buckets, names } = this.#counts;
    // How letters beyond ASCII are folded is not worth a table: such names are compared with all.
    if (buckets === 0 || bytes.length !== name.length) {
      for (let i = 0; i < names; i++) yield i;
      return;
    }
    const wanted = nameHash(bytes);
    const first = this.#u32(this.#bucketsAt, wanted % buckets);
    if (first === 0) return;
    for (let i = first - 1; i < names; i++) {
      const hash = this.#u32(this.#hashesAt, i);
      if (hash % buckets !== wanted % buckets) return;
      if (hash === wanted) yield i;
    }
  }

  #isNamed(index: number, wanted: Uint8Array): boolean {
    const strings = this.#context.sections.cursor(".debug_str");
    const at = this.#word(this.#stringsAt, index);
    strings.seek(at, strings.end);
    if (strings.bytes[at + wanted.length] !== 0) return false;
    for (let i = 0; i < wanted.length; i++) {
      if (strings.bytes[at + i] !== wanted[i]) return false;
    }
    return true;
  }

  /** Entries of the name of a number. */
  *#entries(index: number): Generator<Entry> {
    let at = this.#poolAt + this.#word(this.#entriesAt, index);
    for (;;) {
      const cursor = this.#cursor;
      cursor.seek(at, this.#end);
      const code = cursor.uleb();
      if (code === 0) return;
      const abbreviation = this.#abbreviations.get(code);
      if (abbreviation === undefined) {
        const message = `Name's abbreviation is ${code}, expected one of its index`;
        throw new DwarfError("index", message, { source: cursor.source, offset: at });
      }
      const values = new Map<number, number>();
      for (const { index, form } of abbreviation.attributes) {
        const value = readForm(cursor, form, { version: 5, offsetSize: this.#offsetSize });
        if (value.kind === "constant") values.set(index, Number(value.value));
        else if (value.kind === "reference") values.set(index, value.offset);
      }
      at = cursor.at;
      const unit = this.#unitOf(values);
      const offset = values.get(DW_IDX.dieOffset);
      if (unit !== undefined && offset !== undefined) yield unit.entryAt(unit.offset + offset);
    }
  }

  /** The unit that an entry is in; undefined if it is in a file that there is not. */
  #unitOf(values: ReadonlyMap<number, number>): Unit | undefined {
    const { units, localTypes, foreignTypes } = this.#counts;
    const type = values.get(DW_IDX.typeUnit);
    // Of one unit alone entries do not say the number.
    const number = values.get(DW_IDX.compileUnit) ?? (units === 1 ? 0 : undefined);
    const compilation = number !== undefined && number < units
      ? this.#context.unitAt(this.#word(this.#unitsAt, number))
      : undefined;
    if (type === undefined) return compilation?.full;
    if (type < localTypes) return this.#context.unitAt(this.#word(this.#unitsAt, units + type));
    if (type >= localTypes + foreignTypes || compilation === undefined) return undefined;
    const cursor = this.#cursor;
    const at = this.#unitsAt + (units + localTypes) * this.#offsetSize + (type - localTypes) * 8;
    cursor.seek(at, this.#end);
    return compilation.full.referred({ kind: "signature", signature: cursor.bigU64() })?.unit;
  }

  #u32(table: number, index: number): number {
    this.#cursor.seek(table + index * 4, this.#end);
    return this.#cursor.u32();
  }

  #word(table: number, index: number): number {
    this.#cursor.seek(table + index * this.#offsetSize, this.#end);
    return readOffset(this.#cursor, { offsetSize: this.#offsetSize });
  }
}

function readAbbreviations(cursor: Cursor): ReadonlyMap<number, NameAbbreviation> {
  const abbreviations = new Map<number, NameAbbreviation>();
  while (cursor.at < cursor.end) {
    const start = cursor.at;
    const code = cursor.uleb();
    if (code === 0) break;
    cursor.uleb(); // tag, which the entry itself has, too
    const attributes: { index: number; form: number }[] = [];
    for (;;) {
      const index = cursor.uleb();
      const form = cursor.uleb();
      if (index === 0 && form === 0) break;
      // Only a flag may have no bytes: that there is no parent.
      if (isSizeless(form) && index !== DW_IDX.parent) throw unknownForm(cursor, form);
      if (attributes.length >= ATTRIBUTE_LIMIT) {
        const message =
          `Name's abbreviation has over ${ATTRIBUTE_LIMIT} attributes, expected fewer`;
        throw new DwarfError("index", message, { source: cursor.source, offset: start });
      }
      attributes.push({ index, form });
    }
    abbreviations.set(code, { attributes });
  }
  return abbreviations;
}

/** The hash of a name of ASCII characters (section 7.33), in which case does not matter. */
function nameHash(name: Uint8Array): number {
  let hash = 5381;
  for (const byte of name) {
    const folded = byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
    hash = (Math.imul(hash, 33) + folded) >>> 0;
  }
  return hash;
}
