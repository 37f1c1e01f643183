/**
 * The program headers of a core file. There may be a million of them in a file of many gigabytes:
 * they are kept as numbers, and nothing else of the file is read.
 *
 * @module
 */
import {
  type Address,
  addressFromHalves,
  type InputError,
  partitionPoint,
} from "../../bytes/mod.ts";
import { type ElfFile, type Machine, parseElf, PF, PT } from "../../elf/mod.ts";
import { bytesOf, type Content, sizeOf, viewOf } from "../target/content.ts";
import { CoreError, type CoreErrorKind } from "./errors.ts";

const HEADER_SIZE = 64;
const ENTRY_SIZE = 56;
/** `PN_XNUM`: the number of program headers is in section header 0. */
const MANY = 0xffff;
/** Most program headers that are looked at; Linux allows processes some 65,000 mappings. */
const MOST = 2 ** 20;
/** Numbers of a segment, as {@linkcode CoreSegment} has them. */
const FIELDS = 5;

/** Where notes are in the file. */
export interface NotePlace {
  readonly offset: number;
  readonly size: number;
  /** To how many bytes they are padded. */
  readonly align: 4 | 8;
}

/** A range of memory that a core file tells of. */
export interface CoreSegment {
  /** First address. */
  readonly begin: Address;
  /** Address after the bytes that are in the file. */
  readonly fileEnd: Address;
  /** Address after the range. */
  readonly end: Address;
  /** Offset of the first byte in the file. */
  readonly offset: number;
  /** Whether it can be written. */
  readonly isWritable: boolean;
  /** Whether it is code. */
  readonly isExecutable: boolean;
}

/** What the program headers say. */
export interface CoreLayout {
  /** Machine the code is for. */
  readonly machine: Machine;
  /** The memory. */
  readonly segments: CoreSegments;
  /** The notes. */
  readonly notes: readonly NotePlace[];
}

/** Ranges of memory in address order. */
export class CoreSegments {
  /** How many there are. */
  readonly count: number;
  readonly #fields: Float64Array;

  /** Of numbers as {@linkcode readLayout} gathers them, in any order. */
  constructor(fields: Float64Array) {
    this.count = fields.length / FIELDS;
    this.#fields = isSorted(fields) ? fields : sorted(fields);
  }

  /** The range that holds an address. */
  find(address: Address): CoreSegment | undefined {
    const fields = this.#fields;
    const begun = partitionPoint(this.count, (i) => fields[i * FIELDS]! <= address);
    if (begun === 0) return undefined;
    const found = this.at(begun - 1);
    return address < found.end ? found : undefined;
  }

  /** The range of a number below {@linkcode CoreSegments.count}. */
  at(index: number): CoreSegment {
    const [begin, fileEnd, end, offset, flags] = this.#fields.subarray(index * FIELDS);
    return {
      begin: begin!,
      fileEnd: fileEnd!,
      end: end!,
      offset: offset!,
      isWritable: (flags! & PF.write) !== 0,
      isExecutable: (flags! & PF.execute) !== 0,
    };
  }
}

/**
 * Reads file header and program headers. What they say is in the file and is not there is left out,
 * and told of once.
 *
 * @param told Gets what is damaged and was left out
 * @throws {ElfError} If it is no ELF64 file of a known machine.
 * @throws {CoreError} (`type`) If it is another kind of ELF file; (`segments`) if there are no
 * program headers.
 */
