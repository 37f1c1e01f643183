/**
 * A core file of the whole machine, as the kernel sees it.
 *
 * @module
 */

import { ADDRESSES } from "../../arch/page_tables.ts";
import { PAGE_SIZE } from "../../arch/physical_memory.ts";
import { type CoreNote, type CoreSegment, encodeCore, PF, PT } from "../../elf/mod.ts";
import { type KernelContext, kernelContexts } from "../inspect/kernel_contexts.ts";
import type { Kernel } from "../kernel.ts";
import type { PerCpu } from "../per_cpu.ts";
import { memorySegments, programMappings } from "./memory.ts";
import {
  extraRegisters,
  fileMappings,
  fpregset,
  type MappedFile,
  prpsinfo,
  prstatus,
} from "./notes.ts";

const PAGE = BigInt(PAGE_SIZE);

/**
 * The bytes of a core file of the machine: the CPU and the kernel's side of every thread that does
 * not run, the kernel's half of the address space, and what the CPU sees below it. Registers of
 * threads that do not run are 0 if nobody knows them.
 *
 * @param options `file` is the name under which debuggers find the kernel's image
 */
export function kernelCore(
  k: Kernel,
  options: { readonly file?: string } = {},
): Uint8Array<ArrayBuffer> {
  const { file = k.kernelTask.name } = options;
  const [first, ...others] = kernelContexts(k) as [KernelContext, ...KernelContext[]];
  const { id: process, thread: { task: { space, reaped } } } = first;
  const lower = space === null || reaped ? [] : memorySegments(k, space);
  return encodeCore({
    machine: k.arch.elfMachine,
    notes: [
      status(k, first, process),
      prpsinfo({
        process,
        name: file.split("/").at(-1) ?? file,
        args: `${k.kernelTask.name} ${k.boot.commandLine}`.trim(),
      }),
      fileMappings(mappedFiles(k, file), PAGE_SIZE),
      ...ofCpu(k, k.cpus[0] as PerCpu),
      ...others.map((context) => status(k, context, process)),
    ],
    segments: [...lower, ...upperSegments(k)],
  });
}

function status(k: Kernel, { id, cpu, registers }: KernelContext, process: number): CoreNote {
  const held = cpu?.threadRegisters() ?? {};
  const values = k.arch.core.general.map((name) =>
    name === null ? (1n << 64n) - 1n : registers[name] ?? held[name] ?? cpu?.register(name) ?? 0n
  );
  return prstatus({ thread: id, process, signal: 0, registers: values });
}

function ofCpu(k: Kernel, { cpu }: PerCpu): CoreNote[] {
  const { core } = k.arch;
  const held = cpu.threadRegisters();
  return [
    fpregset(core.fpState(cpu.fpState())),
    ...core.extra.map(({ type, registers }) =>
      extraRegisters(type, registers.map((name) => held[name] ?? 0n))
    ),
  ];
}

/** The kernel's image and the programs of tasks in kernel mode, in the order of their addresses. */
function mappedFiles(k: Kernel, file: string): MappedFile[] {
  const { elf } = k.arch.image;
  const kernel = elf.segments.filter(({ type }) => type === PT.load)
    .map(({ vaddr: address, offset, fileSize }) => ({ address, offset, fileSize }));
  const programs = k.tasks.filter(({ kernelMode, reaped }) => kernelMode && !reaped)
    .map(({ name, module }) => ({
      name,
      mappings: programMappings(module?.program.segments ?? []),
    }));
  return [{ name: file, mappings: programMappings(kernel) }, ...programs]
    .filter(({ mappings }) => mappings.length > 0)
    .toSorted((a, b) => Number((a.mappings[0]?.begin ?? 0n) - (b.mappings[0]?.begin ?? 0n)));
}

/**
 * What is mapped in the kernel's half, page by page of the tables: the direct map of RAM, with holes
 * where page frames are free, which hold zeros; the image; stacks; programs.
 */
function upperSegments(k: Kernel): CoreSegment[] {
  const { memory, kernelSpace: { tables, root } } = k;
  const half = { begin: k.arch.directMap, end: ADDRESSES };
  const used = new Set(k.pageFrames.used());
  const segments: Run[] = [];
  for (const { address, size, physical, protection } of tables.leaves(root, half)) {
    const flags = PF.read | (protection.write ? PF.write : 0) |
      (protection.execute ? PF.execute : 0);
    for (let at = 0n; at < BigInt(size); at += PAGE) {
      const isStored = used.has(Number((physical + at - memory.base) / PAGE));
      const run = segments.at(-1);
      const continues = run !== undefined && run.flags === flags && run.isStored === isStored &&
        run.address + run.size === address + at;
      if (continues) run.size += PAGE;
      else segments.push({ address: address + at, size: PAGE, flags, isStored, contents: [] });
      if (isStored) segments.at(-1)?.contents.push(memory.slice(physical + at, PAGE_SIZE));
    }
  }
  return segments;
}

/** A segment that grows. */
interface Run extends CoreSegment {
  size: bigint;
  readonly isStored: boolean;
  readonly contents: Uint8Array[];
}
