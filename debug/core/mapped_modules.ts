/**
 * Modules of a process whose core file lists the files that it had mapped.
 *
 * @module
 */
import { type Address, toBigAddress } from "../../bytes/mod.ts";
import type { ElfFile } from "../../elf/mod.ts";
import type { Module } from "../../unwind/walk/mod.ts";
import { sizeOf } from "../target/content.ts";
import type { FileMapping, MappedFile } from "./file_list.ts";
import type { ModuleBuilder, OpenedFile, Refusal } from "./module_builder.ts";
import { biasOf } from "./place.ts";
import { unlessDamaged } from "../target/verify.ts";

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
    const refusal = "reason" in opened
      ? refusedUnlessStored(builder, file, opened)
      : addFile(builder, { opened, file, pageSize });
    if (refusal === undefined) continue;
    if (isGiven && refusal.error !== undefined) throw refusal.error;
    // What its pages hold is not known where the core does not store them: it is not zero.
    for (const mapping of file.mappings) {
      builder.memory.addPages({ ...mapping, content: undefined });
    }
    builder.miss(file.name, refusal);
  }
}

/** A file that cannot be had, unless the core stores enough of it, or it is of no interest. */
function refusedUnlessStored(
  builder: ModuleBuilder,
  { name, mappings }: MappedFile,
  refusal: Refusal,
): Refusal | undefined {
  const first = mappings.find(({ offset }) => offset === 0);
  return first !== undefined && builder.addImage(name, toBigAddress(first.begin))
    ? undefined
    : refusal;
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
    return { reason: `has ${size} bytes, a mapping begins at 0x${last.toString(16)}` };
  }
  if (elf !== undefined) {
    const refusal = addElf(builder, { ...opened, elf }, { mappings, pageSize });
    if (refusal !== undefined) return refusedUnlessStored(builder, { name, mappings }, refusal);
  }
  for (const { begin, end, offset } of mappings) {
    const limit = Math.min(end, begin + size - offset);
    builder.memory.addPages({ begin, end: limit, offset, content });
  }
  return undefined;
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
    const refusal = builder.verify(opened, offset === 0 ? toBigAddress(begin) : undefined);
    if (refusal !== undefined) return refusal;
    const bias = unlessDamaged(() => biasOf(opened.elf, { mapping, pageSize }));
    if (bias === undefined) return { reason: "no segment fits where it is mapped" };
    const added = builder.add(opened.name, opened.elf, bias);
    if ("reason" in added) return added;
    module = added;
  }
  return undefined;
}
