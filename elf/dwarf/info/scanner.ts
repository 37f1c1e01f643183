/**
 * A scan of the entries of a unit, without an object for each.
 *
 * @module
 */
import { DwarfError } from "../errors.ts";
import { DW_FORM } from "../constants.ts";
import type { FormContext } from "../form.ts";
import { type Abbreviation, KIND } from "./abbreviation.ts";
import type { AbbreviationTable } from "./abbreviations.ts";
import { placeOf, skipValues, u32At } from "./skip.ts";

/** What a scan is over. */
export interface ScanInput extends FormContext {
  /** Bytes of the section. */
  readonly bytes: Uint8Array;
  /** Its name, for errors. */
  readonly source: string;
  /** Offset of the unit: references count from it. */
  readonly offset: number;
  /** Offset behind the unit. */
  readonly end: number;
  /** The unit's abbreviations. */
  readonly abbreviations: AbbreviationTable;
}

/** Goes through an entry and all below it, in the order of the section. */
export class EntryScanner {
  readonly #input: ScanInput;
  readonly #bytes: Uint8Array;
  readonly #table: AbbreviationTable;
  readonly #end: number;
  #next: number;
  /** Depth of the next entry. */
  #deeper = 0;
  /** Depth below which entries are gone past. */
  #deepest = Infinity;
  /** Depth of the outermost closed entry around the next one. */
  #closed = Infinity;
  #done = false;
  /** Offset of the entry in its section. */
  offset: number = -1;
  /** How deep it is below the one at which the scan began. */
  depth: number = -1;
  /** What its values are. */
  abbreviation!: Abbreviation;
  /** Offset of the first value. */
  values: number = 0;
  /** Whether anything was gone past because it says where its next sibling is. */
  hasPassed: boolean = false;

  /** A scan from the entry at an offset on, which is the first that `next` comes to. */
  constructor(input: ScanInput, from: number) {
    this.#input = input;
    this.#bytes = input.bytes;
    this.#table = input.abbreviations;
    this.#end = input.end;
    this.#next = from;
  }

  /** Begins again, from the entry at another offset on. */
  restart(from: number): void {
    this.#next = from;
    this.#deeper = 0;
    this.#deepest = this.#closed = Infinity;
    this.#done = false;
  }

  /** Tag of the entry. */
  get tag(): number {
    return this.abbreviation.tag;
  }

  /**
   * Goes to the next entry; false if there is none.
   *
   * @throws {DwarfError | DecodeError | ElfError}
   */
  next(): boolean {
    return this.#find(KIND.any, "anywhere");
  }

  /**
   * Goes to the next function with code; false if there is none. Throws as
   * {@linkcode EntryScanner.next}.
   * @param where `outside` of closed entries (`KIND`), past those that say where
   * their next sibling is, or `inside`, past what is not in one.
   */
  nextFunction(where: "outside" | "inside"): boolean {
    return this.#find(KIND.function, where);
  }

  /**
   * Goes to the next block, past what is inside of closed entries; false if there is none. Throws as
   * {@linkcode EntryScanner.next}.
   */
  nextBlock(): boolean {
    return this.#find(KIND.block, "outside");
  }

