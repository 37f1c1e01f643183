/**
 * What instructions of x86-64 do with RSP (SDM vol. 2, chapter 2 and the instruction reference).
 *
 * @module
 */

import { type CallConvention, PLAIN, type StackSource, type StackUse } from "../stack_use.ts";
import { decode, hasModrm, hasPrefix, type Instruction } from "./decode.ts";
import { instructionLength } from "./instruction_length.ts";
import { Gpr } from "./registers.ts";

/** Names of the general registers by number. */
const NAMES: readonly string[] = Object.keys(Gpr);
const RSP = "rsp";
const WORD = 8;
const NARROW = 0x66;
const REX_W = 8;

/** System V ABI, 3.2. */
export const calling: CallConvention = {
  arguments: ["rdi", "rsi", "rdx", "rcx", "r8", "r9"],
  result: "rax",
  stackPointer: RSP,
  framePointer: "rbp",
  link: undefined,
  pushed: WORD,
};

type Use = Partial<Omit<StackUse, "size">>;

const UNKNOWN: Use = { moves: undefined, source: { kind: "unknown" } };
/** Opcodes that write the operand their ModRM byte names, or the register beside it. */
const TO_OPERAND = new Set([
  ...[0x00, 0x08, 0x10, 0x18, 0x20, 0x28, 0x30].flatMap((each) => [each, each + 1]),
  ...[0x80, 0x81, 0x83, 0x88, 0x89, 0xc0, 0xc1, 0xc6, 0xc7, 0xd0, 0xd1, 0xd2, 0xd3, 0xf6, 0xf7],
]);
const TO_REGISTER = new Set([
  ...[0x02, 0x0a, 0x12, 0x1a, 0x22, 0x2a, 0x32].flatMap((each) => [each, each + 1]),
  ...[0x63, 0x69, 0x6b, 0x8a, 0x8b, 0x8d],
]);
/** The latter after 0F: conditional moves, IMUL, moves with extension, bit scans. */
const TO_REGISTER_0F = new Set([
  ...Array(16).keys().map((n) => 0x40 + n),
  ...[0xaf, 0xb6, 0xb7, 0xb8, 0xbc, 0xbd, 0xbe, 0xbf],
]);

/** What the instruction at the start of `code` does; `undefined` if its length is not known. */
export function stackUse(code: Uint8Array): StackUse | undefined {
  const instruction = decode(code);
  const size = instructionLength(code);
  if (instruction === undefined || size === undefined) return undefined;
  const whole = code.subarray(0, size);
  const use = instruction.map === 0
    ? oneByte(whole, instruction)
    : instruction.map === 1
    ? afterEscape(whole, instruction)
    : undefined;
  return { ...PLAIN, size, ...use };
}

function afterEscape(code: Uint8Array, instruction: Instruction): Use | undefined {
  const { opcode } = instruction;
  if ((opcode & 0xf0) === 0x80) return { flow: "branch" };
  // SYSCALL, UD2, SYSENTER; UD0 and UD1
  if ([0x05, 0x0b, 0x34, 0xb9, 0xff].includes(opcode)) return { flow: "trap" };
  if (opcode === 0xa0 || opcode === 0xa8) return { moves: -WORD }; // PUSH FS, GS
  if (opcode === 0xa1 || opcode === 0xa9) return { moves: WORD };
  if (!hasModrm(instruction)) return undefined;
  return withOperands(code, instruction, new DataView(code.buffer, code.byteOffset, code.length));
}

function oneByte(code: Uint8Array, instruction: Instruction): Use | undefined {
  const { opcode, rex, next } = instruction;
  const view = new DataView(code.buffer, code.byteOffset, code.byteLength);
  const low = (opcode & 7) | (rex & 1) << 3;
  const word = hasPrefix(code, NARROW) ? 2 : WORD;
  if ((opcode & 0xf8) === 0x50) return { moves: -word };
  if ((opcode & 0xf8) === 0x58) {
    if (low === Gpr.rsp) return set({ kind: "memory", base: RSP, offset: 0 });
    return { moves: word, moved: { to: name(low), from: undefined } };
  }
  switch (opcode) {
    case 0xe8:
      return { flow: "call", target: code.length + view.getInt32(next, true), moves: -WORD };
    case 0xe9:
      return { flow: "jump", target: code.length + view.getInt32(next, true) };
    case 0xeb:
      return { flow: "jump", target: code.length + view.getInt8(next) };
    case 0xc3:
      return { flow: "return", moves: WORD };
    case 0xc2:
      return { flow: "return", moves: WORD + view.getUint16(next, true) };
    case 0x68:
    case 0x6a:
    case 0x9c:
      return { moves: -word };
    case 0x9d:
      return { moves: word };
    case 0xc9:
      return set({ kind: "register", register: calling.framePointer, offset: WORD });
    case 0xc8:
      return set({ kind: "relative" });
    case 0xcc:
    case 0xcd:
    case 0xf1:
    case 0xf4:
      return { flow: "trap" };
  }
  if ((opcode & 0xf8) === 0xb8 && low === Gpr.rsp) return UNKNOWN;
  if ((opcode & 0xf0) === 0x70 || (opcode & 0xfc) === 0xe0) return { flow: "branch" };
  return hasModrm(instruction) ? withOperands(code, instruction, view) : undefined;
}

/** An operand that a ModRM byte names. */
interface Operand {
  /** The register, if it is one. */
  readonly register: number | undefined;
  /** Otherwise the base of its address, if that is a register and a constant. */
  readonly base: number | undefined;
  readonly offset: number;
}

