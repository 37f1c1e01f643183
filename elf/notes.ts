/**
 * Notes (gABI, "Note Section"): what a core file says about the process, and what producers leave
 * in segments of type `PT_NOTE`.
 *
 * @module
 */
import { PT } from "./constants.ts";
import type { ElfFile } from "./elf_file.ts";

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
    // Names and contents are padded to four bytes, by Linux in files of both classes; or to eight
    // if the segment says so.
    const align = segment.align === 8n ? 8 : 4;
    const end = segment.offset + segment.fileSize;
    const inside = (offset: number) => offset - segment.offset;
    let at = segment.offset;
    while (at + HEADER_SIZE <= end) {
      const nameSize = file.view.getUint32(at, true);
      const size = file.view.getUint32(at + 4, true);
      const offset = at + padded(HEADER_SIZE + nameSize, align);
      if (offset + size > end) {
        throw file.error(
          "note",
          `Note ends at 0x${(offset + size).toString(16)}`,
          at,
          `at most 0x${end.toString(16)}`,
        );
      }
      const name = content.subarray(inside(at + HEADER_SIZE), inside(at + HEADER_SIZE + nameSize));
      yield {
        owner: new TextDecoder().decode(name).replace(/\0+$/, ""),
        type: file.view.getUint32(at + 8, true),
        bytes: content.subarray(inside(offset), inside(offset + size)),
        offset,
      };
      at = offset + padded(size, align);
    }
  }
}

function padded(size: number, align: number): number {
  return Math.ceil(size / align) * align;
}
