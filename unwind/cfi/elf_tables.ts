/**
 * The unwind sections of an ELF file, ready to use.
 *
 * @module
 */
import { fromBigAddress, InputError, toBigAddress } from "../../bytes/mod.ts";
import { type ElfFile, type ElfSection, PF, PT, SHT } from "../../elf/mod.ts";
import { type FrameSectionKind, FrameTable } from "./frame_table.ts";

/** Options of {@linkcode eachFrameTable}. */
export interface FrameTablesOptions {
  /** Address at which a section of a relocatable file is loaded; default its address field. */
  readonly addressOf?: ((section: ElfSection) => bigint) | undefined;
  /** Told of each section that cannot be read, which is then left out; else its error is thrown. */
  readonly onDamage?: ((error: InputError) => void) | undefined;
}

/** Sections that have tables. */
const KINDS: ReadonlyMap<string, FrameSectionKind> = new Map([
  [".eh_frame", "eh_frame"],
  [".debug_frame", "debug_frame"],
  [".zdebug_frame", "debug_frame"],
]);

/** Whether a section of that name has a table. */
export function isFrameSection(name: string): boolean {
  return KINDS.has(name);
}

/**
 * Base of `textrel` pointers: address of the first executable segment, or undefined. Throws
 * `ElfError`.
 */
export function textBase(file: ElfFile): bigint | undefined {
  return file.segments.find((each) => each.type === PT.load && (each.flags & PF.execute) !== 0)
    ?.vaddr;
}

/**
 * Base of `datarel` pointers: address of the global offset table, or undefined. Throws `ElfError`.
 */
export function dataBase(file: ElfFile): bigint | undefined {
  return (file.section(".got.plt") ?? file.section(".got"))?.address;
}

/**
 * Tables of call frame information in a file, in section order. `.eh_frame` sections come as they
 * are; a file may have several in a relocatable file (one for each COMDAT group).
 *
 * @throws {ElfError} If a section lies outside the file or its relocations are wrong, unless
 * `onDamage` is given; always if the section headers are malformed.
 */
export function* eachFrameTable(
  file: ElfFile,
  options: FrameTablesOptions = {},
): Generator<FrameTable> {
  const addressOf = options.addressOf ?? ((each) => each.address);
  for (const section of file.sections) {
    const kind = KINDS.get(section.name);
    if (kind === undefined || section.type === SHT.nobits) continue;
    let table: FrameTable | undefined;
    try {
      table = new FrameTable({
        kind,
        bytes: file.relocatedData(section, { addressOf }),
        address: addressOf(section),
        name: section.name,
        text: canonical(textBase(file)),
        data: canonical(dataBase(file)),
      });
    } catch (error) {
      if (options.onDamage === undefined || !(error instanceof InputError)) throw error;
      options.onDamage(error);
    }
    if (table !== undefined) yield table;
  }
}

/** All tables of {@linkcode eachFrameTable}. */
export function frameTablesOf(file: ElfFile, options?: FrameTablesOptions): FrameTable[] {
  return [...eachFrameTable(file, options)];
}

/** A base that is not canonical cannot be used; only a pointer that needs it is then an error. */
function canonical(address: bigint | undefined): bigint | undefined {
  if (address === undefined) return undefined;
  const value = fromBigAddress(address);
  return value === value ? toBigAddress(value) : undefined;
}
