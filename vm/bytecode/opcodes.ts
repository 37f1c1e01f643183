/**
 * The bytecodes: their numbers, what follows them in the code, and what they do to the operand
 * stack.
 *
 * @module
 */

/** What follows an opcode: a constant, the index of a local, a class or a field, a branch's way. */
export type Immediate = "i32" | "local" | "local+i8" | "branch" | "class" | "field" | "method";

/** Bytes that an immediate takes. */
const IMMEDIATE_SIZE: Readonly<Record<Immediate, number>> = {
  "i32": 4,
  "local": 1,
  "local+i8": 2,
  "branch": 2,
  "class": 1,
  "field": 1,
  "method": 2,
};

/** A bytecode. */
export interface Opcode {
  /** Its number. */
  readonly code: number;
  /** Its name in text. */
  readonly name: string;
  /** What follows it. */
  readonly immediate?: Immediate;
  /** Whether it never goes on to the next bytecode. */
  readonly ends?: boolean;
  /** Whether it may throw: fields of null, calls, allocation. */
  readonly throws?: boolean;
}

/** All bytecodes by name. */
export const OPCODES = {
  nop: { code: 0x00, name: "nop" },
  iconst: { code: 0x01, name: "iconst", immediate: "i32" },
  load: { code: 0x02, name: "load", immediate: "local" },
  store: { code: 0x03, name: "store", immediate: "local" },
  null: { code: 0x04, name: "null" },
  dup: { code: 0x05, name: "dup" },
  pop: { code: 0x06, name: "pop" },
  inc: { code: 0x07, name: "inc", immediate: "local+i8" },
  add: { code: 0x08, name: "add" },
  sub: { code: 0x09, name: "sub" },
  mul: { code: 0x0a, name: "mul" },
  and: { code: 0x0b, name: "and" },
  xor: { code: 0x0c, name: "xor" },
  goto: { code: 0x10, name: "goto", immediate: "branch", ends: true },
  if_lt: { code: 0x11, name: "if_lt", immediate: "branch" },
  if_eq: { code: 0x12, name: "if_eq", immediate: "branch" },
  if_ne: { code: 0x13, name: "if_ne", immediate: "branch" },
  if_null: { code: 0x14, name: "if_null", immediate: "branch" },
  if_nonnull: { code: 0x15, name: "if_nonnull", immediate: "branch" },
  new: { code: 0x20, name: "new", immediate: "class", throws: true },
  geti: { code: 0x21, name: "geti", immediate: "field", throws: true },
  puti: { code: 0x22, name: "puti", immediate: "field", throws: true },
  getr: { code: 0x23, name: "getr", immediate: "field", throws: true },
  putr: { code: 0x24, name: "putr", immediate: "field", throws: true },
  invoke: { code: 0x30, name: "invoke", immediate: "method", throws: true },
  return: { code: 0x31, name: "return", ends: true },
  return_value: { code: 0x32, name: "return_value", ends: true },
  throw: { code: 0x40, name: "throw", ends: true, throws: true },
  poll: { code: 0x41, name: "poll", throws: true },
  same: { code: 0x42, name: "same" },
} as const satisfies Record<string, Opcode>;

/** Name of a bytecode. */
export type OpcodeName = keyof typeof OPCODES;

const BY_CODE: ReadonlyMap<number, Opcode & { readonly name: OpcodeName }> = new Map(
  Object.values(OPCODES).map((each) => [each.code, each]),
);

/** The bytecode of a number. */
export function opcodeOf(code: number): (Opcode & { readonly name: OpcodeName }) | undefined {
  return BY_CODE.get(code);
}

/** Bytes of a bytecode with what follows it. */
export function sizeOf({ immediate }: Opcode): number {
  return 1 + (immediate === undefined ? 0 : IMMEDIATE_SIZE[immediate]);
}
