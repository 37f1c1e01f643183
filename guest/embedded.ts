/**
 * Guest code inside of TypeScript modules. A published package cannot read binary files at run
 * time, so `deno task build:guest` writes each ELF file it links as base64 text in a module of its
 * own.
 *
 * @module
 */

/** The architectures guest code is built for. */
export type GuestArch = "x86_64" | "aarch64";

/** A kernel image, or a program for user mode. */
export type GuestKind = "kernel" | "program";

/** An ELF file and where it came from. */
export interface EmbeddedImage {
  /** Name of the program, or `kernel`. */
  readonly name: string;
  /** The architecture it runs on. */
  readonly arch: GuestArch;
  /** What it is. */
  readonly kind: GuestKind;
  /** SHA-256, in hexadecimal, over the sources and the flags they were built with. */
  readonly sourceHash: string;
  /**
   * The files it was built from, headers and linker script included, relative to the project's
   * root.
   */
  readonly sources: readonly string[];
  /** The compiler and the linker with their versions. */
  readonly toolchain: string;
  /** Size of the ELF file in bytes. */
  readonly size: number;
  /** The ELF file, in an array of the caller's own. */
  bytes(): Uint8Array<ArrayBuffer>;
}

/** What a generated module says of its image. */
export interface EmbeddedFields extends Omit<EmbeddedImage, "bytes"> {
  /** The ELF file as base64, in lines. */
  readonly base64: string;
}

/**
 * Makes an image of a generated module's fields. The text is decoded when the bytes are first asked
 * for.
 *
 * @throws {RangeError} By `bytes()`, if the text does not decode to `size` bytes.
 */
export function embed({ base64, ...fields }: EmbeddedFields): EmbeddedImage {
  let decoded: Uint8Array<ArrayBuffer> | undefined;
  return {
    ...fields,
    bytes() {
      decoded ??= decode(base64, fields);
      return decoded.slice();
    },
  };
}

function decode(
  base64: string,
  { name, arch, size }: Omit<EmbeddedFields, "base64">,
): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.fromBase64(base64);
  if (bytes.length !== size) {
    throw new RangeError(
      `Cannot decode image ${name} for ${arch}: expected ${size} bytes, got ${bytes.length}`,
    );
  }
  return bytes;
}
