/**
 * The parts of a large file that a table dump needs. Reading 100 megabytes takes longer than
 * dumping the 5 of them that are unwind tables.
 *
 * @module
 */
import type { ByteSource } from "./byte_source.ts";
import { parseElf } from "./elf_file.ts";
import { InputError } from "../bytes/mod.ts";

/**
 * An image of an ELF file in which only the headers, the section names and the sections wanted have
 * been read; the rest is zero and, with most systems, takes no memory. A file whose headers make no
 * sense is read whole, so that its error is found where it always is.
 *
 * @param wanted Says of each section name whether the section's bytes are needed.
 */
export function readSparseElf(
  source: ByteSource,
  wanted: (name: string) => boolean,
): Uint8Array {
  const image = new Uint8Array(source.size);
  const read = (offset: number, size: number): void => {
    if (offset + size <= image.length) {
      source.readAt(offset, image.subarray(offset, offset + size));
    }
  };
  try {
    read(0, Math.min(64, image.length));
    const view = parseElf(image).view;
    const programs = Number(view.getBigUint64(32, true));
    const sections = Number(view.getBigUint64(40, true));
    // Without section headers nothing says where the tables end.
    if (sections === 0) throw new RangeError("No section headers");
    read(programs, view.getUint16(56, true) * 56);
    read(sections, 64);
    read(sections, view.getUint16(60, true) * 64);
    const names = sections + view.getUint16(62, true) * 64;
    read(
      Number(view.getBigUint64(names + 24, true)),
      Number(view.getBigUint64(names + 32, true)),
    );
    const file = parseElf(image);
    // Relocations change the tables of relocatable files, and these are small.
    if (file.type === "relocatable") throw new RangeError("Relocatable");
    for (const section of file.sections) {
      if (wanted(section.name)) read(section.offset, section.size);
    }
  } catch (error) {
    if (!(error instanceof InputError || error instanceof RangeError)) {
      throw error;
    }
    read(0, image.length);
  }
  return image;
}
