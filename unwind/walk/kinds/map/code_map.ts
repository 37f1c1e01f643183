/**
 * The published code map: which kinds of code are where in a block of code. `docs/code-kinds.md`
 * describes the format.
 *
 * @module
 */
import { type Address, fromBigAddress, textOf } from "../../../../bytes/mod.ts";
import { CodeMapError, type CodeMapErrorKind } from "../../../errors.ts";

/** Bytes of a header. */
const HEADER_SIZE = 56;
/** Bytes of a region. */
const REGION_SIZE = 48;
/** `CKM1` */
const MAGIC = 0x314d4b43;
/** Stands for "none" where a thread's words are. */
const NONE = -(2n ** 63n);
/** Most bytes of a name. */
const LONGEST_NAME = 4096;
/** Most regions. */
const MOST_REGIONS = 1 << 16;
/** How many times its size its parts may add up to: regions may share some. */
const SHARED = 4;

/** Flags of a region. */
export const REGION: {
  /** Called from native code, whose anchor it saves. */
  readonly upcallEntry: 1;
  /** Calls native code, and leaves an anchor. */
  readonly nativeStub: 2;
} = { upcallEntry: 1, nativeStub: 2 };

/** A region of a map: one kind of code from `begin` to before `end`. */
export interface MapRegion {
  /** The map it is of. */
  readonly map: CodeMap;
  /** Where it stands in the map. */
  readonly at: number;
  /** First byte, from the map's first code address. */
  readonly begin: number;
  /** Byte after it. */
  readonly end: number;
  /** Name of its kind. */
  readonly kind: string;
  /** Name of the code. */
  readonly name: string;
  /** Address of the method's record, 0 if there is none. */
  readonly method: bigint;
  /** Offset and number of its rows. */
  readonly rows: MapTable;
  /** Offset and number of the registers that it saves. */
  readonly saved: MapTable;
  /** Offset and size in bytes of what its kind knows of it. */
  readonly data: MapTable;
  /** Flags: {@linkcode REGION}. */
  readonly flags: number;
}

/** A part of a map. */
export interface MapTable {
  /** Offset in the map. */
  readonly at: number;
  /** How many entries there are. */
  readonly count: number;
}

/** A map. Every offset that is read from it is checked against its size. */
export class CodeMap {
  /** Name for errors. */
  readonly source: string;
  /** Its bytes. */
  readonly view: DataView<ArrayBufferLike>;
  /** Bytes of it. */
  readonly size: number;
  /** First address of the code. */
  readonly begin: Address;
  /** Address after the code. */
  readonly end: Address;
  /**
   * Bytes from a thread's pointer to its anchor, the stack pointer and program counter of its last
   * managed frame; undefined if threads have none.
   */
  readonly anchor: number | undefined;
  /** Bytes from a thread's pointer to its handles; undefined if threads have none. */
  readonly handles: number | undefined;
  readonly #bytes: Uint8Array;
  readonly #regions: MapTable;
  readonly #names: Map<number, string> = new Map();
  /** Bytes that parts may still have. */
  #budget: number;

  /**
   * The map that bytes begin with. Throws {@linkcode CodeMapError} (`magic`, `version`, `size`,
   * `region`) if its header is damaged.
   */
  constructor(bytes: Uint8Array, source: string) {
    this.source = source;
    this.#bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.size = bytes.length;
    this.#check(0, HEADER_SIZE, "header");
    const magic = this.view.getUint32(0, true);
    if (magic !== MAGIC) {
      throw this.error("magic", `Magic number is 0x${magic.toString(16)}`, 0, "CKM1");
    }
    const version = this.u16(4);
    if (version !== 1) throw this.error("version", `Version is ${version}`, 4, "1");
    const headerSize = this.u16(6);
    const size = this.u32(8);
    if (headerSize < HEADER_SIZE || size < headerSize || size > bytes.length) {
      const what = `Size is ${size}, of the header ${headerSize}`;
      throw this.error("size", what, 6, `${HEADER_SIZE} to ${bytes.length}`);
    }
    this.size = size;
    this.#budget = SHARED * size;
    this.begin = this.#address(24);
    this.end = this.#address(32);
    if (!(this.begin < this.end) || this.end - this.begin > 0xffffffff) {
      throw this.error("region", "Code has no addresses", 24, "a first address and one after it");
    }
    this.anchor = this.#offset(40);
    this.handles = this.#offset(48);
    this.#regions = { at: this.u32(16), count: this.u32(12) };
    const { at, count } = this.#regions;
    if (count > MOST_REGIONS) {
      throw this.error("limit", `Map has ${count} regions`, 12, `at most ${MOST_REGIONS}`);
    }
    this.#check(at, count * REGION_SIZE, "regions");
  }

