/**
 * `.eh_frame_hdr`: the sorted table through which a running program finds the FDE of an address.
 * LSB Core 5.0, section 10.6.2.
 *
 * @module
 */
import { type Address, Cursor, fromBigAddress, partitionPoint } from "../../bytes/mod.ts";
import { CfiError } from "../errors.ts";
import { DW_EH_PE, encodedSize, type PointerBases, readEncodedAddress } from "./pointer.ts";

/** A parsed `.eh_frame_hdr`. */
export class EhFrameHeader {
  /** Address of the `.eh_frame` section, or undefined if it is omitted. */
  readonly ehFrame: Address | undefined;
  /** Entries of the table; 0 if there is none. */
  readonly count: number;
  #cursor: Cursor;
  #bases: PointerBases;
  #encoding: number;
  #tableAt: number;
  #entrySize: number;

  /**
   * Reads the header of the section; the table is read as it is searched.
   *
   * @throws {CfiError} (`version`, `header`) If the version is not 1 or the table does not fit in
   * the section.
   * @throws {DecodeError} If the header is cut off.
   */
  constructor(bytes: Uint8Array, address: bigint, name = ".eh_frame_hdr") {
    const cursor = this.#cursor = new Cursor(bytes, name);
    const section = fromBigAddress(address);
    this.#bases = { section, data: section };
    const version = cursor.u8();
    if (version !== 1) {
      throw this.#error("version", `Version is ${version}`, 0);
    }
    const ehFrameEncoding = cursor.u8();
    const countEncoding = cursor.u8();
    this.#encoding = cursor.u8();
    this.ehFrame = ehFrameEncoding === DW_EH_PE.omit
      ? undefined
      : readEncodedAddress(cursor, ehFrameEncoding, this.#bases);
    this.#entrySize = 0;
    this.#tableAt = 0;
    if (countEncoding === DW_EH_PE.omit || this.#encoding === DW_EH_PE.omit) {
      this.count = 0;
      return;
    }
    this.count = readEncodedAddress(cursor, countEncoding, this.#bases);
    // Entries of varying size cannot be searched; the table is then as good as absent.
    const size = encodedSize(this.#encoding);
    if (size <= 0) {
      this.count = 0;
      return;
    }
    this.#entrySize = 2 * size;
    this.#tableAt = cursor.at;
    const room = bytes.length - cursor.at;
    if (!(this.count >= 0 && this.count * this.#entrySize <= room)) {
      throw this.#error(
        "header",
        `Table has ${this.count} entries, room is for ${Math.floor(room / this.#entrySize)}`,
        cursor.at,
      );
    }
  }

  /**
   * Address of the FDE whose range begins last at or before `address`, or undefined. Its range must
   * still be checked.
   */
  find(address: Address): Address | undefined {
    const begun = partitionPoint(this.count, (i) => this.#read(i, 0) <= address);
    return begun === 0 ? undefined : this.#read(begun - 1, 1);
  }

  /**
   * Entry `index`: first address of a function, and address of its FDE. Throws `RangeError` for a
   * bad index.
   */
  entry(index: number): { start: Address; fde: Address } {
    if (!(index >= 0 && index < this.count)) {
      throw new RangeError(`Cannot read entry ${index} of ${this.count}`);
    }
    return { start: this.#read(index, 0), fde: this.#read(index, 1) };
  }

  #read(index: number, half: 0 | 1): Address {
    const cursor = this.#cursor;
    const at = this.#tableAt + index * this.#entrySize +
      half * this.#entrySize / 2;
    cursor.seek(at, cursor.bytes.length);
    return readEncodedAddress(cursor, this.#encoding, this.#bases);
  }

  #error(
    kind: "version" | "header",
    message: string,
    offset: number,
  ): CfiError {
    return new CfiError(kind, message, { source: this.#cursor.source, offset });
  }
}
