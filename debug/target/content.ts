/**
 * The bytes of a file, in memory or where they can be read.
 *
 * @module
 */
import type { ByteSource } from "../../elf/mod.ts";

/** A file: its bytes, or what reads them in parts. */
export type Content = Uint8Array | ByteSource;

/** A file with its name. */
export interface NamedContent {
  /** Its name. */
  readonly name: string;
  /** Its bytes, or what reads them. */
  readonly content: Content;
}

/** Bytes of a file. */
export function sizeOf(content: Content): number {
  return content instanceof Uint8Array ? content.length : content.size;
}

/**
 * `size` bytes at `offset`, which must be in the file; not a copy where the file is in memory.
 * Throws whatever a source throws that cannot be read.
 */
export function bytesOf(content: Content, offset: number, size: number): Uint8Array {
  if (content instanceof Uint8Array) return content.subarray(offset, offset + size);
  const bytes = new Uint8Array(size);
  content.readAt(offset, bytes);
  return bytes;
}

/** A view of bytes. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
