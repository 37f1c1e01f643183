/**
 * A module: code that was loaded or made as a whole, with its unwind tables.
 *
 * @module
 */
import { type Address, fromBigAddress, type InputError, toBigAddress } from "../../bytes/mod.ts";
import type { ElfFile } from "../../elf/mod.ts";
import type { FdeIndex, FoundFde, FrameTable, PlacedBytes } from "../cfi/mod.ts";

/** A name for an address. */
export interface NamedOffset {
  /** Function or symbol name. */
  readonly name: string;
  /** Bytes from its start. */
  readonly offset: bigint;
}

/** Finds names; addresses are those of the file, before the bias. */
export interface SymbolSource {
  /** The function that contains `address`, or undefined. */
  at(address: bigint): NamedOffset | undefined;
}

/** Addresses from the first to before the second. */
export type CodeRange = readonly [begin: Address, end: Address];

/** What a module consists of. */
export interface ModuleInit {
  /** Name for messages and frames. */
  readonly name: string;
  /** First address of its memory. */
  readonly begin: bigint;
  /** Address after its memory. */
  readonly end: bigint;
  /** Address in memory minus address in the tables; default 0. */
  readonly bias?: bigint | undefined;
  /** Executable ranges, in file addresses; default all of its memory. */
  readonly code?: readonly CodeRange[] | undefined;
  /** Unwind tables, the preferred one first. */
  readonly tables: readonly FdeIndex[];
  /** Names of its functions. */
  readonly symbols?: SymbolSource | undefined;
  /**
   * The section of the file that holds a file address; what is not found here is read from memory.
   */
  readonly bytesAt?: ((address: Address) => PlacedBytes | undefined) | undefined;
  /** What is wrong with tables that it should have, and does without. */
  readonly damage?: readonly InputError[] | undefined;
  /** Whether it was registered at run time and not loaded from a file. */
  readonly registered?: boolean | undefined;
  /** The file it was loaded from. */
  readonly file?: ElfFile | undefined;
  /** Whether its signal frames are those of trap vectors (a kernel); default false. */
  readonly trapVectors?: boolean | undefined;
}

/**
 * Code with its unwind tables. Build one with {@linkcode moduleFromElf} or
 * {@linkcode moduleFromTable}.
 */
export class Module {
  /** Name for messages and frames. */
  readonly name: string;
  /** Whether it was registered at run time and not loaded from a file. */
  readonly registered: boolean;
  /** Whether its signal frames are those of trap vectors. */
  readonly holdsTrapVectors: boolean;
  /** The file it was loaded from, where it is known. */
  readonly file: ElfFile | undefined;
  /** First address of its memory. */
  readonly start: Address;
  /** Address after its memory. */
  readonly limit: Address;
  /** Address in memory minus address in the tables. */
  readonly bias: Address;
  /** Names of its functions. */
  readonly symbols: SymbolSource | undefined;
  /** What is wrong with tables that it should have, and does without. */
  readonly damage: readonly InputError[];
  #tables: readonly FdeIndex[];
  #code: readonly CodeRange[] | undefined;
  #bytesAt: ((address: Address) => PlacedBytes | undefined) | undefined;

  /**
   * A module from its parts. Throws `RangeError` if an address is not canonical or the range is
   * empty.
   */
  constructor(init: ModuleInit) {
    this.name = init.name;
    this.registered = init.registered ?? false;
    this.holdsTrapVectors = init.trapVectors ?? false;
    this.file = init.file;
    this.start = fromBigAddress(init.begin);
    this.limit = fromBigAddress(init.end);
    this.bias = fromBigAddress(init.bias ?? 0n);
    this.symbols = init.symbols;
    this.damage = init.damage ?? [];
    this.#tables = init.tables;
    this.#code = init.code;
    this.#bytesAt = init.bytesAt;
    if (!(this.start < this.limit) || this.bias !== this.bias) {
      throw new RangeError(
        `Cannot place module ${init.name} at ${init.begin}..${init.end}`,
      );
    }
  }

  /** Sections of call frame information, the preferred one first. */
  get tables(): FrameTable[] {
    return this.#tables.map((index) => index.table);
  }

  /** Whether an address in memory, which must be the module's, is of executable code. */
  holdsCode(address: Address): boolean {
    const at = address - this.bias;
    return this.#code?.some(([begin, end]) => at >= begin && at < end) ?? true;
  }

  /**
   * The FDE for an address in memory, or undefined. Throws `CfiError` or `DecodeError` if its table
   * is damaged there.
   */
  find(address: Address): FoundFde | undefined {
    for (const index of this.#tables) {
      const fde = index.find(address - this.bias);
      if (fde !== undefined) return { table: index.table, fde };
    }
    return undefined;
  }

  /**
   * The section of the file that holds an address in memory, placed as it is in memory; undefined
   * if none does.
   */
  bytesAt(address: Address): PlacedBytes | undefined {
    const { bias } = this;
    const found = this.#bytesAt?.(address - bias);
    if (found === undefined) return undefined;
    const shift = (base: Address | undefined) => base === undefined ? undefined : base + bias;
    return {
      ...found,
      address: found.address + bias,
      text: shift(found.text),
      data: shift(found.data),
    };
  }

  /** Function that contains an address in memory, with the offset into it. */
  nameOf(address: bigint): NamedOffset | undefined {
    return this.symbols?.at(address - toBigAddress(this.bias));
  }
}
