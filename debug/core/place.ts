/**
 * Where a file that is mapped in pages is loaded.
 *
 * @module
 */
import { type Address, fromBigAddress } from "../../bytes/mod.ts";
import { type ElfFile, loadSegments } from "../../elf/mod.ts";

/** Where a part of a file is. */
export interface MappedPart {
  /** Its first address. */
  readonly begin: Address;
  /** Its offset in the file. */
  readonly offset: number;
}

/**
 * Address in memory minus address in the file; undefined if no segment fits. Throws `ElfError` as
 * {@linkcode loadSegments}.
 */
export function biasOf(
  file: ElfFile,
  { mapping: { begin, offset }, pageSize }: {
    readonly mapping: MappedPart;
    readonly pageSize: number;
  },
): bigint | undefined {
  // A mapping begins at a page, a segment anywhere in it.
  const segment = loadSegments(file).find((each) =>
    each.offset < offset + pageSize && offset < each.offset + each.fileSize
  );
  if (segment === undefined) return undefined;
  const floor = (at: number) => Math.floor(at / pageSize) * pageSize;
  const bias = begin - offset - floor(fromBigAddress(segment.vaddr)) + floor(segment.offset);
  return Number.isSafeInteger(bias) ? BigInt(bias) : undefined;
}
