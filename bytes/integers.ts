/**
 * Little-endian integers of any size.
 *
 * @module
 */

/** A little-endian integer. */
export function integerOfBytes(bytes: Uint8Array, signed = false): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = value << 8n | BigInt(bytes[i]!);
  return signed ? BigInt.asIntN(8 * bytes.length, value) : value;
}

/** Bytes of an integer, little-endian, modulo what `size` bytes hold. */
export function bytesOfInteger(value: bigint, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let rest = BigInt.asUintN(8 * size, value);
  for (let i = 0; i < size; i++, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  return bytes;
}