function operandOf(
  code: Uint8Array,
  { rex, next, segment }: Instruction,
  view: DataView,
): Operand {
  const modrm = code[next] ?? 0;
  const mod = modrm >> 6;
  const rm = modrm & 7;
  if (mod === 3) return { register: rm | (rex & 1) << 3, base: undefined, offset: 0 };
  let at = next + 1;
  let base: number | undefined = rm | (rex & 1) << 3;
  if (rm === Gpr.rsp) {
    const sib = code[at++] ?? 0;
    const index = ((sib >> 3) & 7) | (rex & 2) << 2;
    base = (sib & 7) | (rex & 1) << 3;
    if (index !== Gpr.rsp || (mod === 0 && (sib & 7) === Gpr.rbp)) base = undefined;
  } else if (mod === 0 && rm === Gpr.rbp) {
    base = undefined; // relative to RIP
  }
  if (segment !== undefined) base = undefined;
  const offset = mod === 1 ? view.getInt8(at) : mod === 2 ? view.getInt32(at, true) : 0;
  return { register: undefined, base, offset };
}

function withOperands(
  code: Uint8Array,
  instruction: Instruction,
  view: DataView,
): Use | undefined {
  const { map, opcode, rex, next } = instruction;
  const group = ((code[next] ?? 0) >> 3) & 7;
  const other = group | (rex & 4) << 1;
  const operand = operandOf(code, instruction, view);
  const isStack = operand.register === Gpr.rsp;
  const isOther = other === Gpr.rsp;
  if (map === 1) return isOther && TO_REGISTER_0F.has(opcode) ? UNKNOWN : undefined;
  if (opcode === 0xff) {
    if (group === 2 || group === 3) return { flow: "call", moves: -WORD };
    if (group === 4 || group === 5) return { flow: "jump" };
    if (group === 6) return { moves: hasPrefix(code, NARROW) ? -2 : -WORD };
    return isStack ? { moves: group === 0 ? 1 : -1 } : undefined;
  }
  if (opcode === 0x8f) return isStack ? set({ kind: "unknown" }) : { moves: WORD };
  if ((rex & REX_W) === 0) {
    // Without REX, bytes of register 4 are in AH.
    if (isByte(opcode) && rex === 0) return undefined;
    const isWritten = TO_OPERAND.has(opcode) ? isStack : TO_REGISTER.has(opcode) && isOther;
    return isWritten || (opcode === 0x87 && (isStack || isOther)) ? UNKNOWN : undefined;
  }
  switch (opcode) {
    case 0x81:
    case 0x83: {
      if (!isStack || group === 7) return undefined;
      const value = opcode === 0x83
        ? view.getInt8(code.length - 1)
        : view.getInt32(code.length - 4, true);
      return group === 0 || group === 5
        ? { moves: group === 0 ? value : -value }
        : set({ kind: "relative" });
    }
    case 0x89: // MOV r/m, r
      if (isStack) return set({ kind: "register", register: name(other), offset: 0 });
      if (operand.register !== undefined) return move(operand.register, other);
      return words("stores", operand, other);
    case 0x8b: // MOV r, r/m
      if (operand.register === undefined) {
        if (other === Gpr.rsp) return set(memory(operand));
        return words("loads", operand, other);
      }
      if (other === Gpr.rsp) {
        return set({ kind: "register", register: name(operand.register), offset: 0 });
      }
      return move(other, operand.register);
    case 0x8d: { // LEA
      const { base, offset } = operand;
      if (other !== Gpr.rsp) {
        if (base === Gpr.rsp) return copy(other, offset);
        return { moved: { to: name(other), from: base === undefined ? undefined : name(base) } };
      }
      if (base === undefined) return set({ kind: "unknown" });
      if (base === Gpr.rsp) return { moves: offset };
      return set({ kind: "register", register: name(base), offset });
    }
    case 0x87: // XCHG
      if (isStack) return set({ kind: "register", register: name(other), offset: 0 });
      if (other !== Gpr.rsp) return undefined;
      return operand.register === undefined
        ? { ...set(memory(operand)), ...words("stores", operand, other) }
        : set({ kind: "register", register: name(operand.register), offset: 0 });
  }
  // ADD, OR, ADC, SBB, AND, SUB, XOR with a register.
  if (opcode < 0x38) {
    const isWritten = (opcode & 3) === 1 ? isStack : (opcode & 3) === 3 && isOther;
    return isWritten ? set({ kind: "relative" }) : undefined;
  }
  const isWritten = TO_OPERAND.has(opcode) ? isStack : TO_REGISTER.has(opcode) && isOther;
  return isWritten ? UNKNOWN : undefined;
}

/** Whether an instruction with a ModRM byte has operands of one byte. */
function isByte(opcode: number): boolean {
  return (opcode & 1) === 0;
}

function name(register: number): string {
  return NAMES[register] ?? "";
}

function set(source: StackSource): Use {
  return { moves: undefined, source };
}

function copy(register: number, offset: number): Use {
  return { copy: { register: name(register), offset } };
}

function move(to: number, from: number): Use {
  return from === Gpr.rsp ? copy(to, 0) : { moved: { to: name(to), from: name(from) } };
}

function memory({ base, offset }: Operand): StackSource {
  return base === undefined ? { kind: "unknown" } : { kind: "memory", base: name(base), offset };
}

function words(what: "stores" | "loads", { base, offset }: Operand, register: number): Use {
  if (base === undefined) return {};
  return { [what]: { base: name(base), offset, registers: [name(register)] } };
}
