/**
 * Pages of the programs of kernel-mode tasks, which are in the kernel half of the address space.
 *
 * @module
 */

import { PAGE_SIZE } from "../../arch/physical_memory.ts";
import { KernelError } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import type { Program, ProgramSegment } from "../program/loader.ts";
import type { Task } from "../thread/task.ts";
import { pageCeil, pageFloor } from "../vm/vm_map.ts";

const PAGE = BigInt(PAGE_SIZE);

/**
 * Maps the program of a kernel-mode task.
 * @throws {KernelError} of kind `program` if another task's program is in the way
 */
export function loadProgram(k: Kernel, task: Task, program: Program): void {
  for (const segment of program.segments) {
    for (const page of pagesOf(segment)) {
      if (k.kernelSpace.pageBytes(page) !== undefined) {
        throw new KernelError(
          "program",
          `Cannot load ${task.name}: a kernel-mode task has its program at 0x${page.toString(16)}`,
          { address: page },
        );
      }
    }
  }
  for (const segment of program.segments) {
    for (const page of pagesOf(segment)) loadPage(k, { task, segment, page });
  }
  k.flushTranslations();
}

function* pagesOf(segment: ProgramSegment): Generator<bigint> {
  const end = pageCeil(segment.address + segment.memorySize);
  for (let page = pageFloor(segment.address); page < end; page += PAGE) yield page;
}

function loadPage(
  k: Kernel,
  place: { task: Task; segment: ProgramSegment; page: bigint },
): void {
  const { task, segment, page } = place;
  const physical = k.pageFrames.allocate();
  const begin = segment.address > page ? segment.address : page;
  const fileEnd = segment.address + BigInt(segment.fileSize);
  const end = fileEnd < page + PAGE ? fileEnd : page + PAGE;
  if (begin < end && task.module !== null) {
    const from = segment.offset + Number(begin - segment.address);
    const bytes = task.module.bytes.subarray(from, from + Number(end - begin));
    k.memory.write(physical + begin - page, bytes);
  }
  const { write, execute } = segment.protection;
  k.kernelSpace.mapProgramPage(page, { physical, write, execute });
  task.addProgramPage(page);
}

/** Frees the pages of a dead task's program. */
export function unloadProgram(k: Kernel, task: Task): void {
  for (const page of task.takeProgramPages()) {
    const physical = k.kernelSpace.unmapPage(page);
    if (physical !== undefined) k.pageFrames.free(physical);
  }
  k.flushTranslations();
}
