/**
 * A thread as a core file has it.
 *
 * @module
 */
import type { Machine } from "../../elf/mod.ts";
import { RegisterSet } from "../../unwind/walk/mod.ts";
import type { TargetThread } from "../target/mod.ts";
import { viewOf } from "../target/content.ts";
import { NT, type ThreadNotes } from "./notes.ts";
import { vectorOf } from "./vectors.ts";

/** DWARF numbers in the order of `elf_gregset_t`; −1 for what DWARF has no number for. */
const USER_REGISTERS: Readonly<Record<Machine, readonly number[]>> = {
  x86_64: [
    ...[15, 14, 13, 12, 6, 3, 11, 10, 9, 8], // r15 to r12, rbp, rbx, r11 to r8
    ...[0, 2, 1, 4, 5, -1], // rax, rcx, rdx, rsi, rdi, orig_rax
    ...[16, 51, 49, 7, 52], // rip, cs, rflags, rsp, ss
    ...[58, 59, 53, 50, 54, 55], // fs.base, gs.base, ds, es, fs, gs
  ],
  aarch64: [...Array.from({ length: 33 }, (_, i) => i), -1], // x0 to x30, sp, pc, pstate
};

/** DWARF number of `fs.base`. */
const FS_BASE = 58;

/** Offsets of signal, number and registers in `struct elf_prstatus`. */
const SIGNAL_AT = 12;
const THREAD_AT = 32;
const REGISTERS_AT = 112;

/** Bytes that an `NT_PRSTATUS` must have. */
export function statusSize(machine: Machine): number {
  return REGISTERS_AT + 8 * USER_REGISTERS[machine].length;
}

/** A thread; its registers are read when they are asked for. */
export class CoreThread implements TargetThread {
  readonly #machine: Machine;
  readonly #notes: ThreadNotes;
  #registers: RegisterSet | undefined;

  /** Of notes of which the first has {@linkcode statusSize} bytes at least. */
  constructor(machine: Machine, notes: ThreadNotes) {
    this.#machine = machine;
    this.#notes = notes;
  }

  /** Its number. */
  get id(): number {
    return viewOf(this.#notes.status.bytes).getInt32(THREAD_AT, true);
  }

  /** Number of the signal that it got last, or 0. */
  get signal(): number {
    return viewOf(this.#notes.status.bytes).getInt16(SIGNAL_AT, true);
  }

  /** Its general registers. */
  get registers(): RegisterSet {
    if (this.#registers !== undefined) return this.#registers;
    const registers = new RegisterSet(this.#machine);
    const view = viewOf(this.#notes.status.bytes);
    USER_REGISTERS[this.#machine].forEach((register, i) => {
      if (register >= 0) registers.set(register, view.getBigUint64(REGISTERS_AT + 8 * i, true));
    });
    return this.#registers = registers;
  }

  /** Address of its thread-local storage. */
  get threadPointer(): bigint | undefined {
    if (this.#machine === "x86_64") return this.registers.get(FS_BASE);
    const bytes = this.#notes.others.get(NT.armTls);
    return bytes === undefined || bytes.length < 8
      ? undefined
      : viewOf(bytes).getBigUint64(0, true);
  }

  /** A floating-point or vector register, by its DWARF number. */
  vector(dwarf: number): Uint8Array | undefined {
    return vectorOf(this.#machine, this.#notes.others, dwarf);
  }

  /**
   * Bits of an address that no signature is in (AArch64, `NT_ARM_PAC_MASK`): undefined if it says
   * nothing.
   */
  get addressBits(): number | undefined {
    const bytes = this.#notes.others.get(NT.armPacMask);
    if (this.#machine !== "aarch64" || bytes === undefined || bytes.length < 16) return undefined;
    const mask = viewOf(bytes).getBigUint64(8, true);
    return mask === 0n ? undefined : (mask & -mask).toString(2).length - 1;
  }
}
