/**
 * The bytes of an ELF64 file whose file header is sound, and checked reading of them: what every
 * table of the file is read through.
 *
 * @module
 */
import { textOf } from "../bytes/mod.ts";
import { type ByteSource, LazyBytes } from "./byte_source.ts";
import { ElfError, type ElfErrorKind } from "./errors.ts";
import { ELF_MACHINE, ELF_TYPES, type ElfType, type Machine } from "./constants.ts";

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/** Where the file header says that a table of headers is. */
export interface HeaderTableInit {
  /** What its entries are, for errors. */
  readonly what: "program" | "section";
  /** Offset of the header field that holds the table's offset. */
  readonly offsetAt: number;
  /**
   * Offset of the header field that holds the size of an entry; the number of entries stands after
   * it.
   */
  readonly sizeAt: number;
  /** What an entry's size must be. */
  readonly size: number;
}

const NOTHING = new Uint8Array(0);

/** Whether bytes begin as an ELF file does. */
export function isElf(bytes: Uint8Array): boolean {
  return bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;
}

/** An ELF64 file of which only the file header has been looked at. */
export class ElfImage {
  /** Name used in errors. */
  readonly name: string;
  /** Bytes of the file. */
  readonly size: number;
  /**
   * View of the file. Of one that is read lazily it shows zeros, except where
   * {@linkcode ElfImage.slice} has been asked for the bytes.
   */
  readonly view: DataView;
  /** Machine the code is for. */
  readonly machine: Machine;
  /** What kind of file it is. */
  readonly type: ElfType;
  /** Address of the first instruction, 0 if none. */
  readonly entry: bigint;
  readonly #names: Map<number, string> = new Map();
  readonly #bytes: Uint8Array;
  readonly #lazy: LazyBytes | undefined;
  #nameBytes = 0;

  /**
   * Throws {@linkcode ElfError} if the header is not that of a little-endian ELF64 file of a known
   * machine, and whatever a source throws that cannot be read.
   *
   * @param content The whole file, or where to read what is needed of it
   */
  constructor(content: Uint8Array | ByteSource, name: string) {
    this.name = name;
    this.#lazy = content instanceof Uint8Array ? undefined : new LazyBytes(content);
    const bytes = this.#bytes = content instanceof Uint8Array ? content : this.#lazy!.bytes;
    this.size = bytes.length;
    this.#lazy?.need(0, Math.min(64, bytes.length));
    // There is no view of a buffer that was transferred; its bytes are none.
    const { buffer, byteOffset, byteLength } = bytes.length === 0 ? NOTHING : bytes;
    this.view = new DataView(buffer, byteOffset, byteLength);
    if (!isElf(bytes)) {
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

  /** The whole file; one that is read lazily is read to its end. */
  get bytes(): Uint8Array {
    this.#lazy?.need(0, this.size);
    return this.#bytes;
  }

  /**
   * View of `size` bytes at `offset`; throws {@linkcode ElfError} (`truncated`) naming `what` if
   * the file is shorter, and whatever its source throws if it is read lazily.
   */
  slice(offset: number, size: number, what: string): Uint8Array {
    if (offset + size > this.size) {
      throw this.error(
        "truncated",
        `Cannot read ${what}: it ends at 0x${(offset + size).toString(16)}, the file at 0x${
          this.size.toString(16)
        }`,
        offset,
        `${size} bytes`,
      );
    }
    this.#lazy?.need(offset, size);
    return this.#bytes.subarray(offset, offset + size);
  }

  /**
   * Unsigned 64-bit field at `at` as a number. Throws {@linkcode ElfError} (`header`) if it is 2^53
   * or more, which no file can hold.
   */
  sizeAt(at: number, what: string): number {
    const value = this.view.getBigUint64(at, true);
    if (value > MAX_SAFE) {
      throw this.error("header", `${what} is ${value}`, at, "less than 2^53");
    }
    return Number(value);
  }

  /**
   * NUL-terminated string at `at`, which must end before `limit`. Throws {@linkcode ElfError}
   * (`string`).
   */
  stringAt(at: number, limit: number): string {
    this.#lazy?.need(at, Math.min(limit, this.size) - at);
    const end = at < limit ? this.#bytes.indexOf(0, at) : -1;
    if (end < 0 || end >= limit) {
      throw this.error("string", "Cannot read name", at, "a NUL-ended string");
    }
    return textOf(this.#bytes, at, end);
  }

  /**
   * A name in a string table, as {@linkcode ElfImage.stringAt} reads it. Each is read once; all of
   * them together may be a few times as long as the file, as tables share the ends of names, but
   * not more: entries that all point into one long string would otherwise cost their number times
   * its length. Throws {@linkcode ElfError} (`string`).
   */
  nameAt(at: number, limit: number): string {
    const known = this.#names.get(at);
    if (known !== undefined) return known;
    const name = this.stringAt(at, limit);
    this.#nameBytes += name.length;
    const most = 4 * this.size + 2 ** 20;
    if (this.#nameBytes > most) {
      throw this.error("string", "Names are too long in all", at, `at most ${most} bytes`);
    }
    this.#names.set(at, name);
    return name;
  }

  /**
   * Offset and number of entries of a header table, as the file header has them; both 0 if there is
   * no table.
   *
   * @throws {ElfError} (`header`) If the entries have the wrong size.
   */
  headerTable(init: HeaderTableInit): { readonly offset: number; readonly count: number } {
    const { what, sizeAt, size } = init;
    const offset = this.sizeAt(init.offsetAt, `${what} table offset`);
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
    const got = this.#bytes[at]!;
    if (got !== want) {
      throw this.error(kind, `ELF ${what} is ${got}`, at, expected);
    }
  }
}
