/**
 * Programs: what of an ELF file the kernel loads, checked before a single page is touched.
 *
 * @module
 */

import type { Arch } from "../../arch/arch.ts";
import { hex } from "../../arch/physical_memory.ts";
import { ElfError, type ElfFile, loadSegments, parseElf, PF } from "../../elf/mod.ts";
import type { ThreadParameters } from "../../sched/parameters.ts";
import { KernelError } from "../errors.ts";
import type { LoadMode } from "./load_mode.ts";
import type { ModuleCode } from "./module_code.ts";
import { pageCeil, pageFloor, type VmProtection } from "../vm/vm_map.ts";

/** Bytes of a task's first stack, at the end of its user half. */
export const STACK_SIZE = 256n * 1024n;

/**
 * Where a program runs: in an address space of its own in user mode, or in the kernel's at the
 * kernel's privilege.
 */
export type ProgramMode = "user" | "kernel";

/**
 * Whose system calls a program makes: the kernel's own, or Linux's, by Linux's numbers and with its
 * errors.
 */
export type ProgramAbi = "trapline" | "linux";

/** All of them. */
export const PROGRAM_ABIS: readonly ProgramAbi[] = ["trapline", "linux"];

/** Bytes of the region for kernel-mode programs. */
const PROGRAM_REGION_SIZE = 1n << 30n;

/** How the bootstrap script is to be carried out. */
export interface BootOptions {
  /** Kernel command line. */
  readonly commandLine: string;
  /** How programs are loaded. */
  readonly load: LoadMode;
}

/** A boot module: a file in guest memory and its command line. */
export interface BootModule {
  /** Its place in the order of the script. */
  readonly index: number;
  /** Name of the program: the first word of the command line. */
  readonly name: string;
  /** Bootstrap script line. */
  readonly commandLine: string;
  /** Whether it runs in user mode or at the kernel's privilege. */
  readonly mode: ProgramMode;
  /** Whose system calls it makes. */
  readonly abi: ProgramAbi;
  /** Scheduling parameters of its first thread. */
  readonly parameters: ThreadParameters;
  /** What a program of Linux's ABI is given as random bytes. */
  readonly random: Uint8Array | null;
  /** The file. */
  readonly bytes: Uint8Array;
  /** Physical address the file was put at. */
  readonly physical: bigint;
  /** What of the file is loaded. */
  readonly program: Program;
  /** Its code for the unwinder. */
  readonly code: ModuleCode;
}

/** A segment to load. */
export interface ProgramSegment {
  /** Virtual address of its first byte. */
  readonly address: bigint;
  /** Offset of its first byte in the file. */
  readonly offset: number;
  /** Bytes from the file. */
  readonly fileSize: number;
  /** Bytes in memory; those after the file's are zeros. */
  readonly memorySize: bigint;
  /** What it allows. */
  readonly protection: VmProtection;
}

/** The program headers of a program, which say where its thread-local storage begins. */
export interface ProgramHeaders {
  /** Virtual address of the first. */
  readonly address: bigint;
  /** How many there are. */
  readonly count: number;
}

/** A program ready to be loaded. */
export interface Program {
  /** First instruction. */
  readonly entry: bigint;
  /** Segments in file order. */
  readonly segments: readonly ProgramSegment[];
  /** Where its program headers are in memory. */
  readonly headers: ProgramHeaders | null;
}

/**
 * Checks that an ELF file is a program this machine can load.
 * @param bytes the file
 * @param options its name for messages and the architecture that is to run it
 * @throws {KernelError} of kind `program`, naming the file, the segment or offset and what was
 *   expected
 */
export function readProgram(
  bytes: Uint8Array,
  options: { name: string; arch: Arch; mode?: ProgramMode },
): Program {
  const { name, arch, mode = "user" } = options;
  const refuse = (why: string, address?: bigint): never => {
    throw new KernelError(
      "program",
      `Cannot load ${name}: ${why}`,
      address === undefined ? {} : { address },
    );
  };
  const elf = parse(bytes, name);
  if (elf.machine !== arch.elfMachine) {
    refuse(`it is for ${elf.machine}, this machine is ${arch.elfMachine}`);
  }
  if (elf.type !== "executable") refuse(`its type is ${elf.type}, expected executable`);
  const segments: ProgramSegment[] = [];
  const [first, limit] = mode === "user"
    ? [4096n, arch.userEnd - STACK_SIZE]
    : [arch.programRegion, arch.programRegion + PROGRAM_REGION_SIZE];
  for (const segment of loadSegments(elf)) {
    const end = segment.vaddr + segment.memSize;
    const where = `segment ${segment.index} at ${hex(segment.vaddr)} to ${hex(end)}`;
    if (segment.memSize < BigInt(segment.fileSize)) {
      refuse(`${where} has more bytes in the file than in memory`, segment.vaddr);
    }
    if (segment.offset + segment.fileSize > bytes.length) {
      refuse(
        `${where} needs bytes ${segment.offset} to ${
          segment.offset + segment.fileSize
        } of a file of ${bytes.length}`,
        segment.vaddr,
      );
    }
    if (segment.memSize === 0n) continue;
    if (segment.vaddr < first || end > limit) {
      const what = mode === "user" ? ", where the stack begins" : ", for kernel-mode programs";
      refuse(`${where} is outside of ${hex(first)} to ${hex(limit)}${what}`, segment.vaddr);
    }
    for (const other of segments) {
      const otherEnd = pageCeil(other.address + other.memorySize);
      if (
        pageFloor(segment.vaddr) < otherEnd && pageFloor(other.address) < pageCeil(end)
      ) {
        refuse(`${where} shares a page with the segment at ${hex(other.address)}`, segment.vaddr);
      }
    }
    segments.push({
      address: segment.vaddr,
      offset: segment.offset,
      fileSize: segment.fileSize,
      memorySize: segment.memSize,
      protection: {
        read: (segment.flags & PF.read) !== 0,
        write: (segment.flags & PF.write) !== 0,
        execute: (segment.flags & PF.execute) !== 0,
      },
    });
  }
  if (segments.length === 0) refuse("it has no segment to load");
  const inside = segments.some((segment) =>
    segment.protection.execute && elf.entry >= segment.address &&
    elf.entry < segment.address + segment.memorySize
  );
  if (!inside) refuse(`its entry ${hex(elf.entry)} is in no executable segment`, elf.entry);
  return { entry: elf.entry, segments, headers: headersIn(elf, segments) };
}

/** Bytes of a program header, and where a file says where they are. */
const HEADER_SIZE = 56;
const HEADER_TABLE = { what: "program", offsetAt: 32, sizeAt: 54, size: HEADER_SIZE } as const;

/** Where the program headers come to lie, if a segment has them. */
function headersIn(elf: ElfFile, segments: readonly ProgramSegment[]): ProgramHeaders | null {
  const { offset } = elf.headerTable(HEADER_TABLE);
  const count = elf.segments.length;
  const end = offset + count * HEADER_SIZE;
  const holder = segments.find((segment) =>
    segment.offset <= offset && end <= segment.offset + segment.fileSize
  );
  if (holder === undefined) return null;
  return { address: holder.address + BigInt(offset - holder.offset), count };
}

function parse(bytes: Uint8Array, name: string): ElfFile {
  try {
    const elf = parseElf(bytes, { name });
    loadSegments(elf);
    return elf;
  } catch (error) {
    if (!(error instanceof ElfError)) throw error;
    throw new KernelError("program", `Cannot load ${name}: ${error.message}`, { cause: error });
  }
}
