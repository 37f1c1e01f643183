/**
 * Lengths of instructions in 64-bit mode (SDM vol. 2, chapter 2 and appendix A).
 *
 * @module
 */

import { decode, hasModrm, hasPrefix, type Instruction } from "./decode.ts";

const OPERAND_SIZE = 0x66;
const REX_W = 8;
const WIDE = 4;
/** Prefixes of two and three bytes, and the opcode without operands. */
const VEX_2 = 0xc5;
const VEX_3 = 0xc4;
const VZEROUPPER = 0x77;

/** One-byte opcodes with an immediate of a byte. */
const BYTE = new Set([
  ...[0x04, 0x0c, 0x14, 0x1c, 0x24, 0x2c, 0x34, 0x3c, 0x6a, 0x6b, 0x80, 0x82, 0x83, 0xa8],
  ...[0xc0, 0xc1, 0xc6, 0xcd, 0xd4, 0xd5, 0xeb],
]);
/** With one of the operand's size, four bytes at most. */
const SIZED = new Set([
  ...[0x05, 0x0d, 0x15, 0x1d, 0x25, 0x2d, 0x35, 0x3d, 0x68, 0x69, 0x81, 0xa9, 0xc7],
]);
/** The same after 0F. */
const BYTE_0F = new Set([
  ...[0x0f, 0x70, 0x71, 0x72, 0x73, 0xa4, 0xac, 0xba, 0xc2, 0xc4, 0xc5, 0xc6],
]);

/**
 * Length of the instruction at the start of `code` in bytes; `undefined` if it is not all there, or
 * is of a kind (EVEX, XOP, far pointers) that is not known here.
 */
export function instructionLength(code: Uint8Array): number | undefined {
  const instruction = decode(code);
  if (instruction === undefined) return undefined;
  const { map, opcode, next } = instruction;
  if (map === 0 && (opcode === VEX_2 || opcode === VEX_3)) return vexLength(code, instruction);
  if (map === 0 && [0x62, 0x9a, 0xea].includes(opcode)) return undefined;
  const modrm = code[next];
  const operand = hasModrm(instruction) ? operandLength(instruction, code) : 0;
  if (operand === undefined) return undefined;
  if (map === 0 && opcode === 0x8f && ((modrm ?? 0) & 0x38) !== 0) return undefined;
  const length = next + operand + immediateLength(instruction, code);
  return length <= code.length ? length : undefined;
}

/** The same of an instruction with a VEX prefix (SDM vol. 2, 2.3.5). */
function vexLength(code: Uint8Array, prefix: Instruction): number | undefined {
  const isShort = prefix.opcode === VEX_2;
  const payload = code[prefix.next];
  const at = prefix.next + (isShort ? 1 : 2);
  const opcode = code[at];
  if (payload === undefined || opcode === undefined) return undefined;
  const map = isShort ? 1 : payload & 0x1f;
  if (map < 1 || map > 3) return undefined;
  const next = at + 1;
  if (map === 1 && opcode === VZEROUPPER) return next;
  const operand = operandLength({ ...prefix, map: 2, opcode, next }, code);
  if (operand === undefined) return undefined;
  const length = next + operand + (map === 3 || (map === 1 && BYTE_0F.has(opcode)) ? 1 : 0);
  return length <= code.length ? length : undefined;
}

/** Bytes of ModRM, SIB and displacement. */
function operandLength({ map, opcode, next }: Instruction, code: Uint8Array): number | undefined {
  const modrm = code[next];
  if (modrm === undefined) return undefined;
  const mod = modrm >> 6;
  // Moves of control and debug registers are between registers whatever the ModRM byte says.
  if (mod === 3 || map === 1 && (opcode & 0xfc) === 0x20) return 1;
  const displacement = mod === 1 ? 1 : mod === 2 ? 4 : 0;
  if ((modrm & 7) === 4) {
    const sib = code[next + 1];
    if (sib === undefined) return undefined;
    return 2 + (mod === 0 && (sib & 7) === 5 ? 4 : displacement);
  }
  return 1 + (mod === 0 && (modrm & 7) === 5 ? 4 : displacement);
}

function immediateLength(instruction: Instruction, code: Uint8Array): number {
  const { map, opcode, rex, next, narrowAddress } = instruction;
  const group = ((code[next] ?? 0) >> 3) & 7;
  const narrow = (rex & REX_W) === 0 && hasPrefix(code, OPERAND_SIZE);
  const sized = narrow ? 2 : WIDE;
  if (map === 2) return code[next - 2] === 0x3a ? 1 : 0;
  if (map === 1 && opcode === 0x78) return hasPrefix(code, 0x66) || hasPrefix(code, 0xf2) ? 2 : 0;
  if (map === 1) return BYTE_0F.has(opcode) ? 1 : (opcode & 0xf0) === 0x80 ? sized : 0;
  if (BYTE.has(opcode) || (opcode & 0xf0) === 0x70 || (opcode & 0xf8) === 0xb0) return 1;
  if (SIZED.has(opcode) || opcode === 0xe8 || opcode === 0xe9) return sized;
  if ((opcode & 0xf8) === 0xe0) return 1; // loops, port accesses
  if ((opcode & 0xf8) === 0xb8) return (rex & REX_W) === 0 ? sized : 8;
  if (opcode >= 0xa0 && opcode <= 0xa3) return narrowAddress ? 4 : 8;
  if (opcode === 0xc2 || opcode === 0xca) return 2;
  if (opcode === 0xc8) return 3;
  if (opcode === 0xf6 && group < 2) return 1;
  return opcode === 0xf7 && group < 2 ? sized : 0;
}