  /** One loop for all, as a unit has very many entries that nobody wants. */
  #find(wanted: number, where: "anywhere" | "outside" | "inside"): boolean {
    const bytes = this.#bytes;
    const end = this.#end;
    const table = this.#table;
    const outside = where === "outside";
    const inside = where === "inside";
    let deepest = this.#deepest;
    let deeper = this.#deeper;
    let closed = this.#closed;
    let done = this.#done;
    let at = this.#next;
    // The entries that end lists may be missing at the end of a unit.
    while (!done && at < end) {
      const offset = at;
      let code = bytes[at++]!;
      if (code === 0) {
        done = --deeper <= 0;
        continue;
      }
      if (code >= 0x80) {
        code &= 0x7f;
        let byte: number;
        let scale = 0x80;
        do {
          byte = bytes[at++]!;
          code += (byte & 0x7f) * scale;
          scale *= 0x80;
        } while (byte >= 0x80);
      }
      const abbreviation = table.known[code] ?? table.get(code);
      if (abbreviation === undefined) throw this.#noAbbreviation(code, offset);
      const { kinds, size } = abbreviation;
      const values = at;
      at = size >= 0 ? at + size : skipValues(bytes, at, abbreviation, this.#input);
      if (!(at <= end)) throw this.#tooLong(offset);
      const depth = deeper;
      if ((kinds & KIND.parent) !== 0) deeper = depth + 1;
      else if (depth === 0) done = true;
      if (depth > deepest) continue;
      deepest = Infinity;
      const isClosed = (kinds & KIND.closed) !== 0;
      if (depth <= closed) closed = isClosed ? depth : Infinity;
      if ((kinds & wanted) === 0 || inside && depth <= closed) {
        if (!outside || !isClosed) continue;
        const sibling = this.#siblingOf(abbreviation, values, at);
        if (sibling !== undefined) {
          at = sibling;
          deeper = depth;
          done = depth === 0;
          this.hasPassed = true;
        } else if (wanted === KIND.block) deepest = depth;
        continue;
      }
      this.offset = offset;
      this.values = values;
      this.abbreviation = abbreviation;
      this.depth = depth;
      this.#next = at;
      this.#deeper = deeper;
      this.#deepest = Infinity;
      this.#closed = closed;
      this.#done = done;
      return true;
    }
    this.#next = at;
    this.#deeper = deeper;
    this.#done = true;
    return false;
  }

  /** Has the next entry be one that is not below this one. */
  skipChildren(): void {
    if (this.#mayHaveChildren && !this.skipToSibling()) this.#deepest = this.depth;
  }

  /** The same, if the entry has children and says where they end. */
  skipToSibling(): boolean {
    if (!this.#mayHaveChildren) return false;
    const sibling = this.#siblingOf(this.abbreviation, this.values, this.#next);
    if (sibling === undefined) return false;
    this.#next = sibling;
    this.#deeper = this.depth;
    this.#done = this.depth === 0;
    this.hasPassed = true;
    return true;
  }

  /** Whether the scan is before what may be the entry's first child. */
  get #mayHaveChildren(): boolean {
    return this.abbreviation.hasChildren && this.#deeper === this.depth + 1;
  }

  /** Offset of the value of the attribute at a position of the abbreviation. */
  placeOf(index: number): number {
    return placeOf(this.#bytes, this.values, this.abbreviation, index, this.#input);
  }

  /**
   * Where an entry's next sibling is, if it says so and may be right.
   * @param next Offset of its first child.
   */
  #siblingOf(abbreviation: Abbreviation, values: number, next: number): number | undefined {
    const index = abbreviation.sibling;
    if (index < 0) return undefined;
    const form = abbreviation.forms[index];
    const bytes = this.#bytes;
    const place = placeOf(bytes, values, abbreviation, index, this.#input);
    let offset: number;
    if (form === DW_FORM.ref4) offset = u32At(bytes, place);
    else if (form === DW_FORM.ref2) offset = bytes[place]! | bytes[place + 1]! << 8;
    else if (form === DW_FORM.ref1) offset = bytes[place]!;
    else return undefined;
    const sibling = this.#input.offset + offset;
    return sibling >= next && sibling <= this.#end ? sibling : undefined;
  }

  #noAbbreviation(code: number, offset: number): DwarfError {
    const { source, abbreviations } = this.#input;
    const table = abbreviations.offset.toString(16);
    const message = `Entry's abbreviation is ${code}, expected one of the table at 0x${table}`;
    return new DwarfError("abbreviation", message, { source, offset });
  }

  #tooLong(offset: number): DwarfError {
    const { source } = this.#input;
    const message = `Entry's values end behind its unit, expected 0x${
      this.#end.toString(16)
    } at most`;
    return new DwarfError("entry", message, { source, offset });
  }
}
