/**
 * Names in tables, which are many and short.
 *
 * @module
 */

const UTF8 = new TextDecoder();

/** From this length on the runtime's decoder is faster than a loop. */
const LONG = 16;

/** UTF-8 from `begin` up to `end`, which are inside the bytes. */
export function textOf(bytes: Uint8Array, begin: number, end: number): string {
  if (end - begin > LONG) return UTF8.decode(bytes.subarray(begin, end));
  let text = "";
  for (let i = begin; i < end; i++) {
    const byte = bytes[i]!;
    if (byte >= 0x80) return UTF8.decode(bytes.subarray(begin, end));
    text += String.fromCharCode(byte);
  }
  return text;
}
