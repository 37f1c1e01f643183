/**
 * Expressions of debugging information: DWARF 5, sections 2.5 and 2.6, and GNU's operators. The
 * machine is the one of call frame information; here it learns the rest.
 *
 * @module
 */
import { bytesOfInteger, Cursor } from "../../../bytes/mod.ts";
import type { Entry } from "../../../elf/dwarf/mod.ts";
import {
  DW_OP,
  type ExpressionContext,
  ExpressionMachine,
  type ExpressionOptions,
  type StackValue,
  word,
} from "../../../unwind/cfi/mod.ts";
import type { Location, Piece, SimpleLocation } from "./location.ts";
import {
  isFloat,
  isNumeric,
  isSigned,
  typedBinary,
  TypedValue,
  type ValueType,
} from "./typed_value.ts";

/** What an expression of debugging information may ask. */
export interface LocationContext extends ExpressionContext {
  /** Bytes of an offset in the unit's format. */
  readonly offsetSize: 4 | 8;
  /** The first `size` bytes of a register, or undefined if they are not known. */
  registerBytes(register: number, size: number): Uint8Array | undefined;
  /** What `DW_OP_fbreg` counts from. */
  frameBase(): bigint;
  /** Address of the object that is looked at; undefined if there is none. */
  readonly objectAddress: bigint | undefined;
  /** Address of a thread-local variable. */
  threadLocal(offset: bigint): bigint;
  /** Address of an index, as it is in memory. */
  address(index: number): bigint;
  /** Constant of an index. */
  constant(index: number): bigint;
  /** The entry at an offset of the unit, of the section, or of dwz's file beside it. */
  entryAt(offset: number, from: "unit" | "section"): Entry;
  /** The entry that an implicit pointer points to; undefined if there is none. */
  pointedAt(offset: number): Entry | undefined;
  /** The type at an offset of the unit; undefined for 0, words without a type. */
  valueType(offset: number): ValueType | undefined;
  /** Location expression of an entry that is called; undefined if it has none. */
  called(entry: Entry): Uint8Array | undefined;
  /** Value that an expression had when the function was entered. */
  entryValue(expression: Uint8Array): StackValue;
  /** Value of a parameter when the function was entered. */
  parameter(entry: Entry): StackValue;
  /** Value of a variable. */
  variable(entry: Entry): StackValue;
}

/** Deepest nesting of calls. */
const DEPTH = 32;

/** What bytes of a value without a type are. */
const WORD: ValueType = { encoding: "unsigned", size: 8 };

const EMPTY: SimpleLocation = { type: "empty" };

/**
 * Where something is, by an expression.
 *
 * @throws {ExpressionError} As `evaluateExpression`, and if what the expression asks for is not
 * known.
 * @throws {DecodeError} If an operand is cut off.
 */
export function evaluateLocation(
  expression: Uint8Array,
  context: LocationContext,
  options: ExpressionOptions = {},
): Location {
  const cursor = new Cursor(expression, "expression");
  return new LocationMachine(cursor, context, options).locate();
}

/**
 * The value that an expression computes: what is on the top of its stack, or in the register it
 * names. Throws as {@linkcode evaluateLocation}.
 */
export function evaluateValue(expression: Uint8Array, context: LocationContext): StackValue {
  const cursor = new Cursor(expression, "expression");
  return new LocationMachine(cursor, context, {}).value();
}

class LocationMachine extends ExpressionMachine<SimpleLocation> {
  readonly #context: LocationContext;
  readonly #pieces: Piece[] = [];
  #depth = 0;

  constructor(cursor: Cursor, context: LocationContext, options: ExpressionOptions) {
    super(cursor, context, options);
    this.#context = context;
  }

