/**
 * The machine that evaluates DWARF expressions: postfix programs through which call frame
 * information says what a register plus an offset cannot, and debugging information where a
 * variable is. DWARF 5, section 2.5. Values here are 64-bit words without a type; arithmetic wraps.
 * What needs debugging information, typed values among it, `debug/values` adds in a subclass.
 *
 * Expressions are rare in call frame information (procedure linkage tables, signal and trap frames,
 * realigned stacks), so this part is written for exactness, with `bigint`, not for speed.
 *
 * @module
 */
import { type Cursor, toBigAddress } from "../../../bytes/mod.ts";
import { ExpressionError, type ExpressionErrorKind } from "../../errors.ts";
import { BINARY } from "./arithmetic.ts";
import { DW_OP, FORBIDDEN } from "./operators.ts";
import { type PointerBases, readEncodedAddress } from "../pointer.ts";

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

/** A register that an expression denotes (`DW_OP_reg*`). */
export interface RegisterLocation {
  /** Which it is. */
  readonly type: "register";
  /** Its DWARF number. */
  readonly register: number;
}

const MASK = 0xffffffffffffffffn;

function signed(value: bigint): bigint {
  return BigInt.asIntN(64, value);
}

/** A value on the stack: a word, or what a subclass of the machine gives a type. */
export type StackValue = bigint | TypedStackValue;

/** A value with a type, of which the machine itself knows no more than what word it makes. */
export interface TypedStackValue {
  /** The value as a word, for addresses and branches. */
  readonly word: bigint;
}

/**
 * Evaluates an expression, operator by operator. An instance is used once.
 *
 * @typeParam R what an expression may denote beside a word on the stack and a register
 */
export abstract class ExpressionMachine<R> {
  /** What is evaluated; an operator's operands are next. */
  protected cursor: Cursor;
  /** The stack, its top last. */
  protected readonly stack: StackValue[];
  /** What has been denoted, if it is not the word on top of the stack. */
  protected location: R | RegisterLocation | undefined;
  /** Where the expression, or the one that is called, begins. */
  protected start: number;
  readonly #context: ExpressionContext;
  readonly #stackLimit: number;
  readonly #stepLimit: number;
  #steps = 0;
  #opAt: number;

  /** A machine for the bytes between the cursor's position and its end. */
  constructor(cursor: Cursor, context: ExpressionContext, options: ExpressionOptions) {
    this.cursor = cursor;
    this.#context = context;
    this.stack = (options.stack ?? []).map((each) => each & MASK);
    this.#stackLimit = options.stackLimit ?? 128;
    this.#stepLimit = options.stepLimit ?? 10_000;
    this.start = this.#opAt = cursor.at;
  }

  /** Executes operators to the cursor's end. */
  protected steps(): void {
    const { cursor } = this;
    while (cursor.at < cursor.end) {
      this.#opAt = cursor.at;
      if (this.#steps++ >= this.#stepLimit) {
        throw this.error("steps", `Over ${this.#stepLimit} operators`);
      }
      const op = cursor.u8();
      // A location must be all the expression says.
      if (this.location !== undefined && !this.composes(op)) {
        throw this.error("result", "Operator after the location");
      }
      this.execute(op);
    }
  }

  /** Whether an operator may follow a location. */
  protected composes(_op: number): boolean {
    return false;
  }

  /** Executes an operator that only a subclass knows; false if it knows it not either. */
  protected extended(_op: number): boolean {
    return false;
  }

