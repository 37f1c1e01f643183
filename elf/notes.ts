/**
 * Notes (gABI, "Note Section"): what a core file says about the process, and what producers leave
 * in segments of type `PT_NOTE`.
 *
 * @module
 */
import { PT, SHT } from "./constants.ts";
import type { ElfFile } from "./elf_file.ts";
import { ElfError } from "./errors.ts";

/** One note. */
export interface ElfNote {
  /** Who defines its type: `CORE`, `LINUX`, `GNU`, … */
  readonly owner: string;
  /** Its type, in the owner's numbers. */
  readonly type: number;
  /** Its content. */
  readonly bytes: Uint8Array;
  /** Offset of the content in the file. */
  readonly offset: number;
}

/** Bytes of a note's header. */
const HEADER_SIZE = 12;
const NAMES = new TextDecoder();

/**
 * The notes of a file's `PT_NOTE` segments, in file order.
 *
 * @throws {ElfError} (`note`) If a note reaches beyond its segment, or segments overlap;
 * (`truncated`) if the segment reaches beyond the file.
 */
export function* elfNotes(file: ElfFile): Generator<ElfNote> {
  let total = 0;
  for (const segment of file.segments) {
    if (segment.type !== PT.note) continue;
    const content = file.segmentData(segment);
    total += segment.fileSize;
    if (total > file.size) {
      throw file.error(
        "note",
        `Note segments have ${total} bytes in all`,
        segment.offset,
        `at most ${file.size}, as segments of a sound file do not overlap`,
      );
    }
    yield* notesIn(content, {
      name: file.name,
      offset: segment.offset,
      align: segment.align === 8n ? 8 : 4,
    });
  }
}

/** Where the bytes of {@linkcode notesIn} come from. */
export interface NotesOrigin {
  /** Name of the file, for errors. */
  readonly name: string;
  /** Their offset in the file. */
  readonly offset: number;
  /**
   * To how many bytes names and contents are padded: four, by Linux in files of both classes; or
   * eight if the segment says so.
   */
  readonly align: 4 | 8;
}

/**
 * The notes in bytes that are read already.
 *
 * @throws {ElfError} (`note`) If a note reaches beyond them; those before it have been given.
 */
export function* notesIn(
  content: Uint8Array,
  { name: file, offset: base, align }: NotesOrigin,
): Generator<ElfNote> {
  const view = new DataView(content.buffer, content.byteOffset, content.length);
  let at = 0;
  while (at + HEADER_SIZE <= content.length) {
    const nameSize = view.getUint32(at, true);
    const size = view.getUint32(at + 4, true);
    const begin = at + padded(HEADER_SIZE + nameSize, align);
    if (begin + size > content.length) {
      throw new ElfError("note", `Note ends at 0x${(base + begin + size).toString(16)}`, {
        file,
        offset: base + at,
        expected: `at most 0x${(base + content.length).toString(16)}`,
      });
    }
    const name = content.subarray(at + HEADER_SIZE, at + HEADER_SIZE + nameSize);
    yield {
      owner: NAMES.decode(name).replace(/\0+$/, ""),
      type: view.getUint32(at + 8, true),
      bytes: content.subarray(begin, begin + size),
      offset: base + begin,
    };
    at = begin + padded(size, align);
  }
}

/** `NT_GNU_BUILD_ID`. */
const BUILD_ID = 3;

/**
 * What tells this build of a program from every other, as lower-case hexadecimal text; undefined if
 * the linker has left none. A file of debug information has that of the program it was split off.
 *
 * @throws {ElfError} If the notes, or the tables that lead to them, are damaged
 */
export function buildIdOf(file: ElfFile): string | undefined {
  // Of a file of debug information, the segments are still where the program had them.
  for (const section of file.hasSectionHeaders ? file.sections : []) {
    if (section.type !== SHT.note) continue;
    const { offset, align } = section;
    const origin = { name: file.name, offset, align: align === 8n ? 8 : 4 } as const;
    const id = buildIdIn(notesIn(file.sectionData(section), origin));
    if (id !== undefined) return id;
  }
  return file.type === "core" || file.hasSectionHeaders ? undefined : buildIdIn(elfNotes(file));
}

function buildIdIn(notes: Iterable<ElfNote>): string | undefined {
  for (const { owner, type, bytes } of notes) {
    if (owner !== "GNU" || type !== BUILD_ID) continue;
    return bytes.toHex();
  }
  return undefined;
}

function padded(size: number, align: number): number {
  return Math.ceil(size / align) * align;
}
