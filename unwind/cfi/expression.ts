/**
 * Evaluates DWARF expressions: the postfix programs through which call frame information says what
 * a register plus an offset cannot. DWARF 5, section 2.5. Values are 64-bit words without a type;
 * arithmetic wraps.
 *
 * Expressions are rare (procedure linkage tables, signal and trap frames, realigned stacks), so
 * this part is written for exactness, with `bigint`, not for speed.
 *
 * @module
 */
import { type Cursor, toBigAddress } from "../../bytes/mod.ts";
import { ExpressionError, type ExpressionErrorKind } from "../errors.ts";
import { DW_OP, FORBIDDEN } from "./expression_ops.ts";
import { type PointerBases, readEncodedAddress } from "./pointer.ts";

/** What an expression may ask of the frame it is evaluated in. */
export interface ExpressionContext {
  /** Value of a DWARF register, or undefined if it is not known. */
  register(register: number): bigint | undefined;
  /**
   * Little-endian number of `size` bytes (1 to 8) at `address`, or undefined if it cannot be read.
   */
  memory(address: bigint, size: number): bigint | undefined;
  /**
   * The canonical frame address, for `DW_OP_call_frame_cfa`; absent while it is itself being
   * computed.
   */
  readonly cfa?: bigint | undefined;
  /** Difference between addresses in the tables and in memory, added by `DW_OP_addr`; default 0. */
  readonly bias?: bigint | undefined;
  /** Bases of `DW_OP_GNU_encoded_addr`. */
  readonly bases?: PointerBases | undefined;
}

/** Limits of an evaluation. */
export interface ExpressionOptions {
  /** Values on the stack before the first operator, the top last. */
  readonly stack?: readonly bigint[];
  /** Most values on the stack; default 128. */
  readonly stackLimit?: number;
  /** Most operators executed; default 10,000. */
  readonly stepLimit?: number;
}

/** What an expression denotes. */
export type ExpressionResult =
  /** The value on top of the stack: an address, if the rule asks for one. */
  | { readonly type: "value"; readonly value: bigint }
  /** A register (`DW_OP_reg*`). */
  | { readonly type: "register"; readonly register: number }
  /** A value that is in no place (`DW_OP_stack_value`, `DW_OP_implicit_value`). */
  | { readonly type: "literal"; readonly value: bigint };

const MASK = 0xffffffffffffffffn;

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
  return new Evaluator(cursor, context, options).run();
}

class Evaluator {
  #cursor: Cursor;
  #context: ExpressionContext;
  #stack: bigint[];
  #stackLimit: number;
  #stepLimit: number;
  #start: number;
  #opAt: number;
  #location: ExpressionResult | undefined;

  constructor(
    cursor: Cursor,
    context: ExpressionContext,
    options: ExpressionOptions,
  ) {
    this.#cursor = cursor;
    this.#context = context;
    this.#stack = (options.stack ?? []).map((each) => each & MASK);
    this.#stackLimit = options.stackLimit ?? 128;
    this.#stepLimit = options.stepLimit ?? 10_000;
    this.#start = this.#opAt = cursor.at;
  }

  run(): ExpressionResult {
    const cursor = this.#cursor;
    for (let steps = 0; cursor.at < cursor.end; steps++) {
      this.#opAt = cursor.at;
      if (steps >= this.#stepLimit) {
        throw this.#error("steps", `Over ${this.#stepLimit} operators`);
      }
      // A location must be all the expression says.
      if (this.#location !== undefined) {
        throw this.#error("result", "Operator after the location");
      }
      this.#execute(cursor.u8());
    }
    if (this.#location !== undefined) return this.#location;
    const value = this.#stack.at(-1);
    if (value === undefined) {
      throw this.#error("result", "Expression leaves no value");
    }
    return { type: "value", value };
  }

  #execute(op: number): void {
    const cursor = this.#cursor;
    if (op >= DW_OP.lit0 && op < DW_OP.lit0 + 32) {
      return this.#push(BigInt(op - DW_OP.lit0));
    }
    if (op >= DW_OP.breg0 && op < DW_OP.breg0 + 32) {
      return this.#push(this.#register(op - DW_OP.breg0) + cursor.bigSleb());
    }
    if (op >= DW_OP.reg0 && op < DW_OP.reg0 + 32) {
      this.#location = { type: "register", register: op - DW_OP.reg0 };
      return;
    }
    switch (op) {
      case DW_OP.nop:
      case DW_OP.gnuUninit:
        return;
      case DW_OP.regx:
        this.#location = { type: "register", register: cursor.uleb() };
        return;
      case DW_OP.bregx: {
        const value = this.#register(cursor.uleb());
        return this.#push(value + cursor.bigSleb());
      }
      case DW_OP.stackValue:
        this.#location = { type: "literal", value: this.#pop() };
        return;
      case DW_OP.implicitValue:
        this.#location = { type: "literal", value: this.#implicit() };
        return;
      case DW_OP.callFrameCfa:
        if (this.#context.cfa === undefined) {
          throw this.#error("operator", "The CFA is not known yet");
        }
        return this.#push(this.#context.cfa);
      case DW_OP.deref:
        return this.#push(this.#load(8));
      case DW_OP.derefSize:
        return this.#push(this.#load(cursor.u8()));
      case DW_OP.skip:
        return this.#branch(true);
      case DW_OP.bra:
        return this.#branch(this.#pop() !== 0n);
      case DW_OP.convert:
      case DW_OP.reinterpret:
        // Type 0 is the one type this machine has; the others are described in debugging
        // information.
        if (cursor.uleb() !== 0) {
          throw this.#error("operator", "Typed values need debug information");
        }
        return;
    }
    if (this.#constant(op) || this.#shuffle(op) || this.#arithmetic(op)) return;
    const hex = `0x${op.toString(16)}`;
    throw this.#error(
      "operator",
      `Operator ${hex} ${FORBIDDEN.get(op) ?? "does not exist"}`,
    );
  }

