/**
 * One function that an address is in: an inlined one, or the one that it was inlined into.
 *
 * @module
 */
import { type Address, toBigAddress } from "../../bytes/mod.ts";
import {
  C_LANGUAGES,
  DW_AT,
  DW_LANG,
  DW_TAG,
  type Entry,
  type FileNames,
} from "../../elf/dwarf/mod.ts";
import { qualifiedNameOf } from "./scoped_name.ts";
import type { FunctionSymbol } from "./symbol_index.ts";

/** A place in a source file. */
export interface SourcePlace {
  /** The file's path: absolute, unless the compiler was told to write relative ones. */
  readonly path: string;
  /** The same as the line table has it, relative to the folder in which the compiler ran. */
  readonly file: string;
  /** Line from 1 on; 0 for code that belongs to none. */
  readonly line: number;
  /** Column from 1 on; 0 if it is not known, or for the whole line. */
  readonly column: number;
}

/** What a frame asks of the file that it is of. */
export interface FrameContext {
  /** Names of a file by its number in the line table of an entry's unit. */
  fileOf(entry: Entry, number: number): FileNames | undefined;
  /** The ELF symbol that covers an address. */
  symbolAt(address: Address): FunctionSymbol | undefined;
  /** What an action gives; undefined if what it reads is damaged, which is kept to be told of. */
  attempt<T>(action: () => T): T | undefined;
}

/** What a frame is made of. */
export interface FrameInit {
  /** The address that was looked up. */
  readonly address: Address;
  /** Its function, or the call of it that was inlined; undefined without debug information. */
  readonly entry: Entry | undefined;
  /** Where in it execution is. */
  readonly source: SourcePlace | undefined;
}

/**
 * A function that an address is in. What it says is read when it is asked for; what is damaged is
 * undefined, and told of in {@linkcode Symbols.problems}.
 */
export class SymbolFrame {
  /**
   * Its entry, `DW_TAG_subprogram` or `DW_TAG_inlined_subroutine`; undefined without debug
   * information.
   */
  readonly entry: Entry | undefined;
  /**
   * Where in it execution is: the row of the line table, or the call of the next inner frame.
   * Undefined if nobody knows.
   */
  readonly source: SourcePlace | undefined;
  readonly #context: FrameContext;
  readonly #address: Address;

  /** Use {@linkcode Symbols.at}. */
  constructor(context: FrameContext, init: FrameInit) {
    this.#context = context;
    this.#address = init.address;
    this.entry = init.entry;
    this.source = init.source;
  }

  /** Whether it was inlined into the next outer frame's function. */
  get isInline(): boolean {
    return this.entry?.tag === DW_TAG.inlinedSubroutine;
  }

  /** Its name as the source has it, without its scope; else its symbol's. */
  get name(): string | undefined {
    return this.#context.attempt(() => this.entry?.name) ?? this.symbol?.name;
  }

  /**
   * Its name for linkers, if that is another, mangled; for a function whose debug information has
   * none, that of its symbol.
   */
  get linkageName(): string | undefined {
    const { entry } = this;
    const { attempt } = this.#context;
    const own = attempt(() => entry?.linkageName);
    if (own !== undefined || this.isInline) return own;
    if (entry !== undefined && attempt(() => isPlain(entry)) !== false) return undefined;
    const symbol = this.symbol?.name;
    return symbol !== undefined && /^_(Z|R)/.test(symbol) ? symbol : undefined;
  }

  /** Its name with the namespaces and classes that it is in, as debug information has them. */
  get qualifiedName(): string | undefined {
    const { entry } = this;
    if (entry === undefined) return this.symbol?.name;
    return this.#context.attempt(() => qualifiedNameOf(entry));
  }

  /**
   * The ELF symbol that covers the address; undefined for an inlined function. It may name a part
   * or a copy that the compiler has made: `parse.cold`, `parse.constprop.0`.
   */
  get symbol(): FunctionSymbol | undefined {
    return this.isInline ? undefined : this.#context.symbolAt(this.#address);
  }

  /** Address of its first instruction; of an inlined function, of this copy. */
  get start(): bigint | undefined {
    const { entry } = this;
    if (entry === undefined) {
      const start = this.symbol?.start;
      return start === undefined ? undefined : toBigAddress(start);
    }
    const begin = this.#context.attempt(() => entry.lowPc ?? entry.ranges()[0]?.begin);
    return begin === undefined ? undefined : toBigAddress(begin);
  }

  /** Where it is declared. */
  get declaration(): SourcePlace | undefined {
    const { entry } = this;
    return entry && this.#context.attempt(() => this.#declarationOf(entry));
  }

  #declarationOf(entry: Entry): SourcePlace | undefined {
    const place = entry.inherited(DW_AT.declFile);
    const number = place?.number(DW_AT.declFile);
    if (place === undefined || number === undefined) return undefined;
    const names = this.#context.fileOf(place, number);
    if (names === undefined) return undefined;
    const line = entry.inherited(DW_AT.declLine)?.number(DW_AT.declLine) ?? 0;
    const column = entry.inherited(DW_AT.declColumn)?.number(DW_AT.declColumn) ?? 0;
    return { path: names.path, file: names.file, line, column };
  }
}

/** Languages whose names linkers take as they are. */
const PLAIN: ReadonlySet<number | undefined> = new Set<number | undefined>([
  ...C_LANGUAGES,
  DW_LANG.mipsAssembler,
]);

function isPlain(entry: Entry): boolean {
  return PLAIN.has(entry.unit.language);
}
