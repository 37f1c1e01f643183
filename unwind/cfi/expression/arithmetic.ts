/**
 * Arithmetic on 64-bit words without a type.
 *
 * @module
 */
import { DW_OP } from "./operators.ts";

function signed(value: bigint): bigint {
  return BigInt.asIntN(64, value);
}

function flag(value: boolean): bigint {
  return value ? 1n : 0n;
}

/** Operators of two operands; divisors are not zero. Results are to be taken modulo 2^64. */
export const BINARY: ReadonlyMap<number, (left: bigint, right: bigint) => bigint> = new Map<
  number,
  (left: bigint, right: bigint) => bigint
>([
  [DW_OP.and, (a, b) => a & b],
  [DW_OP.or, (a, b) => a | b],
  [DW_OP.xor, (a, b) => a ^ b],
  [DW_OP.plus, (a, b) => a + b],
  [DW_OP.minus, (a, b) => a - b],
  [DW_OP.mul, (a, b) => a * b],
  [DW_OP.div, (a, b) => signed(a) / signed(b)],
  [DW_OP.mod, (a, b) => a % b],
  [DW_OP.shl, (a, b) => b > 63n ? 0n : a << b],
  [DW_OP.shr, (a, b) => b > 63n ? 0n : a >> b],
  [DW_OP.shra, (a, b) => signed(a) >> (b > 63n ? 63n : b)],
  [DW_OP.eq, (a, b) => flag(a === b)],
  [DW_OP.ne, (a, b) => flag(a !== b)],
  [DW_OP.ge, (a, b) => flag(signed(a) >= signed(b))],
  [DW_OP.gt, (a, b) => flag(signed(a) > signed(b))],
  [DW_OP.le, (a, b) => flag(signed(a) <= signed(b))],
  [DW_OP.lt, (a, b) => flag(signed(a) < signed(b))],
]);
