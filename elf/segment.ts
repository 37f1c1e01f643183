/**
 * The program header table.
 *
 * @module
 */
import type { ElfImage } from "./image.ts";
import { readSections } from "./section.ts";

/** One program header (gABI, chapter 5). */
export interface ElfSegment {
  /** Position in the program header table. */
  readonly index: number;
  /** `p_type`; see `PT`. */
  readonly type: number;
  /** `p_flags`; see `PF`. */
  readonly flags: number;
  /** Offset of its bytes in the file. */
  readonly offset: number;
  /** Virtual address of its first byte. */
  readonly vaddr: bigint;
  /** Physical address field; most systems ignore it. */
  readonly paddr: bigint;
  /** Bytes present in the file. */
  readonly fileSize: number;
  /** Bytes in memory; the rest beyond `fileSize` is zero. */
  readonly memSize: bigint;
  /** Alignment, 0 or a power of two. */
  readonly align: bigint;
}

/**
 * Program headers of an image that is laid out as in memory: offsets count from its first byte, and
 * all of a segment that it holds is there, what is beyond the file's bytes included.
 *
 * @param origin Address, as the file counts, of the first byte.
 */
export function inMemory(
  image: ElfImage,
  segments: readonly ElfSegment[],
  origin: bigint,
): readonly ElfSegment[] {
  return segments.map((segment) => {
    const start = segment.vaddr - origin;
    const left = BigInt(image.size) - start;
    if (start < 0n || left <= 0n) return { ...segment, offset: 0, fileSize: 0 };
    const size = segment.memSize < left ? segment.memSize : left;
    return { ...segment, offset: Number(start), fileSize: Number(size) };
  });
}

/**
 * Program headers in file order. Throws `ElfError` if the table lies outside the file or has the
 * wrong entry size.
 */
export function readSegments(image: ElfImage): readonly ElfSegment[] {
  const table = image.headerTable({
    what: "program",
    offsetAt: 32,
    sizeAt: 54,
    size: 56,
  });
  let count = table.count;
  // PN_XNUM: the real count is in section header 0 (large core files).
  if (count === 0xffff) {
    count = readSections(image)[0]?.info ?? 0;
  }
  image.slice(table.offset, count * 56, "program header table");
  const segments: ElfSegment[] = [];
  for (let index = 0; index < count; index++) {
    const at = table.offset + index * 56;
    segments.push({
      index,
      type: image.view.getUint32(at, true),
      flags: image.view.getUint32(at + 4, true),
      offset: image.sizeAt(at + 8, "segment offset"),
      vaddr: image.view.getBigUint64(at + 16, true),
      paddr: image.view.getBigUint64(at + 24, true),
      fileSize: image.sizeAt(at + 32, "segment file size"),
      memSize: image.view.getBigUint64(at + 40, true),
      align: image.view.getBigUint64(at + 48, true),
    });
  }
  return segments;
}
