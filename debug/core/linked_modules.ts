/**
 * Modules of a process whose core file lists no files, as those of QEMU and of old kernels: the
 * program by what the kernel told it in the auxiliary vector, the others by the list that the
 * dynamic linker keeps for debuggers (`struct r_debug` of `link.h`; gABI, "Dynamic Section").
 *
 * @module
 */
import { fromBigAddress } from "../../bytes/mod.ts";
import { type ElfFile, loadSegments, PT } from "../../elf/mod.ts";
import { type MemoryReader, readWord } from "../../unwind/walk/mod.ts";
import type { ModuleBuilder, OpenedFile, Refusal } from "./module_builder.ts";
import { AT } from "./notes.ts";
import { unlessDamaged } from "./verify.ts";

/** Most entries of the list that are followed. */
const MOST = 8192;
const LONGEST_NAME = 4096;
/** The tag of the dynamic section that says where `r_debug` is. */
const DT_DEBUG = 21n;
/** Names that dynamic linkers give the kernel's own object, which is no file. */
const VDSO = /^linux-(vdso|gate)\.so/;

/**
 * Adds the program and the files that were linked to it.
 *
 * @throws {CoreError} (`mismatch`) If the program's own file was given and is another one.
 */
export function addLinked(builder: ModuleBuilder, auxiliary: ReadonlyMap<number, bigint>): void {
  const { memory, options: { exe } } = builder;
  const name = textAt(memory, auxiliary.get(AT.execfn)) ?? "[program]";
  const opened = exe === undefined ? builder.open(name) : builder.opened(exe.name, exe);
  const bias = "reason" in opened || opened.elf === undefined
    ? undefined
    : unlessDamaged(() => biasOf(opened.elf!, auxiliary));
  const program = "reason" in opened ? opened : addAt(builder, opened, bias);
  if ("reason" in program) {
    if (exe !== undefined && program.error !== undefined) throw program.error;
    builder.miss(name, program);
  }
  const dynamic = dynamicOf(memory, auxiliary) ??
    ("elf" in program && bias !== undefined
      ? unlessDamaged(() => addressOf(program.elf, PT.dynamic, bias))
      : undefined);
  let hasLinker = false;
  const base = auxiliary.get(AT.base) ?? 0n;
  for (const each of linkMap(memory, dynamic)) {
    // The program is the first, and the kernel's own object has no file.
    if (each.name === "" || VDSO.test(each.name)) continue;
    hasLinker ||= each.bias === base;
    addNamed(builder, each);
  }
  // Before it has made its list, there is the dynamic linker itself.
  if (hasLinker || base === 0n || !("elf" in program)) return;
  const linker = unlessDamaged(() => interpreterOf(program.elf));
  if (linker !== undefined) addNamed(builder, { name: linker, bias: base });
}

function addNamed(
  builder: ModuleBuilder,
  { name, bias }: { readonly name: string; readonly bias: bigint },
): void {
  const opened = builder.open(name);
  const added = "reason" in opened ? opened : addAt(builder, opened, bias);
  if ("reason" in added) builder.miss(name, added);
}

/** Adds a file with its pages, if it is the right one. */
function addAt(
  builder: ModuleBuilder,
  opened: OpenedFile,
  bias: bigint | undefined,
): Refusal | { readonly elf: ElfFile } {
  const { elf, content } = opened;
  if (elf === undefined) return { reason: "no ELF file" };
  if (bias === undefined) return { reason: "not known where it is loaded" };
  const loads = unlessDamaged(() => loadSegments(elf)) ?? [];
  const first = loads.find(({ offset }) => offset === 0);
  const refusal = builder.verify(opened, first && BigInt.asUintN(64, bias + first.vaddr));
  if (refusal !== undefined) return refusal;
  const added = builder.add(opened.name, elf, bias);
  if ("reason" in added) return added;
  for (const { vaddr, offset, fileSize } of loads) {
    const begin = fromBigAddress(bias + vaddr);
    const size = Math.min(fileSize, elf.size - offset);
    if (!(size > 0 && Number.isSafeInteger(begin + size))) continue;
    builder.memory.addPages({ begin, end: begin + size, offset, content });
  }
  return { elf };
}

/** Of the program's own file, by the address at which it was to begin. */
function biasOf(file: ElfFile, auxiliary: ReadonlyMap<number, bigint>): bigint | undefined {
  const entry = auxiliary.get(AT.entry);
  return entry === undefined ? undefined : BigInt.asIntN(64, entry - file.entry);
}

/** Address of a segment in memory. */
function addressOf(file: ElfFile, type: number, bias: bigint): bigint | undefined {
  const found = file.segments.find((each) => each.type === type);
  return found === undefined ? undefined : bias + found.vaddr;
}

/** Address of the program's dynamic section, by its program headers in memory. */
function dynamicOf(
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

/** `PT_PHDR`. */
const PROGRAM_HEADERS = 6;

/** The dynamic linker's list: names and load addresses. */
function* linkMap(
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
    if (bias !== undefined && name !== undefined) yield { name, bias };
    entry = readWord(memory, entry + 24n);
  }
}

/** Text that ends with a NUL. */
function textAt(memory: MemoryReader, address: bigint | undefined): string | undefined {
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
function interpreterOf(file: ElfFile): string | undefined {
  const segment = file.segments.find(({ type }) => type === PT.interp);
  if (segment === undefined) return undefined;
  return new TextDecoder().decode(file.segmentData(segment)).replace(/\0.*$/s, "");
}
