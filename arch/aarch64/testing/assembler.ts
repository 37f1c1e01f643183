/**
 * Instructions of hand-made test programs for AArch64; every encoding stands beside the instruction
 * it is.
 *
 * @module
 */

import { type Encoder, u32 } from "../../testing/encoder.ts";

/** Encodes AArch64. */
export const encoder: Encoder = {
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
