/**
 * Which instructions of x86-64 call and which return: all that a shadow call stack has to know
 * about an instruction set.
 *
 * @module
 */

import type { Flow } from "../arch.ts";
import { decode } from "./decode.ts";

/**
 * One-byte opcodes (SDM vol. 2, appendix A). Far calls and far returns are no part of any calling
 * convention here.
 */
const OPCODES: ReadonlyMap<number, Flow> = new Map<number, Flow>([
  [0xe8, "call"],
  [0xc2, "return"],
  [0xc3, "return"],
  [0xcf, "trap-return"], // IRET
  [0xf4, "hypercall"], // HLT
]);

const SYSRET = 0x07;
const GROUP_5 = 0xff;
const CALL_NEAR_INDIRECT = 2;

/** What the instruction at the start of `code` does to the call stack. */
export function flow(code: Uint8Array): Flow {
  const instruction = decode(code);
  if (instruction === undefined || instruction.map === 2) return "other";
  const { map, opcode, next } = instruction;
  if (map === 1) return opcode === SYSRET ? "trap-return" : "other";
  if (opcode !== GROUP_5) return OPCODES.get(opcode) ?? "other";
  return (((code[next] ?? 0) >> 3) & 7) === CALL_NEAR_INDIRECT ? "call" : "other";
}
