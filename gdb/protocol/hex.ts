/**
 * Numbers, bytes and texts in hexadecimal digits.
 *
 * @module
 */
import { GdbProtocolError } from "./errors.ts";

/** Digits of the largest number that is read: 64 bits. */
const MOST_DIGITS = 16;

/** Bytes as hexadecimal digits. */
export function toHex(bytes: Uint8Array): string {
  return bytes.toHex();
}

/** The bytes that hexadecimal digits say. Throws {@linkcode GdbProtocolError} (`hex`). */
export function fromHex(text: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.fromHex(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const offset = text.search(/[^0-9a-f]/i);
    throw new GdbProtocolError("hex", "Cannot read bytes", {
      packet: text,
      offset: offset < 0 ? text.length : offset,
      expected: "pairs of hexadecimal digits",
    });
  }
}

/** A number as the protocol writes it. */
export function hexNumber(value: bigint | number): string {
  return value.toString(16);
}

/** A number of at most 64 bits. Throws {@linkcode GdbProtocolError} (`number`). */
export function parseHexNumber(text: string): bigint {
  checkNumber(text, MOST_DIGITS, "a hexadecimal number of at most 64 bits");
  return BigInt(`0x${text}`);
}

/** A number below 2^52. Throws {@linkcode GdbProtocolError} (`number`). */
export function parseHexInteger(text: string): number {
  checkNumber(text.replace(/^0+(?=.)/, ""), 13, "a hexadecimal number below 2^52");
  return parseInt(text, 16);
}

function checkNumber(text: string, digits: number, expected: string): void {
  const offset = text.search(/[^0-9a-f]/i);
  if (offset < 0 && text.length > 0 && text.length <= digits) return;
  throw new GdbProtocolError("number", "Cannot read a number", {
    packet: text,
    offset: offset < 0 ? Math.min(text.length, digits) : offset,
    expected,
  });
}

/** A text as the digits of its UTF-8, as in `qRcmd` and `O`. */
export function hexText(text: string): string {
  return new TextEncoder().encode(text).toHex();
}

/** The text whose UTF-8 the digits say. Throws {@linkcode GdbProtocolError} (`hex`). */
export function textOfHex(digits: string): string {
  return new TextDecoder().decode(fromHex(digits));
}
