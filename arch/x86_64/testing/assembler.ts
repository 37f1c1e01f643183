/**
 * Instructions of hand-made test programs for x86-64; every encoding stands beside the instruction
 * it is.
 *
 * @module
 */

import { type Encoder, u32 } from "../../testing/encoder.ts";

function rex(register: number, base: number): number {
  return 0x48 | (register >= 8 ? 4 : 0) | (base >= 8 ? 1 : 0);
}

/**
 * ModRM byte: register and base, by value (3) or at its address (0). The bases used here need
 * neither SIB nor displacement.
 */
function modrm(mode: 0 | 3, register: number, base: number): number {
  return (mode << 6) | ((register & 7) << 3) | (base & 7);
}

/** Encodes x86-64. */
export const encoder: Encoder = {
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
  // movzbq (R), R
  loadByte: (register) => [rex(register, register), 0x0f, 0xb6, modrm(0, register, register)],
  // mov V, (A)
  storeByte: (address, value) => [rex(value, address), 0x88, modrm(0, value, address)],
  // mov V, (A)
  storeWord: (address, value) => [rex(value, address), 0x89, modrm(0, value, address)],
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
  // jmp *R
  jumpRegister: (register) => [0x40 | (register >= 8 ? 1 : 0), 0xff, modrm(3, 4, register)],
  jump: (distance) => [0xe9, ...u32(distance - 5)], // jmp .+distance
};
