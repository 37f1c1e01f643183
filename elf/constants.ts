/**
 * Numbers of the ELF64 file format that this library needs, from the System V ABI (gABI, chapters 4
 * and 5) and the processor supplements of x86-64 and AArch64.
 *
 * @module
 */

/** `e_machine` of the machines this library knows. */
export const ELF_MACHINE = { x86_64: 62, aarch64: 183 } as const;

/** Name of a machine this library knows. */
export type Machine = keyof typeof ELF_MACHINE;

/** What kind of file it is (`e_type`). */
export type ElfType = "relocatable" | "executable" | "shared" | "core";

/** `e_type` values by name. */
export const ELF_TYPES: readonly (ElfType | undefined)[] = [
  undefined,
  "relocatable",
  "executable",
  "shared",
  "core",
];

/** Program header types (`p_type`). */
export const PT: {
  readonly load: 1;
  readonly dynamic: 2;
  readonly interp: 3;
  readonly note: 4;
  readonly tls: 7;
  readonly gnuEhFrame: 0x6474e550;
  readonly gnuStack: 0x6474e551;
} = {
  load: 1,
  dynamic: 2,
  interp: 3,
  note: 4,
  tls: 7,
  gnuEhFrame: 0x6474e550,
  gnuStack: 0x6474e551,
};

/** Program header flags (`p_flags`). */
export const PF: {
  readonly execute: 1;
  readonly write: 2;
  readonly read: 4;
} = { execute: 1, write: 2, read: 4 };

/** Section types (`sh_type`). */
export const SHT: {
  readonly null: 0;
  readonly progbits: 1;
  readonly symtab: 2;
  readonly strtab: 3;
  readonly rela: 4;
  readonly note: 7;
  readonly nobits: 8;
  readonly rel: 9;
  readonly dynsym: 11;
} = {
  null: 0,
  progbits: 1,
  symtab: 2,
  strtab: 3,
  rela: 4,
  note: 7,
  nobits: 8,
  rel: 9,
  dynsym: 11,
};

/** Section flags (`sh_flags`). */
export const SHF: {
  readonly write: 1n;
  readonly alloc: 2n;
  readonly execinstr: 4n;
  readonly tls: 0x400n;
  readonly compressed: 0x800n;
} = { write: 1n, alloc: 2n, execinstr: 4n, tls: 0x400n, compressed: 0x800n };

/** Special section indexes of symbols (`st_shndx`). */
export const SHN: {
  readonly undefined: 0;
  readonly abs: 0xfff1;
  readonly common: 0xfff2;
  readonly xindex: 0xffff;
} = { undefined: 0, abs: 0xfff1, common: 0xfff2, xindex: 0xffff };

/** Names of symbol types (`st_info` low half). */
export const SYMBOL_TYPES: readonly string[] = [
  "notype",
  "object",
  "func",
  "section",
  "file",
  "common",
  "tls",
  "7",
  "8",
  "9",
  "ifunc",
  "11",
  "12",
  "13",
  "14",
  "15",
];
