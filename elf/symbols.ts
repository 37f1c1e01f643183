/**
 * ELF symbols: a lazily read, indexed view of `.symtab` and `.dynsym`.
 *
 * @module
 */
import { partitionPoint } from "../bytes/mod.ts";
import { SHN, SHT, SYMBOL_TYPES } from "./constants.ts";
import type { ElfSection, SectionedImage } from "./section.ts";

/** One symbol (gABI, chapter 4, "Symbol Table"). */
export interface ElfSymbol {
  /** Name as it stands in the string table, mangled if it was. */
  readonly name: string;
  /**
   * Value; an address in executables and shared objects, an offset into its section in relocatable
   * files.
   */
  readonly value: bigint;
  /** Size in bytes, 0 if unknown. */
  readonly size: bigint;
  /** Type: `func`, `object`, `notype`, `section`, `file`, `tls`, `ifunc`, … */
  readonly type: string;
  /** Binding: 0 local, 1 global, 2 weak. */
  readonly binding: number;
  /** Index of the section it is defined in; 0 if undefined; 0xfff1 if absolute. */
  readonly section: number;
}

/** A symbol that contains an address. */
export interface SymbolAt {
  /** The symbol. */
  readonly symbol: ElfSymbol;
  /** Address minus the symbol's value, in bytes. */
  readonly offset: bigint;
}

/** Symbols of a file, by name and by address. */
export class ElfSymbolTable {
  #file: SectionedImage;
  #all: readonly ElfSymbol[] | undefined;
  #names: Map<string, ElfSymbol> | undefined;
  #sorted: readonly ElfSymbol[] | undefined;

  /** Use `ElfFile.symbols`. */
  constructor(file: SectionedImage) {
    this.#file = file;
  }

  /**
   * Every symbol of `.symtab`, then of `.dynsym`, in file order, without the null symbols. Throws
   * `ElfError`.
   */
  get all(): readonly ElfSymbol[] {
    if (this.#all === undefined) {
      const symbols: ElfSymbol[] = [];
      for (const type of [SHT.symtab, SHT.dynsym]) {
        for (const section of this.#file.sections) {
          if (section.type !== type) continue;
          for (const symbol of this.of(section)) symbols.push(symbol);
        }
      }
      this.#all = symbols;
    }
    return this.#all;
  }

  /** Symbols of one symbol table section in order, without the null symbol. Throws `ElfError`. */
  *of(section: ElfSection): Generator<ElfSymbol> {
    const file = this.#file;
    const count = entryCount(file, section, 24, "symbol");
    for (let index = 1; index < count; index++) {
      yield symbolAtIndex(file, section, index);
    }
  }

  /** Symbol of that name; a defined one is preferred to an undefined one. Throws `ElfError`. */
  named(name: string): ElfSymbol | undefined {
    if (this.#names === undefined) {
      this.#names = new Map();
      for (const symbol of this.all) {
        const known = this.#names.get(symbol.name);
        if (
          known === undefined ||
          (known.section === SHN.undefined && symbol.section !== SHN.undefined)
        ) this.#names.set(symbol.name, symbol);
      }
    }
    return this.#names.get(name);
  }

  /**
   * Symbol that contains `address`. Functions and objects are looked at first; a symbol without a
   * size (assembly labels) reaches to the next symbol, but not beyond its section. Throws
   * `ElfError`.
   */
  at(address: bigint): SymbolAt | undefined {
    const sorted = this.#sorted ??= sortByAddress(this.all);
    const begun = partitionPoint(sorted.length, (i) => sorted[i]!.value <= address);
    // Nested symbols are rare and small: look back a little for one that really contains the
    // address.
    let open: ElfSymbol | undefined;
    for (let i = begun - 1; i >= 0 && i >= begun - 16; i--) {
      const symbol = sorted[i]!;
      if (symbol.size === 0n) {
        if (i === begun - 1 || symbol.value === open?.value) open = symbol;
      } else if (address < symbol.value + symbol.size) {
        return { symbol, offset: address - symbol.value };
      }
    }
    if (open === undefined || !this.#isInSection(open, address)) return undefined;
    return { symbol: open, offset: address - open.value };
  }

  /** Whether an address is in a symbol's section; symbols of no listed section may be anywhere. */
  #isInSection(symbol: ElfSymbol, address: bigint): boolean {
    if (!this.#file.hasSectionHeaders) return true;
    const section = this.#file.sections[symbol.section];
    if (section === undefined) return true;
    // Values in relocatable files are offsets.
    const begin = this.#file.type === "relocatable" ? 0n : section.address;
    return address >= begin && address < begin + BigInt(section.size);
  }
}

/**
 * Number of entries of a table section; throws `ElfError` if its entry size is wrong or its link
 * leads nowhere.
 */
export function entryCount(
  file: SectionedImage,
  section: ElfSection,
  size: number,
  what: string,
): number {
  if (section.entrySize !== size) {
    throw file.error(
      "section",
      `Entry size of ${what} table ${section.name} is ${section.entrySize}`,
      section.offset,
      `${size}`,
    );
  }
  file.slice(section.offset, section.size, `section ${section.name}`);
  return Math.floor(section.size / size);
}

/** Symbol `index` of a symbol table section. Throws `ElfError`. */
export function symbolAtIndex(
  file: SectionedImage,
  section: ElfSection,
  index: number,
): ElfSymbol {
  const at = section.offset + index * 24;
  if (index * 24 + 24 > section.size) {
    throw file.error(
      "symbol",
      `Cannot read symbol ${index} of ${section.name}`,
      at,
      `less than ${section.size / 24}`,
    );
  }
  const entry = file.slice(at, 24, `symbol ${index}`);
  const strings = file.sections[section.link];
  if (strings === undefined) {
    throw file.error(
      "section",
      `String table of ${section.name} is section ${section.link}`,
      section.offset,
      `less than ${file.sections.length}`,
    );
  }
  const name = file.view.getUint32(at, true);
  const info = entry[4]!;
  return {
    name: name === 0 ? "" : file.nameAt(
      strings.offset + name,
      strings.offset + strings.size,
    ),
    value: file.view.getBigUint64(at + 8, true),
    size: file.view.getBigUint64(at + 16, true),
    type: SYMBOL_TYPES[info & 15]!,
    binding: info >> 4,
    section: file.view.getUint16(at + 6, true),
  };
}

const CODE_OR_DATA = new Set(["func", "object", "notype", "ifunc"]);

function sortByAddress(symbols: readonly ElfSymbol[]): ElfSymbol[] {
  const defined = symbols.filter((symbol) =>
    CODE_OR_DATA.has(symbol.type) && symbol.section !== SHN.undefined &&
    symbol.section !== SHN.abs && symbol.name !== "" &&
    // AArch64 mapping symbols ($x, $d) mark code and data, they name nothing.
    !/^\$[xd](\.|$)/.test(symbol.name)
  );
  // At one address a typed symbol with a size is the best name, so it comes last, where the search
  // begins.
  const rank = (symbol: ElfSymbol) =>
    (symbol.type === "func" || symbol.type === "ifunc" ? 4 : 0) +
    (symbol.binding === 1 ? 2 : symbol.binding === 2 ? 1 : 0);
  return defined.sort((a, b) => a.value < b.value ? -1 : a.value > b.value ? 1 : rank(a) - rank(b));
}
