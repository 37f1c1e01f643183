/**
 * ELF64 files of x86-64 and AArch64, from bytes alone. {@linkcode parseElf} checks the file header
 * and gives an {@linkcode ElfFile}; segments, sections, symbols, notes, inflated section bytes and
 * the relocations of unwind and debug sections are read, and checked against the file, when they are
 * asked for; of a large file that is given as a {@linkcode ByteSource}, nothing else is read at
 * all. Whatever the bytes are, the result is a value or an {@linkcode ElfError} that says where the
 * file is wrong.
 *
 * ```ts
 * import { parseElf } from "@trapline/trapline/elf";
 * import {
 *   aarch64,
 * } from "@trapline/trapline/arch"; // for the bytes of a file; any ELF64 file will do
 *
 * const file = parseElf(aarch64.image.bytes, { name: "kernel" });
 * for (const { name, address, size } of file.sections) console.log(name, address, size);
 * console.log(file.machine, file.symbolNamed("switch_context")?.value);
 * ```
 *
 * The files, lowest first: `constants.ts`; `byte_source.ts`, files read in parts; `image.ts`, the
 * header and checked reading; `section.ts` and `segment.ts`, the two header tables; `symbols.ts`,
 * `relocate.ts` and `notes.ts`, which read what sections and segments hold; `implied_sections.ts`,
 * what stands for section headers that a file lacks; `elf_file.ts`, all of it behind one object;
 * `layout.ts`, for relocatable files; `sparse.ts`, for dumps of large ones; `core_writer.ts`, which
 * writes core files.
 *
 * @module
 */
export type { ByteSource } from "./byte_source.ts";
export { INFLATED_LIMIT } from "./compression.ts";
export * from "./constants.ts";
export * from "./core_writer.ts";
export * from "./elf_file.ts";
export * from "./errors.ts";
export * from "./image.ts";
export * from "./layout.ts";
export * from "./notes.ts";
export type * from "./section.ts";
export type * from "./segment.ts";
export * from "./sparse.ts";
export * from "./symbols.ts";
