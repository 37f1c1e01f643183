/**
 * Code as a list of bytecodes.
 *
 * @module
 */
import { BytecodeError } from "../errors.ts";
import { type OpcodeName, opcodeOf, OPCODES, sizeOf } from "./opcodes.ts";

/** A bytecode of a method's code. */
export interface Instruction {
  /** Where it begins. */
  readonly bci: number;
  /** Where the next one begins. */
  readonly next: number;
  /** Its name. */
  readonly name: OpcodeName;
  /**
   * Its constant, or index of a local, class, field or method; of a branch, the bytecode it leads
   * to. 0 if it has none.
   */
  readonly value: number;
  /** What `inc` adds. */
  readonly step: number;
}

/**
 * Takes code apart.
 *
 * @throws {BytecodeError} of kind `opcode` or `truncated`
 */
export function decodeCode(code: Uint8Array, source: string): Instruction[] {
  const view = new DataView(code.buffer, code.byteOffset, code.length);
  const list: Instruction[] = [];
  for (let bci = 0; bci < code.length;) {
    const number = code[bci]!;
    const opcode = opcodeOf(number);
    if (opcode === undefined) {
      throw new BytecodeError("opcode", `There is no bytecode 0x${number.toString(16)}`, {
        source,
        offset: bci,
      });
    }
    const next = bci + sizeOf(opcode);
    if (next > code.length) {
      throw new BytecodeError("truncated", `Code ends inside of ${opcode.name}`, {
        source,
        offset: bci,
      });
    }
    const at = bci + 1;
    let value = 0;
    let step = 0;
    switch (opcode.immediate) {
      case "i32":
        value = view.getInt32(at, true);
        break;
      case "local+i8":
        step = view.getInt8(at + 1);
        value = code[at]!;
        break;
      case "local":
      case "class":
      case "field":
        value = code[at]!;
        break;
      case "branch":
        value = bci + view.getInt16(at, true);
        break;
      case "method":
        value = view.getUint16(at, true);
        break;
    }
    list.push({ bci, next, name: opcode.name, value, step });
    bci = next;
  }
  return list;
}

/** Whether an instruction never goes on to the next one. */
export function endsFlow({ name }: Instruction): boolean {
  return "ends" in OPCODES[name];
}

/** Whether it is a branch. */
export function isBranch({ name }: Instruction): boolean {
  const opcode = OPCODES[name];
  return "immediate" in opcode && opcode.immediate === "branch";
}
