/**
 * Tables of abbreviations (DWARF 5, section 7.5.3). A table is run over once to learn where each
 * declaration is; a declaration is read when an entry has it.
 *
 * @module
 */
import type { Cursor } from "../../../bytes/mod.ts";
import { DW_FORM } from "../constants.ts";
import { DwarfError } from "../errors.ts";
import type { FormContext } from "../form.ts";
import type { DwarfSections } from "../sections.ts";
import { type Abbreviation, readDeclaration } from "./abbreviation.ts";

/** How often all of `.debug_abbrev` may be run over: sound tables do not overlap. */
const READ_RATIO = 2;
const READ_LEAST = 2 ** 16;

/** Attributes of declarations that are kept; with more, they are read again. */
const KEPT_LIMIT = 2 ** 20;

/** What a declaration counts besides its attributes. */
const KEPT_BASE = 16;

/** Declarations with one sum that are compared; more are damage. */
const SAME_SUMS = 8;

/** The declarations of one table, as units of one format read it. */
export class AbbreviationTable {
  /** Where it is in `.debug_abbrev`. */
  readonly offset: number;
  readonly #all: Abbreviations;
  readonly #unit: FormContext;
  readonly #places: Places;
  /** Declarations read so far, by code, */
  known: Abbreviation[] = [];
  /** unless codes are not those from 1 on in order. */
  readonly #others: Map<number, Abbreviation> = new Map();

  /** Use {@linkcode Abbreviations.table}. */
  constructor(
    all: Abbreviations,
    init: {
      readonly offset: number;
      readonly unit: FormContext;
      readonly places: Places;
    },
  ) {
    this.#all = all;
    this.offset = init.offset;
    this.#unit = init.unit;
    this.#places = init.places;
  }

  /** The declaration of a code, or undefined. Throws {@linkcode DwarfError} or `DecodeError`. */
  get(code: number): Abbreviation | undefined {
    return this.known[code] ?? this.#others.get(code) ?? this.#read(code);
  }

  /** Forgets what has been read. */
  forget(): void {
    this.known = [];
    this.#others.clear();
  }

  #read(code: number): Abbreviation | undefined {
    const { all, others } = this.#places;
    const number = others === undefined ? code - 1 : others.get(code) ?? -1;
    if (number < 0 || PLACE * number >= all.length) return undefined;
    const abbreviation = this.#all.declarationAt(placeAt(all, number), this.#unit);
    if (others === undefined) this.known[code] = abbreviation;
    else this.#others.set(code, abbreviation);
    return abbreviation;
  }
}

/** All tables of a file. */
export class Abbreviations {
  readonly #sections: DwarfSections;
  readonly #tables: Map<string, AbbreviationTable> = new Map();
  /** Declarations by a sum of their bytes. */
  readonly #declarations: Map<number, Declaration> = new Map();
  #cursor: Cursor | undefined;
  #read = 0;
  #kept = 0;

  /** Tables of `.debug_abbrev`. */
  constructor(sections: DwarfSections) {
    this.#sections = sections;
  }

