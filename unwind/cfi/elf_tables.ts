/**
 * The unwind sections of an ELF file, ready to use.
 *
 * @module
 */
import { fromBigAddress, InputError, toBigAddress } from "../../bytes/mod.ts";
import { type ElfFile, type ElfSection, PF, PT, SHT } from "../../elf/mod.ts";
import { EhFrameHeader } from "./eh_frame_hdr.ts";
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
 * are; a file may have several in a relocatable file (one for each COMDAT group). In a file without
 * section headers, `PT_GNU_EH_FRAME` leads to the one there is.
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
    const kind = kindOf(file, section);
    if (kind === undefined || section.type === SHT.nobits) continue;
    let table: FrameTable | undefined;
    try {
      const bytes = file.relocatedData(section, { addressOf });
      const init = file.hasSectionHeaders
        ? { bytes, address: addressOf(section), name: section.name }
        : ehFrameOf(file, new EhFrameHeader(bytes, section.address));
      if (init === undefined) continue;
      const [text, data] = [canonical(textBase(file)), canonical(dataBase(file))];
      table = new FrameTable({ ...init, kind, text, data });
    } catch (error) {
      if (options.onDamage === undefined || !(error instanceof InputError)) throw error;
      options.onDamage(error);
    }
    if (table !== undefined) yield table;
  }
}

/** Which table a section has, or in a file without section headers leads to. */
function kindOf(file: ElfFile, { name }: ElfSection): FrameSectionKind | undefined {
  if (file.hasSectionHeaders) return KINDS.get(name);
  return name === ".eh_frame_hdr" ? "eh_frame" : undefined;
}

/**
 * The `.eh_frame` that a header leads to, up to the end of the last entry it knows, or up to the
 * first zero length if it has no table; undefined if it does not lead anywhere.
 */
function ehFrameOf(
  file: ElfFile,
  header: EhFrameHeader,
): { bytes: Uint8Array; address: bigint; name: string } | undefined {
  const { ehFrame, count } = header;
  if (ehFrame === undefined) return undefined;
  const address = toBigAddress(ehFrame);
  const home = file.sections.find((each) =>
    each.index > 0 && address >= each.address && address < each.address + BigInt(each.size)
  );
  if (home === undefined) {
    throw file.error("section", ".eh_frame_hdr leads out of the file", 0, "a loaded address");
  }
  const bytes = file.sectionData(home).subarray(Number(address - home.address));
  let end = 0;
  if (count === 0) {
    for (let next = entryEnd(bytes, 0); next > end + 4; next = entryEnd(bytes, end)) end = next;
  }
  for (let i = 0; i < count; i++) {
    end = Math.max(end, entryEnd(bytes, header.entry(i).fde - ehFrame));
  }
  return { bytes: bytes.subarray(0, end), address, name: ".eh_frame" };
}

/** Offset after the entry at an offset; 0 if no entry can be there. */
function entryEnd(bytes: Uint8Array, offset: number): number {
  if (!(offset >= 0 && offset + 12 <= bytes.length)) return 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, 12);
  const length = view.getUint32(0, true);
  const end = length === 0xffffffff
    ? offset + 12 + Number(view.getBigUint64(4, true))
    : offset + 4 + length;
  return end <= bytes.length ? end : 0;
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
