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
  type ExpressionResult,
} from "./machine.ts";

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
  return new ExpressionMachine(cursor, context, options).run();
}
