/**
 * Instructions that a processor refuses and the engine executes: which they are, and what of the
 * state it depends on (SDM vol. 2 and vol. 3, 2.5, 2.2.1 and 9.4; AMD's APM vol. 2, 3.1).
 *
 * @module
 */

import { decode, hasPrefix, type Instruction, MAX_INSTRUCTION, modifiesMemory } from "./decode.ts";
import { isCanonical } from "./descriptors.ts";
import { Vector } from "./exceptions.ts";
import { instructionLength } from "./instruction_length.ts";
import { Cr4, type X86Model } from "./models.ts";
import { Gpr } from "./registers.ts";

/** The exception that an instruction raises. */
export interface Refusal {
  /** Vector. */
  readonly vector: number;
  /** Error code. */
  readonly error: number;
}

/** What refusals depend on. */
export interface RefusalState {
  /** Privilege level. */
  readonly cpl: number;
  /** I/O privilege level. */
  readonly iopl: number;
  /** A general register by number. */
  readonly register: (index: number) => bigint;
  /** The CPU model. */
  readonly model: X86Model;
  /** CR0. */
  readonly cr0: bigint;
  /** CR4. */
  readonly cr4: bigint;
  /** EFER. */
  readonly efer: bigint;
  /** Reads DR7. */
  readonly dr7: () => bigint;
}

const LOCK = 0xf0;
const REP = 0xf3;
const INVALID: Refusal = { vector: Vector.UD, error: 0 };
const PROTECTION: Refusal = { vector: Vector.GP, error: 0 };
/** DR7.GD protects the debug registers (SDM vol. 3, 17.2.4). */
const DEBUG: Refusal = { vector: Vector.DB, error: 0 };
/** General detect enable. */
export const DR7_GD: bigint = 1n << 13n;

const CR0_PE = 1n;
const CR0_NW = 1n << 29n;
const CR0_CD = 1n << 30n;
const CR0_PG = 1n << 31n;
const CR4_PAE = 1n << 5n;
const CR8_BITS = 0xfn;
/** SCE, LME, LMA, NXE and SVME. */
const EFER_BITS = 0x1d01n;
const EFER_LME = 1n << 8n;
const HALF = 1n << 32n;

/** Model-specific registers that there are, which take what they are given. */
const PLAIN_MSRS = new Set([
  ...[0x10, 0x1b, 0x8b, 0x174, 0x179, 0x17a, 0x17b, 0x198, 0x1a0, 0x277, 0x2ff],
  ...[0x250, 0x258, 0x259, 0x268, 0x269, 0x26a, 0x26b, 0x26c, 0x26d, 0x26e, 0x26f, 0xfe],
  ...[0xc000_0081, 0xc000_0084, 0xc000_0103, 0xc001_0117],
  ...Array.from({ length: 16 }, (_, i) => 0x200 + i),
]);
/** Those that hold an address. */
const ADDRESS_MSRS = new Set([
  ...[0x175, 0x176, 0xc000_0082, 0xc000_0083, 0xc000_0100, 0xc000_0101, 0xc000_0102],
]);
const EFER = 0xc000_0080;
const PAT = 0x277;
const PAT_TYPES = [0, 1, 4, 5, 6, 7];

const MOV_TO_CONTROL = 0x22;
const MOV_FROM_DEBUG = 0x21;
const MOV_TO_DEBUG = 0x23;
const WRMSR = 0x30;
const RDMSR = 0x32;
const LTR = 3;

/** Whether the instruction at the start of `code` is one that may be refused. */
export function mayBeRefused(code: Uint8Array, model: X86Model): boolean {
  const instruction = decode(code);
  if (instruction === undefined) return false;
  if (isWronglyLocked(code, instruction) || isUndefinedMove(code, instruction)) return true;
  const { map, opcode } = instruction;
  if (map === 0) return isStringPort(instruction);
  if (map !== 1) return false;
  if (opcode === MOV_TO_CONTROL) return registerField(code, instruction) !== 3;
  if ((model.cr4 & Cr4.UMIP) !== 0n && isStoreOfTable(code, instruction)) return true;
  if ((model.cr4 & Cr4.FSGSBASE) !== 0n && isWriteOfBase(code, instruction)) return true;
  return opcode === WRMSR || opcode === RDMSR || isMoveOfDebug(instruction) ||
    (opcode === 0 && isLoadOfTr(code, instruction));
}

/** What a processor raises at the instruction, if it is one the engine would execute instead. */
export function refusalOf(code: Uint8Array, state: RefusalState): Refusal | undefined {
  const instruction = decode(code);
  if (instruction === undefined) return undefined;
  if (isWronglyLocked(code, instruction) || isUndefinedMove(code, instruction)) return INVALID;
  const { map, opcode, rex, next } = instruction;
  const { cpl, iopl, register } = state;
  if (map === 0 && isStringPort(instruction)) return cpl > iopl ? PROTECTION : undefined;
  if (map !== 1) return undefined;
  const { cr4 } = state;
  if (isStoreOfTable(code, instruction)) {
    return cpl !== 0 && (cr4 & Cr4.UMIP) !== 0n ? PROTECTION : undefined;
  }
  if (isWriteOfBase(code, instruction)) {
    const base = register((code[next] ?? 0) & 7 | (rex & 1) << 3);
    return (cr4 & Cr4.FSGSBASE) !== 0n && !isCanonical(base) ? PROTECTION : undefined;
  }
  // What is privileged the engine refuses itself.
  if (cpl !== 0) return undefined;
  const operand = register((code[next] ?? 0) & 7 | (rex & 1) << 3);
  if (isMoveOfDebug(instruction) && (state.dr7() & DR7_GD) !== 0n) return DEBUG;
  if (opcode === 0) return (operand & 0xfffcn) === 0n ? PROTECTION : undefined;
  const isRefused = opcode === MOV_TO_CONTROL
    ? refusesControl(registerField(code, instruction), operand, state)
    : opcode === MOV_TO_DEBUG
    ? registerField(code, instruction) >= 4 && operand >= HALF
    : (opcode === WRMSR || opcode === RDMSR) && refusesMsr(opcode === WRMSR, state);
  return isRefused ? PROTECTION : undefined;
}

