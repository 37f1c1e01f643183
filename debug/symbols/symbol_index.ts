/**
 * Functions of ELF symbol tables by their addresses.
 *
 * @module
 */
import {
  type Address,
  addressFromHalves,
  ascendingOrder,
  countNotAbove,
  fromBigAddress,
} from "../../bytes/mod.ts";
import { type ElfFile, type ElfSection, SHF, SHN, SHT } from "../../elf/mod.ts";

/** A symbol that covers an address. */
export interface FunctionSymbol {
  /** Its name, as the table has it. */
  readonly name: string;
  /** Its address. */
  readonly start: Address;
  /** Its size in bytes; 0 if the table has none, as of labels in assembly. */
  readonly size: number;
}

/** Whether a type of symbols may name code: none, function, GNU's indirect function. */
function mayBeCode(type: number): boolean {
  return type === 0 || type === 2 || type === 10;
}

/** The symbols of one table that name code, by address. Names are read when they are wanted. */
class CodeSymbols {
  readonly #file: ElfFile;
  readonly #strings: ElfSection | undefined;
  readonly #words: Uint32Array;
  readonly #begins: Float64Array;
  readonly #ends: Float64Array;
  /** Where each is in the table. */
  readonly #rows: Uint32Array;
  /** Those that have been asked for. */
  readonly #known: Map<number, FunctionSymbol> = new Map();

