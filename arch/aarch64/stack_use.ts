/**
 * What instructions of AArch64 do with SP (Arm ARM, C4.1 and C6.2).
 *
 * @module
 */

import { type CallConvention, PLAIN, type StackUse } from "../stack_use.ts";
import { INSTRUCTION_SIZE } from "./decode.ts";

const STACK_POINTER = 31;
const SP = "sp";
const WORD = 8;

/** AAPCS64, 6. */
export const calling: CallConvention = {
  arguments: ["x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7"],
  result: "x0",
  stackPointer: SP,
  framePointer: "x29",
  link: "x30",
  pushed: 0,
};

type Use = Partial<Omit<StackUse, "size">>;

/** What the instruction at the start of `code` does; `undefined` if it is not all there. */
export function stackUse(code: Uint8Array): StackUse | undefined {
  if (code.length < INSTRUCTION_SIZE) return undefined;
  const word = new DataView(code.buffer, code.byteOffset).getUint32(0, true);
  return { ...PLAIN, size: INSTRUCTION_SIZE, ...(leading(word) ?? using(word)) };
}

function field(word: number, from: number, bits: number): number {
  return (word >>> from) & (2 ** bits - 1);
}

function signed(word: number, from: number, bits: number): number {
  return (field(word, from, bits) << (32 - bits)) >> (32 - bits);
}

/** Name of a register of which 31 is the stack pointer. */
function based(register: number): string {
  return register === STACK_POINTER ? SP : `x${register}`;
}

/** Branches, exception generation (C4.1.93). */
function leading(word: number): Use | undefined {
  const offset = INSTRUCTION_SIZE * signed(word, 0, 26);
  switch (word >>> 26) {
    case 0x05: // B
      return { flow: "jump", target: offset };
    case 0x25: // BL
      return { flow: "call", target: offset };
  }
  if (word >>> 24 === 0x54 || (word & 0x7c00_0000) === 0x3400_0000) return { flow: "branch" };
  if (word >>> 24 === 0xd4) return { flow: "trap" };
  if (word >>> 25 !== 0x6b) return undefined;
  // BR, BLR, RET; ERET, DRPS; those of pointer authentication have bit 24 or a low operand set.
  const link = `x${field(word, 5, 5)}`;
  switch (field(word, 21, 3)) {
    case 0:
      return { flow: "jump", link };
    case 1:
      return { flow: "call" };
    case 2:
      // RETAA and RETAB name no register.
      return { flow: "return", link: field(word, 10, 6) === 0 ? link : "x30" };
    default:
      return { flow: "trap" };
  }
}

function using(word: number): Use | undefined {
  const rd = field(word, 0, 5);
  const rn = field(word, 5, 5);
  // ADD and SUB (immediate) of 64 bits; those that set flags write no stack pointer.
  if ((word & 0xbf80_0000) >>> 0 === 0x9100_0000) {
    const value = field(word, 10, 12) * (field(word, 22, 1) === 1 ? 4096 : 1);
    const offset = field(word, 30, 1) === 1 ? -value : value;
    if (rd === STACK_POINTER) {
      if (rn === STACK_POINTER) return { moves: offset };
      return { moves: undefined, source: { kind: "register", register: based(rn), offset } };
    }
    if (rn === STACK_POINTER) return { copy: { register: based(rd), offset } };
    return { moved: { to: based(rd), from: based(rn) } };
  }
  // ADD and SUB (extended register), AND, ORR and EOR (immediate).
  const isExtended = (word & 0xbfe0_0000) >>> 0 === 0x8b20_0000;
  const isLogical = (word & 0x9f80_0000) >>> 0 === 0x9200_0000 && field(word, 29, 2) !== 3;
  if ((isExtended || isLogical) && rd === STACK_POINTER) {
    return { moves: undefined, source: { kind: "relative" } };
  }
  // ADD and SUB (shifted register) of 64 bits; ORR of that kind with the zero register: MOV.
  const isShifted = (word & 0xbf20_0000) >>> 0 === 0x8b00_0000;
  if (isExtended || isLogical) return { moved: { to: `x${rd}`, from: based(rn) } };
  if (isShifted) return { moved: { to: `x${rd}`, from: `x${rn}` } };
  if ((word & 0xffe0_ffe0) >>> 0 === 0xaa00_03e0) {
    return { moved: { to: `x${rd}`, from: `x${field(word, 16, 5)}` } };
  }
  // Loads and stores have bit 27 set and bit 25 clear.
  if (field(word, 27, 1) === 1 && field(word, 25, 1) === 0) return accessing(word, rn);
  return undefined;
}

/** Loads and stores that write their base back, or are of whole general registers. */
function accessing(word: number, rn: number): Use | undefined {
  const isVector = field(word, 26, 1) === 1;
  const size = field(word, 30, 2);
  if (field(word, 28, 2) === 2) {
    const scale = isVector ? 4 << size : size === 2 ? WORD : 4;
    const offset = signed(word, 15, 7) * scale;
    const mode = field(word, 23, 2);
    const registers = [field(word, 0, 5), field(word, 10, 5)];
    const isWhole = !isVector && size === 2;
    return access(rn, {
      writesBack: mode === 1 || mode === 3,
      offset,
      at: mode === 1 ? 0 : offset,
      registers: isWhole ? registers : [],
      isLoad: field(word, 22, 1) === 1,
    });
  }
  if (field(word, 28, 2) !== 3) return undefined;
  const isLoad = isVector ? field(word, 22, 1) === 1 : field(word, 22, 2) !== 0;
  const isWhole = !isVector && size === 3 && field(word, 22, 2) < 2;
  const registers = isWhole ? [field(word, 0, 5)] : [];
  if (field(word, 24, 1) === 1) {
    const shift = isVector && field(word, 23, 1) === 1 ? 4 : size;
    const at = field(word, 10, 12) << shift;
    return access(rn, { writesBack: false, offset: 0, at, registers, isLoad });
  }
  const form = field(word, 10, 2);
  if (field(word, 21, 1) === 1 || form === 2) return undefined;
  const offset = signed(word, 12, 9);
  const writesBack = form === 1 || form === 3;
  return access(rn, { writesBack, offset, at: form === 1 ? 0 : offset, registers, isLoad });
}

function access(
  rn: number,
  { writesBack, offset, at, registers, isLoad }: {
    readonly writesBack: boolean;
    readonly offset: number;
    readonly at: number;
    readonly registers: readonly number[];
    readonly isLoad: boolean;
  },
): Use {
  const moves = writesBack && rn === STACK_POINTER ? offset : 0;
  if (registers.length === 0) return { moves };
  // Register 31 is zero here.
  const names = registers.map((register) => register === STACK_POINTER ? "xzr" : `x${register}`);
  const words = { base: based(rn), offset: at, registers: names };
  return isLoad ? { moves, loads: words } : { moves, stores: words };
}
