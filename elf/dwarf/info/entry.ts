/**
 * One debugging information entry (DIE) and the unit it is in.
 *
 * @module
 */
import { type Address, addressFromHalves, type Cursor } from "../../../bytes/mod.ts";
import { DW_AT } from "../attributes.ts";
import { DW_FORM } from "../constants.ts";
import { type FormValue, narrow, readForm } from "../form.ts";
import type { LocationRange } from "../lists/locations.ts";
import { type AddressRange, isDropped, type ListBudget } from "../lists/ranges.ts";
import type { DwarfSections } from "../sections.ts";
import { DW_TAG } from "../tags.ts";
import type { Abbreviation } from "./abbreviation.ts";
import { EntryScanner, type ScanInput } from "./scanner.ts";
import { placeOf, u32At } from "./skip.ts";

/** Kinds of units (DWARF 5, section 3.1); older versions' are told by what their roots say. */
export type UnitKind =
  | "compile"
  | "partial"
  | "type"
  | "skeleton"
  | "split-compile"
  | "split-type";

/** One unit: what one compilation, or one type, has said. Everything is read when asked for. */
export interface Unit extends ScanInput {
  /** What it is. */
  readonly kind: UnitKind;
  /** Sections it is in. */
  readonly sections: DwarfSections;
  /** Its first entry, of which all others are descendants. Throws `InputError`. */
  readonly root: Entry;
  /** Name of the source file, as the compiler was given it. */
  readonly name: string | undefined;
  /** Folder the compiler ran in. */
  readonly directory: string | undefined;
  /** Which compiler, in its own words. */
  readonly producer: string | undefined;
  /** Source language; see `DW_LANG`. */
  readonly language: number | undefined;
  /** Where its line table is in `.debug_line` of {@linkcode Unit.lineSections}. */
  readonly lineOffset: number | undefined;
  /** Sections its line table is in: of a split unit, those of its skeleton. */
  readonly lineSections: DwarfSections;
  /** Where its code begins, if that is in one piece; else what its lists count from. */
  readonly lowPc: Address | undefined;
  /** Where its code is. */
  readonly ranges: readonly AddressRange[];
  /** What its skeleton and its split half have in common. */
  readonly dwoId: bigint | undefined;
  /** The full unit of a skeleton; undefined for other units, and if it cannot be had. */
  readonly split: Unit | undefined;
  /** The skeleton of a split unit that has been found through it. */
  readonly skeleton: Unit | undefined;
  /** The split half if there is one, else the unit itself. */
  readonly full: Unit;
  /** Of a type unit: what others refer to it by. */
  readonly signature: bigint | undefined;
  /** Of a type unit: the type. */
  readonly typeEntry: Entry | undefined;
  /**
   * The entry at an offset of the section. Throws `InputError` if there is none.
   * @param parent if it is known
   */
  entryAt(offset: number, parent?: Entry): Entry;
  /** The entry that an entry is a child of. */
  parentOf(entry: Entry): Entry | undefined;
  /** A scan of all its entries, without an object for each. */
  scan(): EntryScanner;
  /** Address by its index in `.debug_addr`. Throws `InputError`. */
  addressAt(index: number): Address;
  /** String by its index in `.debug_str_offsets`. Throws `InputError`. */
  stringAt(index: number): string;
  /** Offset in `.debug_str` of a string, by the same index. Throws `InputError`. */
  stringOffset(index: number): number;
  /** String of the file that `dwz` has made; undefined without that file. */
  supplementaryString(offset: number): string | undefined;
  /** Entry that a value refers to; undefined if it is in a file that there is not. */
  referred(value: FormValue): Entry | undefined;
  /** Calls `visit` with the ranges of a list until it returns true. */
  eachRange(
    list: FormValue,
    visit: (begin: Address, end: Address) => boolean | void,
    budget?: ListBudget,
  ): void;
  /** Location list that a value refers to. */
  locationList(list: FormValue): Iterable<LocationRange>;
  /** Outermost first: function and blocks whose code contains an address. */
  scopesAt(address: Address): readonly Entry[];
  /** The function whose code contains an address. */
  functionAt(address: Address): Entry | undefined;
  /** A cursor over the unit's section, which others use too. */
  cursorAt(place: number): Cursor;
}

