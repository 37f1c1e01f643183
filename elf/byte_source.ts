/**
 * Files that are read in parts, as they are needed.
 *
 * @module
 */
import { partitionPoint } from "../bytes/mod.ts";

/** A file that can be read in parts. */
export interface ByteSource {
  /** Size in bytes. */
  readonly size: number;
  /** Fills `into` with the bytes at `offset`, or throws. */
  readAt(offset: number, into: Uint8Array): void;
}

/** Reads begin and end at multiples of this many bytes, so that small ones are not many. */
const BLOCK = 2 ** 14;

/**
 * The bytes of a file, of which only those that were needed have been read. The rest is zero and,
 * with most systems, takes no memory.
 */
export class LazyBytes {
  /** All bytes; zero where nothing has been read. */
  readonly bytes: Uint8Array;
  readonly #source: ByteSource;
  /** Beginnings and ends of what has been read, ascending, without any that touch. */
  #known: number[] = [];

  /** Bytes of a source, of which nothing is read yet. */
  constructor(source: ByteSource) {
    this.#source = source;
    this.bytes = new Uint8Array(source.size);
  }

  /** Sees to it that bytes have been read; what is beyond the file is passed over. */
  need(offset: number, size: number): void {
    const end = Math.min(offset + size, this.bytes.length);
    if (offset >= end) return;
    const known = this.#known;
    // First interval that does not end before the offset.
    const at = partitionPoint(known.length / 2, (i) => known[2 * i + 1]! < offset);
    if (at * 2 < known.length && known[2 * at]! <= offset && end <= known[2 * at + 1]!) return;
    this.#read(at, offset - offset % BLOCK, Math.min(roundUp(end), this.bytes.length));
  }

  /** Reads what is missing from `begin` to `end`; intervals before `first` end before. */
  #read(first: number, begin: number, end: number): void {
    const known = this.#known;
    while (first > 0 && known[2 * first - 1]! >= begin) first--;
    let from = begin;
    let last = first;
    let reach = end;
    for (; last * 2 < known.length && known[2 * last]! <= end; last++) {
      begin = Math.min(begin, known[2 * last]!);
      reach = Math.max(reach, known[2 * last + 1]!);
      this.#fill(from, known[2 * last]!);
      from = Math.max(from, known[2 * last + 1]!);
    }
    this.#fill(from, end);
    known.splice(2 * first, 2 * (last - first), begin, reach);
  }

  #fill(from: number, to: number): void {
    if (from < to) this.#source.readAt(from, this.bytes.subarray(from, to));
  }
}

function roundUp(end: number): number {
  return Math.ceil(end / BLOCK) * BLOCK;
}
