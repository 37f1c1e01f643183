/**
 * Which bytes of the CPU's private structure make up its state, and which do not: host pointers,
 * and what a model has fixed.
 *
 * @module
 */
import { type CommonLayout, type Specimen, stateAddress } from "../layout/layout.ts";
import { tryCopyMemory, viewMemory } from "../native_memory.ts";
import { CalibrationError } from "../layout/offset_search.ts";

/** A host pointer is above this. */
const LOWEST_POINTER = 1n << 20n;

/** A range of bytes of the CPU's state: its first byte, and the one after its last. */
export type ByteRange = readonly [begin: number, end: number];

/** What {@linkcode CpuImageStore} needs to know of a library's structure. */
export interface ImageLayout {
  /** The bytes an image holds, ascending. No host pointer lies in them. */
  readonly ranges: readonly ByteRange[];
  /**
   * The debug registers, within one of the ranges. The library keeps a pointer for each that is in
   * force.
   */
  readonly debug: ByteRange;
  /** The same text in two processes means the same structure. */
  readonly fingerprint: string;
  /**
   * A CPU that has just been opened, as an image holds it: translation off, at the highest
   * privilege there is here.
   */
  readonly cold: Uint8Array<ArrayBuffer>;
  /** Makes two images that mean the same have the same bytes. */
  readonly settle?: (image: Uint8Array<ArrayBuffer>) => void;
}

/** Bytes in all of several ranges. */
export function rangesSize(ranges: readonly ByteRange[]): number {
  return ranges.reduce((size, [begin, end]) => size + end - begin, 0);
}

/** What is left of a range without some holes in it, ascending. */
export function without([begin, end]: ByteRange, holes: readonly ByteRange[]): ByteRange[] {
  const ranges: ByteRange[] = [];
  let at = begin;
  for (const [from, to] of holes.toSorted(([a], [b]) => a - b)) {
    if (from > at) ranges.push([at, from]);
    at = to;
  }
  return end > at ? [...ranges, [at, end]] : ranges;
}

/** Where a byte of the state lies in an image. */
export function imageOffset(layout: ImageLayout, offset: number): number {
  let before = 0;
  for (const [begin, end] of layout.ranges) {
    if (offset >= begin && offset < end) return before + offset - begin;
    before += end - begin;
  }
  throw new RangeError(`Cannot find byte ${offset} of the CPU's state in an image`);
}

/** A text that differs where the structure does: every offset that was found, and the ranges. */
export function fingerprintOf(
  common: CommonLayout,
  ranges: readonly ByteRange[],
): string {
  const numbers = Object.values(common).flatMap(flatten);
  return `${numbers.join(",")}/${ranges.map((range) => range.join("-")).join(",")}`;
}

function flatten(value: unknown): unknown[] {
  if (value instanceof Map) return [...value].flat();
  return typeof value === "object" && value !== null
    ? Object.values(value).flatMap(flatten)
    : [value];
}

/** The bytes of some ranges, one after the other. */
export function gather(
  state: Uint8Array,
  ranges: readonly ByteRange[],
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(rangesSize(ranges));
  let at = 0;
  for (const [begin, end] of ranges) {
    bytes.set(state.subarray(begin, end), at);
    at += end - begin;
  }
  return bytes;
}

/** The CPU's state in place, with what follows the part that a saved context covers. */
export function wideState(specimen: Specimen, common: CommonLayout, size: number): DataView {
  const address = stateAddress(specimen.native, common);
  if (!tryCopyMemory(specimen.native.symbols, address, new Uint8Array(size))) {
    throw new CalibrationError("Cannot view what follows the CPU's state: memory not mapped");
  }
  return new DataView(viewMemory(address, size));
}

/** Refuses a word that is not what a self-test expects. @throws {CalibrationError} */
export function expectWords(
  what: string,
  words: readonly bigint[],
  isExpected: (word: bigint) => boolean,
): void {
  const wrong = words.findIndex((word) => !isExpected(word));
  if (wrong < 0) return;
  throw new CalibrationError(
    `Self-test "${what}" found 0x${words[wrong]?.toString(16)} in word ${wrong}`,
  );
}

/** Whether a word can be a pointer of the host. */
export function isPointer(word: bigint): boolean {
  return word > LOWEST_POINTER && word < 1n << 56n;
}

/** Checks that words are host pointers while breakpoints are in force, and 0 before and after. */
export function checkBreakpoints(
  words: () => bigint[],
  { set, clear }: { set: () => void; clear: () => void },
): void {
  expectWords("no breakpoint yet", words(), (word) => word === 0n);
  set();
  expectWords("breakpoints in force", words(), isPointer);
  clear();
  expectWords("no breakpoint any more", words(), (word) => word === 0n);
}

/** Words of 64 bits. */
export function readWords(view: DataView, begin: number, count: number): bigint[] {
  return Array.from({ length: count }, (_, index) => view.getBigUint64(begin + 8 * index, true));
}