/** An attribute of an entry, not read yet. */
export interface Attribute {
  /** See `DW_AT`. */
  readonly name: number;
  /** See `DW_FORM`. */
  readonly form: number;
}

/** So many origins an attribute is looked for in. */
const ORIGIN_LIMIT = 8;

/** An entry. Objects are made as they are asked for: compare them by {@linkcode Entry.is}. */
export class Entry {
  /** The unit it is in. */
  readonly unit: Unit;
  /** Its offset in its section. */
  readonly offset: number;
  /** Its declaration. */
  readonly abbreviation: Abbreviation;
  readonly #values: number;
  #parent: Entry | undefined;
  /** The entry that it is an instance or the definition of; null if there is none. */
  #origin: Entry | null | undefined;

  /** Use {@linkcode Unit.entryAt} or another entry. */
  constructor(
    unit: Unit,
    scanned: {
      readonly offset: number;
      readonly values: number;
      readonly abbreviation: Abbreviation;
    },
    parent?: Entry,
  ) {
    this.unit = unit;
    this.offset = scanned.offset;
    this.abbreviation = scanned.abbreviation;
    this.#values = scanned.values;
    this.#parent = parent;
  }

  /** What it is; see `DW_TAG`. */
  get tag(): number {
    return this.abbreviation.tag;
  }

  /** Whether it may have children. */
  get hasChildren(): boolean {
    return this.abbreviation.hasChildren;
  }

  /** Whether it is the same entry. */
  is(other: Entry): boolean {
    return this.unit === other.unit && this.offset === other.offset;
  }

  /** The entry that it is a child of; undefined for a unit's root. */
  get parent(): Entry | undefined {
    return this.#parent ??= this.unit.parentOf(this);
  }

  /** Its children, in order. Throws `InputError` where one is damaged. */
  *children(): Generator<Entry> {
    if (!this.hasChildren) return;
    const scan = new EntryScanner(this.unit, this.offset);
    scan.next();
    while (scan.next()) {
      yield new Entry(this.unit, scan, this);
      scan.skipChildren();
    }
  }

  /** Its children, and in the place of imported units theirs, each unit once. */
  *childrenImported(): Generator<Entry> {
    const seen = new Set<Unit>([this.unit]);
    const open = [this.children()];
    while (open.length > 0) {
      const { done, value: child } = open.at(-1)!.next();
      if (done === true) {
        open.pop();
        continue;
      }
      if (child.tag !== DW_TAG.importedUnit) {
        yield child;
        continue;
      }
      const root = child.reference(DW_AT.import);
      if (root === undefined || seen.has(root.unit)) continue;
      seen.add(root.unit);
      open.push(root.children());
    }
  }

  /** Its attributes, in order. */
  attributes(): readonly Attribute[] {
    const { attributes, forms } = this.abbreviation;
    return attributes.map((name, i) => ({ name, form: forms[i]! }));
  }

  /** Whether it has an attribute. */
  has(attribute: number): boolean {
    return this.abbreviation.indexOf(attribute) >= 0;
  }

  /**
   * Value of an attribute; undefined without it. This and everything below throws `InputError` if
   * what the attribute says is damaged.
   */
  value(attribute: number): FormValue | undefined {
    const index = this.abbreviation.indexOf(attribute);
    return index < 0 ? undefined : this.#valueAt(index);
  }

  /** Value of the attribute at a position of the abbreviation. */
  #valueAt(index: number): FormValue {
    const { abbreviation, unit } = this;
    const form = abbreviation.forms[index]!;
    if (form === DW_FORM.implicitConst) {
      return { kind: "constant", value: abbreviation.constants!.get(index)!, size: undefined };
    }
    const place = placeOf(unit.bytes, this.#values, abbreviation, index, unit);
    return readForm(unit.cursorAt(place), form, unit);
  }

  /** Text of an attribute. */
  text(attribute: number): string | undefined {
    return this.#textAt(this.abbreviation.indexOf(attribute));
  }

