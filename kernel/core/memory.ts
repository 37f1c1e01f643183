/**
 * The memory of a task for a core file.
 *
 * @module
 */

import { PAGE_SIZE } from "../../arch/physical_memory.ts";
import { type CoreSegment, isElf, PF } from "../../elf/mod.ts";
import { pageContents } from "../inspect/memory.ts";
import type { Kernel } from "../kernel.ts";
import type { ProgramSegment } from "../program/loader.ts";
import type { AddressSpace } from "../vm/address_space.ts";
import { pageCeil, pageFloor, type VmEntry, type VmProtection } from "../vm/vm_map.ts";
import type { FileMapping } from "./notes.ts";

const PAGE = BigInt(PAGE_SIZE);

/**
 * What is mapped in a task's address space. Pages in memory are stored; a run of others is a
 * segment of its own without contents, as Linux writes what it does not dump: readers find pages of
 * the program's file in that file, and take zeros for the rest.
 */
export function memorySegments(k: Kernel, space: AddressSpace): CoreSegment[] {
  return space.entries.flatMap((entry) => [...runs(k, space, entry)]);
}

function* runs(k: Kernel, space: AddressSpace, entry: VmEntry): Generator<CoreSegment> {
  const { begin, end } = entry;
  const flags = flagsOf(entry.protection);
  // There may be far more pages than are in memory.
  const stored = new Map<bigint, Uint8Array>(
    [...space.pages].filter(([page]) => page >= begin && page < end)
      .map(([page, { frame }]) => [page, k.memory.slice(frame, PAGE_SIZE)]),
  );
  for (const page of [begin, end - PAGE]) {
    const contents = stored.has(page) ? undefined : pageToStore(k, entry, page);
    if (contents !== undefined) stored.set(page, contents);
  }
  const pages = [...stored.keys()].sort((a, b) => a < b ? -1 : 1);
  let at = begin;
  for (let i = 0; i < pages.length;) {
    const address = pages[i] as bigint;
    if (address > at) yield { address: at, size: address - at, flags, contents: [] };
    const contents: Uint8Array[] = [];
    for (at = address; pages[i] === at; i++, at += PAGE) {
      contents.push(stored.get(at) as Uint8Array);
    }
    yield { address, size: at - address, flags, contents };
  }
  if (at < end) yield { address: at, size: end - at, flags, contents: [] };
}

/**
 * The contents of a page of a file that is not in memory and yet to be stored: one with an ELF
 * header, by which elfutils knows a program (Linux stores it, too), and one that is the file's in
 * part only.
 */
function pageToStore(k: Kernel, entry: VmEntry, page: bigint): Uint8Array | undefined {
  if (entry.object.kind === "zero") return undefined;
  const contents = pageContents(k, entry, page);
  if (!isElf(contents) && contents.length === PAGE_SIZE) return undefined;
  const bytes = new Uint8Array(PAGE_SIZE);
  bytes.set(contents);
  return bytes;
}

function flagsOf({ read, write, execute }: VmProtection): number {
  return (read ? PF.read : 0) | (write ? PF.write : 0) | (execute ? PF.execute : 0);
}

/** Where a program's file lies in memory, as far as its pages are those of the file. */
export function programMappings(
  segments: readonly Pick<ProgramSegment, "address" | "offset" | "fileSize">[],
): FileMapping[] {
  return segments.flatMap(({ address, offset, fileSize }) => {
    const begin = pageFloor(address);
    const at = BigInt(offset) - (address - begin);
    if (fileSize === 0 || at < 0n || at % PAGE !== 0n) return [];
    return [{ begin, end: pageCeil(address + BigInt(fileSize)), page: at / PAGE }];
  });
}
