/**
 * The memory of a process as its core file has it, read as it is needed.
 *
 * @module
 */
import { type Address, fromBigAddress, partitionPoint, toBigAddress } from "../../bytes/mod.ts";
import type { MemoryReader, MemoryWindow } from "../../unwind/walk/mod.ts";
import { bytesOf, type Content } from "../target/content.ts";
import type { CoreSegments } from "./segments.ts";

/** Windows of a file that is not in memory begin and end at multiples of this many bytes. */
const CHUNK = 2 ** 16;
/** Most windows that are kept: 16 MiB. */
const KEPT = 256;
const ZEROS = new Uint8Array(CHUNK);

/** A part of a file that is mapped. */
export interface FilePages {
  /** First address. */
  readonly begin: Address;
  /** Address after the last byte that comes from the file. */
  readonly end: Address;
  /** Offset of the first byte in the file. */
  readonly offset: number;
  /** The file; undefined if it cannot be had, and so its part is not known. */
  readonly content: Content | undefined;
}

/**
 * The memory of a process: what the core file stores; else what the files have that were mapped
 * there; else zeros where it can be written, as Linux does not store memory that has never been
 * touched.
 */
export class CoreMemory implements MemoryReader {
  readonly #content: Content;
  readonly #segments: CoreSegments;
  readonly #pages: FilePages[] = [];
  #isSorted = true;
  readonly #windows = new Map<Address, MemoryWindow>();

  /** Memory that a core file stores. */
  constructor(content: Content, segments: CoreSegments) {
    this.#content = content;
    this.#segments = segments;
  }

  /** Adds a part of a file, for what the core does not store. */
  addPages(pages: FilePages): void {
    this.#windows.clear();
    this.#pages.push(pages);
    this.#isSorted = false;
  }

  /** As any memory; throws if the core file or a mapped file cannot be read any more. */
  window(address: bigint): MemoryWindow | undefined {
    const at = fromBigAddress(address);
    const segment = this.#segments.find(at);
    if (segment !== undefined && at < segment.fileEnd) {
      const { begin, fileEnd, offset } = segment;
      return this.#part({ begin, end: fileEnd, offset, content: this.#content }, at);
    }
    const pages = this.#pagesAt(at);
    const stored = segment?.fileEnd ?? -Infinity;
    if (pages !== undefined) {
      const { content } = pages;
      if (content === undefined) return undefined;
      // The core's own bytes come first.
      const begin = Math.max(pages.begin, stored);
      const end = Math.min(pages.end, segment?.end ?? pages.end);
      return this.#part({ content, begin, end, offset: pages.offset + begin - pages.begin }, at);
    }
    if (segment?.isWritable !== true) return undefined;
    const begin = Math.max(chunkOf(at), stored, this.#pagesBefore(at)?.end ?? -Infinity);
    const end = Math.min(chunkOf(at) + CHUNK, segment.end, this.#pagesAfter(at)?.begin ?? Infinity);
    return { start: toBigAddress(begin), bytes: ZEROS.subarray(0, end - begin) };
  }

  /**
   * The core's own bytes from an address on, at most `limit` of one segment; undefined if it stores
   * none there.
   */
  stored(address: bigint, limit: number): Uint8Array | undefined {
    const at = fromBigAddress(address);
    const segment = this.#segments.find(at);
    if (segment === undefined || at >= segment.fileEnd) return undefined;
    const size = Math.min(limit, segment.fileEnd - at);
    return bytesOf(this.#content, segment.offset + at - segment.begin, size);
  }

  /** As {@linkcode CoreMemory.stored}, of memory that could not be written. */
  storedConstant(address: bigint, limit: number): Uint8Array | undefined {
    const isWritable = this.#segments.find(fromBigAddress(address))?.isWritable ?? true;
    return isWritable ? undefined : this.stored(address, limit);
  }

  /** Whether memory is code; undefined if the core does not tell of it. */
  isExecutable(address: bigint): boolean | undefined {
    return this.#segments.find(fromBigAddress(address))?.isExecutable;
  }

  /** A window of a part of a file. */
  #part(part: FilePages & { readonly content: Content }, at: Address): MemoryWindow {
    const { content, begin, end, offset } = part;
    const isThere = content instanceof Uint8Array;
    const from = isThere ? begin : Math.max(begin, chunkOf(at));
    const known = this.#windows.get(from);
    if (known !== undefined) {
      if (isThere) return known;
      this.#windows.delete(from);
      this.#windows.set(from, known);
      return known;
    }
    const to = isThere ? end : Math.min(end, chunkOf(at) + CHUNK);
    const bytes = bytesOf(content, offset + from - begin, to - from);
    const window = { start: toBigAddress(from), bytes };
    if (this.#windows.size >= KEPT) this.#windows.delete(this.#windows.keys().next().value!);
    this.#windows.set(from, window);
    return window;
  }

  #pagesAt(at: Address): FilePages | undefined {
    const found = this.#pagesBefore(at);
    return found !== undefined && at < found.end ? found : undefined;
  }

  /** The last part that begins at an address or before. */
  #pagesBefore(at: Address): FilePages | undefined {
    return this.#pages[this.#countUpTo(at) - 1];
  }

  #pagesAfter(at: Address): FilePages | undefined {
    return this.#pages[this.#countUpTo(at)];
  }

  #countUpTo(at: Address): number {
    if (!this.#isSorted) this.#pages.sort((a, b) => a.begin - b.begin);
    this.#isSorted = true;
    return partitionPoint(this.#pages.length, (i) => this.#pages[i]!.begin <= at);
  }
}

function chunkOf(address: Address): Address {
  return Math.floor(address / CHUNK) * CHUNK;
}
