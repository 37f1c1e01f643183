/**
 * The few instructions hand-made test programs need, encoded for either architecture. Registers are numbered as the architecture
 * does; every encoding stands beside the instruction it is.
 *
 * @module
 */
import type { ArchName } from "../../arch/arch.ts";

/** Encodes instructions, and fixes branches to labels once all are known. */
export interface Encoder {
  /** Registers of system call arguments. */
  readonly argumentRegisters: readonly number[];
  /** Register of the system call's number. */
  readonly numberRegister: number;
  /** Register of its result. */
  readonly resultRegister: number;
  /** Two registers that system calls preserve. */
  readonly saved: readonly [number, number];
  /** Loads a 64-bit constant. */
  constant(register: number, value: bigint): number[];
  /** Copies a register. */
  move(to: number, from: number): number[];
  /** The system call instruction. */
  systemCall(): number[];
  /** Loads a byte: the address is in a register, which is overwritten. */
  loadByte(register: number): number[];
  /** Stores the low byte of one register at the address in another. */
  storeByte(address: number, value: number): number[];
  /** Stores a 64-bit register at the address in another. */
  storeWord(address: number, value: number): number[];
  /** Loads a 64-bit register from the address in another. */
  loadWord(to: number, address: number): number[];
  /** Counts a register down and branches while it is not 0: two instructions. */
  countDown(register: number): number[];
  /** Adds one register to another. */
  add(to: number, from: number): number[];
  /** Counts a register down and skips the jump that follows when it reaches 0. */
  countDownSkipZero(register: number): number[];
  /** Skips the jump that follows unless two registers are equal. */
  skipUnlessEqual(a: number, b: number): number[];
  /** Jumps to the address in a register. */
  jumpRegister(register: number): number[];
  /** A jump by a number of bytes from the instruction's own address. */
  jump(distance: number): number[];
  /** Bytes of a jump. */
  readonly jumpSize: number;
}

function u32(...words: readonly number[]): number[] {
  return words.flatMap((word) => [word, word >>> 8, word >>> 16, word >>> 24].map((b) => b & 0xff));
}

const AARCH64: Encoder = {
  argumentRegisters: [0, 1, 2, 3, 4, 5],
  numberRegister: 8,
  resultRegister: 0,
  saved: [19, 20],
  jumpSize: 4,
  constant(register, value) {
    const words: number[] = [];
    for (let i = 0; i < 4; i++) {
      const half = Number((value >> BigInt(16 * i)) & 0xffffn);
      // movz xR, #half, then movk xR, #half, lsl #16i
      words.push((i === 0 ? 0xd2800000 : 0xf2800000) | (i << 21) | (half << 5) | register);
    }
    return u32(...words);
  },
  move: (to, from) => u32(0xaa0003e0 | (from << 16) | to), // mov xT, xF
  systemCall: () => u32(0xd4000001), // svc #0
  loadByte: (register) => u32(0x39400000 | (register << 5) | register), // ldrb wR, [xR]
  storeByte: (address, value) => u32(0x39000000 | (address << 5) | value), // strb wV, [xA]
  storeWord: (address, value) => u32(0xf9000000 | (address << 5) | value), // str xV, [xA]
  loadWord: (to, address) => u32(0xf9400000 | (address << 5) | to), // ldr xT, [xA]
  countDown: (register) =>
    u32(
      0xf1000400 | (register << 5) | register, // subs xR, xR, #1
      0x54ffffe1, // b.ne .-4
    ),
  add: (to, from) => u32(0x8b000000 | (from << 16) | (to << 5) | to), // add xT, xT, xF
  countDownSkipZero: (register) =>
    u32(
      0xf1000400 | (register << 5) | register, // subs xR, xR, #1
      0x54000040, // b.eq .+8
    ),
  skipUnlessEqual: (a, b) =>
    u32(
      0xeb00001f | (b << 16) | (a << 5), // cmp xA, xB
      0x54000041, // b.ne .+8
    ),
  jumpRegister: (register) => u32(0xd61f0000 | (register << 5)), // br xR
  jump: (distance) => u32(0x14000000 | ((distance >> 2) & 0x3ffffff)), // b .+distance
};

function rex(register: number, base: number): number {
  return 0x48 | (register >= 8 ? 4 : 0) | (base >= 8 ? 1 : 0);
}

/** ModRM byte: register and base, by value (3) or at its address (0). The bases used here need neither SIB nor displacement. */
function modrm(mode: 0 | 3, register: number, base: number): number {
  return (mode << 6) | ((register & 7) << 3) | (base & 7);
}

const X86_64: Encoder = {
  argumentRegisters: [7, 6, 2, 10, 8, 9], // rdi, rsi, rdx, r10, r8, r9
  numberRegister: 0, // rax
  resultRegister: 0,
  saved: [3, 14], // rbx, r14
  jumpSize: 5,
  constant(register, value) {
    const bytes: number[] = [];
    for (let i = 0n; i < 8n; i++) bytes.push(Number((value >> (8n * i)) & 0xffn));
    return [rex(0, register), 0xb8 | (register & 7), ...bytes]; // movabs $value, R
  },
  move: (to, from) => [rex(from, to), 0x89, modrm(3, from, to)], // mov F, T
  systemCall: () => [0x0f, 0x05], // syscall
  loadByte: (register) => [rex(register, register), 0x0f, 0xb6, modrm(0, register, register)], // movzbq (R), R
  storeByte: (address, value) => [rex(value, address), 0x88, modrm(0, value, address)], // mov V, (A)
  storeWord: (address, value) => [rex(value, address), 0x89, modrm(0, value, address)], // mov V, (A)
  loadWord: (to, address) => [rex(to, address), 0x8b, modrm(0, to, address)], // mov (A), T
  countDown: (register) => [
    ...[rex(0, register), 0xff, modrm(3, 1, register)], // dec R
    ...[0x75, 0xfb], // jnz .-3
  ],
  add: (to, from) => [rex(from, to), 0x01, modrm(3, from, to)], // add F, T
  countDownSkipZero: (register) => [
    ...[rex(0, register), 0xff, modrm(3, 1, register)], // dec R
    ...[0x74, 0x05], // jz .+7
  ],
  skipUnlessEqual: (a, b) => [
    ...[rex(b, a), 0x39, modrm(3, b, a)], // cmp B, A
    ...[0x75, 0x05], // jne .+7
  ],
  jumpRegister: (register) => [0x40 | (register >= 8 ? 1 : 0), 0xff, modrm(3, 4, register)], // jmp *R
  jump: (distance) => [0xe9, ...u32(distance - 5)], // jmp .+distance
};

/** The encoders. */
export const ENCODERS: Readonly<Record<ArchName, Encoder>> = { aarch64: AARCH64, x86_64: X86_64 };
