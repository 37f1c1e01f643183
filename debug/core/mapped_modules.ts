/**
 * Modules of a process whose core file lists the files that it had mapped.
 *
 * @module
 */
import { type Address, toBigAddress } from "../../bytes/mod.ts";
import { type ElfFile, loadSegments, PF } from "../../elf/mod.ts";
import type { Module } from "../../unwind/walk/mod.ts";
import { sizeOf } from "../target/content.ts";
import type { FileMapping, MappedFile } from "./file_list.ts";
import type { ModuleBuilder, OpenedFile, Refusal } from "./module_builder.ts";
import { biasOf } from "./place.ts";
import { unlessDamaged } from "../target/verify.ts";

/** Most bytes that are compared. */
const COMPARED = 4096;
/** Most of them that may differ. */
const BREAKPOINTS = 64;

/** What is known of a list of files besides. */
export interface ListedFiles {
  /** The files. */
  readonly files: readonly MappedFile[];
  /** Bytes of a page. */
  readonly pageSize: number;
  /** Address in the program's own file; undefined if it is not known. */
  readonly entry: Address | undefined;
}

/**
 * Adds the modules of a list of files, and their pages to the memory. A file that is no ELF file,
 * such as a font, has pages only.
 *
 * @throws {CoreError} (`mismatch`) If the program's own file was given and is another one.
 */
export function addMapped(builder: ModuleBuilder, { files, pageSize, entry }: ListedFiles): void {
  const { options: { exe } } = builder;
  const holds = ({ mappings }: MappedFile) =>
    entry !== undefined && mappings.some(({ begin, end }) => entry >= begin && entry < end);
  const main = files.find(holds) ?? files[0];
  for (const file of files) {
    const isGiven = exe !== undefined && file === main;
    const opened = isGiven ? builder.opened(file.name, exe) : builder.open(file.name);
    const refusal = "reason" in opened ? opened : addFile(builder, { opened, file, pageSize });
    if (refusal === undefined) continue;
    if (isGiven) {
      throw refusal.error ?? builder.refuse(exe.name, {
        is: `cannot be used (${refusal.reason})`,
        expected: "the program's own",
      }).error;
    }
    if (isStored(builder, file)) {
      builder.tell(refusal);
      continue;
    }
    // What its pages hold is not known where the core does not store them: it is not zero.
    for (const mapping of file.mappings) {
      builder.memory.addPages({ ...mapping, content: undefined });
      builder.addNamed(file.name, mapping);
    }
    builder.miss(file.name, refusal);
  }
}

/** Whether the core stores enough of a file, which then is a module. */
function isStored(builder: ModuleBuilder, { name, mappings }: MappedFile): boolean {
  const first = mappings.find(({ offset }) => offset === 0);
  return first !== undefined && builder.addImage(name, toBigAddress(first.begin));
}

interface FileToAdd {
  readonly opened: OpenedFile;
  readonly file: MappedFile;
  readonly pageSize: number;
}

/** Adds a file wherever it is mapped; why it is not the right one. */
function addFile(
  builder: ModuleBuilder,
  { opened, file: { name, mappings }, pageSize }: FileToAdd,
): Refusal | undefined {
  const { content, elf } = opened;
  const size = sizeOf(content);
  const last = mappings.reduce((most, { offset }) => Math.max(most, offset), 0);
  if (last >= size) {
    const expected = `more than ${last}, where a mapping begins`;
    return builder.refuse(elf?.name ?? name, { is: `has ${size} bytes`, expected });
  }
  if (elf !== undefined) {
    const refusal = addElf(builder, { ...opened, elf }, { mappings, pageSize });
    if (refusal !== undefined) return refusal;
  }
  for (const { begin, end, offset } of mappings) {
    const limit = Math.min(end, begin + size - offset);
    builder.memory.addPages({ begin, end: limit, offset, content });
  }
  return undefined;
}

/** Whether a file's code is code there: programs may map any file just to read it. */
function isCode({ memory }: ModuleBuilder, file: ElfFile, bias: bigint): boolean {
  const code = loadSegments(file).find(({ flags }) => (flags & PF.execute) !== 0);
  return code !== undefined &&
    memory.isExecutable(BigInt.asUintN(64, code.vaddr + bias)) !== false;
}

/**
 * Whether the first bytes that the core stores of a file's constant memory are others than the
 * file's. A debugger may have set breakpoints there; linkers that change code are rare.
 */
function differs({ memory }: ModuleBuilder, file: ElfFile, bias: bigint): boolean {
  for (const { vaddr, offset, fileSize } of loadSegments(file)) {
    const address = BigInt.asUintN(64, vaddr + bias);
    const stored = memory.storedConstant(address, Math.min(COMPARED, fileSize));
    if (stored === undefined) continue;
    const own = file.slice(offset, stored.length, "constant memory");
    const count = stored.reduce((sum, byte, i) => sum + (byte === own[i] ? 0 : 1), 0);
    return count > BREAKPOINTS;
  }
  return false;
}

/**
 * Adds an ELF file as a module, or as several if it is mapped several times. The first page of a
 * file is where its headers are, and further segments may begin in it, too. Where it is not mapped,
 * the first mapping has to do.
 */
function addElf(
  builder: ModuleBuilder,
  opened: OpenedFile & { readonly elf: ElfFile },
  { mappings, pageSize }: {
    readonly mappings: readonly FileMapping[];
    readonly pageSize: number;
  },
): Refusal | undefined {
  const first = mappings.filter(({ offset }) => offset === 0);
  const heads = first.length === 0 ? mappings.slice(0, 1) : first;
  let module: Module | undefined;
  for (const mapping of heads) {
    const { begin, offset } = mapping;
    if (module !== undefined && begin >= module.start && begin < module.limit) continue;
    const bias = unlessDamaged(() => biasOf(opened.elf, { mapping, pageSize }));
    if (bias === undefined) return { reason: "no segment fits where it is mapped" };
    if (unlessDamaged(() => isCode(builder, opened.elf, bias)) === false) continue;
    const refusal = builder.verify(opened, offset === 0 ? toBigAddress(begin) : undefined);
    if (refusal !== undefined) return refusal;
    if (unlessDamaged(() => differs(builder, opened.elf, bias)) === true) {
      const expected = "what the core stores of it";
      return builder.refuse(opened.elf.name, { is: "has other bytes", expected });
    }
    const added = builder.add(opened.name, opened.elf, bias);
    if ("reason" in added) return added;
    module = added;
  }
  return undefined;
}
