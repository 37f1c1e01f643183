/**
 * Functions of ELF symbol tables by their addresses.
 *
 * @module
 */
import {
  type Address,
  addressFromHalves,
  ascendingOrder,
  fromBigAddress,
  partitionPoint,
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

/** Bytes of a symbol. */
const ENTRY_SIZE = 24;

/** Types of symbols that may name code: none, function, GNU's indirect function. */
const TYPES: ReadonlySet<number> = new Set([0, 2, 10]);

/** The symbols of one table that name code, by address. Names are read when they are wanted. */
class CodeSymbols {
  readonly #file: ElfFile;
  readonly #strings: ElfSection | undefined;
  readonly #begins: Float64Array;
  readonly #ends: Float64Array;
  /** Where names are, in the order of the table, */
  readonly #names: Uint32Array;
  /** and which of them is whose. */
  readonly #order: Uint32Array;
  readonly #sizes: Float64Array;
  /** Those that have been asked for. */
  readonly #known: Map<number, FunctionSymbol> = new Map();

  constructor(file: ElfFile, table: ElfSection) {
    this.#file = file;
    this.#strings = file.sections[table.link];
    const sectionOf = codeSections(file);
    const bytes = file.slice(table.offset, table.size, `section ${table.name}`);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const count = Math.floor(bytes.length / ENTRY_SIZE);
    const begins = new Float64Array(count);
    const limits = new Float64Array(count);
    const names = new Uint32Array(count);
    const sizes = new Float64Array(count);
    const ranks: number[][] = RANKS.map(() => []);
    let kept = 0;
    for (let at = ENTRY_SIZE; at + ENTRY_SIZE <= bytes.length; at += ENTRY_SIZE) {
      const info = bytes[at + 4]!;
      if (!TYPES.has(info & 15)) continue;
      const section = sectionOf(view.getUint16(at + 6, true));
      const name = view.getUint32(at, true);
      if (section === undefined || name === 0 || this.#isMapping(name)) continue;
      const value = addressFromHalves(view.getInt32(at + 8, true), view.getInt32(at + 12, true));
      if (!(value >= section.begin && value < section.end)) continue;
      begins[kept] = value;
      limits[kept] = section.end;
      names[kept] = name;
      sizes[kept] = view.getUint32(at + 16, true) + view.getUint32(at + 20, true) * 2 ** 32;
      ranks[rankOf(info, sizes[kept]! !== 0)]!.push(kept);
      kept++;
    }
    // By rank first, and then by address, which keeps the order of ranks.
    const ranked = Uint32Array.from(ranks.flat());
    const order = ascendingOrder(Float64Array.from(ranked, (i) => begins[i]!))
      .map((i) => ranked[i]!);
    this.#begins = Float64Array.from(order, (i) => begins[i]!);
    this.#names = names;
    this.#order = order;
    this.#sizes = Float64Array.from(order, (i) => sizes[i]!);
    this.#ends = Float64Array.from(order, (i) => limits[i]!);
    this.#findEnds();
  }

  at(address: Address): FunctionSymbol | undefined {
    const begins = this.#begins;
    const begun = partitionPoint(begins.length, (i) => begins[i]! <= address);
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
    const name = this.#file.nameAt(offset + this.#names[this.#order[i]!]!, offset + size);
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
      ends[i] = this.#sizes[i]! > 0 ? begin + this.#sizes[i]! : Math.min(next, ends[i]!);
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

interface CodeSection {
  readonly begin: Address;
  readonly end: Address;
}

/**
 * The section of a symbol by its number there; sections that segments imply have no numbers that
 * symbols know, so that all code is one.
 */
function codeSections(file: ElfFile): (index: number) => CodeSection | undefined {
  const found = new Map<number, CodeSection>();
  for (const { index, flags, address, size } of file.sections) {
    if ((flags & SHF.execinstr) === 0n) continue;
    const begin = fromBigAddress(address);
    found.set(index, { begin, end: begin + size });
  }
  if (file.hasSectionHeaders) return (index) => found.get(index);
  const all = [...found.values()];
  const begin = Math.min(...all.map((each) => each.begin));
  const end = Math.max(...all.map((each) => each.end));
  return (index) => index === SHN.undefined || index === SHN.abs ? undefined : { begin, end };
}

/** Of symbols at one address, the best comes last: with a size, a function, not local. */
const RANKS = Array.from({ length: 16 }, (_, i) => i);

function rankOf(info: number, hasSize: boolean): number {
  const binding = info >> 4;
  return (hasSize ? 8 : 0) + ((info & 15) !== 0 ? 4 : 0) +
    (binding === 1 ? 2 : binding === 2 ? 1 : 0);
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
