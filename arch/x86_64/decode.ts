/**
 * As much of instruction decoding as exception delivery needs where the engine does not tell
 * enough: which memory accesses go through the stack segment, and where an `int` began (SDM vol. 2,
 * chapter 2 and appendix A).
 *
 * @module
 */

import { isCanonical } from "./descriptors.ts";
import { Gpr } from "./registers.ts";

/** Longest instruction, in bytes. */
export const MAX_INSTRUCTION = 15;

const LEGACY_PREFIXES = new Set([0x66, 0x67, 0xf2, 0xf3, 0xf0, 0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65]);
const FS = 0x64;
const GS = 0x65;
const ADDRESS_SIZE = 0x67;

/** An instruction up to its ModRM byte. */
export interface Instruction {
  /** Opcode map: 0 for one byte, 1 for 0F, 2 for 0F 38 and 0F 3A. */
  readonly map: 0 | 1 | 2;
  /** Last byte of the opcode. */
  readonly opcode: number;
  /** REX prefix, 0 if there is none. */
  readonly rex: number;
  /** Whether addresses have 32 bits. */
  readonly narrowAddress: boolean;
  /** Prefix of a segment whose base is not 0. */
  readonly segment: number | undefined;
  /** Index of the byte after the opcode. */
  readonly next: number;
}

/**
 * Splits an instruction, of which there may be more bytes; `undefined` if it ends before its
 * opcode.
 */
export function decode(code: Uint8Array): Instruction | undefined {
  let at = 0;
  let narrowAddress = false;
  let segment: number | undefined;
  let rex = 0;
  let byte = code[at];
  for (; byte !== undefined; byte = code[++at]) {
    if (isRex(byte)) {
      rex = byte;
      continue;
    }
    if (!LEGACY_PREFIXES.has(byte)) break;
    rex = 0; // it counts only right before the opcode
    if (byte === ADDRESS_SIZE) narrowAddress = true;
    if (byte === FS || byte === GS) segment = byte;
  }
  let map: 0 | 1 | 2 = 0;
  if (byte === 0x0f) {
    map = 1;
    byte = code[++at];
    if (byte === 0x38 || byte === 0x3a) {
      map = 2;
      byte = code[++at];
    }
  }
  if (byte === undefined) return undefined;
  return { map, opcode: byte, rex, narrowAddress, segment, next: at + 1 };
}

/** Whether an instruction has a legacy prefix. */
export function hasPrefix(code: Uint8Array, prefix: number): boolean {
  for (const byte of code) {
    if (byte === prefix) return true;
    if (!LEGACY_PREFIXES.has(byte) && !isRex(byte)) return false;
  }
  return false;
}

function isRex(byte: number): boolean {
  return (byte & 0xf0) === 0x40;
}

/** Whether an instruction has a ModRM byte. */
export function hasModrm({ map, opcode }: Instruction): boolean {
  if (map === 2) return true;
  if (map === 1) {
    return !((opcode >= 0x05 && opcode <= 0x0b) || (opcode >= 0x30 && opcode <= 0x37) ||
      opcode === 0x77 || (opcode >= 0x80 && opcode <= 0x8f) ||
      (opcode >= 0xa0 && opcode <= 0xa2) || (opcode >= 0xa8 && opcode <= 0xaa) ||
      opcode >= 0xc8 && opcode <= 0xcf);
  }
  if (opcode < 0x40) return (opcode & 7) < 4;
  return opcode === 0x63 || opcode === 0x69 || opcode === 0x6b ||
    (opcode >= 0x80 && opcode <= 0x8f) || opcode === 0xc0 || opcode === 0xc1 ||
    opcode === 0xc6 || opcode === 0xc7 || (opcode >= 0xd0 && opcode <= 0xd3) ||
    (opcode >= 0xd8 && opcode <= 0xdf) || opcode === 0xf6 || opcode === 0xf7 || opcode >= 0xfe;
}

/** A memory access of an instruction. */
export interface Access {
  readonly address: bigint;
  readonly stack: boolean;
}

