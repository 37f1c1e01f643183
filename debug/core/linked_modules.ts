/**
 * Modules of a process whose core file lists no files, as those of QEMU and of old kernels: the
 * program by what the kernel told it in the auxiliary vector, the others by the list that the
 * dynamic linker keeps for debuggers (`struct r_debug` of `link.h`; gABI, "Dynamic Section").
 *
 * @module
 */
import { fromBigAddress } from "../../bytes/mod.ts";
import { type ElfFile, loadSegments, PT } from "../../elf/mod.ts";
import { AT } from "../target/auxiliary_vector.ts";
import {
  addressOf,
  dynamicOf,
  headerAddress,
  interpreterOf,
  linkMap,
  programBias,
  textAt,
} from "../target/link_map.ts";
import type { ModuleBuilder, OpenedFile, Refusal } from "./module_builder.ts";
import { unlessDamaged } from "../target/verify.ts";

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
    : unlessDamaged(() => programBias(opened.elf!, auxiliary));
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
  const refusal = builder.verify(opened, unlessDamaged(() => headerAddress(elf, bias)));
  if (refusal !== undefined) return refusal;
  const added = builder.add(opened.name, elf, bias);
  if ("reason" in added) return added;
  for (const { vaddr, offset, fileSize } of unlessDamaged(() => loadSegments(elf)) ?? []) {
    const begin = fromBigAddress(bias + vaddr);
    const size = Math.min(fileSize, elf.size - offset);
    if (!(size > 0 && Number.isSafeInteger(begin + size))) continue;
    builder.memory.addPages({ begin, end: begin + size, offset, content });
  }
  return { elf };
}
