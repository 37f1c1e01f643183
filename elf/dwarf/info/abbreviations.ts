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
  /** Declarations read so far, by code. */
  #known: Abbreviation[] | Map<number, Abbreviation>;

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
    this.#known = init.places.others === undefined ? [] : new Map();
  }

  /** The declaration of a code, or undefined. Throws {@linkcode DwarfError} or `DecodeError`. */
  get(code: number): Abbreviation | undefined {
    const known = this.#known;
    return (Array.isArray(known) ? known[code] : known.get(code)) ?? this.#read(code);
  }

  /** Forgets what has been read. */
  forget(): void {
    this.#known = Array.isArray(this.#known) ? [] : new Map();
  }

  #read(code: number): Abbreviation | undefined {
    const { all, others } = this.#places;
    const place = all[others === undefined ? code - 1 : others.get(code) ?? -1];
    if (place === undefined) return undefined;
    const abbreviation = this.#all.declarationAt(place, this.#unit);
    const known = this.#known;
    if (Array.isArray(known)) known[code] = abbreviation;
    else known.set(code, abbreviation);
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
   * The declaration whose code ends at a place, as units of a format read it. Tables repeat each
   * other's: what has the same bytes is read once.
   *
   * @throws {DwarfError | DecodeError | ElfError}
   */
  declarationAt(begin: number, unit: FormContext): Abbreviation {
    const cursor = this.cursorAt(begin);
    passDeclaration(cursor);
    const place = { begin, end: cursor.at, sum: sumOf(cursor.bytes, begin, cursor.at) };
    cursor.at = begin;
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
    const most = READ_RATIO * cursor.end + READ_LEAST;
    const all: number[] = [];
    let others: Map<number, number> | undefined;
    for (;;) {
      const code = cursor.uleb();
      if (code === 0) break;
      if (others !== undefined || code !== all.length + 1) {
        others ??= new Map(all.map((_, i) => [i + 1, i]));
        // Of two declarations of one code the first counts.
        if (!others.has(code)) others.set(code, all.length);
      }
      all.push(cursor.at);
      passDeclaration(cursor);
      if (this.#read + cursor.at - offset > most) {
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

/** Where the declarations of a table are. */
interface Places {
  /** Offsets behind their codes, in the order of the table; a file has many that nobody reads. */
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

/** Goes behind a declaration whose code has been read. */
function passDeclaration(cursor: Cursor): void {
  cursor.uleb();
  cursor.u8();
  for (;;) {
    const attribute = cursor.uleb();
    const form = cursor.uleb();
    if (form === DW_FORM.implicitConst) cursor.bigSleb();
    if (attribute === 0 && form === 0) break;
  }
}

function sumOf(bytes: Uint8Array, begin: number, end: number): number {
  let sum = 0;
  for (let i = begin; i < end; i++) sum = Math.imul(sum ^ bytes[i]!, 0x01000193);
  return sum;
}