  #constant(op: number): boolean {
    const cursor = this.#cursor;
    switch (op) {
      case DW_OP.addr:
        this.#push(cursor.bigU64() + (this.#context.bias ?? 0n));
        return true;
      case DW_OP.gnuEncodedAddr: {
        const encoding = cursor.u8();
        const bases = this.#context.bases ?? { section: 0 };
        const address = readEncodedAddress(cursor, encoding, bases);
        this.#push(toBigAddress(address) + (this.#context.bias ?? 0n));
        return true;
      }
      case DW_OP.const1u:
        this.#push(BigInt(cursor.u8()));
        return true;
      case DW_OP.const1s:
        this.#push(BigInt(cursor.u8() << 24 >> 24));
        return true;
      case DW_OP.const2u:
        this.#push(BigInt(cursor.u16()));
        return true;
      case DW_OP.const2s:
        this.#push(BigInt(cursor.u16() << 16 >> 16));
        return true;
      case DW_OP.const4u:
        this.#push(BigInt(cursor.u32()));
        return true;
      case DW_OP.const4s:
        this.#push(BigInt(cursor.i32()));
        return true;
      case DW_OP.const8u:
      case DW_OP.const8s:
        this.#push(cursor.bigU64());
        return true;
      case DW_OP.constu:
        this.#push(cursor.bigUleb());
        return true;
      case DW_OP.consts:
        this.#push(cursor.bigSleb());
        return true;
    }
    return false;
  }

  #shuffle(op: number): boolean {
    const stack = this.#stack;
    switch (op) {
      case DW_OP.dup:
        this.#push(this.#peek(0));
        return true;
      case DW_OP.drop:
        this.#pop();
        return true;
      case DW_OP.over:
        this.#push(this.#peek(1));
        return true;
      case DW_OP.pick:
        this.#push(this.#peek(this.#cursor.u8()));
        return true;
      case DW_OP.swap:
        this.#peek(1);
        stack.splice(-2, 2, stack.at(-1)!, stack.at(-2)!);
        return true;
      case DW_OP.rot:
        // The top goes below the two under it.
        this.#peek(2);
        stack.splice(-3, 3, stack.at(-1)!, stack.at(-3)!, stack.at(-2)!);
        return true;
    }
    return false;
  }

  #arithmetic(op: number): boolean {
    switch (op) {
      case DW_OP.abs: {
        const value = BigInt.asIntN(64, this.#pop());
        this.#push(value < 0n ? -value : value);
        return true;
      }
      case DW_OP.neg:
        this.#push(-this.#pop());
        return true;
      case DW_OP.not:
        this.#push(~this.#pop());
        return true;
      case DW_OP.plusUconst:
        this.#push(this.#pop() + this.#cursor.bigUleb());
        return true;
    }
    const binary = BINARY.get(op);
    if (binary === undefined) return false;
    const right = this.#pop();
    const left = this.#pop();
    if (right === 0n && (op === DW_OP.div || op === DW_OP.mod)) {
      throw this.#error("division", "Division by zero");
    }
    this.#push(binary(left, right));
    return true;
  }

  #implicit(): bigint {
    const cursor = this.#cursor;
    const size = cursor.uleb();
    let value = 0n;
    for (let i = 0; i < size; i++) {
      const byte = BigInt(cursor.u8());
      if (i < 8) value |= byte << BigInt(8 * i);
    }
    return value;
  }

  #branch(taken: boolean): void {
    const cursor = this.#cursor;
    const distance = cursor.u16() << 16 >> 16;
    if (!taken) return;
    const target = cursor.at + distance;
    if (target < this.#start || target > cursor.end) {
      throw this.#error("branch", `Branch of ${distance} leaves expression`);
    }
    cursor.at = target;
  }

  #register(register: number): bigint {
    const value = this.#context.register(register);
    if (value === undefined) {
      throw this.#error("register", `Register ${register} is not known`);
    }
    return value;
  }

  #load(size: number): bigint {
    const address = this.#pop();
    if (size < 1 || size > 8) {
      throw this.#error("operator", `Size of load is ${size}`);
    }
    const value = this.#context.memory(address, size);
    if (value === undefined) {
      throw this.#error("memory", `Cannot read 0x${address.toString(16)}`);
    }
    return value;
  }

  #push(value: bigint): void {
    if (this.#stack.length >= this.#stackLimit) {
      throw this.#error("stack", `Over ${this.#stackLimit} values on stack`);
    }
    this.#stack.push(value & MASK);
  }

  #pop(): bigint {
    const value = this.#stack.pop();
    if (value === undefined) throw this.#error("stack", "Stack is empty");
    return value;
  }

  #peek(depth: number): bigint {
    const value = this.#stack[this.#stack.length - 1 - depth];
    if (value === undefined) {
      throw this.#error("stack", `Stack has no entry ${depth}`);
    }
    return value;
  }

  #error(kind: ExpressionErrorKind, message: string): ExpressionError {
    const { source } = this.#cursor;
    return new ExpressionError(kind, message, { source, offset: this.#opAt });
  }
}

function signed(value: bigint): bigint {
  return BigInt.asIntN(64, value);
}

function flag(value: boolean): bigint {
  return value ? 1n : 0n;
}

const BINARY: ReadonlyMap<number, (left: bigint, right: bigint) => bigint> = new Map<
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
