/**
 * The unwind sections of an ELF file, ready to use.
 *
 * @module
 */
import { fromBigAddress, toBigAddress } from "../../bytes/mod.ts";
import { type ElfFile, type ElfSection, PF, PT, SHT } from "../../elf/mod.ts";
import { FrameTable } from "./frame_table.ts";

/** Options of {@linkcode frameTablesOf}. */
export interface FrameTablesOptions {
  /** Address at which a section of a relocatable file is loaded; default its address field. */
  readonly addressOf?: (section: ElfSection) => bigint;
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
 * @throws {ElfError} If a section lies outside the file or its relocations are wrong.
 */
export function frameTablesOf(
  file: ElfFile,
  options?: FrameTablesOptions,
): FrameTable[] {
  const addressOf = options?.addressOf ?? ((each) => each.address);
  const tables: FrameTable[] = [];
  for (const section of file.sections) {
    const kind = section.name === ".eh_frame"
      ? "eh_frame"
      : section.name === ".debug_frame"
      ? "debug_frame"
      : undefined;
    if (kind === undefined || section.type === SHT.nobits) continue;
    tables.push(
      new FrameTable({
        kind,
        bytes: file.relocatedData(section, { addressOf }),
        address: addressOf(section),
        name: section.name,
        text: canonical(textBase(file)),
        data: canonical(dataBase(file)),
      }),
    );
  }
  return tables;
}

/** A base that is not canonical cannot be used; only a pointer that needs it is then an error. */
function canonical(address: bigint | undefined): bigint | undefined {
  if (address === undefined) return undefined;
  const value = fromBigAddress(address);
  return value === value ? toBigAddress(value) : undefined;
}
