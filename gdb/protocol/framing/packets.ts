/**
 * Packets in a stream of bytes: `$payload#checksum`, notifications `%payload#checksum`, the
 * acknowledgements `+` and `-`, and the byte 3, which interrupts.
 *
 * @module
 */
import { GdbProtocolError } from "../errors.ts";
import {
  bytesOf,
  checksum,
  decodeRuns,
  DOLLAR,
  encodeRuns,
  HASH,
  latin1,
  PERCENT,
} from "./binary.ts";

const PLUS = 0x2b;
const MINUS = 0x2d;
const ETX = 3;

/** Acknowledges a packet. */
export const ACK: Uint8Array = Uint8Array.of(PLUS);
/** Asks for a packet again. */
export const NACK: Uint8Array = Uint8Array.of(MINUS);
/** Interrupts what runs. */
export const INTERRUPT: Uint8Array = Uint8Array.of(ETX);

/** Largest payload that is read where nothing else is said, in bytes. */
export const PAYLOAD_LIMIT: number = 1 << 20;

/** What a {@linkcode PacketReader} finds. */
export type Received =
  | { readonly kind: "packet" | "notification"; readonly payload: Uint8Array }
  | { readonly kind: "ack" | "nack" | "interrupt" }
  /** A packet that is to be asked for again (`-`), or dropped where nothing is acknowledged. */
  | { readonly kind: "damaged"; readonly error: GdbProtocolError };

/** Options of {@linkcode PacketReader}. */
export interface PacketReaderOptions {
  /**
   * Who reads. A stub takes byte 3 for an interrupt; a debugger takes notifications, and run
   * lengths in what stubs send.
   */
  readonly side: "stub" | "debugger";
  /** Largest payload in bytes, before and after run lengths are expanded. */
  readonly limit?: number | undefined;
}

/** Finds packets in bytes as they come. Keeps at most one payload and one chunk. */
export class PacketReader {
  readonly #side: "stub" | "debugger";
  readonly #limit: number;
  /** What came and was not taken yet: bytes from `#at` to `#end`. */
  #buffer = new Uint8Array(4096);
  #at = 0;
  #end = 0;
  /** Up to where there is no end of the packet that begins at `#at`. */
  #scanned = 0;
  /** Bytes that were dropped of a packet that is too long. */
  #dropped = 0;
  /** The beginning of that packet. */
  #head = "";

  /** A reader of one connection. */
  constructor(options: PacketReaderOptions) {
    this.#side = options.side;
    this.#limit = options.limit ?? PAYLOAD_LIMIT;
  }

