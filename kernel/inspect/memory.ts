/**
 * Memory by virtual address, for whoever looks at a machine from outside: no fault is taken and no
 * protection asked.
 *
 * @module
 */

import { ADDRESSES, UPPER_HALF } from "../../arch/page_tables.ts";
import { hex, PAGE_SIZE } from "../../arch/physical_memory.ts";
import { KernelError } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import type { Task } from "../thread/task.ts";
import { pageFloor, type VmEntry } from "../vm/vm_map.ts";

const PAGE = BigInt(PAGE_SIZE);

/** Most bytes that are read or written at once. */
const SIZE_LIMIT = 2 ** 30;

/** A range of what a task sees: its own address space, and in the upper half the kernel's. */
export interface MemoryRange {
  /** The task. */
  readonly task: Task;
  /** First address. */
  readonly address: bigint;
  /** Bytes. */
  readonly size: number;
}

/** A part of a range that lies in one page, and its place in the range. */
export interface Piece {
  /** First address. */
  readonly address: bigint;
  /** Offset in the range. */
  readonly at: number;
  /** Bytes. */
  readonly size: number;
}

/**
 * Reads memory as a task sees it. Pages that the task has not touched yet are what it would find in
 * them.
 * @throws {KernelError} of kind `misuse` if there can be no such range, `address` if a part of it
 *   is not mapped, with the first address that is not
 */
export function readMemory(k: Kernel, range: MemoryRange): Uint8Array<ArrayBuffer> {
  checkRange("read", range);
  const bytes = new Uint8Array(range.size);
  for (const { address, at, size } of pieces(range)) {
    const page = pageBytes(k, range.task, pageFloor(address));
    if (page === undefined) throw notMapped("read", address, range);
    const start = Number(address % PAGE);
    bytes.set(page.subarray(start, start + size), at);
  }
  return bytes;
}

/**
 * Reads a text in UTF-8 that ends with a zero byte, or after `range.size` bytes.
 * @throws {KernelError} as {@linkcode readMemory}, for what is read up to the end
 */
export function readText(k: Kernel, range: MemoryRange): string {
  checkRange("read", range);
  const bytes: number[] = [];
  for (const piece of pieces(range)) {
    const page = readMemory(k, { ...piece, task: range.task });
    const end = page.indexOf(0);
    bytes.push(...(end < 0 ? page : page.subarray(0, end)));
    if (end >= 0) break;
  }
  return new TextDecoder().decode(new Uint8Array(bytes));
}

/**
 * Writes memory as a task sees it, whatever its protection. Pages that the task has not touched yet
 * come into memory; code made of what was there is dropped.
 * @throws {KernelError} as {@linkcode readMemory}, and of kind `memory` if there are too few page
 *   frames; nothing is written then
 */
export function writeMemory(
  k: Kernel,
  { task, address }: Omit<MemoryRange, "size">,
  bytes: Uint8Array,
): void {
  const range = { task, address, size: bytes.length };
  checkRange("write", range);
  let absent = 0;
  for (const piece of pieces(range)) {
    const found = findPage(k, task, pageFloor(piece.address));
    if (found === undefined || isBarred(found)) throw notMapped("write", piece.address, range);
    if (typeof found !== "bigint") absent++;
  }
  if (absent > 0 && absent + tablesFor(absent) > k.pageFrames.available) {
    throw new KernelError(
      "memory",
      `Cannot write ${range.size} bytes at ${hex(address)}: ${absent} pages of them are not in ` +
        `memory, and ${k.pageFrames.available} page frames are free`,
      { address },
    );
  }
  for (const { address, at, size } of pieces(range)) {
    const frame = residentFrame(k, task, pageFloor(address));
    k.memory.slice(frame + address % PAGE, size).set(bytes.subarray(at, at + size));
    k.dropCode(frame);
  }
}

/** Most translation tables that pages in a row can be in need of. */
function tablesFor(pages: number): number {
  const perTable = PAGE_SIZE / 8;
  return Math.ceil(pages / perTable) + Math.ceil(pages / perTable ** 2) + 3;
}

/** Where a page is: physical address of its page frame, or the entry it will come from. */
function findPage(k: Kernel, task: Task, page: bigint): bigint | VmEntry | undefined {
  if (page >= UPPER_HALF) {
    const walk = k.kernelSpace.tables.walk(k.kernelSpace.root, page);
    return walk.kind === "mapped" ? walk.physical : undefined;
  }
  return task.space?.page(page)?.frame ?? task.space?.lookup(page);
}

/** Whether a page comes from an entry that lets nobody touch it. */
function isBarred(found: bigint | VmEntry): boolean {
  return typeof found !== "bigint" && !found.protection.read;
}

/**
 * The bytes of a page, as far as they are not zeros to its end; `undefined` if it is not mapped.
 */
function pageBytes(k: Kernel, task: Task, page: bigint): Uint8Array | undefined {
  const found = findPage(k, task, page);
  if (found === undefined) return undefined;
  return typeof found === "bigint"
    ? k.memory.slice(found, PAGE_SIZE)
    : pageContents(k, found, page);
}

/** What a page that is not in memory will hold, as far as it is not zeros to its end. */
export function pageContents(k: Kernel, { begin, object }: VmEntry, page: bigint): Uint8Array {
  if (object.kind === "zero") return new Uint8Array();
  const offset = object.offset + Number(page - begin);
  const size = Math.max(0, Math.min(PAGE_SIZE, object.size - offset));
  return k.memory.slice(object.file + BigInt(size === 0 ? 0 : offset), size);
}

/** The page frame of a page that is mapped, which comes into memory if it is not. */
function residentFrame(k: Kernel, task: Task, page: bigint): bigint {
  const found = findPage(k, task, page) as bigint | VmEntry;
  if (typeof found !== "bigint") {
    const frame = k.pageFrames.allocate();
    k.memory.slice(frame, PAGE_SIZE).set(pageContents(k, found, page));
    task.space?.enterPage(page, { frame, protection: found.protection, clean: false });
    return frame;
  }
  // What its file has is not what the page has from now on.
  const resident = page >= UPPER_HALF ? undefined : task.space?.page(page);
  if (resident !== undefined) k.cleanPages.delete(resident);
  return found;
}

/** The parts of a range, page by page. */
export function* pieces({ address, size }: Omit<MemoryRange, "task">): Generator<Piece> {
  for (let at = 0; at < size;) {
    const from = address + BigInt(at);
    const length = Math.min(size - at, PAGE_SIZE - Number(from % PAGE));
    yield { address: from, at, size: length };
    at += length;
  }
}

function checkRange(action: string, { address, size }: MemoryRange): void {
  const fits = address >= 0n && Number.isSafeInteger(size) && size >= 0 && size <= SIZE_LIMIT &&
    address + BigInt(size) <= ADDRESSES;
  if (fits) return;
  throw new KernelError(
    "misuse",
    `Cannot ${action} ${size} bytes at ${
      hex(address)
    }: expected at most ${SIZE_LIMIT} bytes from ` +
      "0 to 2^64",
  );
}

function notMapped(action: string, address: bigint, range: MemoryRange): KernelError {
  const { task, size } = range;
  const whose = address >= UPPER_HALF ? "the kernel" : `task ${task.id} ${task.name}`;
  return new KernelError(
    "address",
    `Cannot ${action} ${size} bytes at ${hex(range.address)} of ${whose}: ${hex(address)} is not ` +
      "mapped",
    { address },
  );
}
