/**
 * Compressed sections, as tools write them.
 *
 * @module
 */
import { constants, deflateSync, zstdCompressSync } from "node:zlib";
import type { SectionInit } from "./elf_image.ts";

/** A stream of a method of `Elf64_Chdr`: 1 is zlib, 2 is zstd, here with a checksum. */
export function compress(method: 1 | 2, bytes: Uint8Array): Uint8Array {
  const params = { [constants.ZSTD_c_checksumFlag]: 1 };
  return new Uint8Array(method === 1 ? deflateSync(bytes) : zstdCompressSync(bytes, { params }));
}

/** A section with a compression header that says what it is given. */
export function compressedSection(
  name: string,
  claim: { readonly method: number; readonly size: number | bigint; readonly stream: Uint8Array },
): SectionInit {
  const { method, size, stream } = claim;
  const header = BigUint64Array.of(BigInt(method), BigInt(size), 1n);
  const data = new Uint8Array([...new Uint8Array(header.buffer), ...stream]);
  return { name, flags: 0x800, data };
}

/** A section in GNU's older form, compressed by zlib. */
export function gnuCompressedSection(name: string, bytes: Uint8Array): SectionInit {
  const header = new Uint8Array(12);
  header.set(new TextEncoder().encode("ZLIB"));
  new DataView(header.buffer).setBigUint64(4, BigInt(bytes.length));
  return { name, flags: 0, data: new Uint8Array([...header, ...compress(1, bytes)]) };
}
