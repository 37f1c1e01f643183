/**
 * Functions of ELF symbol tables by their addresses.
 *
 * @module
 */
import { type Address, fromBigAddress } from "../../bytes/mod.ts";
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
  readonly #names: Uint32Array;
  readonly #sizes: Float64Array;

  constructor(file: ElfFile, table: ElfSection) {
    this.#file = file;
    this.#strings = file.sections[table.link];
    const sectionOf = codeSections(file);
    const bytes = file.slice(table.offset, table.size, `section ${table.name}`);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const count = Math.floor(bytes.length / ENTRY_SIZE);
    const begins = new Float64Array(count);
    const limits = new Float64Array(count);
    const ranks = new Uint8Array(count);
    const kept: number[] = [];
    for (let i = 1; i < count; i++) {
      const at = i * ENTRY_SIZE;
      const info = bytes[at + 4]!;
      const section = sectionOf(view.getUint16(at + 6, true));
      if (section === undefined || !TYPES.has(info & 15)) continue;
      if (view.getUint32(at, true) === 0 || this.#isMapping(view.getUint32(at, true))) continue;
      begins[i] = fromBigAddress(view.getBigUint64(at + 8, true));
      if (!(begins[i]! >= section.begin && begins[i]! < section.end)) continue;
      limits[i] = section.end;
      ranks[i] = rankOf(info, view.getUint32(at + 16, true) !== 0);
      kept.push(i);
    }
    kept.sort((a, b) => begins[a]! - begins[b]! || ranks[a]! - ranks[b]!);
    this.#begins = Float64Array.from(kept, (i) => begins[i]!);
    this.#names = Uint32Array.from(kept, (i) => view.getUint32(i * ENTRY_SIZE, true));
    this.#sizes = Float64Array.from(
      kept,
      (i) => Number(view.getBigUint64(i * ENTRY_SIZE + 16, true)),
    );
    this.#ends = Float64Array.from(kept, (i) => limits[i]!);
    this.#findEnds();
  }

  at(address: Address): FunctionSymbol | undefined {
    const begins = this.#begins;
    let low = 0;
    let high = begins.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (begins[middle]! <= address) low = middle + 1;
      else high = middle;
    }
    // Symbols inside of others are few and small.
    for (let i = low - 1; i >= 0 && i >= low - 16; i--) {
      if (this.#ends[i]! > address) return this.#symbol(i);
    }
    return undefined;
  }

  #symbol(i: number): FunctionSymbol {
    const strings = this.#strings!;
    const { offset, size } = strings;
    const name = this.#file.nameAt(offset + this.#names[i]!, offset + size);
    return { name, start: this.#begins[i]!, size: this.#sizes[i]! };
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
function rankOf(info: number, hasSize: boolean): number {
  const binding = info >> 4;
  return (hasSize ? 8 : 0) + ((info & 15) !== 0 ? 4 : 0) +
    (binding === 1 ? 2 : binding === 2 ? 1 : 0);
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
      [SHT.symtab, SHT.dynsym].flatMap((type) =>
        file.sections.filter((section) => section.type === type)
          .map((section) => new CodeSymbols(file, section))
      )
    );
    for (const table of this.#tables) {
      const found = table.at(address);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
