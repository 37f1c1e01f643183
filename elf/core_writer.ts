/**
 * Core files: notes and segments in the layout that Linux writes (gABI, chapters 4 and 5; `core(5)`).
 *
 * @module
 */
import { ELF_MACHINE, type Machine, PT } from "./constants.ts";

/** A note to write. */
export interface CoreNote {
  /** Who defines its type: `CORE` or `LINUX`. */
  readonly owner: string;
  /** Its type, in the owner's numbers. */
  readonly type: number;
  /** Its content. */
  readonly bytes: Uint8Array;
}

/** A range of memory to write. */
export interface CoreSegment {
  /** Address of its first byte. */
  readonly address: bigint;
  /** Bytes in memory. */
  readonly size: bigint;
  /** What it allows: see `PF`. */
  readonly flags: number;
  /** Its contents from the first byte on, in pieces; what they leave is not in the file. */
  readonly contents: readonly Uint8Array[];
}

/** What a core file is made of. */
export interface CoreContents {
  /** Whose registers and memory it has. */
  readonly machine: Machine;
  /** Notes in file order. */
  readonly notes: readonly CoreNote[];
  /** Memory in address order. */
  readonly segments: readonly CoreSegment[];
}

const HEADER_SIZE = 64;
const PROGRAM_HEADER_SIZE = 56;
const SECTION_HEADER_SIZE = 64;
const NOTE_HEADER_SIZE = 12;
const TYPE_CORE = 4;
const PAGE = 4096;
/** From this many program headers on, their number is in a section header (gABI, `PN_XNUM`). */
const MANY_SEGMENTS = 0xffff;

/** Bytes of a core file. The same contents give the same bytes. */
export function encodeCore({ machine, notes, segments }: CoreContents): Uint8Array<ArrayBuffer> {
  const count = segments.length + 1;
  const isLong = count >= MANY_SEGMENTS;
  const sectionsAt = HEADER_SIZE + PROGRAM_HEADER_SIZE * count;
  const notesAt = sectionsAt + (isLong ? SECTION_HEADER_SIZE : 0);
  const notesSize = notes.reduce((sum, note) => sum + noteSize(note), 0);
  let at = padded(notesAt + notesSize, PAGE);
  const placed = segments.map((segment) => {
    const fileSize = segment.contents.reduce((sum, piece) => sum + piece.length, 0);
    const offset = at;
    at = padded(at + fileSize, PAGE);
    return { segment, offset, fileSize };
  });
  const bytes = new Uint8Array(at);
  const view = new DataView(bytes.buffer);
  // Identification: ELF64, little-endian, version 1.
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, TYPE_CORE, true);
  view.setUint16(18, ELF_MACHINE[machine], true);
  view.setUint32(20, 1, true);
  view.setBigUint64(32, BigInt(HEADER_SIZE), true);
  view.setUint16(52, HEADER_SIZE, true);
  view.setUint16(54, PROGRAM_HEADER_SIZE, true);
  view.setUint16(56, isLong ? MANY_SEGMENTS : count, true);
  if (isLong) {
    view.setBigUint64(40, BigInt(sectionsAt), true);
    view.setUint16(58, SECTION_HEADER_SIZE, true);
    view.setUint16(60, 1, true);
    view.setUint32(sectionsAt + 44, count, true);
  }
  let header = HEADER_SIZE;
  const putHeader = (each: Omit<ProgramHeader, "at">) => {
    writeProgramHeader(view, { at: header, ...each });
    header += PROGRAM_HEADER_SIZE;
  };
  putHeader({ type: PT.note, flags: 0, offset: notesAt, fileSize: notesSize, align: 4 });
  for (const { segment: { address, size, flags, contents }, offset, fileSize } of placed) {
    putHeader({ type: PT.load, flags, offset, address, fileSize, size, align: PAGE });
    let to = offset;
    for (const piece of contents) {
      bytes.set(piece, to);
      to += piece.length;
    }
  }
  let to = notesAt;
  for (const note of notes) {
    writeNote(bytes, to, note);
    to += noteSize(note);
  }
  return bytes;
}

interface ProgramHeader {
  readonly at: number;
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly address?: bigint;
  readonly fileSize: number;
  readonly size?: bigint;
  readonly align: number;
}

function writeProgramHeader(view: DataView, header: ProgramHeader): void {
  const { at, type, flags, offset, address = 0n, fileSize, size = 0n, align } = header;
  view.setUint32(at, type, true);
  view.setUint32(at + 4, flags, true);
  view.setBigUint64(at + 8, BigInt(offset), true);
  view.setBigUint64(at + 16, address, true);
  view.setBigUint64(at + 32, BigInt(fileSize), true);
  view.setBigUint64(at + 40, size, true);
  view.setBigUint64(at + 48, BigInt(align), true);
}

/** Linux pads names and contents to four bytes, in files of both classes. */
function noteSize({ owner, bytes }: CoreNote): number {
  return NOTE_HEADER_SIZE + padded(owner.length + 1, 4) + padded(bytes.length, 4);
}

function writeNote(bytes: Uint8Array, at: number, { owner, type, bytes: content }: CoreNote): void {
  const view = new DataView(bytes.buffer);
  view.setUint32(at, owner.length + 1, true);
  view.setUint32(at + 4, content.length, true);
  view.setUint32(at + 8, type, true);
  bytes.set(new TextEncoder().encode(owner), at + NOTE_HEADER_SIZE);
  bytes.set(content, at + NOTE_HEADER_SIZE + padded(owner.length + 1, 4));
}

function padded(size: number, align: number): number {
  return Math.ceil(size / align) * align;
}