  /**
   * The table at an offset, for units of a format.
   *
   * @throws {DwarfError | DecodeError | ElfError}
   */
  table(offset: number, { version, offsetSize }: FormContext): AbbreviationTable {
    const key = `${offset} ${offsetSize} ${version === 2}`;
    const known = this.#tables.get(key);
    if (known !== undefined) return known;
    const unit = { version, offsetSize };
    const table = new AbbreviationTable(this, { offset, unit, places: this.#places(offset) });
    this.#tables.set(key, table);
    return table;
  }

  /** A cursor over the section, at a place. */
  cursorAt(place: number): Cursor {
    const cursor = this.#cursor ??= this.#sections.cursor(".debug_abbrev");
    cursor.seek(place, cursor.bytes.length);
    return cursor;
  }

  /**
   * The declaration at a place, as units of a format read it. Tables repeat each other's: what has
   * the same bytes is read once.
   *
   * @throws {DwarfError | DecodeError | ElfError}
   */
  declarationAt(
    place: { readonly begin: number; readonly end: number; readonly sum: number },
    unit: FormContext,
  ): Abbreviation {
    const cursor = this.cursorAt(place.begin);
    let known = this.#declarations.get(place.sum);
    let tries = 0;
    for (; known !== undefined && tries < SAME_SUMS; known = known.next, tries++) {
      if (isSame(cursor.bytes, known.place, place) && isSameFormat(known.unit, unit)) {
        return known.abbreviation;
      }
    }
    const abbreviation = readDeclaration(cursor, unit);
    this.#kept += KEPT_BASE + abbreviation.attributes.length;
    if (this.#kept > KEPT_LIMIT) {
      for (const table of this.#tables.values()) table.forget();
      this.#declarations.clear();
      this.#kept = 0;
    }
    const next = this.#declarations.get(place.sum);
    this.#declarations.set(place.sum, { place, unit, abbreviation, next });
    return abbreviation;
  }

  /** Where the declarations of a table are. */
  #places(offset: number): Places {
    const cursor = this.cursorAt(offset);
    const { bytes } = cursor;
    const most = READ_RATIO * cursor.end + READ_LEAST;
    const all: number[] = [];
    let count = 0;
    let others: Map<number, number> | undefined;
    for (;;) {
      const code = cursor.uleb();
      if (code === 0) break;
      if (others !== undefined || code !== count + 1) {
        others ??= new Map(Array.from({ length: count }, (_, i) => [i + 1, i]));
        // Of two declarations of one code the first counts.
        if (!others.has(code)) others.set(code, count);
      }
      const begin = cursor.at;
      passDeclaration(cursor);
      const end = cursor.at;
      all.push(begin, end, sumOf(bytes, begin, end));
      count++;
      if (this.#read + end - offset > most) {
        // Nor will anything be read later.
        this.#read = most;
        const message = `Units read over ${most} bytes of abbreviations, expected no more`;
        throw new DwarfError("abbreviation", message, { source: cursor.source, offset });
      }
    }
    this.#read += cursor.at - offset;
    return { all, others };
  }
}

/** Where a declaration is. */
interface DeclarationPlace {
  /** Offset behind its code. */
  readonly begin: number;
  /** Offset behind its last byte. */
  readonly end: number;
  /** A sum of its bytes. */
  readonly sum: number;
}

/** Numbers of a place: offset behind the code, offset behind the last byte, sum of the bytes. */
const PLACE = 3;

/** Where the declarations of a table are. */
interface Places {
  /** Their places, in the order of the table; a file has many that nobody reads. */
  readonly all: readonly number[];
  /** Positions by code, if codes are not those from 1 on in order. */
  readonly others: ReadonlyMap<number, number> | undefined;
}

/** A declaration that has been read. */
interface Declaration {
  readonly place: DeclarationPlace;
  readonly unit: FormContext;
  readonly abbreviation: Abbreviation;
  /** Another one with the same sum. */
  readonly next: Declaration | undefined;
}

function isSame(bytes: Uint8Array, a: DeclarationPlace, b: DeclarationPlace): boolean {
  if (a.end - a.begin !== b.end - b.begin) return false;
  const distance = a.begin - b.begin;
  for (let i = b.begin; i < b.end; i++) if (bytes[i] !== bytes[i + distance]) return false;
  return true;
}

/** Whether all forms have the same sizes. */
function isSameFormat(a: FormContext, b: FormContext): boolean {
  return a.offsetSize === b.offsetSize && (a.version === 2) === (b.version === 2);
}

function placeAt(all: readonly number[], number: number): DeclarationPlace {
  const at = PLACE * number;
  return { begin: all[at]!, end: all[at + 1]!, sum: all[at + 2]! };
}

/** Goes behind a declaration whose code has been read. */
function passDeclaration(cursor: Cursor): void {
  const end = endOfPlain(cursor.bytes, cursor.at);
  if (end > 0 && end <= cursor.end) {
    cursor.at = end;
    return;
  }
  cursor.uleb();
  cursor.u8();
  for (;;) {
    const attribute = cursor.uleb();
    const form = cursor.uleb();
    if (form === DW_FORM.implicitConst) cursor.bigSleb();
    if (attribute === 0 && form === 0) break;
  }
}

/**
 * Where a declaration ends whose tag, attributes and forms have two bytes at most, as nearly all do;
 * 0 for others. Bytes behind the last one are taken for zeros.
 */
function endOfPlain(bytes: Uint8Array, at: number): number {
  if (bytes[at++]! >= 0x80 && !isLast(bytes[at++]!)) return 0;
  at++; // whether it has children
  for (;;) {
    const attribute = bytes[at++]!;
    if (attribute >= 0x80 && !isLast(bytes[at++]!)) return 0;
    const form = bytes[at++]!;
    if (form >= 0x80 && !isLast(bytes[at++]!)) return 0;
    if (form === DW_FORM.implicitConst) { while (bytes[at++]! >= 0x80); }
    else if (!(form > 0) && !(attribute > 0)) return at;
  }
}

/** Whether a number ends with a byte, which is not there without need. */
function isLast(byte: number): boolean {
  return byte > 0 && byte < 0x80;
}

function sumOf(bytes: Uint8Array, begin: number, end: number): number {
  let sum = 0;
  for (let i = begin; i < end; i++) sum = Math.imul(sum ^ bytes[i]!, 0x01000193);
  return sum;
}
