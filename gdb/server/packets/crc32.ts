/**
 * The checksum of `qCRC`: CRC-32 with its polynomial's highest bit first, unlike that of files.
 *
 * @module
 */

const POLYNOMIAL = 0x04c1_1db7;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte << 24;
  for (let bit = 0; bit < 8; bit++) {
    value = value < 0 ? value << 1 ^ POLYNOMIAL : value << 1;
  }
  return value;
});

/** The checksum of bytes, going on from that of the bytes before them. */
export function crc32(bytes: Uint8Array, before: number): number {
  let crc = before;
  for (const byte of bytes) crc = crc << 8 ^ (TABLE[(crc >>> 24 ^ byte) & 0xff] ?? 0);
  return crc >>> 0;
}
