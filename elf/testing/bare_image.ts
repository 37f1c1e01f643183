/**
 * Files made less of than they were: without section headers, or as they are in memory.
 *
 * @module
 */
import { loadSegments, parseElf } from "../mod.ts";

/** A copy of a file without its section headers, as `strip --strip-section-headers` makes it. */
export function withoutSectionHeaders(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  copy.fill(0, 40, 48).fill(0, 60, 64);
  return copy;
}

/** A file as a loader lays it out, before relocation: its first byte is the ELF header. */
export function loadedImage(bytes: Uint8Array): Uint8Array {
  const loads = loadSegments(parseElf(bytes));
  const origin = loads[0]!.vaddr - BigInt(loads[0]!.offset);
  const end = loads.reduce((most, { vaddr, memSize }) => {
    const last = Number(vaddr + memSize - origin);
    return last > most ? last : most;
  }, 0);
  const image = new Uint8Array(end);
  for (const { vaddr, offset, fileSize } of loads) {
    image.set(bytes.subarray(offset, offset + fileSize), Number(vaddr - origin));
  }
  return image;
}