  /** Text of the attribute at a position of the abbreviation. */
  #textAt(index: number): string | undefined {
    if (index < 0) return undefined;
    if (this.abbreviation.forms[index] === DW_FORM.strp && this.unit.offsetSize === 4) {
      // Most names, without an object for each.
      const { bytes, sections } = this.unit;
      const place = placeOf(bytes, this.#values, this.abbreviation, index, this.unit);
      return sections.string(".debug_str", u32At(bytes, place));
    }
    const value = this.#valueAt(index);
    switch (value?.kind) {
      case "text":
        return value.text;
      case "string":
        return value.section === "supplementary"
          ? this.unit.supplementaryString(value.offset)
          : this.unit.sections.string(value.section, value.offset);
      case "string-index":
        return this.unit.stringAt(value.index);
    }
    return undefined;
  }

  /** Constant of an attribute, unsigned if it has a fixed size; undefined if it is not exact. */
  number(attribute: number): number | undefined {
    const value = this.value(attribute);
    return value?.kind === "constant" && typeof value.value === "number" ? value.value : undefined;
  }

  /** Constant of an attribute, signed if it has a fixed size; undefined if it is not exact. */
  signed(attribute: number): number | undefined {
    const value = this.value(attribute);
    if (value?.kind !== "constant") return undefined;
    const number = value.size === undefined
      ? value.value
      : narrow(BigInt.asIntN(8 * value.size, BigInt(value.value)));
    return typeof number === "number" ? number : undefined;
  }

  /** Constant of an attribute, however large; unsigned if it has a fixed size. */
  big(attribute: number): bigint | undefined {
    const value = this.value(attribute);
    return value?.kind === "constant" ? BigInt(value.value) : undefined;
  }

  /** Whether a flag is set. */
  flag(attribute: number): boolean {
    const value = this.value(attribute);
    return value?.kind === "flag" && value.value;
  }

  /** Address of an attribute. */
  address(attribute: number): Address | undefined {
    const value = this.value(attribute);
    return value === undefined ? undefined : this.#addressOf(value);
  }

