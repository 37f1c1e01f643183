/**
 * The stack frame that Linux pushes for a signal, and the instructions that lead back out of it.
 * Programs bring those themselves or take the kernel's; where neither has an unwind table (musl;
 * the kernel's on AArch64 since 5.8), they are known by their bytes.
 *
 * The layouts are `struct rt_sigframe` of `arch/x86/include/asm/sigframe.h` and of
 * `arch/arm64/kernel/signal.c`, with the stack pointer as it is when a handler has returned.
 *
 * @module
 */
import type { Machine } from "../../elf/mod.ts";
import type { CodeBytes } from "./code_bytes.ts";

/** Where the interrupted code's registers are, in bytes from the stack pointer. */
export interface SignalFrameLayout {
  /** DWARF numbers of the general registers, in the order they lie. */
  readonly general: readonly number[];
  /** Offset of the first of them; each has eight bytes. */
  readonly generalAt: number;
  /** Offset of the stack pointer. */
  readonly stackPointerAt: number;
  /** Offset of the program counter. */
  readonly programCounterAt: number;
}

/** The layouts. */
export const SIGNAL_FRAMES: Readonly<Record<Machine, SignalFrameLayout>> = {
  // The handler's return has popped the first word, so a `struct ucontext` is at RSP: flags, link
  // and alternate stack (40 bytes), then r8 to r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip.
  x86_64: {
    general: [8, 9, 10, 11, 12, 13, 14, 15, 5, 4, 6, 3, 1, 0, 2],
    generalAt: 40,
    stackPointerAt: 160,
    programCounterAt: 168,
  },
  // A `siginfo` (128 bytes), then a `struct ucontext`: flags, link, alternate stack and room for a
  // mask of 1,024 signals (168 bytes, rounded up to 176), the fault address, x0 to x30, sp, pc.
  aarch64: {
    general: Array.from({ length: 31 }, (_, i) => i),
    generalAt: 312,
    stackPointerAt: 560,
    programCounterAt: 568,
  },
};

/** `mov $15, %rax`, as assemblers write it, and shorter; 15 is `rt_sigreturn`. */
const MOVES_X86_64: readonly (readonly number[])[] = [
  [0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0],
  [0xb8, 0x0f, 0, 0, 0],
];

/** `syscall`. */
const SYSCALL = [0x0f, 0x05];

/** `mov x8, #139`; 139 is `rt_sigreturn`. */
const MOVE_AARCH64 = 0xd2801168;

/** `svc #0`. */
const SVC = 0xd4000001;

/** Whether code is at one of the two instructions that a signal handler returns through. */
export function isSigreturn(machine: Machine, code: CodeBytes): boolean {
  if (machine === "aarch64") {
    return code.word(0) === MOVE_AARCH64 && code.word(4) === SVC ||
      code.word(0) === SVC && code.word(-4) === MOVE_AARCH64;
  }
  return MOVES_X86_64.some((move) =>
    code.has(0, [...move, ...SYSCALL]) || code.has(-move.length, [...move, ...SYSCALL])
  );
}
