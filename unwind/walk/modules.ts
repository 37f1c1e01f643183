/**
 * The code that may be on a stack: loaded files, and code made at run time whose unwind tables are registered.
 *
 * @module
 */
import { type Address, fromBigAddress, toBigAddress } from "../../bytes/address.ts";
import { EhFrameHeader } from "../cfi/eh_frame_hdr.ts";
import { dataBase, frameTablesOf, textBase } from "../cfi/elf_tables.ts";
import type { ElfFile, ElfSection } from "../../elf/elf_file.ts";
import { PT, SHF, SHT } from "../../elf/constants.ts";
import { UnwindError } from "../errors.ts";
import { FdeIndex, type FoundFde } from "../cfi/fde_index.ts";
import { FrameTable } from "../cfi/frame_table.ts";
import type { LsdaSource } from "../exception/lsda.ts";
import { RuleCache } from "./rule_cache.ts";
import type { TrapStub } from "./trap.ts";

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
  /** Unwind tables, the preferred one first. */
  readonly tables: readonly FdeIndex[];
  /** Names of its functions. */
  readonly symbols?: SymbolSource | undefined;
  /** Bytes of the file at a file address, for LSDAs; what is not found here is read from memory. */
  readonly bytesAt?: ((address: Address) => LsdaSource | undefined) | undefined;
  /** Whether it was registered at run time and not loaded from a file. */
  readonly registered?: boolean | undefined;
  /** Whether its signal frames are those of trap vectors (a kernel); default false. */
  readonly trapVectors?: boolean | undefined;
}

/** Code with its unwind tables. Build one with {@linkcode moduleFromElf} or {@linkcode moduleFromTable}. */
export class Module {
  /** Name for messages and frames. */
  readonly name: string;
  /** Whether it was registered at run time and not loaded from a file. */
  readonly registered: boolean;
  /** Whether its signal frames are those of trap vectors. */
  readonly holdsTrapVectors: boolean;
  /** First address of its memory. */
  readonly start: Address;
  /** Address after its memory. */
  readonly limit: Address;
  /** Address in memory minus address in the tables. */
  readonly bias: Address;
  /** Names of its functions. */
  readonly symbols: SymbolSource | undefined;
  #tables: readonly FdeIndex[];
  #bytesAt: ((address: Address) => LsdaSource | undefined) | undefined;

  /** A module from its parts. Throws `RangeError` if an address is not canonical or the range is empty. */
  constructor(init: ModuleInit) {
    this.name = init.name;
    this.registered = init.registered ?? false;
    this.holdsTrapVectors = init.trapVectors ?? false;
    this.start = fromBigAddress(init.begin);
    this.limit = fromBigAddress(init.end);
    this.bias = fromBigAddress(init.bias ?? 0n);
    this.symbols = init.symbols;
    this.#tables = init.tables;
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

  /** The FDE for an address in memory, or undefined. Throws `CfiError` or `DecodeError` if its table is damaged there. */
  find(address: Address): FoundFde | undefined {
    for (const index of this.#tables) {
      const fde = index.find(address - this.bias);
      if (fde !== undefined) return { table: index.table, fde };
    }
    return undefined;
  }

  /** Bytes of the file that hold a file address, or undefined. */
  bytesAt(address: Address): LsdaSource | undefined {
    return this.#bytesAt?.(address);
  }

  /** Function that contains an address in memory, with the offset into it. */
  nameOf(address: bigint): NamedOffset | undefined {
    return this.symbols?.at(address - toBigAddress(this.bias));
  }
}

/** The code that may be on a stack. Changing it drops the rules learned so far. */
export class ModuleList {
  /** Rules learned by walks over these modules. */
  readonly rules: RuleCache = new RuleCache();
  #modules: Module[] = [];
  #stubs: TrapStub[] = [];
  #last: Module | undefined;

  /** A list of the modules given. Throws `RangeError` if two overlap. */
  constructor(modules: Iterable<Module> = []) {
    for (const module of modules) this.add(module);
  }

  /** Modules in address order. */
  get modules(): readonly Module[] {
    return this.#modules;
  }

  /** Adds a module: a loaded file, or generated code whose table is registered. Throws `RangeError` if it overlaps another. */
  add(module: Module): Module {
    const at = this.#modules.findIndex((each) => each.start > module.start);
    const index = at < 0 ? this.#modules.length : at;
    const before = this.#modules[index - 1];
    const after = this.#modules[index];
    for (const other of [before, after]) {
      if (
        other !== undefined && other.start < module.limit &&
        module.start < other.limit
      ) {
        throw new RangeError(
          `Cannot add module ${module.name}: it overlaps ${other.name}`,
        );
      }
    }
    this.#modules.splice(index, 0, module);
    this.#changed();
    return module;
  }

  /** Removes a module; false if it is not in the list. */
  remove(module: Module): boolean {
    const index = this.#modules.indexOf(module);
    if (index < 0) return false;
    this.#modules.splice(index, 1);
    this.#changed();
    return true;
  }

  /** Adds a range of code that stands above trap frames whose layout a callback describes. */
  addTrapStub(stub: TrapStub): void {
    this.#stubs.push(stub);
    this.#changed();
  }

  /** Whether any trap stub is in the list. */
  get hasTrapStubs(): boolean {
    return this.#stubs.length !== 0;
  }