export function readLayout(
  content: Content,
  { name, told }: { readonly name: string; readonly told: (problem: InputError) => void },
): CoreLayout {
  const size = sizeOf(content);
  const error = (kind: CoreErrorKind, message: string, offset: number, expected: string) =>
    new CoreError(kind, message, { source: name, offset, expected });
  const header = parseElf(bytesOf(content, 0, Math.min(HEADER_SIZE, size)), { name });
  if (header.type !== "core") throw error("type", `ELF file is ${header.type}`, 16, "a core file");
  const table = tableOf(header, content);
  const { at, wanted } = table;
  if (wanted === 0 || table.entrySize !== ENTRY_SIZE || at + ENTRY_SIZE > size) {
    const is = `${wanted} program headers of ${table.entrySize} bytes at 0x${at.toString(16)}`;
    throw error("segments", `Header tells of ${is}`, 54, "some, of 56 bytes, in the file");
  }
  const count = Math.min(wanted, MOST, Math.floor((size - at) / ENTRY_SIZE));
  if (count < wanted) {
    const most = `at most ${MOST}, and in the file`;
    told(error("segments", `${count} of ${wanted} program headers are read`, at, most));
  }
  const bytes = bytesOf(content, at, count * ENTRY_SIZE);
  const view = viewOf(bytes);
  const fields = new Float64Array(count * FIELDS);
  const notes: NotePlace[] = [];
  const lost = { bytes: 0, from: 0, bad: 0, first: 0 };
  let used = 0;
  for (let i = 0; i < count; i++) {
    const entry = i * ENTRY_SIZE;
    const type = view.getUint32(entry, true);
    const number = (field: number) =>
      addressFromHalves(
        view.getUint32(entry + field, true),
        view.getUint32(entry + field + 4, true),
      );
    const offset = number(8);
    const fileSize = number(32);
    if (type !== PT.load && type !== PT.note) continue;
    const begin = number(16);
    const end = begin + Math.max(number(40), fileSize);
    if (!(offset >= 0 && fileSize >= 0 && (type === PT.note || Number.isSafeInteger(end)))) {
      if (lost.bad++ === 0) lost.first = at + entry;
      continue;
    }
    const there = Math.max(0, Math.min(fileSize, size - offset));
    if (there < fileSize) {
      if (lost.bytes === 0) lost.from = offset + there;
      lost.bytes += fileSize - there;
    }
    if (type === PT.note) {
      // Where nothing is there, the offset may be none that a file can have.
      if (there > 0) notes.push({ offset, size: there, align: number(48) === 8 ? 8 : 4 });
    } else if (begin < end) {
      // What is cut off is not known: it is not zero, as what a segment does not store.
      const known = there < fileSize ? begin + there : end;
      fields.set([begin, begin + there, known, offset, view.getUint32(entry + 4, true)], used);
      used += FIELDS;
    }
  }
  if (lost.bad > 0) {
    const found = `${lost.bad} program headers have numbers that no process has`;
    told(error("segments", found, lost.first, "addresses and sizes of memory"));
  }
  if (lost.bytes > 0) {
    const found = `File ends after ${size} bytes, ${lost.bytes} more are missing`;
    told(error("truncated", found, lost.from, "all that its program headers tell of"));
  }
  return { machine: header.machine, notes, segments: new CoreSegments(fields.subarray(0, used)) };
}

/** Where the program headers are and how many. */
function tableOf(
  header: ElfFile,
  content: Content,
): { readonly at: number; readonly entrySize: number; readonly wanted: number } {
  const at = header.sizeAt(32, "program table offset");
  const entrySize = header.view.getUint16(54, true);
  let wanted = header.view.getUint16(56, true);
  const sections = header.sizeAt(40, "section table offset");
  if (wanted === MANY && sections > 0 && sections + 64 <= sizeOf(content)) {
    wanted = viewOf(bytesOf(content, sections, 64)).getUint32(44, true);
  }
  return { at, entrySize, wanted };
}

function isSorted(fields: Float64Array): boolean {
  for (let at = FIELDS; at < fields.length; at += FIELDS) {
    if (!(fields[at - FIELDS]! <= fields[at]!)) return false;
  }
  return true;
}

function sorted(fields: Float64Array): Float64Array {
  const order = Uint32Array.from({ length: fields.length / FIELDS }, (_, i) => i * FIELDS);
  order.sort((a, b) => fields[a]! - fields[b]! || a - b);
  const result = new Float64Array(fields.length);
  order.forEach((from, i) => result.set(fields.subarray(from, from + FIELDS), i * FIELDS));
  return result;
}
