/**
 * Which instructions call and which return: all that a shadow call stack has to know about an instruction set.
 *
 * @module
 */

import type { ArchName } from "../arch/arch.ts";

/**
 * What an instruction does to the call stack: `call` enters a function that will come back behind it, `return` leaves one,
 * `trap-return` leaves an exception handler, `hypercall` lets the host act, anything else leaves the call stack as it is.
 */
export type Flow = "call" | "return" | "trap-return" | "hypercall" | "other";

/** Bytes that decide about an instruction. */
export const FLOW_WINDOW = 15;

/** Words of AArch64 (Arm ARM, C6.2), by mask and value. */
const AARCH64: readonly (readonly [mask: number, value: number, flow: Flow])[] = [
  [0xfc00_0000, 0x9400_0000, "call"], // BL
  [0xffff_fc1f, 0xd63f_0000, "call"], // BLR
  [0xffff_fc1f, 0xd65f_0000, "return"], // RET
  [0xffff_ffff, 0xd69f_03e0, "trap-return"], // ERET
  [0xffff_ffff, 0xd503_207f, "hypercall"], // WFI
];

function aarch64Flow(code: Uint8Array): Flow {
  if (code.length < 4) return "other";
  const word = new DataView(code.buffer, code.byteOffset).getUint32(0, true);
  const found = AARCH64.find(([mask, value]) => ((word & mask) >>> 0) === value);
  return found?.[2] ?? "other";
}

/** Prefixes that change nothing about what a branch is (SDM vol. 2, 2.1.1). */
const LEGACY_PREFIXES = new Set([0x66, 0x67, 0xf2, 0xf3, 0xf0, 0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65]);

/** One-byte opcodes of x86-64 (SDM vol. 2, appendix A). Far calls and far returns are no part of any calling convention here. */
const X86_64: ReadonlyMap<number, Flow> = new Map<number, Flow>([
  [0xe8, "call"],
  [0xc2, "return"],
  [0xc3, "return"],
  [0xcf, "trap-return"], // IRET
  [0xf4, "hypercall"], // HLT
]);

function x86Flow(code: Uint8Array): Flow {
  let at = 0;
  while (LEGACY_PREFIXES.has(code[at] ?? 0)) at++;
  if (((code[at] ?? 0) & 0xf0) === 0x40) at++;
  const opcode = code[at] ?? 0x90;
  const next = code[at + 1] ?? 0;
  if (opcode === 0x0f) return next === 0x07 ? "trap-return" : "other"; // SYSRET
  if (opcode === 0xff) return ((next >> 3) & 7) === 2 ? "call" : "other";
  return X86_64.get(opcode) ?? "other";
}

const DECODERS: Readonly<Record<ArchName, (code: Uint8Array) => Flow>> = {
  aarch64: aarch64Flow,
  x86_64: x86Flow,
};

/** What the instruction at the start of `code` does to the call stack; {@linkcode FLOW_WINDOW} bytes are always enough. */
export function flowOf(arch: ArchName, code: Uint8Array): Flow {
  return DECODERS[arch](code);
}