  /** Executes one operator, which has been read. */
  protected execute(op: number): void {
    const cursor = this.cursor;
    if (op >= DW_OP.lit0 && op < DW_OP.lit0 + 32) {
      return this.push(BigInt(op - DW_OP.lit0));
    }
    if (op >= DW_OP.breg0 && op < DW_OP.breg0 + 32) {
      return this.push(this.register(op - DW_OP.breg0) + cursor.bigSleb());
    }
    if (op >= DW_OP.reg0 && op < DW_OP.reg0 + 32) {
      this.location = { type: "register", register: op - DW_OP.reg0 };
      return;
    }
    switch (op) {
      case DW_OP.nop:
      case DW_OP.gnuUninit:
        return;
      case DW_OP.regx:
        this.location = { type: "register", register: cursor.uleb() };
        return;
      case DW_OP.bregx: {
        const value = this.register(cursor.uleb());
        return this.push(value + cursor.bigSleb());
      }
      case DW_OP.stackValue:
        this.location = this.literal(this.pop());
        return;
      case DW_OP.implicitValue:
        this.location = this.implicit(cursor.uleb());
        return;
      case DW_OP.callFrameCfa:
        if (this.#context.cfa === undefined) {
          throw this.error("operator", "The CFA is not known yet");
        }
        return this.push(this.#context.cfa);
      case DW_OP.deref:
        return this.push(this.#load(8));
      case DW_OP.derefSize:
        return this.push(this.#load(cursor.u8()));
      case DW_OP.skip:
        return this.#branch(true);
      case DW_OP.bra:
        return this.#branch(this.popWord() !== 0n);
    }
    if (this.#constant(op) || this.#shuffle(op) || this.#arithmetic(op)) return;
    if (this.extended(op)) return;
    if (op === DW_OP.convert || op === DW_OP.reinterpret) {
      // Type 0 is the one type there is here; the others are described in debugging information.
      if (cursor.uleb() === 0) return;
      throw this.error("operator", "Typed values need debug information");
    }
    const hex = `0x${op.toString(16)}`;
    throw this.error(
      "operator",
      `Operator ${hex} ${FORBIDDEN.get(op) ?? "does not exist"}`,
    );
  }

  #constant(op: number): boolean {
    const cursor = this.cursor;
    switch (op) {
      case DW_OP.addr:
        this.push(cursor.bigU64() + (this.#context.bias ?? 0n));
        return true;
      case DW_OP.gnuEncodedAddr: {
        const encoding = cursor.u8();
        const bases = this.#context.bases ?? { section: 0 };
        const address = readEncodedAddress(cursor, encoding, bases);
        this.push(toBigAddress(address) + (this.#context.bias ?? 0n));
        return true;
      }
      case DW_OP.const1u:
        this.push(BigInt(cursor.u8()));
        return true;
      case DW_OP.const1s:
        this.push(BigInt(cursor.u8() << 24 >> 24));
        return true;
      case DW_OP.const2u:
        this.push(BigInt(cursor.u16()));
        return true;
      case DW_OP.const2s:
        this.push(BigInt(cursor.u16() << 16 >> 16));
        return true;
      case DW_OP.const4u:
        this.push(BigInt(cursor.u32()));
        return true;
      case DW_OP.const4s:
        this.push(BigInt(cursor.i32()));
        return true;
      case DW_OP.const8u:
      case DW_OP.const8s:
        this.push(cursor.bigU64());
        return true;
      case DW_OP.constu:
        this.push(cursor.bigUleb());
        return true;
      case DW_OP.consts:
        this.push(cursor.bigSleb());
        return true;
    }
    return false;
  }

  #shuffle(op: number): boolean {
    const stack = this.stack;
    switch (op) {
      case DW_OP.dup:
        this.push(this.peek(0));
        return true;
      case DW_OP.drop:
        this.pop();
        return true;
      case DW_OP.over:
        this.push(this.peek(1));
        return true;
      case DW_OP.pick:
        this.push(this.peek(this.cursor.u8()));
        return true;
      case DW_OP.swap:
        this.peek(1);
        stack.splice(-2, 2, stack.at(-1)!, stack.at(-2)!);
        return true;
      case DW_OP.rot:
        // The top goes below the two under it.
        this.peek(2);
        stack.splice(-3, 3, stack.at(-1)!, stack.at(-3)!, stack.at(-2)!);
        return true;
    }
    return false;
  }

  #arithmetic(op: number): boolean {
    if (op === DW_OP.abs || op === DW_OP.neg || op === DW_OP.not) {
      this.push(this.unary(op, this.pop()));
      return true;
    }
    if (op === DW_OP.plusUconst) {
      this.push(this.binary(DW_OP.plus, this.pop(), this.cursor.bigUleb()));
      return true;
    }
    if (!BINARY.has(op)) return false;
    const right = this.pop();
    this.push(this.binary(op, this.pop(), right));
    return true;
  }

  /** What `DW_OP_stack_value` denotes. */
  protected abstract literal(value: StackValue): R;

  /** What `DW_OP_implicit_value` denotes: the next `size` bytes, which are skipped. */
  protected abstract implicit(size: number): R;

  /** One-operand arithmetic. */
  protected unary(op: number, value: StackValue): StackValue {
    const number = signed(word(value));
    if (op === DW_OP.not) return ~number;
    return op === DW_OP.abs && number >= 0n ? number : -number;
  }

  /** Two-operand arithmetic. */
  protected binary(op: number, left: StackValue, right: StackValue): StackValue {
    const divisor = word(right);
    if (divisor === 0n && (op === DW_OP.div || op === DW_OP.mod)) {
      throw this.error("division", "Division by zero");
    }
    return BINARY.get(op)!(word(left), divisor);
  }

  #branch(taken: boolean): void {
    const cursor = this.cursor;
    const distance = cursor.u16() << 16 >> 16;
    if (!taken) return;
    const target = cursor.at + distance;
    if (target < this.start || target > cursor.end) {
      throw this.error("branch", `Branch of ${distance} leaves expression`);
    }
    cursor.at = target;
  }

  /** Value of a register; throws {@linkcode ExpressionError} (`register`). */
  protected register(register: number): bigint {
    const value = this.#context.register(register);
    if (value === undefined) {
      throw this.error("register", `Register ${register} is not known`);
    }
    return value;
  }

  #load(size: number): bigint {
    const address = this.popWord();
    if (size < 1 || size > 8) {
      throw this.error("operator", `Size of load is ${size}`);
    }
    const value = this.#context.memory(address, size);
    if (value === undefined) {
      throw this.error("memory", `Cannot read 0x${address.toString(16)}`);
    }
    return value;
  }

  /** Pushes a value; a word modulo 2^64. */
  protected push(value: StackValue): void {
    if (this.stack.length >= this.#stackLimit) {
      throw this.error("stack", `Over ${this.#stackLimit} values on stack`);
    }
    this.stack.push(typeof value === "bigint" ? value & MASK : value);
  }

  /** Takes the value off the top. */
  protected pop(): StackValue {
    const value = this.stack.pop();
    if (value === undefined) throw this.error("stack", "Stack is empty");
    return value;
  }

  /** Takes the value off the top, as a word. */
  protected popWord(): bigint {
    return word(this.pop());
  }

  /** The value `depth` below the top. */
  protected peek(depth: number): StackValue {
    const value = this.stack[this.stack.length - 1 - depth];
    if (value === undefined) {
      throw this.error("stack", `Stack has no entry ${depth}`);
    }
    return value;
  }

  /** An error of the operator that is executed. */
  protected error(kind: ExpressionErrorKind, message: string): ExpressionError {
    const { source } = this.cursor;
    return new ExpressionError(kind, message, { source, offset: this.#opAt });
  }
}

/** A value as a word. */
export function word(value: StackValue): bigint {
  return typeof value === "bigint" ? value : value.word;
}
