/**
 * A bounds-checked position in bytes: the only way tables are read. Numbers are JavaScript numbers;
 * what does not fit in 53 bits is an error, as no offset, length or address of a real table is that
 * large.
 *
 * @module
 */
import { addressFromHalves } from "./address.ts";
import { DecodeError, type DecodeErrorKind } from "./errors.ts";

/** Reads little-endian values at a moving position. */
export class Cursor {
  /** The bytes read from. */
  readonly bytes: Uint8Array;
  /** Position of the next byte. */
  at: number;
  /** Position after the last byte that may be read; never beyond the bytes. */
  end: number;
  /** Section or file name, for errors. */
  readonly source: string;

  /** A cursor over all of `bytes`. */
  constructor(bytes: Uint8Array, source: string) {
    this.bytes = bytes;
    this.at = 0;
    this.end = bytes.length;
    this.source = source;
  }

  /**
   * Moves to `at`, with reading allowed up to `end`. Throws {@linkcode DecodeError} if that is
   * outside the bytes.
   */
  seek(at: number, end: number): void {
    if (!(at >= 0 && at <= end && end <= this.bytes.length)) {
      throw this.error(
        "truncated",
        `Cannot read 0x${at.toString(16)} to 0x${end.toString(16)} of ${this.bytes.length} bytes`,
        at,
      );
    }
    this.at = at;
    this.end = end;
  }

  /** Skips `count` bytes. */
  skip(count: number): void {
    this.at = this.#take(count) + count;
  }

  /** The next `count` bytes, as a view; they are skipped. */
  view(count: number): Uint8Array {
    const at = this.#take(count);
    this.at = at + count;
    return this.bytes.subarray(at, this.at);
  }

  /** Unsigned byte. */
  u8(): number {
    const at = this.at;
    if (at >= this.end) throw this.#short(1);
    this.at = at + 1;
    return this.bytes[at]!;
  }

  /** Unsigned 16-bit number. */
  u16(): number {
    const at = this.#take(2);
    this.at = at + 2;
    return this.bytes[at]! | this.bytes[at + 1]! << 8;
  }

  /** Signed 32-bit number. */
  i32(): number {
    const at = this.#take(4);
    const bytes = this.bytes;
    this.at = at + 4;
    return bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 |
      bytes[at + 3]! << 24;
  }

  /** Unsigned 32-bit number. */
  u32(): number {
    return this.i32() >>> 0;
  }

  /**
   * 64-bit number taken as a signed address; throws {@linkcode DecodeError} (`range`) if it is not
   * exact.
   */
  address64(): number {
    const at = this.at;
    const low = this.i32();
    const value = addressFromHalves(low, this.i32());
    if (value !== value) {
      throw this.error("range", "Cannot use a 64-bit number this large", at);
    }
    return value;
  }

  /** Unsigned 64-bit number as a `bigint`. */
  bigU64(): bigint {
    const low = this.u32();
    return BigInt(this.u32()) << 32n | BigInt(low);
  }

  /** Unsigned LEB128 below 2^53. */
  uleb(): number {
    const at = this.at;
    if (at < this.end) {
      const byte = this.bytes[at]!;
      if (byte < 0x80) {
        this.at = at + 1;
        return byte;
      }
    }
    return this.#leb(false);
  }

  /** Signed LEB128 of magnitude below 2^53. */
  sleb(): number {
    const at = this.at;
    if (at < this.end) {
      const byte = this.bytes[at]!;
      if (byte < 0x80) {
        this.at = at + 1;
        return byte << 25 >> 25;
      }
    }
    return this.#leb(true);
  }

  /** Unsigned LEB128 of any value, modulo 2^64. */
  bigUleb(): bigint {
    return this.#bigLeb(false);
  }

  /** Signed LEB128 of any value, modulo 2^64. */
  bigSleb(): bigint {
    return this.#bigLeb(true);
  }

  /**
   * Bytes up to a NUL as text (Latin-1); the NUL is skipped. Throws {@linkcode DecodeError}
   * (`range`) if there are more than `limit`.
   */
  text(limit = Infinity): string {
    const start = this.at;
    let text = "";
    for (;;) {
      const byte = this.u8();
      if (byte === 0) return text;
      if (text.length >= limit) throw this.error("range", `Text has over ${limit} bytes`, start);
      text += String.fromCharCode(byte);
    }
  }

  /** An error of these bytes; at the current position if `offset` is not given. */
  error(
    kind: DecodeErrorKind,
    message: string,
    offset: number = this.at,
  ): DecodeError {
    return new DecodeError(kind, message, { source: this.source, offset });
  }

  #take(count: number): number {
    if (!(count >= 0 && this.at + count <= this.end)) throw this.#short(count);
    return this.at;
  }

  #short(count: number): DecodeError {
    return this.error(
      "truncated",
      `Cannot read ${count} bytes, ${this.end - this.at} are left`,
    );
  }

  #leb(signed: boolean): number {
    const start = this.at;
    let value = 0;
    let scale = 1;
    let byte: number;
    // 10 bytes hold 64 bits; longer ones are padding or damage.
    do {
      if (this.at - start >= 10) {
        throw this.error("leb128", "LEB128 number has over 10 bytes", start);
      }
      byte = this.u8();
      value += (byte & 0x7f) * scale;
      scale *= 0x80;
    } while (byte >= 0x80);
    if (signed && byte >= 0x40) {
      value -= scale;
      // A long negative number is not exact in parts: the sum may be wrong by rounding, so take the
      // exact road.
      if (scale > 2 ** 53) return this.#exactSleb(start);
    }
    if (Math.abs(value) > Number.MAX_SAFE_INTEGER) {
      throw this.error("range", `LEB128 number ${value} is too large`, start);
    }
    return value;
  }

  #exactSleb(start: number): number {
    this.at = start;
    const value = Number(BigInt.asIntN(64, this.#bigLeb(true)));
    if (!Number.isSafeInteger(value)) {
      throw this.error("range", `LEB128 number ${value} is too large`, start);
    }
    return value;
  }

  #bigLeb(signed: boolean): bigint {
    const start = this.at;
    let value = 0n;
    let shift = 0n;
    let byte: number;
    do {
      if (this.at - start >= 10) {
        throw this.error("leb128", "LEB128 number has over 10 bytes", start);
      }
      byte = this.u8();
      value |= BigInt(byte & 0x7f) << shift;
      shift += 7n;
    } while (byte >= 0x80);
    if (signed && byte >= 0x40) value -= 1n << shift;
    return BigInt.asUintN(64, value);
  }
}
