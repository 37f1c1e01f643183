/**
 * ELF64 reader for x86-64 and AArch64: header, segments, sections, symbols, section data, and the
 * relocations of unwind and debug sections in relocatable files. Little-endian only; both machines are that
 * under every system this library meets.
 *
 * Nothing is copied and nothing but the file header is looked at before it is asked for. Every
 * offset is checked against the file.
 *
 * @module
 */
import type { ByteSource } from "./byte_source.ts";
import { PT } from "./constants.ts";
import { ElfImage } from "./image.ts";
import { impliedSections } from "./implied_sections.ts";
import { relocateSection } from "./relocate.ts";
import { type ElfSection, readSections, sectionBytes } from "./section.ts";
import { type ElfSegment, inMemory, readSegments } from "./segment.ts";
import { type ElfSymbol, ElfSymbolTable, type SymbolAt } from "./symbols.ts";

/** Options of {@linkcode parseElf}. */
export interface ElfOptions {
  /** Name used in errors; default `ELF file`. */
  readonly name?: string;
  /**
   * How the bytes are laid out: as in the file, which is the default, or as in the memory of a
   * process that the file is loaded into, from its header on. Section headers are not loaded.
   */
  readonly layout?: "file" | "memory";
  /** Address of the first byte, for the layout in memory; by default the file's own. */
  readonly base?: bigint;
}

/** Options of {@linkcode ElfFile.relocatedData}. */
export interface RelocateOptions {
  /**
   * Address at which a section of a relocatable file is, or will be, loaded. Default: the section's
   * own address field, which is 0 in such files (this is also what `readelf` assumes).
   */
  readonly addressOf?: (section: ElfSection) => bigint;
}

/** An ELF64 file, read lazily. Build one with {@linkcode parseElf}. */
export class ElfFile extends ElfImage {
  #segments: readonly ElfSegment[] | undefined;
  #sections: readonly ElfSection[] | undefined;
  #byName: Map<string, ElfSection> | undefined;
  #symbols: ElfSymbolTable | undefined;
  #hasSectionHeaders = false;
  readonly #inMemory: boolean;
  readonly #base: bigint | undefined;

  /** Use {@linkcode parseElf}. */
  constructor(content: Uint8Array | ByteSource, options: ElfOptions = {}) {
    super(content, options.name ?? "ELF file");
    this.#inMemory = options.layout === "memory";
    this.#base = options.base;
  }

