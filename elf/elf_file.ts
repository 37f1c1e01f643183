/**
 * ELF64 reader for x86-64 and AArch64: header, segments, sections, symbols, section data, and the relocations of unwind sections in
 * relocatable files. Little-endian only; both machines are that under every system this library meets.
 *
 * Nothing is copied and nothing but the file header is looked at before it is asked for. Every offset is checked against the file.
 *
 * @module
 */
import { ElfError, type ElfErrorKind } from "../unwind/errors.ts";
import { ELF_MACHINE, ELF_TYPES, type ElfType, type Machine, PT, SHF, SHT } from "./constants.ts";
import { ElfSymbolTable } from "./symbols.ts";
import { relocateSection } from "./relocate.ts";
import type { ElfSymbol, SymbolAt } from "./symbols.ts";
import { inflateZlib } from "./inflate.ts";

/** One program header (gABI, chapter 5). */
export interface ElfSegment {
  /** Position in the program header table. */
  readonly index: number;
  /** `p_type`; see `PT`. */
  readonly type: number;
  /** `p_flags`; see `PF`. */
  readonly flags: number;
  /** Offset of its bytes in the file. */
  readonly offset: number;
  /** Virtual address of its first byte. */
  readonly vaddr: bigint;
  /** Physical address field; most systems ignore it. */
  readonly paddr: bigint;
  /** Bytes present in the file. */
  readonly fileSize: number;
  /** Bytes in memory; the rest beyond `fileSize` is zero. */
  readonly memSize: bigint;
  /** Alignment, 0 or a power of two. */
  readonly align: bigint;
}

/** One section header (gABI, chapter 4). */
export interface ElfSection {
  /** Position in the section header table. */
  readonly index: number;
  /** Name from the section name table. */
  readonly name: string;
  /** `sh_type`; see `SHT`. */
  readonly type: number;
  /** `sh_flags`; see `SHF`. */
  readonly flags: bigint;
  /** Virtual address, 0 for a section that is not loaded and in relocatable files. */
  readonly address: bigint;
  /** Offset of its bytes in the file. */
  readonly offset: number;
  /** Size in bytes. */
  readonly size: number;
  /** `sh_link`: index of an associated section. */
  readonly link: number;
  /** `sh_info`. */
  readonly info: number;
  /** Alignment, 0 or a power of two. */
  readonly align: bigint;
  /** Size of an entry, for a section that is a table. */
  readonly entrySize: number;
}

/** Options of {@linkcode parseElf}. */
export interface ElfOptions {
  /** Name used in errors; default `ELF file`. */
  readonly name?: string;
}

/** Options of {@linkcode ElfFile.relocatedData}. */
export interface RelocateOptions {
  /**
   * Address at which a section of a relocatable file is, or will be, loaded. Default: the section's own address field, which is 0 in such
   * files (this is also what `readelf` assumes).
   */
  readonly addressOf?: (section: ElfSection) => bigint;
}

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/** An ELF64 file, read lazily. Build one with {@linkcode parseElf}. */
export class ElfFile {
  /** Name used in errors. */
  readonly name: string;
  /** The whole file. */
  readonly bytes: Uint8Array;
  /** View over {@linkcode ElfFile.bytes}. */
  readonly view: DataView;
  /** Machine the code is for. */
  readonly machine: Machine;
  /** What kind of file it is. */
  readonly type: ElfType;
  /** Address of the first instruction, 0 if none. */
  readonly entry: bigint;
  #segments: readonly ElfSegment[] | undefined;
  #sections: readonly ElfSection[] | undefined;
  #byName: Map<string, ElfSection> | undefined;
  #symbols: ElfSymbolTable | undefined;

  /** Use {@linkcode parseElf}. Throws {@linkcode ElfError} if the header is not that of a little-endian ELF64 file of a known machine. */
  constructor(bytes: Uint8Array, name: string) {
    this.name = name;
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const magicOk = bytes.length >= 4 && this.view.getUint32(0) === 0x7f454c46;
    if (!magicOk) {
      throw this.error("magic", "Cannot read ELF header", 0, "7f 45 4c 46");
    }
    if (bytes.length < 64) {
      throw this.error(
        "truncated",
        `ELF header is cut off after ${bytes.length} bytes`,
        bytes.length,
        "64 bytes",
      );
    }
    this.#checkByte(4, 2, "class", "class", "2 (64-bit)");
    this.#checkByte(5, 1, "encoding", "data encoding", "1 (little-endian)");
    this.#checkByte(6, 1, "version", "version", "1");
    const type = ELF_TYPES[this.view.getUint16(16, true)];
    if (type === undefined) {
      const got = this.view.getUint16(16, true);
      throw this.error("type", `ELF type is ${got}`, 16, "1, 2, 3 or 4");
    }
    const machine = this.view.getUint16(18, true);
    if (machine === ELF_MACHINE.x86_64) this.machine = "x86_64";
    else if (machine === ELF_MACHINE.aarch64) this.machine = "aarch64";
    else {
      throw this.error(
        "machine",
        `ELF machine is ${machine}`,
        18,
        "62 (x86-64) or 183 (AArch64)",
      );
    }
    this.type = type;
    this.entry = this.view.getBigUint64(24, true);
  }

