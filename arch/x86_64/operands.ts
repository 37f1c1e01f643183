/**
 * Where in memory the operands of an instruction are, as well as its bytes tell (SDM vol. 2,
 * chapter 2 and appendix A).
 *
 * @module
 */

import { decode, hasModrm, type Instruction, stackAccess } from "./decode.ts";
import { Gpr } from "./registers.ts";

const FS = 0x64;
const SHORT_ADDRESS = 32;
const LONG_ADDRESS = 64;

/** What the addresses of operands depend on. */
export interface OperandOptions {
  /** Address of the instruction. */
  readonly pc: bigint;
  /** General registers by number, before the instruction. */
  readonly register: (index: number) => bigint;
  /** Base of a segment that has one. */
  readonly segmentBase: (segment: "fs" | "gs") => bigint;
}

/**
 * One byte and after 0F: VEX and EVEX, far calls and returns, `iret`, interrupts, `xlat`, addresses
 * as immediates; loads of segments, descriptor tables and the like, `maskmovq`.
 */
const UNCERTAIN = new Set([
  ...[0xc4, 0xc5, 0x62, 0x8e, 0x9a, 0xea, 0xca, 0xcb, 0xcf, 0xcc, 0xcd, 0xf1, 0xd7],
  ...[0xa0, 0xa1, 0xa2, 0xa3],
]);
const UNCERTAIN_0F = new Set([
  ...[0x00, 0x01, 0x05, 0x07, 0x34, 0x35, 0xa1, 0xa9, 0xb2, 0xb4, 0xb5, 0xf7],
  ...[0xa3, 0xab, 0xb3, 0xbb], // a bit of a string: its number may lead anywhere
]);

/**
 * Addresses near which an instruction accesses memory: of its operands, its strings, its stack
 * slots. `undefined` where more or other memory may be meant than is known here.
 *
 * @param code the instruction, up to 15 bytes
 */
export function memoryOperands(
  code: Uint8Array,
  options: OperandOptions,
): readonly bigint[] | undefined {
  const instruction = decode(code);
  if (instruction === undefined || isUncertain(code, instruction)) return undefined;
  const { register } = options;
  const { map, opcode, next } = instruction;
  if (map === 0 && isString(opcode)) {
    return [register(Gpr.rsi) + segmentOf(instruction, options), register(Gpr.rdi)]
      .map((address) => BigInt.asUintN(LONG_ADDRESS, address));
  }
  const modrm = hasModrm(instruction);
  const group = modrm ? ((code[next] ?? 0) >> 3) & 7 : 0;
  const operands = [
    modrm ? modrmOperand(code, instruction, options) : undefined,
    stackAccess(instruction, group, register)?.address,
  ].filter((address) => address !== undefined);
  return operands.length === 0 ? undefined : operands;
}

function isUncertain(code: Uint8Array, { map, opcode, next }: Instruction): boolean {
  const group = ((code[next] ?? 0) >> 3) & 7;
  if (map === 1) return UNCERTAIN_0F.has(opcode);
  if (map === 2) return false;
  return UNCERTAIN.has(opcode) || (opcode === 0x8f && group !== 0) ||
    (opcode === 0xff && (group === 3 || group === 5));
}

function isString(opcode: number): boolean {
  return (opcode >= 0xa4 && opcode <= 0xa7) || (opcode >= 0xaa && opcode <= 0xaf) ||
    (opcode >= 0x6c && opcode <= 0x6f);
}

function segmentOf({ segment }: Instruction, { segmentBase }: OperandOptions): bigint {
  return segment === undefined ? 0n : segmentBase(segment === FS ? "fs" : "gs");
}

/** Address of the operand that a ModRM byte names, if it is in memory. */
function modrmOperand(
  code: Uint8Array,
  instruction: Instruction,
  options: OperandOptions,
): bigint | undefined {
  const { rex, next, narrowAddress } = instruction;
  const { register, pc } = options;
  const modrm = code[next];
  if (modrm === undefined || modrm >= 0xc0) return undefined;
  const mod = modrm >> 6;
  let at = next + 1;
  let base: number | undefined = modrm & 7;
  let address = 0n;
  if (base === Gpr.rsp) {
    const sib = code[at++] ?? 0;
    base = sib & 7;
    const index = ((sib >> 3) & 7) | (rex & 2) << 2;
    if (index !== Gpr.rsp) address += register(index) << BigInt(sib >> 6);
  } else if (base === Gpr.rbp && mod === 0) {
    address += pc + BigInt(at + 4); // an immediate behind it moves this by up to 8 bytes
  }
  const bare = base === Gpr.rbp && mod === 0;
  if (!bare) address += register(base | (rex & 1) << 3);
  const size = mod === 2 || bare ? 4 : mod;
  if (at + size > code.length) return undefined;
  const view = new DataView(code.buffer, code.byteOffset, code.byteLength);
  if (size > 0) address += BigInt(size === 4 ? view.getInt32(at, true) : view.getInt8(at));
  const width = narrowAddress ? SHORT_ADDRESS : LONG_ADDRESS;
  const linear = BigInt.asUintN(width, address) + segmentOf(instruction, options);
  return BigInt.asUintN(LONG_ADDRESS, linear);
}
