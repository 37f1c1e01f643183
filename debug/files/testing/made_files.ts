/**
 * Programs and their debug files, and a store in memory.
 *
 * @module
 */
import { ImageBuilder } from "../../../bytes/testing/image_builder.ts";
import { type ElfFile, parseElf } from "../../../elf/mod.ts";
import { elfImage, type SectionInit, symbolTable } from "../../../elf/testing/elf_image.ts";
import type { Machine } from "../../../elf/mod.ts";
import type { FileStore } from "../store.ts";

/** What a made file has. */
export interface MadeFile {
  /** Build-id, as hexadecimal text. */
  readonly id?: string;
  /** Name and checksum of the debug file. */
  readonly link?: readonly [name: string, checksum: number];
  /** Whether it has debug information, for which a byte will do. */
  readonly debug?: boolean;
  /** Functions of its symbol table, by address; 16 bytes each. */
  readonly functions?: Readonly<Record<string, number>>;
  /** The same of its dynamic symbol table. */
  readonly dynamic?: Readonly<Record<string, number>>;
  /** Content of `.gnu_debugdata`. */
  readonly packed?: Uint8Array;
  /** Machine; x86-64 by default. */
  readonly machine?: Machine;
}

/** Bytes of a made file. */
export function madeFile(made: MadeFile): Uint8Array {
  const sections: SectionInit[] = [
    { name: ".text", type: 8, flags: 6, address: 0x1000, data: new Uint8Array(0x100) },
  ];
  if (made.id !== undefined) {
    const id = Uint8Array.fromHex(made.id);
    const note = new ImageBuilder().u32(4).u32(id.length).u32(3).text("GNU").append(id).build();
    sections.push({ name: ".note.gnu.build-id", type: 7, data: note });
  }
  if (made.link !== undefined) {
    const link = new ImageBuilder().text(made.link[0]).align(4).u32(made.link[1]).build();
    sections.push({ name: ".gnu_debuglink", flags: 0, data: link });
  }
  if (made.debug) sections.push({ name: ".debug_info", flags: 0, data: Uint8Array.of(0) });
  if (made.packed) sections.push({ name: ".gnu_debugdata", flags: 0, data: made.packed });
  for (const [type, functions] of [[2, made.functions], [11, made.dynamic]] as const) {
    if (functions === undefined) continue;
    const { symbols, strings } = symbolTable(
      Object.entries(functions).map(([name, value]) => ({ name, value, size: 16 })),
    );
    const link = sections.length + 2;
    sections.push({ name: `symbols ${type}`, type, data: symbols, link, entrySize: 24 });
    sections.push({ name: `strings ${type}`, type: 3, data: strings });
  }
  return elfImage({ sections, ...made.machine && { machine: made.machine } });
}

/** A store of files that are in memory; a text in place of bytes is the path it is a link to. */
export function madeStore(
  files: Readonly<Record<string, Uint8Array | string>>,
): FileStore & { readonly opened: string[] } {
  const realPath = (path: string): string | undefined => {
    const file = files[path];
    return typeof file === "string" ? realPath(file) : file && path;
  };
  const opened: string[] = [];
  return {
    opened,
    realPath,
    open(path) {
      opened.push(path);
      const bytes = files[realPath(path) ?? ""];
      if (!(bytes instanceof Uint8Array)) return undefined;
      const { length: size } = bytes;
      return { size, readAt: (at, into) => into.set(bytes.subarray(at, at + into.length)) };
    },
  };
}

/** A made file as the program that it is. */
export function madeProgram(made: MadeFile, name: string): ElfFile {
  return parseElf(madeFile(made), { name });
}