/** The operand a ModRM byte names, if it is in memory and its segment's base is 0. */
function modrmAccess(
  code: Uint8Array,
  instruction: Instruction,
  register: (index: number) => bigint,
): Access | undefined {
  const { rex, next, segment, narrowAddress } = instruction;
  const modrm = code[next];
  if (modrm === undefined || modrm >= 0xc0 || segment !== undefined || narrowAddress) {
    return undefined;
  }
  const mod = modrm >> 6;
  let at = next + 1;
  let base: number | undefined = modrm & 7;
  let index: number | undefined;
  let scale = 0;
  if (base === Gpr.rsp) {
    const sib = code[at++] ?? 0;
    base = sib & 7;
    index = ((sib >> 3) & 7) | (rex & 2) << 2;
    if (index === Gpr.rsp) index = undefined;
    scale = sib >> 6;
  } else if (base === Gpr.rbp && mod === 0) {
    return undefined; // relative to RIP, which is canonical
  }
  if (base === Gpr.rbp && mod === 0) base = undefined;
  else base |= (rex & 1) << 3;
  const view = new DataView(code.buffer, code.byteOffset, code.byteLength);
  const wide = mod === 2 || base === undefined;
  const size = wide ? 4 : mod;
  if (at + size > code.length) return undefined;
  const displacement = wide ? view.getInt32(at, true) : mod === 1 ? view.getInt8(at) : 0;
  const address = (base === undefined ? 0n : register(base)) +
    (index === undefined ? 0n : register(index) << BigInt(scale)) + BigInt(displacement);
  return {
    address: BigInt.asUintN(64, address),
    stack: base === Gpr.rsp || base === Gpr.rbp,
  };
}

/** Where an instruction pushes to or pops from, if it does. */
export function stackAccess(
  instruction: Instruction,
  group: number,
  register: (index: number) => bigint,
): Access | undefined {
  const { map, opcode } = instruction;
  const rsp = register(Gpr.rsp);
  const pushes = map === 1
    ? opcode === 0xa0 || opcode === 0xa8
    : (opcode & 0xf8) === 0x50 || opcode === 0x68 || opcode === 0x6a || opcode === 0x9c ||
      opcode === 0xe8 || opcode === 0xc8 ||
      (opcode === 0xff && (group === 2 || group === 3 || group === 6));
  if (map === 2) return undefined;
  if (pushes) return { address: BigInt.asUintN(64, rsp - 8n), stack: true };
  if (map === 0 && opcode === 0xc9) return { address: register(Gpr.rbp), stack: true };
  const pops = map === 1
    ? opcode === 0xa1 || opcode === 0xa9
    : (opcode & 0xf8) === 0x58 || opcode === 0x9d || opcode === 0xc2 || opcode === 0xc3 ||
      opcode === 0xca || opcode === 0xcb || opcode === 0xcf || (opcode === 0x8f && group === 0);
  return pops ? { address: rsp, stack: true } : undefined;
}

/**
 * Memory operands of instructions of group 6 and 7 that only CPL 0 may execute: LLDT, LTR, LGDT,
 * LIDT, LMSW, INVLPG.
 */
function isPrivileged({ map, opcode }: Instruction, group: number): boolean {
  return map === 1 && ((opcode === 0x00 && (group === 2 || group === 3)) ||
    (opcode === 0x01 && group !== 0 && group !== 1 && group !== 4));
}

/**
 * Whether the first non-canonical address an instruction uses goes through the stack segment, which
 * makes it #SS and not #GP (SDM vol. 3, 6.15, interrupt 12).
 *
 * @param code the instruction, up to 15 bytes
 * @param options `register` reads a general register by number; `cpl` is the privilege level
 */
export function faultsOnStack(
  code: Uint8Array,
  options: { register: (index: number) => bigint; cpl: number },
): boolean {
  const { register, cpl } = options;
  const instruction = decode(code);
  if (instruction === undefined) return false;
  const modrm = hasModrm(instruction);
  const group = modrm ? ((code[instruction.next] ?? 0) >> 3) & 7 : 0;
  if (cpl !== 0 && isPrivileged(instruction, group)) return false;
  const accesses = [
    modrm ? modrmAccess(code, instruction, register) : undefined,
    stackAccess(instruction, group, register),
  ];
  const last = 7n;
  const bad = accesses.find((access) =>
    access !== undefined &&
    !(isCanonical(access.address) && isCanonical(BigInt.asUintN(64, access.address + last)))
  );
  return bad?.stack ?? false;
}