  /** Program headers in file order. Throws {@linkcode ElfError} if the table lies outside the file or has the wrong entry size. */
  get segments(): readonly ElfSegment[] {
    return this.#segments ??= this.#readSegments();
  }

  /** Section headers in file order, including the null section 0. Throws {@linkcode ElfError} if the table is malformed. */
  get sections(): readonly ElfSection[] {
    return this.#sections ??= this.#readSections();
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

  /** Bytes of a segment that are in the file, as a view. Throws {@linkcode ElfError} (`truncated`) if they are not all there. */
  segmentData(segment: ElfSegment): Uint8Array {
    return this.slice(
      segment.offset,
      segment.fileSize,
      `segment ${segment.index}`,
    );
  }

  /**
   * Bytes of a section, as a view where possible. A zlib-compressed section (`SHF_COMPRESSED`) is inflated; `SHT_NOBITS` gives no
   * bytes. Throws {@linkcode ElfError}.
   */
  sectionData(section: ElfSection): Uint8Array {
    if (section.type === SHT.nobits) return new Uint8Array(0);
    const raw = this.slice(
      section.offset,
      section.size,
      `section ${section.name}`,
    );
    return (section.flags & SHF.compressed) === 0n ? raw : this.#inflate(section, raw);
  }

  /** Bytes of the first section of that name, or undefined if there is none. Throws {@linkcode ElfError}. */
  sectionDataByName(name: string): Uint8Array | undefined {
    const section = this.section(name);
    return section === undefined ? undefined : this.sectionData(section);
  }

  /**
   * Bytes of a section with its relocations applied. Only relocatable files have such sections; for the others this is
   * {@linkcode ElfFile.sectionData}. Throws {@linkcode ElfError} (`relocation`) for a relocation type that no unwind section uses.
   */
  relocatedData(section: ElfSection, options?: RelocateOptions): Uint8Array {
    const data = this.sectionData(section);
    if (this.type !== "relocatable") return data;
    return relocateSection(this, section, {
      data,
      addressOf: options?.addressOf ?? ((each) => each.address),
    });
  }

  /** View of `size` bytes at `offset`; throws {@linkcode ElfError} (`truncated`) naming `what` if the file is shorter. */
  slice(offset: number, size: number, what: string): Uint8Array {
    if (offset + size > this.bytes.length) {
      throw this.error(
        "truncated",
        `Cannot read ${what}: it ends at 0x${(offset + size).toString(16)}, the file at 0x${
          this.bytes.length.toString(16)
        }`,
        offset,
        `${size} bytes`,
      );
    }
    return this.bytes.subarray(offset, offset + size);
  }

  /** Unsigned 64-bit field at `at` as a number. Throws {@linkcode ElfError} (`header`) if it is 2^53 or more, which no file can hold. */
  sizeAt(at: number, what: string): number {
    const value = this.view.getBigUint64(at, true);
    if (value > MAX_SAFE) {
      throw this.error("header", `${what} is ${value}`, at, "less than 2^53");
    }
    return Number(value);
  }

  /** NUL-terminated string at `at`, which must end before `limit`. Throws {@linkcode ElfError} (`string`). */
  stringAt(at: number, limit: number): string {
    const end = at < limit ? this.bytes.indexOf(0, at) : -1;
    if (end < 0 || end >= limit) {
      throw this.error("string", "Cannot read name", at, "a NUL-ended string");
    }
    let text = "";
    for (let i = at; i < end; i++) {
      const byte = this.bytes[i]!;
      if (byte >= 0x80) {
        return new TextDecoder().decode(this.bytes.subarray(at, end));
      }
      text += String.fromCharCode(byte);
    }
    return text;
  }

  /** Error of this file. */
  error(
    kind: ElfErrorKind,
    message: string,
    offset: number,
    expected: string,
  ): ElfError {
    return new ElfError(kind, message, { file: this.name, offset, expected });
  }

  #checkByte(
    at: number,
    want: number,
    kind: ElfErrorKind,
    what: string,
    expected: string,
  ): void {
    const got = this.bytes[at]!;
    if (got !== want) {
      throw this.error(kind, `ELF ${what} is ${got}`, at, expected);
    }
  }

