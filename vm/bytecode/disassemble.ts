/**
 * Methods as text, with what is known at each bytecode.
 *
 * @module
 */
import { decodeCode, type Instruction } from "./decode.ts";
import { type Immediate, OPCODES } from "./opcodes.ts";
import { ANY_CLASS, FINALLY_CLASS, type Method, type VmProgram } from "./program.ts";

/** One bytecode as the assembler reads it; branches lead to numbers. */
function instructionText(
  instruction: Instruction,
  method: Pick<Method, "locals">,
  program: VmProgram,
): string {
  const { name, value, step } = instruction;
  const opcode = OPCODES[name];
  const immediate: Immediate | undefined = "immediate" in opcode ? opcode.immediate : undefined;
  const local = method.locals[value] ?? `local${value}`;
  switch (immediate) {
    case undefined:
      return name;
    case "local":
      return `${name} ${local}`;
    case "local+i8":
      return `${name} ${local} ${step}`;
    case "class":
      return `${name} ${program.classes[value]?.name ?? value}`;
    case "method":
      return `${name} ${program.methods[value]?.name ?? value}`;
    default:
      return `${name} ${value}`;
  }
}

/** A method: bytecodes, operand types and live locals before each, handlers. */
export function disassemble(method: Method, program: VmProgram): string {
  const { name, params, result, wanted, native, locals, code, positions, handlers } = method;
  const list = params.map((param) => `${param.type} ${param.name}`).join(", ");
  const head = `method ${name}(${list}): ${result}`;
  if (native !== undefined) return `${head} native ${native}\n`;
  const bits = (mask: number): string[] => locals.filter((_, i) => (mask >> i & 1) === 1);
  const lines = decodeCode(code, name).map((instruction, i) => {
    const { depth, stackRefs, refs, live } = positions[i]!;
    const operands = Array.from(
      { length: depth },
      (_, j) => (stackRefs >> j & 1) === 1 ? "r" : "i",
    );
    const known = `(${operands.join("")}) live ${bits(live).join(" ")} refs ${
      bits(refs).join(" ")
    }`;
    const text = instructionText(instruction, method, program);
    return `  ${String(instruction.bci).padStart(4)}  ${text.padEnd(24)} # ${known.trimEnd()}`;
  });
  const caught = handlers.map(({ from, to, target, class: type }) => {
    const word = type === ANY_CLASS
      ? "any"
      : type === FINALLY_CLASS
      ? "finally"
      : program.classes[type]?.name ?? type;
    return `  handler ${from} ${to} ${target} ${word}`;
  });
  return [`${head} ${wanted}`, ...lines, ...caught, "end", ""].join("\n");
}