  /** Adds bytes that came; they are copied. */
  push(chunk: Uint8Array): void {
    const size = this.#end - this.#at;
    if (this.#end + chunk.length > this.#buffer.length) {
      const need = size + chunk.length;
      const to = need > this.#buffer.length ? new Uint8Array(2 * need) : this.#buffer;
      to.set(this.#buffer.subarray(this.#at, this.#end));
      this.#buffer = to;
      this.#scanned -= this.#at;
      this.#at = 0;
      this.#end = size;
    }
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** The next that came as a whole, or undefined. Bytes between packets are passed over. */
  next(): Received | undefined {
    for (; this.#at < this.#end; this.#at++) {
      if (this.#dropped > 0) return this.#dropMore();
      const byte = this.#buffer[this.#at]!;
      const isStub = this.#side === "stub";
      if (byte === DOLLAR || byte === PERCENT && !isStub) return this.#packet(byte === DOLLAR);
      if (byte === PLUS || byte === MINUS || byte === ETX && isStub) {
        this.#at++;
        return { kind: byte === PLUS ? "ack" : byte === MINUS ? "nack" : "interrupt" };
      }
    }
    return undefined;
  }

  /** The packet at the position, if it has ended. */
  #packet(isPacket: boolean): Received | undefined {
    const begin = this.#at + 1;
    const bytes = this.#buffer.subarray(0, this.#end);
    const from = Math.max(begin, this.#scanned);
    const hash = bytes.indexOf(HASH, from);
    const limit = hash < 0 ? this.#end : hash;
    const again = bytes.subarray(from, limit).lastIndexOf(DOLLAR);
    if (again >= 0) {
      // A packet that breaks off, as when a debugger was killed: what comes now is the next.
      this.#at = this.#scanned = from + again;
      return this.next();
    }
    if (limit - begin > this.#limit) {
      this.#head = latin1(bytes.subarray(begin, begin + 64));
      this.#dropped = limit - begin;
      this.#at = limit;
      return this.next();
    }
    this.#scanned = limit;
    if (hash < 0 || hash + 3 > this.#end) return undefined;
    const payload = bytes.slice(begin, hash);
    this.#at = this.#scanned = hash + 3;
    const error = this.#sumError(payload, bytes.subarray(hash + 1, hash + 3));
    if (error !== undefined) return { kind: "damaged", error };
    if (this.#side === "stub") return { kind: "packet", payload };
    try {
      const kind = isPacket ? "packet" : "notification";
      return { kind, payload: decodeRuns(payload, this.#limit) };
    } catch (error) {
      if (!(error instanceof GdbProtocolError)) throw error;
      return { kind: "damaged", error };
    }
  }

  /** Passes over a packet that is too long. */
  #dropMore(): Received | undefined {
    const bytes = this.#buffer.subarray(this.#at, this.#end);
    const hash = bytes.indexOf(HASH);
    if (hash < 0) this.#at = this.#end;
    this.#dropped += hash < 0 ? bytes.length : hash;
    if (hash < 0 || hash + 3 > bytes.length) return undefined;
    this.#at = this.#scanned = this.#at + hash + 3;
    const error = new GdbProtocolError("limit", "The packet is too long", {
      packet: this.#head,
      offset: this.#limit,
      expected: `at most ${this.#limit} bytes`,
    });
    this.#dropped = 0;
    return { kind: "damaged", error };
  }

  #sumError(payload: Uint8Array, digits: Uint8Array): GdbProtocolError | undefined {
    const sum = checksum(payload);
    const text = latin1(digits);
    if (/^[0-9a-f]{2}$/i.test(text) && parseInt(text, 16) === sum) return undefined;
    return new GdbProtocolError("checksum", `The packet has the checksum "${text}"`, {
      packet: latin1(payload.subarray(0, 256)),
      offset: payload.length + 1,
      expected: sum.toString(16).padStart(2, "0"),
    });
  }
}

/**
 * A packet as it is sent; with `runLength`, runs are shortened, which only stubs may do. Binary data
 * in the payload must be escaped before. Throws `RangeError` if the payload has a character that
 * only frames packets.
 */
export function framePacket(
  payload: Uint8Array | string,
  options: { readonly runLength?: boolean | undefined } = {},
): Uint8Array<ArrayBuffer> {
  const bytes = typeof payload === "string" ? bytesOf(payload) : payload;
  return frame(DOLLAR, options.runLength === true ? encodeRuns(bytes) : bytes);
}

/** A notification as a stub sends it. Throws `RangeError` as {@linkcode framePacket}. */
export function frameNotification(payload: Uint8Array | string): Uint8Array<ArrayBuffer> {
  return frame(PERCENT, typeof payload === "string" ? bytesOf(payload) : payload);
}

function frame(first: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  if (payload.includes(HASH) || payload.includes(DOLLAR)) {
    throw new RangeError(`Cannot send ${latin1(payload)}: it has a character that frames packets`);
  }
  const out = new Uint8Array(payload.length + 4);
  out[0] = first;
  out.set(payload, 1);
  out[payload.length + 1] = HASH;
  out.set(bytesOf(checksum(payload).toString(16).padStart(2, "0")), payload.length + 2);
  return out;
}
