/**
 * A unit as it is read from a file.
 *
 * @module
 */
import type { Address, Cursor } from "../../../bytes/mod.ts";
import { DW_AT } from "../attributes.ts";
import { DW_UT } from "../constants.ts";
import { DwarfError } from "../errors.ts";
import { type FormValue, readOffset } from "../form.ts";
import { type LocationFormat, type LocationRange, locationsOf } from "../lists/locations.ts";
import { type AddressRange, eachRange, type ListBudget, type ListUnit } from "../lists/ranges.ts";
import type { DwarfSectionName, DwarfSections } from "../sections.ts";
import { DW_TAG } from "../tags.ts";
import type { Abbreviations, AbbreviationTable } from "./abbreviations.ts";
import { Entry, type Unit, type UnitKind } from "./entry.ts";
import type { UnitParts } from "./package_index.ts";
import { ParentIndex } from "./parents.ts";
import { EntryScanner } from "./scanner.ts";
import { ScopeIndex } from "./scopes.ts";
import type { UnitHeader } from "./unit_header.ts";

/** What a unit needs of the file it is in. */
export interface UnitOwner {
  /** Its sections. */
  readonly sections: DwarfSections;
  /** Its abbreviations. */
  readonly abbreviations: Abbreviations;
  /** Whether it is a split file, which has no addresses of its own. */
  readonly isSplit: boolean;
  /** Language of the first unit that has one. */
  readonly language: number | undefined;
  /** The file that `dwz` has made for it and others. */
  readonly supplementary: UnitOwner | undefined;
  /** The entry at an offset of `.debug_info`. */
  entryAt(offset: number): Entry;
  /** The type of a type unit. */
  typeNamed(signature: bigint): Entry | undefined;
  /** The full unit of a skeleton. */
  splitOf(skeleton: Unit): Unit | undefined;
  /** Takes the error of what is left out; whether more of them are wanted. */
  report(error: unknown): boolean;
}

/** A unit; see {@linkcode Unit}. */
export class FileUnit implements Unit {
  readonly header: UnitHeader;
  readonly bytes: Uint8Array;
  readonly sections: DwarfSections;
  /** The file it is in. */
  readonly owner: UnitOwner;
  readonly #parts: UnitParts | undefined;
  readonly #cursor: Cursor;
  #abbreviations: AbbreviationTable | undefined;
  /** Reads single entries. */
  #reader: EntryScanner | undefined;
  #root: Entry | undefined;
  /** `dwz` leaves out the language of what it moves: that of the first unit that refers to it. */
  #languageOfUsers: number | undefined;
  #ranges: readonly AddressRange[] | undefined;
  #scopes: ScopeIndex | undefined;
  #parents: ParentIndex | undefined;
  #split: { readonly unit: Unit | undefined } | undefined;
  #addresses: { readonly cursor: Cursor; readonly base: number } | undefined;
  #strings: { readonly cursor: Cursor; readonly base: number } | undefined;
  #lists: { readonly skeleton: Unit | undefined; readonly unit: ListUnit } | undefined;
  skeleton: Unit | undefined;

  constructor(owner: UnitOwner, header: UnitHeader, cursor: Cursor, parts?: UnitParts) {
    this.owner = owner;
    this.header = header;
    this.#parts = parts;
    this.sections = owner.sections;
    this.#cursor = cursor;
    this.bytes = cursor.bytes;
  }

  get source(): string {
    return this.header.section;
  }

  get offset(): number {
    return this.header.offset;
  }

  get end(): number {
    return this.header.end;
  }

  get version(): number {
    return this.header.version;
  }

  get offsetSize(): 4 | 8 {
    return this.header.offsetSize;
  }

  get signature(): bigint | undefined {
    return this.header.signature;
  }