  locate(): Location {
    this.steps();
    if (this.#pieces.length > 0) {
      if (this.location !== undefined) throw this.error("result", "Location after the last piece");
      return { type: "pieces", pieces: this.#pieces };
    }
    return this.#taken();
  }

  value(): StackValue {
    this.steps();
    const { location } = this;
    if (location === undefined) return this.peek(0);
    switch (location.type) {
      case "register":
        return this.register(location.register);
      case "implicit":
        return new TypedValue(WORD, location.bytes).word;
    }
    throw this.error("result", "Expression gives no value");
  }

  protected override composes(op: number): boolean {
    return op === DW_OP.piece || op === DW_OP.bitPiece || op === DW_OP.gnuUninit;
  }

  protected override literal(value: StackValue): SimpleLocation {
    return { type: "implicit", bytes: bytesOf(value) };
  }

  protected override implicit(size: number): SimpleLocation {
    return { type: "implicit", bytes: this.cursor.view(size) };
  }

  protected override unary(op: number, value: StackValue): StackValue {
    if (typeof value === "bigint") return super.unary(op, value);
    const { exact, type } = value as TypedValue;
    this.#hasNumbers(type);
    if (typeof exact !== "bigint") {
      if (op === DW_OP.not) {
        throw this.error("operator", "Floating-point numbers have no complement");
      }
      const isNegative = op !== DW_OP.abs && !exact.isNegative;
      return TypedValue.of(type, { ...exact, isNegative });
    }
    if (op === DW_OP.not) return TypedValue.of(type, ~exact);
    return op === DW_OP.abs && exact >= 0n ? value : TypedValue.of(type, -exact);
  }

  protected override binary(op: number, left: StackValue, right: StackValue): StackValue {
    if (typeof left === "bigint" && typeof right === "bigint") {
      return super.binary(op, left, right);
    }
    // An operand without a type takes part as one of the other's.
    const a = this.#typed(left, right);
    const b = this.#typed(right, left);
    const isDivision = op === DW_OP.div || op === DW_OP.mod;
    if (isDivision && b.number === 0n) throw this.error("division", "Division by zero");
    this.#arithmeticIsExact(a.type);
    const result = typedBinary(op, a, b);
    if (result !== undefined) return result;
    throw this.error("operator", `No operator 0x${op.toString(16)} for ${a.type.encoding} numbers`);
  }

  protected override extended(op: number): boolean {
    return this.#place(op) || this.#indirect(op) || this.#withType(op) || this.#ofFrame(op);
  }

  /** Operators that say where something is. */
  #place(op: number): boolean {
    const { cursor } = this;
    switch (op) {
      case DW_OP.piece:
        this.#piece(8 * cursor.uleb(), 0);
        return true;
      case DW_OP.bitPiece: {
        const bits = cursor.uleb();
        this.#piece(bits, cursor.uleb());
        return true;
      }
      case DW_OP.implicitPointer:
      case DW_OP.gnuImplicitPointer: {
        const offset = this.#offset();
        const entry = this.#context.pointedAt(offset);
        this.location = { type: "implicit-pointer", entry, offset: cursor.sleb() };
        return true;
      }
      case DW_OP.addrx:
      case DW_OP.gnuAddrIndex:
        this.push(this.#context.address(cursor.uleb()));
        return true;
      case DW_OP.constx:
      case DW_OP.gnuConstIndex:
        this.push(this.#context.constant(cursor.uleb()));
        return true;
      case DW_OP.formTlsAddress:
      case DW_OP.gnuPushTlsAddress:
        this.push(this.#context.threadLocal(this.popWord()));
        return true;
    }
    return false;
  }

  /** Operators that stand for another entry's expression or value. */
  #indirect(op: number): boolean {
    const { cursor } = this;
    switch (op) {
      case DW_OP.call2:
        this.#call(this.#context.entryAt(cursor.u16(), "unit"));
        return true;
      case DW_OP.call4:
        this.#call(this.#context.entryAt(cursor.u32(), "unit"));
        return true;
      case DW_OP.callRef:
        this.#call(this.#context.entryAt(this.#offset(), "section"));
        return true;
      case DW_OP.gnuVariableValue:
        this.push(this.#context.variable(this.#context.entryAt(this.#offset(), "section")));
        return true;
      case DW_OP.gnuParameterRef:
        this.push(this.#context.parameter(this.#context.entryAt(cursor.u32(), "unit")));
        return true;
      case DW_OP.entryValue:
      case DW_OP.gnuEntryValue:
        this.push(this.#context.entryValue(cursor.view(cursor.uleb())));
        return true;
    }
    return false;
  }

  /** Operators on values with types. */
  #withType(op: number): boolean {
    const { cursor } = this;
    switch (op) {
      case DW_OP.constType:
      case DW_OP.gnuConstType: {
        const type = this.#type();
        this.push(new TypedValue(type, cursor.view(cursor.u8())));
        return true;
      }
      case DW_OP.regvalType:
      case DW_OP.gnuRegvalType: {
        const register = cursor.uleb();
        const type = this.#type();
        const bytes = this.#context.registerBytes(register, type.size);
        if (bytes === undefined) throw this.error("register", `Register ${register} is not known`);
        this.push(new TypedValue(type, bytes));
        return true;
      }
      case DW_OP.derefType:
      case DW_OP.gnuDerefType: {
        const size = cursor.u8();
        this.push(new TypedValue(this.#type(), this.#read(size)));
        return true;
      }
      case DW_OP.convert:
      case DW_OP.gnuConvert:
        this.#convert(this.#context.valueType(cursor.uleb()));
        return true;
      case DW_OP.reinterpret:
      case DW_OP.gnuReinterpret:
        this.#reinterpret(this.#context.valueType(cursor.uleb()));
        return true;
    }
    return false;
  }

  #ofFrame(op: number): boolean {
    switch (op) {
      case DW_OP.fbreg: {
        const offset = this.cursor.bigSleb();
        this.push(this.#context.frameBase() + offset);
        return true;
      }
      case DW_OP.pushObjectAddress: {
        const { objectAddress } = this.#context;
        if (objectAddress === undefined) throw this.error("operator", "There is no object");
        this.push(objectAddress);
        return true;
      }
    }
    return false;
  }

  #piece(bits: number, offset: number): void {
    if (this.#pieces.length >= 1024) throw this.error("steps", "Over 1024 pieces");
    const location = this.location === undefined && this.stack.length === 0 ? EMPTY : this.#taken();
    // A value has one place on the stack for each of its pieces.
    if (location.type === "value") this.pop();
    this.#pieces.push({ location, bits, offset });
    this.location = undefined;
  }

  /** What has been denoted so far. */
  #taken(): SimpleLocation {
    const { location } = this;
    if (location === undefined) {
      if (this.stack.length === 0) return EMPTY;
      return { type: "value", value: word(this.peek(0)) };
    }
    return location;
  }

  #call(entry: Entry): void {
    const expression = this.#context.called(entry);
    if (expression === undefined) return;
    if (this.#depth >= DEPTH) throw this.error("steps", `Calls are over ${DEPTH} deep`);
    const { cursor, start } = this;
    this.#depth++;
    this.cursor = new Cursor(expression, cursor.source);
    this.start = 0;
    this.steps();
    this.cursor = cursor;
    this.start = start;
    this.#depth--;
  }

  #offset(): number {
    return this.#context.offsetSize === 4 ? this.cursor.u32() : this.cursor.address64();
  }

  #type(): ValueType {
    const type = this.#context.valueType(this.cursor.uleb());
    if (type === undefined) throw this.error("operator", "Operator needs a base type");
    return type;
  }

  #read(size: number): Uint8Array {
    const address = this.popWord();
    if (size < 1 || size > 16) throw this.error("operator", `Size of load is ${size}`);
    const bytes = new Uint8Array(size);
    for (let i = 0; i < size; i++) {
      const byte = this.#context.memory(address + BigInt(i), 1);
      if (byte === undefined) {
        throw this.error("memory", `Cannot read 0x${address.toString(16)}`);
      }
      bytes[i] = Number(byte);
    }
    return bytes;
  }

  #convert(type: ValueType | undefined): void {
    const value = this.pop();
    const typed = typeof value === "bigint" ? undefined : value as TypedValue;
    for (const each of [typed?.type, type]) if (each !== undefined) this.#hasNumbers(each);
    if (type === undefined) return this.push(word(value));
    this.push(typed?.as(type) ?? TypedValue.of(type, BigInt.asIntN(64, word(value))));
  }

  #reinterpret(type: ValueType | undefined): void {
    const bytes = bytesOf(this.pop());
    const { size } = type ?? WORD;
    if (bytes.length !== size) {
      throw this.error("operator", `Cannot take ${bytes.length} bytes for ${size}`);
    }
    const typed = new TypedValue(type ?? WORD, bytes);
    this.push(type === undefined ? typed.word : typed);
  }

  #typed(value: StackValue, other: StackValue): TypedValue {
    if (typeof value !== "bigint") return value as TypedValue;
    const { type } = other as TypedValue;
    return TypedValue.of(type, isSigned(type) ? BigInt.asIntN(64, value) : value);
  }

  /** Throws for a type whose values are no numbers here, such as complex ones. */
  #hasNumbers(type: ValueType): void {
    if (isNumeric(type)) return;
    const { encoding, size } = type;
    throw this.error("operator", `No arithmetic on ${encoding} values of ${size} bytes`);
  }

  #arithmeticIsExact(type: ValueType): void {
    this.#hasNumbers(type);
    if (isFloat(type) && type.size > 8) {
      throw this.error("operator", `Arithmetic on numbers of ${type.size} bytes is not exact here`);
    }
  }
}

/** Bytes of a value on the stack. */
function bytesOf(value: StackValue): Uint8Array {
  return typeof value === "bigint" ? bytesOfInteger(value, 8) : (value as TypedValue).bytes;
}
