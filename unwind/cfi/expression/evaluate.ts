/**
 * Expressions of call frame information.
 *
 * @module
 */
import type { Cursor } from "../../../bytes/mod.ts";
import {
  type ExpressionContext,
  ExpressionMachine,
  type ExpressionOptions,
  type RegisterLocation,
  type StackValue,
  word,
} from "./machine.ts";

/** A value that is in no place (`DW_OP_stack_value`, `DW_OP_implicit_value`). */
export interface LiteralLocation {
  /** Which it is. */
  readonly type: "literal";
  /** The value. */
  readonly value: bigint;
}

/** What an expression denotes. */
export type ExpressionResult =
  /** The value on top of the stack: an address, if the rule asks for one. */
  | { readonly type: "value"; readonly value: bigint }
  | RegisterLocation
  | LiteralLocation;

/**
 * Evaluates the bytes between the cursor's position and its end.
 *
 * @throws {ExpressionError} For an operator that does not exist or cannot be used, a stack under-
 * or overflow, too many steps, a branch outside the expression, a division by zero, or a register
 * or memory that is not known.
 * @throws {DecodeError} If an operand is cut off.
 */
export function evaluateExpression(
  cursor: Cursor,
  context: ExpressionContext,
  options: ExpressionOptions = {},
): ExpressionResult {
  return new FrameMachine(cursor, context, options).run();
}

class FrameMachine extends ExpressionMachine<LiteralLocation> {
  run(): ExpressionResult {
    this.steps();
    if (this.location !== undefined) return this.location;
    const value = this.stack.at(-1);
    if (value === undefined) throw this.error("result", "Expression leaves no value");
    return { type: "value", value: word(value) };
  }

  protected literal(value: StackValue): LiteralLocation {
    return { type: "literal", value: word(value) };
  }

  protected implicit(size: number): LiteralLocation {
    let value = 0n;
    for (let i = 0; i < size; i++) {
      const byte = BigInt(this.cursor.u8());
      if (i < 8) value |= byte << BigInt(8 * i);
    }
    return { type: "literal", value };
  }
}
