/**
 * What may stand in a packet: escapes of binary data, and run lengths.
 *
 * @module
 */
import { GdbProtocolError } from "../errors.ts";

/** Begins a packet. */
export const DOLLAR = 0x24;
/** Ends a packet; its checksum follows. */
export const HASH = 0x23;
/** Begins a notification. */
export const PERCENT = 0x25;
/** The byte after it is to be read with bit 5 changed. */
const ESCAPE = 0x7d;
const ESCAPED_BIT = 0x20;
/** The byte before it repeats as often as the byte after it says. */
const STAR = 0x2a;

/** What is added to a count of repetitions to make it printable. */
const COUNT_BIAS = 29;
/** A run length that costs no more than what it stands for. */
const LEAST_REPEATS = 3;
const MOST_REPEATS = 0x7e - COUNT_BIAS;

const CHUNK = 8192;
const ENCODER = new TextEncoder();

/** Bytes as text whose characters are the bytes (ISO 8859-1). */
export function latin1(bytes: Uint8Array): string {
  if (bytes.length <= CHUNK) return characters(bytes);
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += CHUNK) {
    parts.push(characters(bytes.subarray(at, at + CHUNK)));
  }
  return parts.join("");
}

/** As many as may be arguments. They are no array, but like one, and going through them is slow. */
function characters(bytes: Uint8Array): string {
  return String.fromCharCode.apply(null, bytes as ArrayLike<number> as number[]);
}

/** The bytes of such a text. Throws `RangeError` if a character is none. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  // Of ASCII, which most packets are, each character is one byte, and the host is quick.
  const encoded = ENCODER.encode(text);
  if (encoded.length === text.length) return encoded;
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff) throw new RangeError(`Cannot send character ${i} of "${text}" as one byte`);
    bytes[i] = code;
  }
  return bytes;
}

function mustEscape(byte: number): boolean {
  return byte === HASH || byte === DOLLAR || byte === ESCAPE || byte === STAR;
}

/**
 * Binary data as it stands in a packet: as much of it as fits into `limit` bytes, and how many of
 * the data's bytes that are.
 */
export function escapeBinary(
  data: Uint8Array,
  limit: number = Infinity,
): { readonly payload: Uint8Array<ArrayBuffer>; readonly used: number } {
  const payload = new Uint8Array(Math.min(limit, 2 * data.length));
  let size = 0;
  let used = 0;
  for (; used < data.length; used++) {
    const byte = data[used]!;
    const width = mustEscape(byte) ? 2 : 1;
    if (size + width > payload.length) break;
    if (width === 2) {
      payload[size++] = ESCAPE;
      payload[size++] = byte ^ ESCAPED_BIT;
    } else payload[size++] = byte;
  }
  return { payload: payload.subarray(0, size), used };
}

/**
 * The data that stands in a packet from an offset on. Throws {@linkcode GdbProtocolError}
 * (`escape`) if it ends with an escape of nothing.
 */
export function unescapeBinary(payload: Uint8Array, from = 0): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(payload.length - from);
  let size = 0;
  for (let at = from; at < payload.length; at++) {
    let byte = payload[at]!;
    if (byte === ESCAPE) {
      if (++at === payload.length) {
        throw new GdbProtocolError("escape", "The packet ends with an escape", {
          packet: latin1(payload),
          offset: at - 1,
          expected: "a byte after it",
        });
      }
      byte = payload[at]! ^ ESCAPED_BIT;
    }
    data[size++] = byte;
  }
  return data.subarray(0, size);
}

/** A payload with its runs of equal bytes shortened. What is in it must be escaped before. */
export function encodeRuns(payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(payload.length);
  let size = 0;
  for (let at = 0; at < payload.length;) {
    const byte = payload[at]!;
    let repeats = 0;
    // An escape and the byte after it are never parted.
    const last = byte === ESCAPE ? 0 : Math.min(MOST_REPEATS, payload.length - 1 - at);
    const isEscaped = at > 0 && payload[at - 1] === ESCAPE;
    while (!isEscaped && repeats < last && payload[at + 1 + repeats] === byte) repeats++;
    while (repeats >= LEAST_REPEATS && isFraming(repeats + COUNT_BIAS)) repeats--;
    out[size++] = byte;
    at++;
    if (repeats < LEAST_REPEATS) continue;
    out[size++] = STAR;
    out[size++] = repeats + COUNT_BIAS;
    at += repeats;
  }
  return out.subarray(0, size);
}

/** Characters that some readers take for the protocol's own wherever they stand. */
function isFraming(byte: number): boolean {
  return byte === HASH || byte === DOLLAR || byte === 0x2b || byte === 0x2d;
}

/**
 * A payload with its run lengths expanded. Throws {@linkcode GdbProtocolError}: `run-length` if one
 * is malformed, `limit` if there are more than `limit` bytes.
 */
export function decodeRuns(payload: Uint8Array, limit: number): Uint8Array {
  let star = payload.indexOf(STAR);
  if (star < 0) return payload;
  const fault = (kind: "run-length" | "limit", message: string, offset: number, expected: string) =>
    new GdbProtocolError(kind, message, { packet: latin1(payload), offset, expected });
  let total = payload.length;
  for (let at = star; at >= 0; at = payload.indexOf(STAR, at + 2)) {
    const repeats = (payload[at + 1] ?? 0) - COUNT_BIAS;
    if (at === 0) throw fault("run-length", "A run length has no byte to repeat", at, "one");
    if (!(repeats >= LEAST_REPEATS && repeats <= MOST_REPEATS)) {
      throw fault("run-length", "A run length has no count", at, "a character from ' ' to '~'");
    }
    total += repeats - 2;
    if (total > limit) {
      throw fault("limit", "The packet is too long when expanded", at, `at most ${limit} bytes`);
    }
  }
  const out = new Uint8Array(total);
  let size = 0;
  let from = 0;
  for (; star >= 0; star = payload.indexOf(STAR, from)) {
    out.set(payload.subarray(from, star), size);
    size += star - from;
    const repeats = payload[star + 1]! - COUNT_BIAS;
    out.fill(out[size - 1]!, size, size + repeats);
    size += repeats;
    from = star + 2;
  }
  out.set(payload.subarray(from), size);
  return out;
}

/** The sum of all bytes, modulo 256. */
export function checksum(payload: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < payload.length; i++) sum = sum + payload[i]! & 0xff;
  return sum;
}
