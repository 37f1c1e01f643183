/**
 * What a file says of where its debug information is.
 *
 * @module
 */
import type { ElfFile } from "../../elf/mod.ts";
import { DebugFileError } from "./errors.ts";

/** `.gnu_debuglink`: a file name without a folder, and the checksum of the file. */
export interface DebugLink {
  /** The name. */
  readonly name: string;
  /** CRC-32 of all bytes of the file. */
  readonly checksum: number;
}

/**
 * The `.gnu_debuglink` of a file, undefined if there is none.
 *
 * @throws {DebugFileError} (`link`) If the section is not a name and a checksum
 * @throws {ElfError} If the section cannot be read
 */
export function debugLinkOf(file: ElfFile): DebugLink | undefined {
  const section = file.section(".gnu_debuglink");
  if (section === undefined) return undefined;
  const bytes = file.sectionData(section);
  const end = bytes.indexOf(0);
  // The checksum is aligned to four bytes.
  const at = end < 0 ? bytes.length : end + 4 & ~3;
  const name = new TextDecoder().decode(bytes.subarray(0, Math.max(end, 0)));
  if (at + 4 > bytes.length || name === "" || name.includes("/")) {
    const message = `Debug link is ${bytes.length} bytes with the name ${JSON.stringify(name)}, ` +
      "expected a file name without a folder and a checksum behind it";
    throw new DebugFileError("link", message, { source: file.name, offset: section.offset });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return { name, checksum: view.getUint32(at, true) };
}

/** CRC-32 of all bytes of a file, as debug links have it. */
export function checksumOf(file: ElfFile): number {
  return zlib().crc32(file.bytes);
}

/**
 * The runtime's own zlib. Loading it takes longer than looking up some addresses, and few files
 * need it.
 */
function zlib(): { readonly crc32: (bytes: Uint8Array) => number } {
  const { process } = globalThis as unknown as {
    readonly process: { getBuiltinModule(name: string): ReturnType<typeof zlib> };
  };
  return process.getBuiltinModule("node:zlib");
}