  get abbreviations(): AbbreviationTable {
    return this.#abbreviations ??= this.owner.abbreviations.table(
      this.#part(".debug_abbrev") + this.header.abbreviations,
      this,
    );
  }

  get kind(): UnitKind {
    switch (this.header.type) {
      case DW_UT.type:
        return this.owner.isSplit ? "split-type" : "type";
      case DW_UT.partial:
        return "partial";
      case DW_UT.skeleton:
        return "skeleton";
      case DW_UT.splitCompile:
        return "split-compile";
      case DW_UT.splitType:
        return "split-type";
    }
    if (this.root.tag === DW_TAG.partialUnit) return "partial";
    if (this.owner.isSplit) return "split-compile";
    return this.root.has(DW_AT.gnuDwoId) ? "skeleton" : "compile";
  }

  get root(): Entry {
    return this.#root ??= this.entryAt(this.header.rootAt);
  }

  get name(): string | undefined {
    return this.root.text(DW_AT.name) ?? this.skeleton?.name;
  }

  get directory(): string | undefined {
    return this.root.text(DW_AT.compDir) ?? this.skeleton?.directory;
  }

  get producer(): string | undefined {
    return this.root.text(DW_AT.producer);
  }

  get language(): number | undefined {
    const own = this.root.number(DW_AT.language);
    if (own !== undefined || this.root.tag !== DW_TAG.partialUnit) return own;
    return this.#languageOfUsers ?? this.owner.language;
  }

  get lineOffset(): number | undefined {
    const own = this.#offset(DW_AT.stmtList);
    return own === undefined ? this.skeleton?.lineOffset : own + this.#part(".debug_line");
  }

  get lineSections(): DwarfSections {
    const isOwn = this.skeleton === undefined || this.root.has(DW_AT.stmtList);
    return isOwn ? this.sections : this.skeleton!.lineSections;
  }

  get lowPc(): Address | undefined {
    return this.root.lowPc ?? this.skeleton?.lowPc;
  }

  get ranges(): readonly AddressRange[] {
    if (this.#ranges !== undefined) return this.#ranges;
    const own = this.root.ranges();
    return this.#ranges = own.length > 0 ? own : this.skeleton?.ranges ?? own;
  }

  get dwoId(): bigint | undefined {
    return this.header.dwoId ?? this.root.big(DW_AT.gnuDwoId);
  }

  get split(): Unit | undefined {
    this.#split ??= {
      unit: this.kind === "skeleton" ? this.owner.splitOf(this) : undefined,
    };
    return this.#split.unit;
  }

  get full(): Unit {
    return this.split ?? this;
  }

  get typeEntry(): Entry | undefined {
    const { offset, typeOffset } = this.header;
    return typeOffset === undefined ? undefined : this.entryAt(offset + typeOffset);
  }

  entryAt(offset: number, parent?: Entry): Entry {
    if (!(offset >= this.header.rootAt && offset < this.end)) {
      const { rootAt } = this.header;
      const message = `Entry's offset is 0x${offset.toString(16)}, expected 0x${
        rootAt.toString(16)
      } to 0x${this.end.toString(16)}`;
      throw new DwarfError("reference", message, { source: this.source, offset: this.offset });
    }
    const reader = this.#reader ??= new EntryScanner(this, offset);
    reader.restart(offset);
    if (reader.next()) return new Entry(this, reader, parent);
    const message = "There is no entry here, expected one that is referred to";
    throw new DwarfError("reference", message, { source: this.source, offset });
  }

  parentOf(entry: Entry): Entry | undefined {
    if (entry.offset === this.header.rootAt) return undefined;
    const parent = (this.#parents ??= new ParentIndex(this.scan())).of(entry.offset);
    return parent === undefined ? undefined : this.entryAt(parent);
  }

  scan(): EntryScanner {
    return new EntryScanner(this, this.header.rootAt);
  }

  addressAt(index: number): Address {
    if (this.skeleton !== undefined) return this.skeleton.addressAt(index);
    const { cursor, base } = this.#addresses ??= {
      cursor: this.sections.cursor(".debug_addr"),
      // Versions before 5 have no header there.
      base: this.#offset(DW_AT.addrBase) ?? this.#offset(DW_AT.gnuAddrBase) ??
        (this.version >= 5 ? 2 * this.offsetSize : 0),
    };
    cursor.seek(base, cursor.bytes.length);
    cursor.skip(index * 8);
    return cursor.address64();
  }

  stringAt(index: number): string {
    return this.sections.string(".debug_str", this.stringOffset(index));
  }

  stringOffset(index: number): number {
    const { cursor, base } = this.#strings ??= {
      cursor: this.sections.cursor(".debug_str_offsets"),
      base: this.#part(".debug_str_offsets") +
        (this.#offset(DW_AT.strOffsetsBase) ?? (this.version >= 5 ? 2 * this.offsetSize : 0)),
    };
    cursor.seek(base, cursor.bytes.length);
    cursor.skip(index * this.offsetSize);
    return readOffset(cursor, this);
  }

  supplementaryString(offset: number): string | undefined {
    return this.owner.supplementary?.sections.string(".debug_str", offset);
  }

  referred(value: FormValue): Entry | undefined {
    if (value.kind === "signature") return this.owner.typeNamed(value.signature);
    if (value.kind !== "reference") return undefined;
    switch (value.base) {
      case "unit":
        return this.entryAt(this.offset + value.offset);
      case "section":
        return this.#used(this.owner.entryAt(value.offset));
      case "supplementary":
        return this.#used(this.owner.supplementary?.entryAt(value.offset));
    }
  }

  /** An entry that may be of another unit, which is one of this unit's language then. */
  #used(entry: Entry | undefined): Entry | undefined {
    if (entry !== undefined && entry.unit !== this) {
      const unit = entry.unit as FileUnit;
      unit.#languageOfUsers ??= this.language;
    }
    return entry;
  }

  eachRange(
    list: FormValue,
    visit: (begin: Address, end: Address) => boolean | void,
    budget?: ListBudget,
  ): void {
    const cursor = this.#rangeList(list);
    if (cursor !== undefined) eachRange(cursor, this.#listUnit(), visit, budget);
  }

  *locationList(list: FormValue): Generator<LocationRange> {
    const split = this.owner.isSplit;
    const format: LocationFormat = this.version >= 5 ? "loclists" : split ? "gnu-split" : "loc";
    const section = this.version >= 5 ? ".debug_loclists" : ".debug_loc";
    const cursor = this.#listAt(this.sections, section, list, DW_AT.loclistsBase);
    if (cursor !== undefined) yield* locationsOf(cursor, this.#listUnit(), format);
  }

  scopesAt(address: Address): readonly Entry[] {
    const { split } = this;
    return split !== undefined ? split.scopesAt(address) : this.#scopeIndex().at(address);
  }

  functionAt(address: Address): Entry | undefined {
    const { split } = this;
    return split !== undefined ? split.functionAt(address) : this.#scopeIndex().functionAt(address);
  }

  cursorAt(place: number): Cursor {
    const cursor = this.#cursor;
    cursor.seek(place, this.end);
    return cursor;
  }

  #scopeIndex(): ScopeIndex {
    return this.#scopes ??= new ScopeIndex(this, (error) => this.owner.report(error));
  }

  /** Where the unit's own part of a section begins. */
  #part(section: DwarfSectionName): number {
    return this.#parts?.get(section) ?? 0;
  }

  /** Offset that an attribute of the root has, in whichever form. */
  #offset(attribute: number): number | undefined {
    const value = this.root.value(attribute);
    return value === undefined ? undefined : offsetOf(value);
  }

  /** What lists need, which are very many; of a split unit it changes with its skeleton. */
  #listUnit(): ListUnit {
    const { skeleton } = this;
    if (this.#lists === undefined || this.#lists.skeleton !== skeleton) {
      const unit = {
        version: this.version,
        baseAddress: this.lowPc ?? 0,
        addressAt: (index: number) => this.addressAt(index),
      };
      this.#lists = { skeleton, unit };
    }
    return this.#lists.unit;
  }

  #rangeList(list: FormValue): Cursor | undefined {
    if (this.version >= 5) {
      return this.#listAt(this.sections, ".debug_rnglists", list, DW_AT.rnglistsBase);
    }
    // Before DWARF 5 the lists of split units are with the skeletons, who say where.
    const { skeleton } = this;
    if (skeleton === undefined) return this.#listAt(this.sections, ".debug_ranges", list);
    const base = skeleton.root.value(DW_AT.gnuRangesBase);
    return this.#listAt(
      skeleton.sections,
      ".debug_ranges",
      list,
      undefined,
      base === undefined ? 0 : offsetOf(base),
    );
  }

  /** A cursor at a list, which is named by its offset or by an index into a table of offsets. */
  #listAt(
    sections: DwarfSections,
    section: DwarfSectionName,
    list: FormValue,
    baseAttribute?: number,
    base = this.#part(section),
  ): Cursor | undefined {
    const cursor = sections.cursor(section);
    let offset = offsetOf(list);
    if (offset !== undefined) offset += base;
    else if (list.kind === "list-index" && baseAttribute !== undefined) {
      // The table of offsets is behind the header, from which the offsets count.
      const header = this.offsetSize === 4 ? 12 : 20;
      const table = this.#offset(baseAttribute) ?? base + header;
      cursor.seek(table, cursor.bytes.length);
      cursor.skip(list.index * this.offsetSize);
      offset = table + readOffset(cursor, this);
    } else return undefined;
    cursor.seek(offset, cursor.bytes.length);
    return cursor;
  }
}

/** Offset into a section; before version 4 such offsets had the forms of constants. */
function offsetOf(value: FormValue): number | undefined {
  if (value.kind === "offset") return value.offset;
  return value.kind === "constant" && typeof value.value === "number" ? value.value : undefined;
}
