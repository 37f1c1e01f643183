/**
 * Which files a process has loaded, as its memory says it: the program by what the kernel told it in
 * the auxiliary vector, the others by the list that the dynamic linker keeps for debuggers
 * (`struct r_debug` of `link.h`; gABI, "Dynamic Section").
 *
 * @module
 */
import { type ElfFile, loadSegments, PT } from "../../elf/mod.ts";
import { type MemoryReader, readWord } from "../../unwind/walk/mod.ts";
import { AT } from "./auxiliary_vector.ts";

/** Most entries of the list that are followed. */
const MOST = 8192;
const LONGEST_NAME = 4096;
/** The tag of the dynamic section that says where `r_debug` is. */
const DT_DEBUG = 21n;
/** Names that dynamic linkers give the kernel's own object. */
const VDSO = /^linux-(vdso|gate)\.so/;
/** `PT_PHDR`. */
const PROGRAM_HEADERS = 6;

/** Of the program's own file, by the address at which it was to begin. */
export function programBias(
  file: ElfFile,
  auxiliary: ReadonlyMap<number, bigint>,
): bigint | undefined {
  const entry = auxiliary.get(AT.entry);
  return entry === undefined ? undefined : BigInt.asIntN(64, entry - file.entry);
}

/** Address of a segment in memory. */
export function addressOf(file: ElfFile, type: number, bias: bigint): bigint | undefined {
  const found = file.segments.find((each) => each.type === type);
  return found === undefined ? undefined : bias + found.vaddr;
}

/**
 * Address in memory of a file's first byte, with its headers; undefined if that is not loaded.
 * Throws `ElfError` as {@linkcode loadSegments}.
 */
export function headerAddress(file: ElfFile, bias: bigint): bigint | undefined {
  const first = loadSegments(file).find(({ offset }) => offset === 0);
  return first && BigInt.asUintN(64, bias + first.vaddr);
}

/** Address of the program's dynamic section, by its program headers in memory. */
export function dynamicOf(
  memory: MemoryReader,
  auxiliary: ReadonlyMap<number, bigint>,
): bigint | undefined {
  const at = auxiliary.get(AT.phdr);
  const count = Number(auxiliary.get(AT.phnum) ?? 0n);
  if (at === undefined || count > 0xffff) return undefined;
  let bias: bigint | undefined;
  let dynamic: bigint | undefined;
  for (let i = 0; i < count; i++) {
    const entry = at + BigInt(56 * i);
    const type = readWord(memory, entry);
    const address = readWord(memory, entry + 16n);
    if (type === undefined || address === undefined) return undefined;
    const kind = Number(type & 0xffff_ffffn);
    if (kind === PROGRAM_HEADERS) bias = at - address;
    if (kind === PT.dynamic) dynamic = address;
  }
  // Without a segment of the headers themselves the program is not loaded elsewhere.
  return dynamic === undefined ? undefined : BigInt.asUintN(64, dynamic + (bias ?? 0n));
}

/** The dynamic linker's list: names and load addresses of files, but the program's. */
export function* linkMap(
  memory: MemoryReader,
  dynamic: bigint | undefined,
): Generator<{ readonly name: string; readonly bias: bigint }> {
  if (dynamic === undefined) return;
  let debug: bigint | undefined;
  for (let i = 0n; i < MOST; i++) {
    const tag = readWord(memory, dynamic + 16n * i);
    if (tag === undefined || tag === 0n) break;
    if (tag === DT_DEBUG) debug = readWord(memory, dynamic + 16n * i + 8n);
  }
  if (debug === undefined || debug === 0n) return;
  const seen = new Set<bigint>();
  let entry = readWord(memory, debug + 8n);
  while (entry !== undefined && entry !== 0n && !seen.has(entry) && seen.size < MOST) {
    seen.add(entry);
    const bias = readWord(memory, entry);
    const name = textAt(memory, readWord(memory, entry + 8n));
    // The program is the first, without a name, and the kernel's own object has no file.
    const isFile = name !== undefined && name !== "" && !VDSO.test(name);
    if (bias !== undefined && isFile) yield { name, bias };
    entry = readWord(memory, entry + 24n);
  }
}

/** Text that ends with a NUL. */
export function textAt(memory: MemoryReader, address: bigint | undefined): string | undefined {
  if (address === undefined || address === 0n) return undefined;
  const bytes: number[] = [];
  for (let at = address; bytes.length < LONGEST_NAME; at++) {
    const window = memory.window(at);
    const byte = window?.bytes[Number(at - window.start)];
    if (byte === undefined) return undefined;
    if (byte === 0) return new TextDecoder().decode(Uint8Array.from(bytes));
    bytes.push(byte);
  }
  return undefined;
}

/** The dynamic linker that a program names. */
export function interpreterOf(file: ElfFile): string | undefined {
  const segment = file.segments.find(({ type }) => type === PT.interp);
  if (segment === undefined) return undefined;
  return new TextDecoder().decode(file.segmentData(segment)).replace(/\0.*$/s, "");
}