  #addressOf(value: FormValue): Address | undefined {
    if (value.kind === "address") return value.address;
    if (value.kind !== "address-index") return undefined;
    return this.unit.addressAt(value.index) + value.addend;
  }

  /** Bytes of an attribute that is a block or an expression, as a view. */
  bytes(attribute: number): Uint8Array | undefined {
    const value = this.value(attribute);
    return value?.kind === "block" || value?.kind === "expression" ? value.bytes : undefined;
  }

  /**
   * Entry that an attribute refers to; undefined without the attribute, and if it is in a file that
   * there is not. Where references lead in a circle the caller must see to it that it ends.
   */
  reference(attribute: number): Entry | undefined {
    const value = this.value(attribute);
    return value === undefined ? undefined : this.unit.referred(value);
  }

  /**
   * The entry that has an attribute: this one, or of those that it is an instance, the definition
   * or a declaration of the first one.
   */
  inherited(attribute: number): Entry | undefined {
    // deno-lint-ignore no-this-alias
    let entry: Entry | undefined = this;
    for (let i = 0; i < ORIGIN_LIMIT && entry !== undefined; i++) {
      if (entry.has(attribute)) return entry;
      entry = entry.#originEntry();
    }
    return undefined;
  }

  /** The entry that it is an instance or the definition of. */
  #originEntry(): Entry | undefined {
    const { origin } = this.abbreviation;
    if (origin < 0) return undefined;
    if (this.#origin === undefined) {
      this.#origin = this.unit.referred(this.#valueAt(origin)) ?? null;
    }
    return this.#origin ?? undefined;
  }

  /** Its name, or that of the entry it is an instance of. */
  get name(): string | undefined {
    // deno-lint-ignore no-this-alias
    let entry: Entry | undefined = this;
    for (let i = 0; i < ORIGIN_LIMIT && entry !== undefined; i++) {
      const { name } = entry.abbreviation;
      if (name >= 0) return entry.#textAt(name);
      entry = entry.#originEntry();
    }
    return undefined;
  }

  /** Its name for linkers, or that of the entry it is an instance of. */
  get linkageName(): string | undefined {
    // deno-lint-ignore no-this-alias
    let entry: Entry | undefined = this;
    for (let i = 0; i < ORIGIN_LIMIT && entry !== undefined; i++) {
      const name = entry.#textAt(entry.abbreviation.linkageName);
      if (name !== undefined) return name;
      entry = entry.#originEntry();
    }
    return undefined;
  }

  /** Where its code begins, if that is in one piece. */
  get lowPc(): Address | undefined {
    const { lowPc } = this.abbreviation;
    return lowPc < 0 ? undefined : this.#addressAt(lowPc);
  }

  /** Address behind its code, if that is in one piece. */
  get highPc(): Address | undefined {
    const { lowPc } = this;
    return lowPc === undefined ? this.address(DW_AT.highPc) : this.#endOf(lowPc);
  }

  /** Where its code is, without empty ranges and those of code that the linker has dropped. */
  ranges(): readonly AddressRange[] {
    const ranges: AddressRange[] = [];
    this.eachRange((begin, end) => void ranges.push({ begin, end }));
    return ranges;
  }

  /** Calls `visit` with its ranges until it returns true. */
  eachRange(
    visit: (begin: Address, end: Address) => boolean | void,
    budget?: ListBudget,
  ): void {
    const { ranges, lowPc } = this.abbreviation;
    if (ranges >= 0) return this.unit.eachRange(this.#valueAt(ranges), visit, budget);
    const begin = lowPc < 0 ? undefined : this.#addressAt(lowPc);
    if (begin === undefined || isDropped(begin)) return;
    const end = this.#endOf(begin);
    if (end !== undefined && begin < end) visit(begin, end);
  }

  /** The address at a position of the abbreviation. Blocks are asked for it very often. */
  #addressAt(index: number): Address | undefined {
    const { unit, abbreviation } = this;
    const form = abbreviation.forms[index];
    if (form !== DW_FORM.addr) return this.#addressOf(this.#valueAt(index));
    const place = placeOf(unit.bytes, this.#values, abbreviation, index, unit);
    const address = addressFromHalves(u32At(unit.bytes, place), u32At(unit.bytes, place + 4));
    // An address that is none is the error that it always is.
    return Number.isNaN(address) ? this.#addressOf(this.#valueAt(index)) : address;
  }

  /** Where code ends that begins at an address. */
  #endOf(begin: Address): Address | undefined {
    const { unit, abbreviation } = this;
    const { highPc } = abbreviation;
    if (highPc < 0) return undefined;
    const form = abbreviation.forms[highPc];
    if (form === DW_FORM.data4 || form === DW_FORM.data8) {
      const place = placeOf(unit.bytes, this.#values, abbreviation, highPc, unit);
      const size = u32At(unit.bytes, place);
      if (form === DW_FORM.data4) return begin + size;
      return begin + size + u32At(unit.bytes, place + 4) * 2 ** 32;
    }
    const value = this.#valueAt(highPc);
    return value.kind === "constant" ? begin + Number(value.value) : this.#addressOf(value);
  }

  /** Whether an address is in its code. */
  contains(address: Address): boolean {
    let contains = false;
    this.eachRange((begin, end) => contains = begin <= address && address < end);
    return contains;
  }

  /**
   * The location expression that an attribute has for a program counter; undefined without the
   * attribute, and if its list has none for it: what it is the location of is then nowhere.
   */
  location(attribute: number, pc: Address): Uint8Array | undefined {
    let fallback: Uint8Array | undefined;
    for (const { begin, end, expression, isDefault } of this.locations(attribute)) {
      if (isDefault) fallback = expression;
      else if (begin <= pc && pc < end) return expression;
    }
    return fallback;
  }

  /** Location expressions of an attribute; one that is not a list is for all addresses. */
  *locations(attribute: number): Generator<LocationRange> {
    const value = this.value(attribute);
    if (value?.kind === "block" || value?.kind === "expression") {
      yield { begin: -Infinity, end: Infinity, expression: value.bytes, isDefault: true };
    } else if (value !== undefined) yield* this.unit.locationList(value);
  }
}
