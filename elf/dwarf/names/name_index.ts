/**
 * An index of names that is built here, for files that come without one.
 *
 * @module
 */
import { DW_AT } from "../attributes.ts";
import { DW_FORM } from "../constants.ts";
import { DwarfError } from "../errors.ts";
import { Entry, type Unit } from "../info/entry.ts";
import { float64List, uint32List } from "../info/numbers.ts";
import { EntryScanner } from "../info/scanner.ts";
import { u32At } from "../info/skip.ts";
import { DW_TAG } from "../tags.ts";

/** Entries that are found by name, besides functions. */
const NAMED: ReadonlySet<number> = new Set([
  DW_TAG.variable,
  DW_TAG.constant,
  DW_TAG.namespace,
  DW_TAG.module,
  DW_TAG.enumerator,
  DW_TAG.baseType,
  DW_TAG.structureType,
  DW_TAG.classType,
  DW_TAG.unionType,
  DW_TAG.enumerationType,
  DW_TAG.interfaceType,
  DW_TAG.typedef,
  DW_TAG.unspecifiedType,
  DW_TAG.subrangeType,
  DW_TAG.stringType,
  DW_TAG.templateAlias,
]);

const NAMES: readonly number[] = [DW_AT.name, DW_AT.linkageName, DW_AT.mipsLinkageName];

/** Names that one index may have. */
const NAME_LIMIT = 2 ** 23;

/** Bytes of a name that its hash is made of: names may share long ends. */
const HASHED = 64;

/**
 * Names of the entries of units: 24 bytes each, whatever the names are. Local variables are left
 * out, and types and variables that a function has for itself.
 */
export class NameIndex {
  readonly #units: Unit[] = [];
  readonly #hashes = uint32List();
  readonly #unitOf = uint32List();
  readonly #offsets = float64List();
  /** First name of each hash, by its lower bits, and the next one of each name; all plus 1. */
  #first: Uint32Array | undefined;
  #next = new Uint32Array(0);

  /** Adds the names of a unit, before the first look-up. Throws `InputError`. */
  add(unit: Unit): void {
    const number = this.#units.push(unit) - 1;
    const scan = unit.scan();
    const strings = unit.sections.cursor(".debug_str").bytes;
    /** Depth of the function that the scan is in. */
    let inside = Infinity;
    while (scan.next()) {
      const { abbreviation, depth } = scan;
      if (depth <= inside) inside = Infinity;
      const { tag } = abbreviation;
      const isFunction = tag === DW_TAG.subprogram;
      if (!isFunction && (depth > inside || !NAMED.has(tag))) continue;
      if (isFunction && depth < inside) inside = depth;
      // Declarations are of no use to those who look for something.
      if (abbreviation.isDeclaration) continue;
      this.#addName(number, scan, this.#hashAt(unit, scan, { index: abbreviation.name, strings }));
      const index = abbreviation.linkageName;
      if (index >= 0) this.#addName(number, scan, this.#hashAt(unit, scan, { index, strings }));
      // Both names may be those of what it is an instance or the definition of.
      if (abbreviation.origin < 0) continue;
      const entry = new Entry(unit, scan);
      if (abbreviation.name < 0) this.#addName(number, scan, this.#hashOfOrigin(entry, "name"));
      if (index < 0) this.#addName(number, scan, this.#hashOfOrigin(entry, "linkageName"));
    }
  }

  /** Entries of a name, in the order in which they were added. Throws `InputError`. */
  *named(name: string): Generator<Entry> {
    const first = this.#first ??= this.#link();
    const bytes = new TextEncoder().encode(name);
    const wanted = hashOf(bytes, 0);
    const hashes = this.#hashes.values;
    let previous: Entry | undefined;
    for (let at = first[wanted & (first.length - 1)]!; at !== 0; at = this.#next[at - 1]!) {
      if (hashes[at - 1] !== wanted) continue;
      const unit = this.#units[this.#unitOf.values[at - 1]!]!;
      const entry = unit.entryAt(this.#offsets.values[at - 1]!);
      // Both names of an entry may be the same one.
      if (previous?.is(entry) === true || !isNamed(entry, name)) continue;
      previous = entry;
      yield entry;
    }
  }

  #addName(number: number, scan: EntryScanner, hash: number | undefined): void {
    if (hash === undefined) return;
    if (this.#hashes.count >= NAME_LIMIT) {
      const message = `Units have over ${NAME_LIMIT} names, expected fewer`;
      const { source } = this.#units[number]!;
      throw new DwarfError("index", message, { source, offset: scan.offset });
    }
    this.#hashes.push(hash);
    this.#unitOf.push(number);
    this.#offsets.push(scan.offset);
  }

  /** Hash of the name that is at a position of the abbreviation. */
  #hashAt(
    unit: Unit,
    scan: EntryScanner,
    { index, strings }: { readonly index: number; readonly strings: Uint8Array },
  ): number | undefined {
    if (index < 0) return undefined;
    // The two usual forms without an object for each.
    const { attributes, forms } = scan.abbreviation;
    const place = scan.placeOf(index);
    if (forms[index] === DW_FORM.string) return hashOf(unit.bytes, place);
    if (forms[index] === DW_FORM.strp && unit.offsetSize === 4) {
      return hashOf(strings, u32At(unit.bytes, place));
    }
    const entry = new Entry(unit, scan);
    const attribute = attributes[index]!;
    const value = entry.value(attribute);
    return value?.kind === "string-index"
      ? hashOf(strings, unit.stringOffset(value.index))
      : hashOfText(entry.text(attribute));
  }

  /** Hash of a name that an entry has from another. */
  #hashOfOrigin(entry: Entry, which: "name" | "linkageName"): number | undefined {
    const attributes = which === "name" ? [DW_AT.name] : [DW_AT.linkageName, DW_AT.mipsLinkageName];
    const origin = attributes.map((each) => entry.inherited(each)).find((each) =>
      each !== undefined
    );
    if (origin === undefined) return undefined;
    const { unit, abbreviation } = origin;
    const scan = new EntryScanner(unit, origin.offset);
    scan.next();
    const strings = unit.sections.cursor(".debug_str").bytes;
    return this.#hashAt(unit, scan, { index: abbreviation[which], strings });
  }

  /** Makes chains of the names of the same lower bits. */
  #link(): Uint32Array {
    const { count, values } = this.#hashes;
    let size = 1;
    while (size < count) size *= 2;
    const first = new Uint32Array(size);
    this.#next = new Uint32Array(count);
    for (let i = count - 1; i >= 0; i--) {
      const slot = values[i]! & (size - 1);
      this.#next[i] = first[slot]!;
      first[slot] = i + 1;
    }
    return first;
  }
}

function isNamed(entry: Entry, name: string): boolean {
  return NAMES.some((attribute) => entry.inherited(attribute)?.text(attribute) === name);
}

function hashOfText(text: string | undefined): number | undefined {
  return text === undefined ? undefined : hashOf(new TextEncoder().encode(text), 0);
}

/** Hash of a name that begins at a place and ends at a NUL, or where the bytes end. */
function hashOf(bytes: Uint8Array, at: number): number {
  let hash = 0x811c9dc5;
  const end = Math.min(bytes.length, at + HASHED);
  for (let i = at; i < end; i++) {
    const byte = bytes[i]!;
    if (byte === 0) break;
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return hash >>> 0;
}