  constructor(file: ElfFile, table: ElfSection) {
    this.#file = file;
    this.#strings = file.sections[table.link];
    this.#words = wordsOf(file.slice(table.offset, table.size, `section ${table.name}`));
    const sections = codeSections(file);
    const { values, rows } = this.#select(sections);
    const order = this.#sort(values, rows);
    const begins = this.#begins = new Float64Array(order.length);
    const ends = this.#ends = new Float64Array(order.length);
    this.#rows = new Uint32Array(order.length);
    let next = Infinity;
    for (let i = order.length - 1; i >= 0; i--) {
      const at = this.#rows[i] = rows[order[i]!]!;
      const begin = begins[i] = values[order[i]!]!;
      if (i + 1 < order.length && begins[i + 1]! > begin) next = begins[i + 1]!;
      const size = sizeOf(this.#words, at);
      // A symbol without a size reaches to the next one, but not beyond its section.
      ends[i] = size > 0
        ? begin + size
        : Math.min(next, sections.at(this.#words[at + 1]! >>> 16)!.end);
    }
  }

  /** Symbols of code, in the order of the table: their addresses, and where they are in it. */
  #select(sections: CodeSections): { values: Float64Array; rows: Uint32Array } {
    const words = this.#words;
    const most = Math.floor(words.length / WORDS);
    const values = new Float64Array(most);
    const rows = new Uint32Array(most);
    const mayBeMarks = this.#file.machine === "aarch64";
    let count = 0;
    // The first one is none, and without strings there are no names.
    let at = this.#strings === undefined ? Infinity : WORDS;
    for (; at + WORDS <= words.length; at += WORDS) {
      const info = words[at + 1]!;
      if (!mayBeCode(info & 15)) continue;
      const section = sections.at(info >>> 16);
      const name = words[at]!;
      if (section === undefined || name === 0 || mayBeMarks && this.#isMapping(name)) continue;
      const value = addressFromHalves(words[at + 2]!, words[at + 3]!);
      if (!(value >= section.begin && value < section.end)) continue;
      values[count] = value;
      rows[count++] = at;
    }
    return { values: values.subarray(0, count), rows };
  }

  /** The order of their addresses, and of their ranks at each. */
  #sort(values: Float64Array, rows: Uint32Array): Uint32Array {
    const order = ascendingOrder(values);
    const rankAt = (i: number) => rankOf(this.#words, rows[i]!);
    for (let first = 0, end = 1; first < order.length; first = end++) {
      const value = values[order[first]!]!;
      while (end < order.length && values[order[end]!] === value) end++;
      if (end > first + 1) {
        order.subarray(first, end).sort((a, b) => rankAt(a) - rankAt(b) || a - b);
      }
    }
    return order;
  }

  at(address: Address): FunctionSymbol | undefined {
    const begins = this.#begins;
    const begun = countNotAbove(begins, address);
    // Symbols inside of others are few and small.
    for (let i = begun - 1; i >= 0 && i >= begun - 16; i--) {
      if (this.#ends[i]! > address) return this.#symbol(i);
    }
    return undefined;
  }

  #symbol(i: number): FunctionSymbol {
    const known = this.#known.get(i);
    if (known !== undefined) return known;
    const { offset, size } = this.#strings!;
    const at = this.#rows[i]!;
    const name = this.#file.nameAt(offset + this.#words[at]!, offset + size);
    const symbol = { name, start: this.#begins[i]!, size: sizeOf(this.#words, at) };
    this.#known.set(i, symbol);
    return symbol;
  }

  /** Whether a name is one of AArch64's `$x` and `$d`, which mark code and data. */
  #isMapping(name: number): boolean {
    const { offset, size } = this.#strings!;
    if (name + 2 > size) return false;
    const text = this.#file.slice(offset + name, 2, "symbol's name");
    return text[0] === 0x24 && (text[1] === 0x78 || text[1] === 0x64);
  }
}

/** Words of 32 bits of a symbol: name; type, binding and section; address; size. */
const WORDS = 6;

/** Bytes as words; copied if they are not aligned. */
function wordsOf(bytes: Uint8Array): Uint32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length >>> 2);
}

function sizeOf(words: Uint32Array, at: number): number {
  return words[at + 4]! + words[at + 5]! * 2 ** 32;
}

/** Of symbols at one address, the best comes last: with a size, a function, not local. */
function rankOf(words: Uint32Array, at: number): number {
  const binding = words[at + 1]! >> 4 & 15;
  return (sizeOf(words, at) > 0 ? 8 : 0) + ((words[at + 1]! & 15) !== 0 ? 4 : 0) +
    (binding === 1 ? 2 : binding === 2 ? 1 : 0);
}

interface CodeSection {
  readonly begin: Address;
  readonly end: Address;
}

/** Sections of code by the numbers that symbols know them by. */
interface CodeSections {
  at(index: number): CodeSection | undefined;
}

/** Sections that segments imply have no such numbers, so that all code is one. */
function codeSections(file: ElfFile): CodeSections {
  const found: (CodeSection | undefined)[] = [];
  for (const { index, flags, address, size } of file.sections) {
    if ((flags & SHF.execinstr) === 0n) continue;
    const begin = fromBigAddress(address);
    found[index] = { begin, end: begin + size };
  }
  if (file.hasSectionHeaders) return { at: (index) => found[index] };
  const all = found.filter((each) => each !== undefined);
  const begin = Math.min(...all.map((each) => each.begin));
  const end = Math.max(...all.map((each) => each.end));
  return {
    at: (index) => index === SHN.undefined || index === SHN.abs ? undefined : { begin, end },
  };
}

/** Symbol tables of a file: the dynamic one only tells again what a whole one does. */
function tablesOf({ sections }: ElfFile): readonly ElfSection[] {
  const whole = sections.filter(({ type }) => type === SHT.symtab);
  return whole.length > 0 ? whole : sections.filter(({ type }) => type === SHT.dynsym);
}

/** The functions that the symbol tables of some files name; the first that has one counts. */
export class SymbolIndex {
  readonly #files: readonly ElfFile[];
  #tables: CodeSymbols[] | undefined;

  /** Nothing is read before it is asked for. */
  constructor(files: readonly ElfFile[]) {
    this.#files = files;
  }

  /** The symbol that covers an address. Throws `ElfError` if a table is damaged. */
  at(address: Address): FunctionSymbol | undefined {
    this.#tables ??= this.#files.flatMap((file) =>
      tablesOf(file).map((section) => new CodeSymbols(file, section))
    );
    for (const table of this.#tables) {
      const found = table.at(address);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
