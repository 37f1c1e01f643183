/**
 * Compressed sections: a header, then a zlib stream or a zstd frame (gABI, "Section Compression"),
 * and the older form of GNU, whose header is the word `ZLIB` and whose sections have names that
 * begin with `.zdebug`.
 *
 * @module
 */
import type { ElfImage } from "./image.ts";

/** Inflates bytes into no more than `maxOutputLength`, in pieces of `chunkSize`. */
type Inflate = (
  bytes: Uint8Array,
  options: { maxOutputLength: number; chunkSize: number },
) => Uint8Array;

/** The part of `node:zlib` that is used; older runtimes lack zstd. */
interface Zlib {
  readonly inflateSync: Inflate;
  readonly zstdDecompressSync?: Inflate;
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

/** How the bytes behind a header are compressed. */
interface Method {
  readonly name: string;
  /** Most bytes that one byte can stand for. */
  readonly most: number;
  /** What inflates them, if the runtime has it. */
  readonly inflate: () => Inflate | undefined;
}

const ZLIB: Method = {
  name: "zlib",
  // Deflate cannot do better; more is a bomb or damage.
  most: 1032,
  inflate: () => runtimeZlib()?.inflateSync,
};

const ZSTD: Method = {
  name: "zstd",
  // Four bytes make a block of 128 KiB of one byte.
  most: 2 ** 15,
  inflate: () => runtimeZlib()?.zstdDecompressSync,
};

/** `ELFCOMPRESS_ZLIB` and `ELFCOMPRESS_ZSTD`. */
const METHODS: Readonly<Record<number, Method>> = { 1: ZLIB, 2: ZSTD };

/** Most bytes of an inflated section: inflating takes about twice as much memory. */
export const INFLATED_LIMIT: number = 2 ** 27;
/** Most bytes that are inflated at once. */
const CHUNK_LIMIT = 2 ** 24;

/** Bytes of the compression header, `Elf64_Chdr`. */
const HEADER_SIZE = 24;

/** Bytes of GNU's header: `ZLIB`, and the size as a big-endian number of eight bytes. */
const GNU_HEADER_SIZE = 12;

/** `ZLIB` as a big-endian number. */
const GNU_MAGIC = 0x5a4c4942;

/** A section as it is in the file. */
export interface RawSection {
  /** Its name, for errors. */
  readonly name: string;
  /** Its offset in the file. */
  readonly offset: number;
  /** Its bytes. */
  readonly raw: Uint8Array;
}

/**
 * The bytes of a section with the gABI's compression header, exactly as many as it claims: no more
 * than that is ever inflated.
 *
 * @throws {ElfError} (`compression`) For an unknown method, a size that cannot be, a damaged
 * stream, one that is longer or shorter than claimed, or a runtime that cannot inflate it.
 */
export function inflateSection(image: ElfImage, section: RawSection): Uint8Array {
  const { offset, raw } = section;
  if (raw.length < HEADER_SIZE) {
    throw refusal(image, section)(
      ` of ${raw.length} bytes`,
      `a ${HEADER_SIZE}-byte compression header`,
    );
  }
  const number = image.view.getUint32(offset, true);
  const method = METHODS[number];
  if (method === undefined) {
    throw refusal(image, section)(`: method ${number}`, "method 1 (zlib) or 2 (zstd)");
  }
  const size = image.sizeAt(offset + 8, "inflated size");
  return inflate(image, section, { method, size, stream: raw.subarray(HEADER_SIZE) });
}

/** Whether a section is compressed in GNU's older form. */
export function isGnuCompressed(name: string): boolean {
  return name.startsWith(".zdebug");
}

/** As {@linkcode inflateSection}, for GNU's older form. */
export function inflateGnuSection(image: ElfImage, section: RawSection): Uint8Array {
  const { offset, raw } = section;
  if (raw.length < GNU_HEADER_SIZE || image.view.getUint32(offset) !== GNU_MAGIC) {
    throw refusal(image, section)("", '"ZLIB" and an inflated size at its beginning');
  }
  const size = image.view.getUint32(offset + 4) * 2 ** 32 + image.view.getUint32(offset + 8);
  return inflate(image, section, { method: ZLIB, size, stream: raw.subarray(GNU_HEADER_SIZE) });
}

function inflate(
  image: ElfImage,
  section: RawSection,
  how: { method: Method; size: number; stream: Uint8Array },
): Uint8Array {
  const { method, size, stream } = how;
  const refuse = refusal(image, section);
  if (size > INFLATED_LIMIT || size > stream.length * method.most) {
    throw refuse(
      `: method ${method.name}, size ${size}`,
      `at most ${method.most} times as many bytes as it has, and ${INFLATED_LIMIT}`,
    );
  }
  const inflate = method.inflate();
  if (inflate === undefined) throw refuse("", `a runtime whose node:zlib has ${method.name}`);
  let data: Uint8Array;
  try {
    // All at once if that is not too much; by default it comes in thousands of pieces.
    const chunkSize = Math.min(size + 64, CHUNK_LIMIT);
    data = inflate(stream, { maxOutputLength: Math.max(size, 1), chunkSize });
  } catch {
    throw refuse("", `a ${method.name} stream of ${size} bytes`);
  }
  if (data.length !== size) throw refuse(`: it has ${data.length} bytes`, `${size}`);
  return new Uint8Array(data.buffer, data.byteOffset, data.length);
}

function refusal(image: ElfImage, { name, offset }: RawSection) {
  return (why: string, expected: string) =>
    image.error("compression", `Cannot inflate section ${name}${why}`, offset, expected);
}
