/**
 * The programs of the green threads, and what of them is an architecture's own.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { ArchName } from "../../arch/arch.ts";
import { type ElfFile, parseElf } from "../../elf/mod.ts";
import { programFile } from "./programs.ts";

/** What is an architecture's own. */
export const OWN = {
  x86_64: {
    /** How far the frame pointer of `entry_point` is below its stack's bottom. */
    entryFp: 16,
    /** The same where contexts are entered by a call. */
    entryFpCalled: 16,
    /** Bytes a call pushes. */
    pushed: 8n,
    /** By how much a call lets the stack pointer of a context be too low. */
    shift: 8n,
    /** The last instruction of a function. */
    return: [0xc3],
    /** Stack pointer at that of `schedule`, above its frame pointer. */
    returnSp: 8n,
    /** The last instruction of the sound switch. */
    jump: [0xff, 0xe2], // jmp *%rdx
    /** What the kernel finds when the thread has returned to `pc`. */
    words: [["VEC", 0xen], ["ERR", 0x15n], ["CR2", "pc"]],
  },
  aarch64: {
    entryFp: 32,
    entryFpCalled: 48,
    pushed: 0n,
    shift: 16n,
    return: [0xc0, 0x03, 0x5f, 0xd6],
    returnSp: 32n,
    jump: [0x20, 0x02, 0x1f, 0xd6], // br x17
    words: [["ESR", 0x8200000fn], ["FAR", "pc"]],
  },
} as const;

/** The ELF file of a program. */
export function elfOf(program: string, arch: ArchName): ElfFile {
  return parseElf(programFile(program, arch));
}

/** Address of the last bytes of a function, which must be these. */
export function endOf(elf: ElfFile, name: string, bytes: readonly number[]): bigint {
  const symbol = elf.symbolNamed(name);
  assert(symbol !== undefined, name);
  const address = symbol.value + symbol.size - BigInt(bytes.length);
  const segment = elf.segments.find(({ vaddr, fileSize }) =>
    vaddr <= address && address < vaddr + BigInt(fileSize)
  );
  assert(segment !== undefined);
  const at = Number(address - segment.vaddr);
  assertEquals([...elf.segmentData(segment).subarray(at, at + bytes.length)], [...bytes]);
  return address;
}
