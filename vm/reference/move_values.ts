/**
 * Bytecodes that only move values between locals and operands, compute, and jump.
 *
 * @module
 */
import type { Instruction } from "../bytecode/decode.ts";
import type { Value } from "./heap.ts";
import type { Activation } from "./state.ts";

/** What such a bytecode changes of its activation. */
export type Moved = Pick<Activation, "bci" | "locals" | "operands">;

/** Executes a bytecode; undefined if it is of another sort. */
export function moveValues(
  { locals, operands }: Activation,
  { name, value, step, next }: Instruction,
): Moved | undefined {
  const last = operands.at(-1);
  const below = operands.at(-2);
  const to = (
    count: number,
    push: readonly Value[] = [],
    { bci = next, set = locals }: { bci?: number; set?: Activation["locals"] } = {},
  ): Moved => {
    const kept = operands.slice(0, operands.length - count);
    return { bci, locals: set, operands: [...kept, ...push] };
  };
  const int = (result: bigint): Moved => to(2, [BigInt.asIntN(64, result)]);
  const jump = (count: number, taken: boolean): Moved =>
    to(count, [], { bci: taken ? value : next });
  const [a, b] = [below as bigint, last as bigint];
  switch (name) {
    case "nop":
    case "poll":
      return to(0);
    case "iconst":
      return to(0, [BigInt(value)]);
    case "load":
      return to(0, [locals[value]!]);
    case "store":
      return to(1, [], { set: locals.with(value, last!) });
    case "null":
      return to(0, [null]);
    case "dup":
      return to(0, [last!]);
    case "pop":
      return to(1);
    case "inc": {
      const sum = BigInt.asIntN(64, (locals[value] as bigint) + BigInt(step));
      return to(0, [], { set: locals.with(value, sum) });
    }
    case "add":
      return int(a + b);
    case "sub":
      return int(a - b);
    case "mul":
      return int(a * b);
    case "and":
      return int(a & b);
    case "xor":
      return int(a ^ b);
    case "goto":
      return jump(0, true);
    case "if_lt":
      return jump(2, a < b);
    case "if_eq":
      return jump(2, a === b);
    case "if_ne":
      return jump(2, a !== b);
    case "if_null":
      return jump(1, last === null);
    case "if_nonnull":
      return jump(1, last !== null);
    case "same":
      return to(2, [below === last ? 1n : 0n]);
  }
  return undefined;
}