  /** The trap stub that contains `address`, or undefined. */
  trapStubAt(address: bigint): TrapStub | undefined {
    return this.#stubs.find((each) => address >= each.begin && address < each.end);
  }

  /** The module that contains `address`, or undefined. */
  at(address: bigint): Module | undefined {
    return this.find(fromBigAddress(address));
  }

  /** As {@linkcode ModuleList.at}, for an internal address. */
  find(address: Address): Module | undefined {
    const last = this.#last;
    if (last !== undefined && address >= last.start && address < last.limit) {
      return last;
    }
    const modules = this.#modules;
    let low = 0;
    let high = modules.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (modules[middle]!.start <= address) low = middle + 1;
      else high = middle;
    }
    const found = modules[low - 1];
    if (found === undefined || address >= found.limit) return undefined;
    return this.#last = found;
  }

  #changed(): void {
    this.#last = undefined;
    this.rules.clear();
  }
}

/** Options of {@linkcode moduleFromElf}. */
export interface ModuleOptions {
  /** Name; default that of the file. */
  readonly name?: string;
  /** Address in memory minus address in the file; default 0. */
  readonly bias?: bigint;
  /** Whether its signal frames are those of trap vectors (a kernel); default false. */
  readonly trapVectors?: boolean;
}

/**
 * A module from a loaded executable or shared object.
 *
 * @throws {ElfError} If the file has no loadable segment, one that no address space has room for, or tables that lie outside it.
 */
export function moduleFromElf(
  file: ElfFile,
  options: ModuleOptions = {},
): Module {
  const bias = options.bias ?? 0n;
  const loads = file.segments.filter((each) => each.type === PT.load);
  const begins = loads.map((each) => each.vaddr);
  const ends = loads.map((each) => each.vaddr + each.memSize);
  const begin = BigInt.asUintN(64, least(begins) + bias);
  const end = BigInt.asUintN(64, -least(ends.map((each) => -each)) + bias);
  if (!(fromBigAddress(begin) < fromBigAddress(end))) {
    throw file.error(
      "header",
      `Segments are at ${begin}..${end}`,
      32,
      "loadable segments in one half of the address space",
    );
  }
  const name = options.name ?? file.name;
  return new Module({
    name,
    bias,
    trapVectors: options.trapVectors,
    begin,
    end,
    tables: frameTablesOf(file)
      .filter((table) => table.bytes.length > 0)
      .sort((a, b) => a.kind === b.kind ? 0 : a.kind === "eh_frame" ? -1 : 1)
      .map((table) => new FdeIndex(table, headerFor(file, table))),
    symbols: {
      at(address: bigint): NamedOffset | undefined {
        const found = file.symbolAt(BigInt.asUintN(64, address));
        if (found === undefined) return undefined;
        return { name: found.symbol.name, offset: found.offset };
      },
    },
    bytesAt: (address) => sectionBytes(file, address),
  });
}

/** What {@linkcode moduleFromTable} needs. */
export interface TableRegistration {
  /** Name for messages and frames. */
  readonly name: string;
  /** First address of the code. */
  readonly begin: bigint;
  /** Address after the code. */
  readonly end: bigint;
  /** Bytes of the `.eh_frame` data, as they are in memory. */
  readonly ehFrame: Uint8Array;
  /** Address of these bytes. */
  readonly ehFrameAddress: bigint;
  /** Names of the functions. */
  readonly symbols?: SymbolSource;
}

/** A module for code made at run time, from the `.eh_frame` data its maker registers. Throws `RangeError` for an empty range. */
export function moduleFromTable(registration: TableRegistration): Module {
  const { name, begin, end, symbols } = registration;
  const table = new FrameTable({
    kind: "eh_frame",
    bytes: registration.ehFrame,
    address: registration.ehFrameAddress,
    name: `${name} .eh_frame`,
  });
  const tables = [new FdeIndex(table)];
  return new Module({ name, begin, end, tables, symbols, registered: true });
}

function least(values: readonly bigint[]): bigint {
  return values.reduce((a, b) => b < a ? b : a, values[0] ?? 0n);
}

/** The header that belongs to a table; a damaged one is as good as none, the index is then built. */
function headerFor(
  file: ElfFile,
  table: FrameTable,
): EhFrameHeader | undefined {
  const section = file.section(".eh_frame_hdr");
  if (section === undefined || table.kind !== "eh_frame") return undefined;
  try {
    const header = new EhFrameHeader(
      file.sectionData(section),
      section.address,
    );
    return header.ehFrame === table.address ? header : undefined;
  } catch (error) {
    if (error instanceof UnwindError) return undefined;
    throw error;
  }
}

function sectionBytes(
  file: ElfFile,
  address: Address,
): LsdaSource | undefined {
  const at = toBigAddress(address);
  const holds = (each: ElfSection) =>
    (each.flags & SHF.alloc) !== 0n && each.type !== SHT.nobits &&
    at >= each.address && at < each.address + BigInt(each.size);
  const section = file.sections.find(holds);
  if (section === undefined) return undefined;
  return {
    bytes: file.sectionData(section),
    address: fromBigAddress(section.address),
    name: section.name,
    text: number(textBase(file)),
    data: number(dataBase(file)),
  };
}

function number(address: bigint | undefined): Address | undefined {
  return address === undefined ? undefined : fromBigAddress(address);
}
