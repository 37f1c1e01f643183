/**
 * Kernel-mode tasks: programs that run at the kernel's privilege in the kernel's address space, as every task of Theseus does. Their
 * pages are in the kernel half, their stacks are kernel stacks, and they call the kernel by the same system calls.
 *
 * @module
 */

import { PAGE_SIZE } from "../../arch/physical_memory.ts";
import { KernelError } from "../errors.ts";
import { initialStack } from "./exec.ts";
import type { Kernel } from "../kernel.ts";
import type { Program, ProgramSegment } from "./loader.ts";
import { call, type Outcome, RETURN } from "../thread/outcome.ts";
import type { Task } from "../thread/task.ts";
import { pageCeil, pageFloor } from "../vm/vm_map.ts";

const PAGE = BigInt(PAGE_SIZE);

/** What the routine that starts a program may still push on the stack above the arguments. */
const STACK_GAP = 64n;

/**
 * Maps the program of a kernel-mode task.
 * @throws {KernelError} of kind `program` if another task's program is in the way
 */
export function loadKernelProgram(k: Kernel, task: Task, program: Program): void {
  for (const segment of program.segments) {
    for (const page of pagesOf(segment)) {
      if (k.space.pageBytes(page) !== undefined) {
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
  k.cpu.flushTranslations();
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
  const physical = k.frames.allocate();
  const bytes = k.memory.slice(physical, PAGE_SIZE);
  bytes.fill(0);
  const begin = segment.address > page ? segment.address : page;
  const fileEnd = segment.address + BigInt(segment.fileSize);
  const end = fileEnd < page + PAGE ? fileEnd : page + PAGE;
  if (begin < end && task.module !== null) {
    const from = segment.offset + Number(begin - segment.address);
    bytes.set(task.module.bytes.subarray(from, from + Number(end - begin)), Number(begin - page));
  }
  const { write, execute } = segment.protection;
  k.space.mapProgramPage(page, { physical, write, execute });
  task.programPages.push(page);
}

/** Frees the pages of a dead task's program. */
export function unloadKernelProgram(k: Kernel, task: Task): void {
  for (const page of task.programPages) {
    const physical = k.space.unmapPage(page);
    if (physical !== undefined) k.frames.free(physical);
  }
  task.programPages.length = 0;
  k.cpu.flushTranslations();
}

/** Starts the program of the current thread on its own kernel stack, with arguments. */
export function enterKernelProgram(
  k: Kernel,
  start: { entry: bigint; argv: readonly string[] },
): Outcome {
  const thread = k.current;
  if (thread.stack === null) throw new KernelError("misuse", `Thread ${thread.id} has no stack`);
  const { bytes, sp } = initialStack(start.argv, k.stacks.top(thread.stack) - STACK_GAP);
  writeKernel(k, sp, bytes);
  return enterAt(k, { pc: start.entry, sp, argument: 0n });
}

/** Starts kernel-mode code of the current thread. */
export function enterAt(
  k: Kernel,
  start: { pc: bigint; sp: bigint; argument: bigint },
): Outcome {
  const thread = k.current;
  thread.userReady = true;
  thread.pending.length = 0;
  // The routine does not return: what it starts ends by a system call.
  return call("enter_program", [start.pc, start.sp, start.argument], () => RETURN);
}

/** Reads kernel memory as a kernel-mode task may; `undefined` if any of it is not mapped. */
export function readKernel(k: Kernel, address: bigint, size: number): Uint8Array | undefined {
  const bytes = new Uint8Array(size);
  for (let done = 0; done < size;) {
    const part = k.space.pageBytes(address + BigInt(done))?.subarray(0, size - done);
    if (part === undefined) return undefined;
    bytes.set(part, done);
    done += part.length;
  }
  return bytes;
}

/** Writes kernel memory; returns whether all of it is mapped. */
export function writeKernel(k: Kernel, address: bigint, bytes: Uint8Array): boolean {
  for (let done = 0; done < bytes.length;) {
    const at = address + BigInt(done);
    const part = k.space.pageBytes(at);
    if (part === undefined) return false;
    const piece = bytes.subarray(done, done + part.length);
    part.set(piece);
    // Pages of kernel-mode code are not protected from the kernel.
    k.dropCode(pageFloor(k.space.physical(at)));
    done += piece.length;
  }
  return true;
}