  /**
   * Program headers in file order. In an image out of memory, offsets and sizes are those of the
   * image. Throws `ElfError` if the table lies outside the file or has the wrong entry size.
   */
  get segments(): readonly ElfSegment[] {
    if (this.#segments !== undefined) return this.#segments;
    const segments = readSegments(this);
    return this.#segments = this.#inMemory ? inMemory(this, segments, origin(segments)) : segments;
  }

  /**
   * Address in memory minus address in the file: 0 unless this is an image out of memory. Throws
   * `ElfError` as {@linkcode ElfFile.segments}.
   */
  get bias(): bigint {
    if (!this.#inMemory || this.#base === undefined) return 0n;
    return this.#base - origin(readSegments(this));
  }

  /**
   * Section headers in file order, including the null section 0. A file without any has those
   * sections that its segments imply instead: `.eh_frame_hdr`, dynamic symbols and relocations, and
   * one for each loaded segment. Throws `ElfError` if the table is malformed.
   */
  get sections(): readonly ElfSection[] {
    if (this.#sections !== undefined) return this.#sections;
    const headers = this.#inMemory ? [] : readSections(this);
    this.#hasSectionHeaders = headers.length > 0;
    return this.#sections = this.#hasSectionHeaders
      ? headers
      : impliedSections(this, this.segments, this.bias);
  }

  /** Whether it has section headers. Throws as {@linkcode ElfFile.sections}. */
  get hasSectionHeaders(): boolean {
    return this.sections.length > 0 && this.#hasSectionHeaders;
  }

  /** Symbols of `.symtab` and `.dynsym`, looked up by name or by address. */
  get symbols(): ElfSymbolTable {
    return this.#symbols ??= new ElfSymbolTable(this);
  }

  /** First section of that name, or undefined. */
  section(name: string): ElfSection | undefined {
    if (this.#byName === undefined) {
      this.#byName = new Map();
      for (const section of this.sections) {
        if (!this.#byName.has(section.name)) {
          this.#byName.set(section.name, section);
        }
      }
    }
    return this.#byName.get(name);
  }

  /** Function or object symbol that contains `address`, with the offset into it. */
  symbolAt(address: bigint): SymbolAt | undefined {
    return this.symbols.at(address);
  }

  /** Symbol of that name; a defined one is preferred. */
  symbolNamed(name: string): ElfSymbol | undefined {
    return this.symbols.named(name);
  }

  /**
   * Bytes of a segment that are in the file, as a view. Throws `ElfError` (`truncated`) if they are
   * not all there.
   */
  segmentData(segment: ElfSegment): Uint8Array {
    return this.slice(
      segment.offset,
      segment.fileSize,
      `segment ${segment.index}`,
    );
  }

  /**
   * Bytes of a section, as a view where possible. A compressed section (`SHF_COMPRESSED`, by zlib
   * or zstd, or GNU's `.zdebug`) is inflated; `SHT_NOBITS` gives no bytes. Throws `ElfError`.
   */
  sectionData(section: ElfSection): Uint8Array {
    return sectionBytes(this, section);
  }

  /** Bytes of the first section of that name, or undefined if there is none. Throws `ElfError`. */
  sectionDataByName(name: string): Uint8Array | undefined {
    const section = this.section(name);
    return section === undefined ? undefined : this.sectionData(section);
  }

  /**
   * Bytes of a section with its relocations applied. Only relocatable files have such sections; for
   * the others this is {@linkcode ElfFile.sectionData}. Throws `ElfError` (`relocation`) for a
   * relocation type that neither unwind sections nor debug information use.
   */
  relocatedData(section: ElfSection, options?: RelocateOptions): Uint8Array {
    const data = this.sectionData(section);
    if (this.type !== "relocatable") return data;
    return relocateSection(this, section, {
      data,
      addressOf: options?.addressOf ?? ((each) => each.address),
    });
  }
}

/** Address, as the file counts, at which the file's first byte is loaded. */
function origin(segments: readonly ElfSegment[]): bigint {
  const first = segments.find((each) => each.type === PT.load);
  return first === undefined ? 0n : first.vaddr - BigInt(first.offset);
}

/**
 * Reads an ELF64 file. Only the 64-byte header is checked here; tables are read, and checked, when
 * they are asked for.
 *
 * @example Functions of a file, by address
 * ```ts
 * import { x86_64 } from "@trapline/trapline/arch"; // for the bytes of a file
 * import { parseElf } from "@trapline/trapline/elf";
 *
 * const hex = (value: bigint) => value.toString(16);
 * const file = parseElf(x86_64.image.bytes, { name: "kernel" });
 * for (const { name, value, size } of file.symbols.all) console.log(hex(value), size, name);
 * ```
 *
 * @param content The whole file, or an image of it out of memory; it is kept, not copied. Or where
 * its bytes can be read: then tables and sections are read when they are asked for.
 * @throws {ElfError} If the header is truncated, or of another class, encoding, version, type or
 * machine.
 */
export function parseElf(content: Uint8Array | ByteSource, options?: ElfOptions): ElfFile {
  return new ElfFile(content, options);
}

/**
 * Loadable segments (`PT_LOAD`) of a file in file order. Throws `ElfError` as
 * {@linkcode ElfFile.segments}.
 */
export function loadSegments(file: ElfFile): ElfSegment[] {
  return file.segments.filter((segment) => segment.type === PT.load);
}