/**
 * RCL or RCR of memory: the engine has changed the flags when it finds that it cannot write the
 * operand.
 */
export function isRotationOfMemory(code: Uint8Array): boolean {
  const instruction = decode(code);
  if (instruction === undefined || instruction.map !== 0) return false;
  const { opcode, next } = instruction;
  const modrm = code[next] ?? 0xff;
  const shift = opcode === 0xc0 || opcode === 0xc1 || (opcode >= 0xd0 && opcode <= 0xd3);
  return shift && modrm < 0xc0 && ((modrm >> 3) & 6) === 2;
}

/** A LOCK prefix where there is no operand in memory that the instruction reads and writes. */
function isWronglyLocked(code: Uint8Array, { map, opcode }: Instruction): boolean {
  if (!hasPrefix(code, LOCK)) return false;
  // AMD's processors take LOCK at a move of CR0 for CR8.
  if (map === 1 && (opcode === 0x20 || opcode === 0x22)) return false;
  const shift = map === 0 ? opcode >= 0xc0 && opcode <= 0xd3 : (opcode & 0xf6) === 0xa4;
  return shift || (map === 0 && opcode === 0x82) || !modifiesMemory(code);
}

/** C6 and C7 are MOV only where the register field of ModRM is 0. */
function isUndefinedMove(code: Uint8Array, instruction: Instruction): boolean {
  const { map, opcode } = instruction;
  return map === 0 && (opcode === 0xc6 || opcode === 0xc7) &&
    (registerField(code, instruction) & 7) !== 0;
}

/** INS and OUTS. */
function isStringPort({ opcode }: Instruction): boolean {
  return opcode >= 0x6c && opcode <= 0x6f;
}

function isMoveOfDebug({ opcode }: Instruction): boolean {
  return opcode === MOV_FROM_DEBUG || opcode === MOV_TO_DEBUG;
}

/** SGDT, SIDT, SLDT, STR and SMSW, which UMIP keeps from user mode (SDM vol. 3, 2.5). */
function isStoreOfTable(code: Uint8Array, instruction: Instruction): boolean {
  const field = registerField(code, instruction) & 7;
  if (instruction.opcode === 0) return field <= 1;
  const inMemory = (code[instruction.next] ?? 0) < 0xc0;
  return instruction.opcode === 1 && (field === 4 || (inMemory && field <= 1));
}

/** WRFSBASE and WRGSBASE of 64 bits. */
function isWriteOfBase(code: Uint8Array, instruction: Instruction): boolean {
  const { opcode, next, rex } = instruction;
  const field = registerField(code, instruction) & 7;
  return opcode === 0xae && hasPrefix(code, REP) && (rex & 8) !== 0 &&
    (code[next] ?? 0) >= 0xc0 && (field === 2 || field === 3);
}

/** A load of TR from a general register. */
function isLoadOfTr(code: Uint8Array, instruction: Instruction): boolean {
  return (code[instruction.next] ?? 0) >= 0xc0 && (registerField(code, instruction) & 7) === LTR;
}

function registerField(code: Uint8Array, { rex, next }: Instruction): number {
  return (((code[next] ?? 0) >> 3) & 7) | (rex & 4) << 1;
}

function refusesControl(
  number: number,
  value: bigint,
  { model, cr0, efer }: RefusalState,
): boolean {
  const paging = (value & CR0_PG) !== 0n;
  switch (number) {
    case 0:
      return value >= HALF || (paging && (value & CR0_PE) === 0n) ||
        ((value & CR0_NW) !== 0n && (value & CR0_CD) === 0n) ||
        // In a 64-bit code segment, which is the only kind here, paging stays on.
        (!paging && (cr0 & CR0_PG) !== 0n);
    case 4:
      return (value & ~model.cr4) !== 0n ||
        ((value & CR4_PAE) === 0n && (efer & EFER_LME) !== 0n && (cr0 & CR0_PG) !== 0n);
    case 8:
      return (value & ~CR8_BITS) !== 0n;
    default:
      return false;
  }
}

function refusesMsr(writes: boolean, { register, cr0, efer }: RefusalState): boolean {
  const number = Number(register(Gpr.rcx) % HALF);
  const value = register(Gpr.rax) % HALF | register(Gpr.rdx) % HALF << 32n;
  if (number === EFER) {
    const enables = ((value ^ efer) & EFER_LME) !== 0n && (cr0 & CR0_PG) !== 0n;
    return writes && ((value & ~EFER_BITS) !== 0n || enables);
  }
  if (ADDRESS_MSRS.has(number)) return writes && !isCanonical(value);
  if (number === PAT && writes) {
    return [...new Uint8Array(new BigUint64Array([value]).buffer)].some((type) =>
      !PAT_TYPES.includes(type)
    );
  }
  return !PLAIN_MSRS.has(number);
}

/** Finds the next instruction in a block that the engine may execute otherwise than it should. */
export function findDoubtful(
  block: Uint8Array,
  { from, model }: { from: number; model: X86Model },
): number {
  for (let at = 0; at < block.length;) {
    const code = block.subarray(at, at + MAX_INSTRUCTION);
    if (at >= from && (isRotationOfMemory(code) || mayBeRefused(code, model))) return at;
    const length = instructionLength(code);
    if (length === undefined) break;
    at += length;
  }
  return -1;
}
