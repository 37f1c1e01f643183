/**
 * What bytecodes take from the operand stack, and put there.
 *
 * @module
 */
import type { OpcodeName } from "./opcodes.ts";
import type { ValueType } from "./program.ts";

/** What a bytecode does to the operand stack; the last one is on top. */
export interface StackEffect {
  /** What it takes. */
  readonly takes: readonly ValueType[];
  /** What it puts there. */
  readonly gives: readonly ValueType[];
}

function effect(takes: readonly ValueType[], ...gives: readonly ValueType[]): StackEffect {
  return { takes, gives };
}

const INTS = ["int", "int"] as const;

/** Those that do the same in every method. */
export const STACK_EFFECTS: Readonly<Partial<Record<OpcodeName, StackEffect>>> = {
  iconst: effect([], "int"),
  null: effect([], "ref"),
  add: effect(INTS, "int"),
  sub: effect(INTS, "int"),
  mul: effect(INTS, "int"),
  and: effect(INTS, "int"),
  xor: effect(INTS, "int"),
  if_lt: effect(INTS),
  if_eq: effect(INTS),
  if_ne: effect(INTS),
  if_null: effect(["ref"]),
  if_nonnull: effect(["ref"]),
  new: effect([], "ref"),
  geti: effect(["ref"], "int"),
  getr: effect(["ref"], "ref"),
  puti: effect(["ref", "int"]),
  putr: effect(["ref", "ref"]),
  throw: effect(["ref"]),
  same: effect(["ref", "ref"], "int"),
};

/** What bytecodes that may enter the VM's runtime take, `invoke` aside. */
export const CONSUMED: ReadonlyMap<OpcodeName, number> = new Map([
  ["geti", 1],
  ["getr", 1],
  ["puti", 2],
  ["putr", 2],
  ["throw", 1],
]);
