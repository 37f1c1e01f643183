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
  readonly #begins: number[] = [];
  readonly #ends: number[] = [];
  /** Where names are in the table of strings. */
  readonly #names: number[] = [];
  readonly #sizes: number[] = [];
  /** Those that have been asked for. */
  readonly #known: Map<number, FunctionSymbol> = new Map();

  constructor(file: ElfFile, table: ElfSection) {
    this.#file = file;
    this.#strings = file.sections[table.link];
    const bytes = file.slice(table.offset, table.size, `section ${table.name}`);
    this.#keep(wordsOf(bytes), codeSections(file));
  }

  /** Keeps the symbols of code, in the order of their addresses, and of their ranks at each. */
  #keep(words: Uint32Array, sections: CodeSections): void {
    const kept: number[] = [];
    const values: number[] = [];
    // The first one is none.
    for (let at = WORDS; at + WORDS <= words.length; at += WORDS) {
      const info = words[at + 1]!;
      if (!mayBeCode(info & 15)) continue;
      const section = sections.at(info >>> 16);
      const name = words[at]!;
      if (section === undefined || name === 0 || this.#isMapping(name)) continue;
      const value = addressFromHalves(words[at + 2]!, words[at + 3]!);
      if (!(value >= section.begin && value < section.end)) continue;
      kept.push(at);
      values.push(value);
    }
    const rankAt = (i: number) => rankOf(words, kept[i]!);
    const order = ascendingOrder(values);
    for (let first = 0, end = 1; first < order.length; first = end++) {
      const value = values[order[first]!]!;
      while (end < order.length && values[order[end]!] === value) end++;
      if (end > first + 1) {
        order.subarray(first, end).sort((a, b) => rankAt(a) - rankAt(b) || a - b);
      }
      for (let i = first; i < end; i++) {
        const at = kept[order[i]!]!;
        const size = sizeOf(words, at);
        this.#begins.push(value);
        this.#names.push(words[at]!);
        this.#sizes.push(size);
        this.#ends.push(size > 0 ? value + size : sections.at(words[at + 1]! >>> 16)!.end);
      }
    }
    this.#findEnds();
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
    const strings = this.#strings!;
    const { offset, size } = strings;
    const name = this.#file.nameAt(offset + this.#names[i]!, offset + size);
    const symbol = { name, start: this.#begins[i]!, size: this.#sizes[i]! };
    this.#known.set(i, symbol);
    return symbol;
  }

  /** A symbol without a size reaches to the next one, but not beyond its section. */
  #findEnds(): void {
    const begins = this.#begins;
    const ends = this.#ends;
    let next = Infinity;
    for (let i = begins.length - 1; i >= 0; i--) {
      const begin = begins[i]!;
      if (i + 1 < begins.length && begins[i + 1]! > begin) next = begins[i + 1]!;
      if (this.#sizes[i] === 0 && next < ends[i]!) ends[i] = next;
    }
  }

  /** Whether a name is one of AArch64's `$x` and `$d`, which mark code and data. */
  #isMapping(name: number): boolean {
    const strings = this.#strings;
    if (strings === undefined) return true;
    if (this.#file.machine !== "aarch64" || name + 2 > strings.size) return false;
    const text = this.#file.slice(strings.offset + name, 2, "symbol's name");
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
