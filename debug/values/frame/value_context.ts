/**
 * What expressions of debugging information are told in a stack frame.
 *
 * @module
 */
import {
  bytesOfInteger,
  fromBigAddress,
  InputError,
  integerOfBytes,
  toBigAddress,
} from "../../../bytes/mod.ts";
import { DW_AT, type Entry, type Unit } from "../../../elf/dwarf/mod.ts";
import { ExpressionError, type StackValue, word } from "../../../unwind/cfi/mod.ts";
import type { Location } from "../expression/location.ts";
import {
  evaluateLocation,
  evaluateValue,
  type LocationContext,
} from "../expression/location_machine.ts";
import type { ValueType } from "../expression/typed_value.ts";
import { isSignedInteger } from "../types/base.ts";
import { plainType } from "../types/type.ts";
import { formatOf } from "../value/float_format.ts";
import type { TypeSource } from "../types/type_source.ts";
import { entryValue, type Passed, passedBy } from "./entry_value.ts";
import { readMemory } from "./memory.ts";
import type { VariableFrame } from "./variable_frame.ts";

/** What a context knows beside frame and unit. */
export interface ContextOptions {
  /** Reads types. */
  readonly types: TypeSource;
  /** Address of the object that is looked at. */
  readonly objectAddress?: bigint | undefined;
  /** How many contexts have led here, each by its expression. */
  readonly depth?: number | undefined;
  /** How many callers have led to the frame, each by what it passed. */
  readonly callers?: number | undefined;
}

/** Most contexts that lead from one to the next. */
const DEPTH = 64;

/** A stack frame, and a unit whose expressions are evaluated in it. */
export class ValueContext implements LocationContext {
  /** The frame. */
  readonly frame: VariableFrame;
  /** Reads types. */
  readonly types: TypeSource;
  /** Address of the object that is looked at. */
  readonly objectAddress: bigint | undefined;
  readonly #unit: Unit;
  readonly #depth: number;
  readonly #callers: number;
  #frameBase: bigint | undefined;

