/**
 * Which instructions of AArch64 call and which return.
 *
 * @module
 */

import type { Flow } from "../arch.ts";
import { INSTRUCTION_SIZE } from "./decode.ts";

/** Instruction words (Arm ARM, C6.2), by mask and value. */
const WORDS: readonly (readonly [mask: number, value: number, flow: Flow])[] = [
  [0xfc00_0000, 0x9400_0000, "call"], // BL
  [0xffff_fc1f, 0xd63f_0000, "call"], // BLR
  [0xffff_fc1f, 0xd65f_0000, "return"], // RET
  [0xffff_ffff, 0xd69f_03e0, "trap-return"], // ERET
  [0xffff_ffff, 0xd503_207f, "hypercall"], // WFI
];

/** What the instruction at the start of `code` does to the call stack. */
export function flow(code: Uint8Array): Flow {
  if (code.length < INSTRUCTION_SIZE) return "other";
  const word = new DataView(code.buffer, code.byteOffset).getUint32(0, true);
  const found = WORDS.find(([mask, value]) => ((word & mask) >>> 0) === value);
  return found?.[2] ?? "other";
}
