/**
 * A growing buffer of ASCII text, for output that is too much for strings.
 *
 * @module
 */
import { type Address, hexAddress } from "../../bytes/mod.ts";

const ENCODER = new TextEncoder();

/** Digits of 0 to 255, two characters each. */
const PAIRS: Uint8Array = ENCODER.encode(
  Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, "0"))
    .join(""),
);

/** A growing buffer of ASCII text. */
export class TextBuffer {
  /** Bytes written so far. */
  length = 0;
  #bytes: Uint8Array;

  /** A buffer with room for `capacity` bytes before it first grows. */
  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
  }

  /** The bytes of a text, for {@linkcode TextBuffer.piece}. */
  static encode(text: string): Uint8Array {
    return ENCODER.encode(text);
  }

  /** Appends bytes made by {@linkcode TextBuffer.encode}. */
  piece(piece: Uint8Array): void {
    const at = this.length;
    if (at + piece.length > this.#bytes.length) this.#grow(piece.length);
    this.#bytes.set(piece, at);
    this.length = at + piece.length;
  }

  /** Appends an address as `hexAddress` writes it. */
  hex(address: Address): void {
    if (address < 0x100 || address >= 0x1000000000000) {
      this.piece(ENCODER.encode(hexAddress(address)));
      return;
    }
    if (this.length + 16 > this.#bytes.length) this.#grow(16);
    const bytes = this.#bytes;
    const high = Math.floor(address / 0x1000000);
    const low = address - high * 0x1000000;
    let at = this.length;
    bytes[at++] = 0x30;
    bytes[at++] = 0x78;
    let started = false;
    for (let shift = 40; shift >= 0; shift -= 8) {
      const pair = 2 *
        (shift >= 24 ? high >>> (shift - 24) & 0xff : low >>> shift & 0xff);
      if (started || pair >= 32) bytes[at++] = PAIRS[pair]!;
      if (started || pair !== 0) {
        bytes[at++] = PAIRS[pair + 1]!;
        started = true;
      }
    }
    this.length = at;
  }

  /** The bytes written, valid until the next write; the buffer is then empty. */
  take(): Uint8Array {
    const bytes = this.#bytes.subarray(0, this.length);
    this.length = 0;
    return bytes;
  }

  #grow(size: number): void {
    const bytes = new Uint8Array(this.#bytes.length * 2 + size);
    bytes.set(this.#bytes);
    this.#bytes = bytes;
  }
}
