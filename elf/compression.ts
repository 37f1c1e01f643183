/**
 * Compressed sections (gABI, "Section Compression"): a header, then a zlib stream.
 *
 * @module
 */
import type { ElfImage } from "./image.ts";

/** The part of `node:zlib` that is used. */
interface Zlib {
  inflateSync(bytes: Uint8Array, options: { maxOutputLength: number }): Uint8Array;
}

/**
 * The runtime's own zlib, which Deno, Node and Bun have, or undefined. It is asked for and not
 * imported, so that this room loads in a browser too, where only compressed sections cannot be
 * read.
 */
function runtimeZlib(): Zlib | undefined {
  const { process } = globalThis as {
    process?: { getBuiltinModule?: (name: string) => Zlib | undefined };
  };
  return process?.getBuiltinModule?.("node:zlib");
}

/** Bytes of the compression header, `Elf64_Chdr`. */
const HEADER_SIZE = 24;

/** `ELFCOMPRESS_ZLIB`. */
const ZLIB = 1;

/** Deflate cannot do better than 1032 to 1; more is a bomb or damage. */
const MOST_PER_BYTE = 1032;

/**
 * The bytes of a compressed section, exactly as many as its header claims: no more than that is
 * ever inflated.
 *
 * @param section Name and file offset of the section, and its bytes in the file.
 * @throws {ElfError} (`compression`) For another method than zlib, a size that cannot be, a damaged
 * stream, one that is longer or shorter than claimed, or a runtime without zlib.
 */
export function inflateSection(
  image: ElfImage,
  section: { readonly name: string; readonly offset: number; readonly raw: Uint8Array },
): Uint8Array {
  const { name, offset, raw } = section;
  const refuse = (why: string, expected: string) =>
    image.error("compression", `Cannot inflate section ${name}${why}`, offset, expected);
  if (raw.length < HEADER_SIZE) {
    throw refuse(` of ${raw.length} bytes`, `a ${HEADER_SIZE}-byte compression header`);
  }
  const method = image.view.getUint32(offset, true);
  const size = image.sizeAt(offset + 8, "inflated size");
  if (method !== ZLIB || size > raw.length * MOST_PER_BYTE) {
    throw refuse(`: method ${method}, size ${size}`, "method 1 (zlib) and a possible size");
  }
  const zlib = runtimeZlib();
  if (zlib === undefined) throw refuse("", "a runtime with node:zlib");
  let data: Uint8Array;
  try {
    data = zlib.inflateSync(raw.subarray(HEADER_SIZE), { maxOutputLength: Math.max(size, 1) });
  } catch {
    throw refuse("", `a zlib stream of ${size} bytes`);
  }
  if (data.length !== size) throw refuse(`: it has ${data.length} bytes`, `${size}`);
  return new Uint8Array(data.buffer, data.byteOffset, data.length);
}
