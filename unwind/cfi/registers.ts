/**
 * DWARF register numbers of both machines and what the calling conventions say about them.
 *
 * - x86-64: System V psABI, figure 3.36 (numbers) and figure 3.4 (who saves what).
 * - AArch64: DWARF for the Arm 64-bit Architecture, section 4.1 (numbers); AAPCS64, section 6.1
 *   (who saves what).
 *
 * Names are those that `readelf` prints, so that dumps can be compared; a number without a name is
 * written `r` and the number.
 *
 * @module
 */
import type { Machine } from "../../elf/mod.ts";
import { REGISTER_LIMIT } from "./row.ts";

/** What the unwinder must know of a machine. Register numbers are DWARF's. */
export interface MachineRegisters {
  /** Which machine. */
  readonly machine: Machine;
  /** Names by DWARF number. */
  readonly names: readonly (string | undefined)[];
  /** Stack pointer. */
  readonly stackPointer: number;
  /** Frame pointer. */
  readonly framePointer: number;
  /**
   * Register, or pseudo-register, that holds the return address on entry to a function; undefined
   * where it is on the stack.
   */
  readonly link: number | undefined;
  /** Number that stands for the program counter in register sets. */
  readonly programCounter: number;
  /** Registers a frame walk keeps track of, in slot order. */
  readonly tracked: readonly number[];
  /** Registers that a function must leave as they were: a caller's value survives a call. */
  readonly calleeSaved: readonly number[];
  /**
   * Of these, the one that a platform may as well make a temporary register; undefined where there
   * is none.
   */
  readonly platform: number | undefined;
}

function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}

function named(
  entries: readonly (readonly [first: number, names: readonly string[]])[],
): (string | undefined)[] {
  const table = new Array<string | undefined>(REGISTER_LIMIT).fill(undefined);
  for (const [first, names] of entries) {
    names.forEach((name, i) => table[first + i] = name);
  }
  return table;
}

function series(prefix: string, count: number, from = 0): string[] {
  return range(from, count).map((i) => `${prefix}${i}`);
}

const X86_64: MachineRegisters = {
  machine: "x86_64",
  names: named([
    [0, ["rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp"]],
    [8, series("r", 8, 8)],
    [16, ["rip"]],
    [17, series("xmm", 16)],
    [33, series("st", 8)],
    [41, series("mm", 8)],
    [49, ["rflags", "es", "cs", "ss", "ds", "fs", "gs"]],
    [58, ["fs.base", "gs.base"]],
    [62, ["tr", "ldtr", "mxcsr", "fcw", "fsw"]],
    [67, series("xmm", 16, 16)],
    [118, series("k", 8)],
  ]),
  stackPointer: 7,
  framePointer: 6,
  link: undefined,
  programCounter: 16,
  tracked: [...range(0, 17), ...range(49, 7), 58, 59],
  calleeSaved: [3, 6, 7, 12, 13, 14, 15, ...range(50, 6), 58, 59],
  platform: undefined,
};

const AARCH64: MachineRegisters = {
  machine: "aarch64",
  names: named([
    [0, series("x", 31)],
    [31, ["sp"]],
    [33, ["elr"]],
    [46, ["vg", "ffr"]],
    [48, series("p", 16)],
    [64, series("v", 32)],
    [96, series("z", 32)],
  ]),
  stackPointer: 31,
  framePointer: 29,
  link: 30,
  // Number 32 is the program counter in the Arm document; no tool names it.
  programCounter: 32,
  tracked: [...range(0, 35), ...range(72, 8)],
  // x18 is the platform register: kernels keep per-CPU data in it, so a call leaves it alone.
  calleeSaved: [...range(18, 12), 31, ...range(72, 8)],
  platform: 18,
};

/** DWARF number of the pseudo-register that says whether the return address is signed (AArch64). */
export const RA_SIGN_STATE = 34;

/** Registers of a machine. */
export function machineRegisters(machine: Machine): MachineRegisters {
  return machine === "x86_64" ? X86_64 : AARCH64;
}

/**
 * Name of a DWARF register as `readelf` prints it, for example `rbp`, `x29`, or `r60` where the
 * machine gives the number no name.
 */
export function registerName(machine: Machine, register: number): string {
  return machineRegisters(machine).names[register] ?? `r${register}`;
}