/** Groups of one-byte opcodes and of those after 0F that write the memory operand they read. */
const MODIFIES: Readonly<Record<number, readonly number[]>> = {
  0x80: [0, 1, 2, 3, 4, 5, 6],
  0x81: [0, 1, 2, 3, 4, 5, 6],
  0x83: [0, 1, 2, 3, 4, 5, 6],
  0xf6: [2, 3],
  0xf7: [2, 3],
  0xfe: [0, 1],
  0xff: [0, 1],
};
const MODIFIES_0F: Readonly<Record<number, readonly number[]>> = { 0xba: [5, 6, 7], 0xc7: [1] };
/** Double shifts, BTS, BTR, BTC, CMPXCHG and XADD. */
const ALWAYS_MODIFIES_0F = new Set([
  ...[0xa4, 0xa5, 0xac, 0xad, 0xab, 0xb3, 0xbb],
  ...[0xb0, 0xb1, 0xc0, 0xc1],
]);

/**
 * Whether an instruction reads its memory operand to write it: such an access is a write in a #PF
 * error code, while the engine comes to the read first.
 *
 * @param code the instruction, up to 15 bytes
 */
export function modifiesMemory(code: Uint8Array): boolean {
  const instruction = decode(code);
  if (instruction === undefined || instruction.map === 2) return false;
  const { map, opcode, next } = instruction;
  const modrm = code[next];
  if (!hasModrm(instruction) || modrm === undefined || modrm >= 0xc0) return false;
  const group = (modrm >> 3) & 7;
  if (map === 1) {
    return ALWAYS_MODIFIES_0F.has(opcode) || (MODIFIES_0F[opcode]?.includes(group) ?? false);
  }
  // ADD, OR, ADC, SBB, AND, SUB and XOR with a register; CMP is the eighth.
  if (opcode < 0x38) return (opcode & 7) < 2;
  const shift = opcode === 0xc0 || opcode === 0xc1 || (opcode >= 0xd0 && opcode <= 0xd3);
  return shift || opcode === 0x86 || opcode === 0x87 ||
    (MODIFIES[opcode]?.includes(group) ?? false);
}

/**
 * Length of the `int3` or `int n` that ends where the next instruction begins.
 *
 * @param before the two bytes before the next instruction
 */
export function interruptLength(before: Uint8Array, vector: number): 1n | 2n {
  return vector === 3 && before[1] === 0xcc ? 1n : 2n;
}

/** `int1`, which the engine takes for an invalid instruction. */
export function isInt1(code: Uint8Array): boolean {
  return code[0] === 0xf1;
}

/** `xsetbv`, which the engine refuses as #GP even where it is invalid. */
export function isXsetbv(code: Uint8Array): boolean {
  return code[0] === 0x0f && code[1] === 0x01 && code[2] === 0xd1;
}

/** `rdpmc`, which the engine takes for an invalid instruction at every privilege level. */
export function isRdpmc(code: Uint8Array): boolean {
  return code[0] === 0x0f && code[1] === 0x33;
}

/** Control registers there are. */
const CONTROL_REGISTERS = [0, 2, 3, 4, 8];

/**
 * A move to or from a control or debug register that does not exist: invalid at every privilege
 * level, while the engine looks at the level first.
 */
export function isMoveOfAbsent(code: Uint8Array): boolean {
  const instruction = decode(code);
  if (instruction === undefined || instruction.map !== 1) return false;
  const { opcode, rex, next } = instruction;
  const modrm = code[next];
  if (modrm === undefined) return false;
  const register = ((modrm >> 3) & 7) | (rex & 4) << 1;
  if (opcode === 0x20 || opcode === 0x22) return !CONTROL_REGISTERS.includes(register);
  return (opcode === 0x21 || opcode === 0x23) && register >= 8;
}
