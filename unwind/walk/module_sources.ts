/**
 * Where modules come from: loaded ELF files, and code made at run time whose unwind table is
 * registered.
 *
 * @module
 */
import {
  type Address,
  fromBigAddress,
  InputError,
  partitionPoint,
  toBigAddress,
} from "../../bytes/mod.ts";
import { type ElfFile, type ElfSection, type ElfSegment, PF, PT, SHF, SHT } from "../../elf/mod.ts";
import {
  dataBase,
  EhFrameHeader,
  FdeIndex,
  FrameTable,
  frameTablesOf,
  type PlacedBytes,
  textBase,
} from "../cfi/mod.ts";
import {
  type CodeRange,
  Module,
  type ModuleInit,
  type NamedOffset,
  type SymbolSource,
} from "./module.ts";

/** Options of {@linkcode moduleFromElf}. */
export interface ModuleOptions {
  /** Name; default that of the file. */
  readonly name?: string;
  /**
   * Address in memory minus address in the file; default that of the file, 0 but for images out of
   * memory.
   */
  readonly bias?: bigint;
  /** Whether its signal frames are those of trap vectors (a kernel); default false. */
  readonly trapVectors?: boolean;
}

/**
 * A module from a loaded executable or shared object.
 *
 * A table that cannot be read, such as a damaged compressed section, is left out and listed in
 * `Module.damage`.
 *
 * @example Which function an address is in
 * ```ts
 * import { aarch64 } from "@trapline/trapline/arch"; // for the bytes of a file
 * import { moduleFromElf, ModuleList, parseElf } from "@trapline/trapline/unwind";
 *
 * const elf = parseElf(aarch64.image.bytes);
 * const modules = new ModuleList([moduleFromElf(elf, { name: "kernel" })]);
 * const address = elf.symbolNamed("copyin")!.value + 8n;
 * console.log(modules.at(address)?.nameOf(address)); // { name: "copyin", offset: 8n }
 * ```
 *
 * @throws {ElfError} If the file has no loadable segment, one that no address space has room for,
 * or header tables that are malformed.
 */
export function moduleFromElf(
  file: ElfFile,
  options: ModuleOptions = {},
): Module {
  const bias = options.bias ?? file.bias;
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
  const code = codeOf(loads);
  const { trapVectors } = options;
  return new Module({ ...partsOf(file), name, bias, trapVectors, begin, end, code });
}

/**
 * Modules of generated code whose maker publishes an ELF file for debuggers (GDB's JIT interface):
 * one for each executable section, which is in memory where its address says. Segments do not
 * matter, and there need not be any.
 *
 * @throws {ElfError} If header tables are malformed, or there is no such section.
 */
export function modulesFromSymfile(file: ElfFile): Module[] {
  const isCode = ({ flags, size }: ElfSection) =>
    (flags & SHF.alloc) !== 0n && (flags & SHF.execinstr) !== 0n && size > 0;
  const sections = file.sections.filter(isCode);
  if (sections.length === 0) {
    throw file.error("section", "There is no code", 40, "an executable section");
  }
  const isRelocatable = file.type === "relocatable";
  const parts = { ...partsOf(file), ...isRelocatable ? { symbols: placedSymbols(file) } : {} };
  return sections.map(({ address, size, offset, name }) => {
    const end = address + BigInt(size);
    if (!(fromBigAddress(address) < fromBigAddress(end))) {
      throw file.error("section", `Section ${name} is at ${address}`, offset, "an address");
    }
    return new Module({ ...parts, name: file.name, begin: address, end, registered: true });
  });
}

/** Functions of a relocatable file whose sections have been placed: symbols are relative to these. */
function placedSymbols(file: ElfFile): SymbolSource {
  let sorted: { readonly begin: bigint; readonly size: bigint; readonly name: string }[];
  return {
    at(address: bigint): NamedOffset | undefined {
      sorted ??= file.symbols.all.flatMap(({ name, value, size, type, section }) => {
        const home = type === "func" ? file.sections[section] : undefined;
        return home === undefined ? [] : [{ begin: home.address + value, size, name }];
      }).sort((a, b) => a.begin < b.begin ? -1 : a.begin > b.begin ? 1 : 0);
      const at = partitionPoint(sorted.length, (i) => sorted[i]!.begin <= address) - 1;
      const found = sorted[at];
      if (found === undefined || address >= found.begin + found.size) return undefined;
      return { name: found.name, offset: address - found.begin };
    },
  };
}

/** What modules take of a file, wherever they are. */
function partsOf(
  file: ElfFile,
): Pick<ModuleInit, "file" | "damage" | "tables" | "symbols" | "bytesAt"> {
  const damage: InputError[] = [];
  return {
    damage,
    file,
    tables: frameTablesOf(file, { onDamage: (error) => void damage.push(error) })
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
    bytesAt: (address) => sectionAt(file, address),
  };
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

/**
 * A module for code made at run time, from the `.eh_frame` data its maker registers. Throws
 * `RangeError` for an empty range.
 */
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

/** Executable segments; undefined if a file calls none so, which says nothing. */
function codeOf(loads: readonly ElfSegment[]): CodeRange[] | undefined {
  const code = loads.filter((each) => (each.flags & PF.execute) !== 0).map((each): CodeRange => {
    const begin = fromBigAddress(each.vaddr);
    return [begin, begin + Number(each.memSize)];
  });
  return code.length === 0 ? undefined : code;
}

function least(values: readonly bigint[]): bigint {
  return values.reduce((a, b) => b < a ? b : a, values[0] ?? 0n);
}

/**
 * The header that belongs to a table; a damaged one is as good as none, the index is then built.
 */
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
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

function sectionAt(
  file: ElfFile,
  address: Address,
): PlacedBytes | undefined {
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