  /** Number of regions. */
  get count(): number {
    return this.#regions.count;
  }

  /**
   * A region by its number. Throws {@linkcode CodeMapError} (`size`, `region`) if it or one of its
   * parts is outside the map, or it is not behind the region before it.
   */
  region(index: number): MapRegion {
    const at = this.#regions.at + index * REGION_SIZE;
    const begin = this.u32(at);
    const end = this.u32(at + 4);
    const before = index === 0 ? 0 : this.u32(at - REGION_SIZE + 4);
    if (begin < before || begin >= end || end > this.end - this.begin) {
      const what = `Region ${index} is 0x${begin.toString(16)} to 0x${end.toString(16)}`;
      const least = `0x${before.toString(16)} to 0x${(this.end - this.begin).toString(16)}`;
      throw this.error("region", what, at, `a part of ${least}`);
    }
    return {
      map: this,
      at,
      begin,
      end,
      kind: this.#text(this.u32(at + 8)),
      name: this.#text(this.u32(at + 12)),
      method: this.view.getBigUint64(at + 16, true),
      rows: { at: this.u32(at + 24), count: this.u16(at + 28) },
      saved: { at: this.u32(at + 32), count: this.u16(at + 30) },
      data: { at: this.u32(at + 36), count: this.u32(at + 40) },
      flags: this.u32(at + 44),
    };
  }

  /**
   * Checks that a table of entries of `size` bytes is in the map, and that all that have been asked
   * for are not many times the map; gives its offset. Throws {@linkcode CodeMapError} (`size`,
   * `limit`).
   */
  table({ at, count }: MapTable, size: number, what: string): number {
    this.#check(at, count * size, what);
    this.#charge(count * size, at);
    return at;
  }

  /**
   * Offset of what a region's kind knows of it, of which the first `least` bytes must be there.
   * Throws as {@linkcode CodeMap.table}.
   */
  data({ data }: MapRegion, least: number): number {
    const at = this.table(data, 1, "data");
    if (data.count >= least) return at;
    throw this.error("size", `Region has ${data.count} bytes of data`, at, `${least} or more`);
  }

  /** 16 bits at an offset that has been checked. */
  u16(at: number): number {
    return this.view.getUint16(at, true);
  }

  /** 32 bits at an offset that has been checked. */
  u32(at: number): number {
    return this.view.getUint32(at, true);
  }

  /** 32 bits with a sign at an offset that has been checked. */
  i32(at: number): number {
    return this.view.getInt32(at, true);
  }

  /** An error of this map. */
  error(kind: CodeMapErrorKind, message: string, offset: number, expected: string): CodeMapError {
    return new CodeMapError(kind, message, { source: this.source, offset, expected });
  }

  #check(at: number, size: number, what: string): void {
    if (at + size <= this.size) return;
    const end = `0x${at.toString(16)} to 0x${(at + size).toString(16)}`;
    throw this.error("size", `Map's ${what} are at ${end}`, at, `no more than ${this.size} bytes`);
  }

  #charge(size: number, at: number): void {
    this.#budget -= size;
    if (this.#budget >= 0) return;
    const most = `${SHARED} times ${this.size} bytes`;
    throw this.error("limit", "Parts of the map overlap many times", at, most);
  }

  #text(at: number): string {
    const known = this.#names.get(at);
    if (known !== undefined) return known;
    const bytes = this.#bytes;
    const limit = Math.min(this.size, at + LONGEST_NAME);
    let end = at;
    while (end < limit && bytes[end] !== 0) end++;
    if (end >= limit) throw this.error("region", "Name does not end", at, "a zero byte");
    this.#charge(end - at, at);
    const text = textOf(bytes, at, end);
    this.#names.set(at, text);
    return text;
  }

  #address(at: number): Address {
    return fromBigAddress(this.view.getBigUint64(at, true));
  }

  #offset(at: number): number | undefined {
    const value = this.view.getBigInt64(at, true);
    if (value === NONE) return undefined;
    const offset = Number(value);
    if (Number.isSafeInteger(offset)) return offset;
    throw this.error("region", `Offset is ${value}`, at, "one from the thread pointer");
  }
}