  /** A context. Throws `ExpressionError` (`steps`) if too many have led to it. */
  constructor(frame: VariableFrame, unit: Unit, options: ContextOptions) {
    this.frame = frame;
    this.types = options.types;
    this.objectAddress = options.objectAddress;
    this.#unit = unit;
    this.#depth = options.depth ?? 0;
    this.#callers = options.callers ?? 0;
    if (this.#depth > DEPTH) throw problem("steps", `Expressions are over ${DEPTH} deep`);
  }

  /** The same frame, for an entry that may be of another unit. */
  of(entry: Entry, objectAddress?: bigint): ValueContext {
    const depth = this.#depth + 1;
    const options = { types: this.types, objectAddress, depth, callers: this.#callers };
    return new ValueContext(this.frame, entry.unit, options);
  }

  /** The same for an entry's expression, which may be of another unit. */
  in(entry: Entry): ValueContext {
    return entry.unit === this.#unit ? this : this.of(entry);
  }

  /** Where an expression says something is. Throws as `evaluateLocation`. */
  locate(expression: Uint8Array, stack: readonly bigint[] = []): Location {
    return evaluateLocation(expression, this, { stack });
  }

  /** The value that an expression computes. Throws as `evaluateValue`. */
  compute(expression: Uint8Array): StackValue {
    return evaluateValue(expression, this);
  }

  /** Bytes of an offset in the unit's format. */
  get offsetSize(): 4 | 8 {
    return this.#unit.offsetSize;
  }

  /** The canonical frame address. */
  get cfa(): bigint | undefined {
    return this.frame.cfa;
  }

  /** Address in memory minus address in the file. */
  get bias(): bigint {
    return this.frame.bias;
  }

  /** A register. */
  register(register: number): bigint | undefined {
    const value = this.frame.register(register);
    if (value !== undefined) return value;
    const bytes = this.frame.vector(register);
    if (bytes === undefined) return undefined;
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getBigUint64(0, true);
  }

  /** The first bytes of a register, zeros behind what it has. */
  registerBytes(register: number, size: number): Uint8Array | undefined {
    const bytes = this.frame.vector(register);
    if (bytes !== undefined) return bytes.length >= size ? bytes.subarray(0, size) : undefined;
    const value = this.frame.register(register);
    if (value === undefined || size > 8) return undefined;
    return bytesOfInteger(value, 8).subarray(0, size);
  }

  /** A number in memory. */
  memory(address: bigint, size: number): bigint | undefined {
    const { bytes, missing } = readMemory(this.frame.memory, address, size);
    return missing.length > 0 ? undefined : integerOfBytes(bytes);
  }

  /** What the function's frame base expression gives. */
  frameBase(): bigint {
    if (this.#frameBase !== undefined) return this.#frameBase;
    const { function: entry, lookup } = this.frame;
    const at = fromBigAddress(lookup);
    const expression = entry?.location(DW_AT.frameBase, at);
    if (entry === undefined || expression === undefined) {
      throw problem("operator", "The function has no frame base here");
    }
    return this.#frameBase = word(evaluateValue(expression, this.of(entry)));
  }

  /** Address of a thread-local variable. */
  threadLocal(offset: bigint): bigint {
    const { threadStorage } = this.frame;
    if (threadStorage === undefined) {
      throw problem("thread-local", "Where the module has its thread-local storage is not known");
    }
    return threadStorage + offset;
  }

  /** Address of an index. */
  address(index: number): bigint {
    return BigInt.asUintN(64, toBigAddress(this.#unit.addressAt(index)) + this.frame.bias);
  }

  /** Constant of an index: as an address, but nothing is added. */
  constant(index: number): bigint {
    return toBigAddress(this.#unit.addressAt(index));
  }

  /** An entry of the unit or of its section. */
  entryAt(offset: number, from: "unit" | "section"): Entry {
    if (from === "unit") return this.#unit.entryAt(this.#unit.offset + offset);
    const found = this.#unit.referred({ kind: "reference", base: "section", offset });
    if (found !== undefined) return found;
    throw problem("operator", `There is no entry at 0x${offset.toString(16)}`);
  }

  /** What an implicit pointer points to: compilers may have left it out. */
  pointedAt(offset: number): Entry | undefined {
    try {
      return this.entryAt(offset, "section");
    } catch (error) {
      if (error instanceof InputError) return undefined;
      throw error;
    }
  }

  /** The type of values that a base type of the unit stands for. */
  valueType(offset: number): ValueType | undefined {
    if (offset === 0) return undefined;
    const type = plainType(this.types.type(this.entryAt(offset, "unit")));
    if (type.kind === "base") {
      const { encoding, size } = type;
      return { encoding, size, format: formatOf(type, this.frame.machine) };
    }
    throw problem("operator", `Entry ${offset} of the unit is no base type`);
  }

  /** Expression of an entry that is called. */
  called(entry: Entry): Uint8Array | undefined {
    return entry.location(DW_AT.location, fromBigAddress(this.frame.lookup));
  }

  /** Value of an expression on entry to the function. */
  entryValue(expression: Uint8Array): StackValue {
    const passed = passedBy(expression);
    if (passed === undefined) {
      throw problem("operator", "Values on entry are known of registers only");
    }
    return this.#passed(passed);
  }

  /** Value of a parameter on entry to the function. */
  parameter(entry: Entry): StackValue {
    return this.#passed({ kind: "parameter", entry });
  }

  #passed(passed: Passed): StackValue {
    const { types } = this;
    return entryValue(this.frame, passed, {
      functions: types,
      callers: this.#callers,
      context: (frame, unit, callers) => new ValueContext(frame, unit, { types, callers }),
    });
  }

  /** Value of a variable of the unit. */
  variable(entry: Entry): StackValue {
    const constant = entry.big(DW_AT.constValue);
    if (constant !== undefined) return constant;
    const lookup = fromBigAddress(this.frame.lookup);
    const expression = entry.location(DW_AT.location, lookup);
    if (expression === undefined) throw problem("entry-value", "Variable is optimized out");
    const context = this.of(entry);
    const location = context.locate(expression);
    if (location.type !== "value") return evaluateValue(expression, context);
    const type = plainType(this.types.typeOf(entry));
    const value = context.memory(location.value, Math.min(8, Math.max(1, type.size ?? 8)));
    if (value === undefined) {
      throw problem("memory", `Cannot read 0x${location.value.toString(16)}`);
    }
    const bits = 8 * Math.min(8, type.size ?? 8);
    const isSigned = type.kind === "base" && isSignedInteger(type);
    return isSigned ? BigInt.asUintN(64, BigInt.asIntN(bits, value)) : value;
  }
}

function problem(kind: ExpressionError["kind"], message: string): ExpressionError {
  return new ExpressionError(kind, message, { source: "expression" });
}