  /** Offset and entry count of a header table, checked against the file. */
  #table(
    fieldAt: number,
    sizeAt: number,
    size: number,
    what: string,
  ): { offset: number; count: number } {
    const offset = this.sizeAt(fieldAt, `${what} table offset`);
    if (offset === 0) return { offset: 0, count: 0 };
    const entrySize = this.view.getUint16(sizeAt, true);
    const count = this.view.getUint16(sizeAt + 2, true);
    if (entrySize !== size && (count !== 0 || what === "section")) {
      throw this.error(
        "header",
        `${what} header size is ${entrySize}`,
        sizeAt,
        `${size}`,
      );
    }
    return { offset, count };
  }

  #readSegments(): readonly ElfSegment[] {
    const table = this.#table(32, 54, 56, "program");
    let count = table.count;
    // PN_XNUM: the real count is in section header 0 (large core files).
    if (count === 0xffff) {
      count = this.sections[0]?.info ?? 0;
    }
    this.slice(table.offset, count * 56, "program header table");
    const segments: ElfSegment[] = [];
    for (let index = 0; index < count; index++) {
      const at = table.offset + index * 56;
      segments.push({
        index,
        type: this.view.getUint32(at, true),
        flags: this.view.getUint32(at + 4, true),
        offset: this.sizeAt(at + 8, "segment offset"),
        vaddr: this.view.getBigUint64(at + 16, true),
        paddr: this.view.getBigUint64(at + 24, true),
        fileSize: this.sizeAt(at + 32, "segment file size"),
        memSize: this.view.getBigUint64(at + 40, true),
        align: this.view.getBigUint64(at + 48, true),
      });
    }
    return segments;
  }

  #readSections(): readonly ElfSection[] {
    const table = this.#table(40, 58, 64, "section");
    if (table.offset === 0) return [];
    this.slice(table.offset, 64, "section header 0");
    // Large files keep count and name table index in section 0.
    const count = table.count !== 0 ? table.count : this.sizeAt(table.offset + 32, "section count");
    this.slice(table.offset, count * 64, "section header table");
    let names = this.view.getUint16(62, true);
    if (names === 0xffff) names = this.view.getUint32(table.offset + 40, true);
    if (names >= count && names !== 0) {
      throw this.error(
        "section",
        `Section name table index is ${names}`,
        62,
        `less than ${count}`,
      );
    }
    const namesAt = table.offset + names * 64;
    const namesStart = names === 0 ? 0 : this.sizeAt(namesAt + 24, "offset");
    const namesSize = names === 0 ? 0 : this.sizeAt(namesAt + 32, "size");
    this.slice(namesStart, namesSize, "section name table");
    const sections: ElfSection[] = [];
    for (let index = 0; index < count; index++) {
      const at = table.offset + index * 64;
      const name = this.view.getUint32(at, true);
      sections.push({
        index,
        name: names === 0 ? "" : this.stringAt(namesStart + name, namesStart + namesSize),
        type: this.view.getUint32(at + 4, true),
        flags: this.view.getBigUint64(at + 8, true),
        address: this.view.getBigUint64(at + 16, true),
        offset: this.sizeAt(at + 24, "section offset"),
        size: this.sizeAt(at + 32, "section size"),
        link: this.view.getUint32(at + 40, true),
        info: this.view.getUint32(at + 44, true),
        align: this.view.getBigUint64(at + 48, true),
        entrySize: this.sizeAt(at + 56, "section entry size"),
      });
    }
    return sections;
  }

  #inflate(section: ElfSection, raw: Uint8Array): Uint8Array {
    const what = `Cannot inflate section ${section.name}`;
    if (raw.length < 24) {
      throw this.error(
        "compression",
        `${what} of ${raw.length} bytes`,
        section.offset,
        "a 24-byte compression header",
      );
    }
    const method = this.view.getUint32(section.offset, true);
    const size = this.sizeAt(section.offset + 8, "inflated size");
    // Deflate cannot do better than 1032 to 1; more is a bomb or damage.
    if (method !== 1 || size > raw.length * 1032) {
      throw this.error(
        "compression",
        `${what}: method ${method}, size ${size}`,
        section.offset,
        "method 1 (zlib) and a possible size",
      );
    }
    const data = inflateZlib(raw.subarray(24), size);
    if (data === undefined) {
      throw this.error("compression", what, section.offset, "a zlib stream");
    }
    return data;
  }
}

/**
 * Reads an ELF64 file. Only the 64-byte header is checked here; tables are read, and checked, when they are asked for.
 *
 * @param bytes The whole file; it is kept, not copied.
 * @throws {ElfError} If the header is truncated, or of another class, encoding, version, type or machine.
 */
export function parseElf(bytes: Uint8Array, options?: ElfOptions): ElfFile {
  return new ElfFile(bytes, options?.name ?? "ELF file");
}

/** Loadable segments (`PT_LOAD`) of a file in file order. Throws {@linkcode ElfError} as {@linkcode ElfFile.segments}. */
export function loadSegments(file: ElfFile): ElfSegment[] {
  return file.segments.filter((segment) => segment.type === PT.load);
}
