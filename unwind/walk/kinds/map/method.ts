/**
 * Records of methods: names, and which of a method's values are there at each of its bytecodes.
 *
 * @module
 */
import {
  type Address,
  fromBigAddress,
  hexAddress,
  partitionPoint,
  textOf,
  toBigAddress,
} from "../../../../bytes/mod.ts";
import { CodeMapError, type CodeMapErrorKind } from "../../../errors.ts";
import type { MethodInfo } from "../frame_plan.ts";
import { contiguousBytes, type MemoryReader } from "../../memory.ts";

/** Bytes of a record that are read. */
const RECORD_SIZE = 88;
/** Bytes of a position. */
const POSITION_SIZE = 12;
/** Most locals, and most operands: masks of 16 bits tell of them. */
const MOST_VALUES = 16;
/** Most bytes of bytecode: positions have 16 bits. */
const MOST_CODE = 1 << 16;
/** Most bytes of a name. */
const LONGEST_NAME = 1024;

/** What is there before a bytecode is executed; of each list of values, bit i is that of value i. */
export interface MethodPosition {
  /** Its number among the method's. */
  readonly index: number;
  /** Offset of the bytecode. */
  readonly bci: number;
  /** Operands on the stack. */
  readonly depth: number;
  /** Operands that it takes off when it calls. */
  readonly pops: number;
  /** Locals that hold references. */
  readonly refs: number;
  /** Locals that hold integers. */
  readonly ints: number;
  /** Locals that are read later. */
  readonly live: number;
  /** Operands that are references. */
  readonly stackRefs: number;
}

/** A method, as its record tells. */
export class ManagedMethod implements MethodInfo {
  /** Address of its record. */
  readonly address: bigint;
  /** Its number. */
  readonly id: number;
  /** Its name. */
  readonly name: string;
  /** Number of parameters, which are its first locals. */
  readonly params: number;
  /** Number of locals. */
  readonly locals: number;
  /** Most operands. */
  readonly maxStack: number;
  /** What it gives: nothing, an integer or a reference. */
  readonly result: "void" | "int" | "ref";
  /** Whether it is native. */
  readonly isNative: boolean;
  /** Parameters that are references: bit i is that of parameter i. */
  readonly paramRefs: number;
  /** First address of its bytecode. */
  readonly code: Address;
  /** Bytes of its bytecode. */
  readonly codeSize: number;
  /** Names of its locals, undefined where there is none. */
  readonly names: readonly (string | undefined)[];
  /** Number of bytecodes. */
  readonly count: number;
  /** Positions as they are in the record, a copy. */
  readonly #positions: DataView<ArrayBufferLike>;

  /** Reads a record. Throws {@linkcode CodeMapError} (`method`, `memory`). */
  constructor(memory: MemoryReader, address: bigint) {
    const reader = new RecordReader(memory, address);
    const record = reader.view(0, RECORD_SIZE, "record");
    const u16 = (at: number) => record.getUint16(at, true);
    const u32 = (at: number) => record.getUint32(at, true);
    const i32 = (at: number) => record.getInt32(at, true);
    this.address = address;
    if (u32(0) < RECORD_SIZE) throw reader.error("method", `Size is ${u32(0)}`, 0, "at least 88");
    this.id = u32(4);
    this.params = u16(12);
    this.locals = u16(14);
    this.maxStack = u16(16);
    if (this.params > this.locals || this.locals > MOST_VALUES || this.maxStack > MOST_VALUES) {
      const what =
        `It has ${this.params} parameters, ${this.locals} locals, ${this.maxStack} operands`;
      throw reader.error("method", what, 12, "at most 16, and no more parameters than locals");
    }
    const result = (["void", "int", "ref"] as const)[record.getUint8(18)];
    if (result === undefined) {
      throw reader.error("method", `Result is ${record.getUint8(18)}`, 18, "0, 1 or 2");
    }
    this.result = result;
    this.isNative = (record.getUint8(19) & 1) !== 0;
    this.paramRefs = u16(52);
    this.code = fromBigAddress(address) + i32(24);
    this.codeSize = u32(28);
    if (this.codeSize > MOST_CODE || u32(36) > MOST_CODE) {
      const what = `It has ${this.codeSize} bytes of code and ${u32(36)} positions`;
      throw reader.error("method", what, 28, `at most ${MOST_CODE}`);
    }
    this.name = reader.text(i32(8), 8);
    this.names = this.#readNames(reader, i32(48));
    this.count = u32(36);
    const positions = reader.view(i32(32), this.count * POSITION_SIZE, "positions");
    const { buffer, byteOffset, byteLength } = positions;
    this.#positions = new DataView(buffer.slice(byteOffset, byteOffset + byteLength));
  }

  /** Bytes that it keeps. */
  get size(): number {
    return RECORD_SIZE + this.#positions.byteLength;
  }

  /**
   * What is there at a bytecode. Throws {@linkcode CodeMapError} (`position`) if none begins there,
   * or what is told of it cannot be.
   */
  positionAt(bci: number): MethodPosition {
    const view = this.#positions;
    const bciOf = (i: number) => view.getUint16(i * POSITION_SIZE, true);
    const index = partitionPoint(this.count, (i) => bciOf(i) < bci);
    if (index < this.count && bciOf(index) === bci) return this.#position(index);
    throw this.#error(`Position is ${bci}`, "the beginning of a bytecode");
  }

  /**
   * What is there when the bytecode behind that at a position is to be executed; undefined if it is
   * the last one. Throws as {@linkcode ManagedMethod.positionAt}.
   */
  after({ index }: MethodPosition): MethodPosition | undefined {
    return index + 1 < this.count ? this.#position(index + 1) : undefined;
  }

  #position(index: number): MethodPosition {
    const view = this.#positions;
    const at = index * POSITION_SIZE;
    const position = {
      index,
      bci: view.getUint16(at, true),
      depth: view.getUint8(at + 2),
      pops: view.getUint8(at + 3),
      refs: view.getUint16(at + 4, true),
      ints: view.getUint16(at + 6, true),
      live: view.getUint16(at + 8, true),
      stackRefs: view.getUint16(at + 10, true),
    };
    const { bci, depth, pops } = position;
    const last = index === 0 ? -1 : view.getUint16(at - POSITION_SIZE, true);
    if (bci > last && bci < this.codeSize && depth <= this.maxStack && pops <= depth) {
      return position;
    }
    const what = `Position ${index} is of bytecode ${bci}, with ${depth} operands less ${pops}`;
    throw this.#error(what, "one behind that before, with its operands");
  }

  #error(message: string, expected: string): CodeMapError {
    const { name: source, address } = this;
    return new CodeMapError("position", message, { source, address, expected });
  }

  /** Name of a local. */
  localName(index: number): string {
    return this.names[index] ?? `${index < this.params ? "arg" : "local"}${index}`;
  }

  #readNames(reader: RecordReader, at: number): (string | undefined)[] {
    if (at === 0) return [];
    const names = reader.view(at, 4 * this.locals, "names");
    return Array.from({ length: this.locals }, (_, i) => {
      const name = names.getInt32(4 * i, true);
      return name === 0 ? undefined : reader.text(name, at + 4 * i);
    });
  }
}

/** Reads what a record's offsets lead to. */
class RecordReader {
  readonly #memory: MemoryReader;
  readonly #address: bigint;

  constructor(memory: MemoryReader, address: bigint) {
    this.#memory = memory;
    this.#address = address;
  }

  view(offset: number, size: number, what: string): DataView {
    const found = this.#bytes(offset, size);
    if (found.length < size) {
      throw this.error("memory", `Method's ${what} cannot be read`, offset, `${size} bytes`);
    }
    return new DataView(found.buffer, found.byteOffset, size);
  }

  /** Text that an offset written at another leads to. */
  text(offset: number, at: number): string {
    const bytes = this.#bytes(offset, LONGEST_NAME);
    const end = bytes.indexOf(0);
    if (end < 0) throw this.error("method", "Name does not end", at, "a zero byte");
    return textOf(bytes, 0, end);
  }

  error(kind: CodeMapErrorKind, message: string, offset: number, expected: string): CodeMapError {
    const address = this.#address;
    return new CodeMapError(kind, message, { source: "method", offset, address, expected });
  }

  #bytes(offset: number, limit: number): Uint8Array {
    const address = BigInt.asUintN(64, this.#address + BigInt(offset));
    return limit === 0
      ? NO_BYTES
      : contiguousBytes(this.#memory, address, limit)?.bytes ?? NO_BYTES;
  }
}

const NO_BYTES = new Uint8Array(0);

/** Most bytes of methods that are kept. */
const KEPT = 1 << 26;

/** Methods by the addresses of their records; each is read once, unless there are very many. */
export class MethodTable {
  readonly #methods: Map<Address, ManagedMethod> = new Map();
  #size = 0;

  /** The method of a record. Throws {@linkcode CodeMapError}. */
  at(address: Address, memory: MemoryReader): ManagedMethod {
    let method = this.#methods.get(address);
    if (method === undefined) {
      if (!Number.isSafeInteger(address) || address === 0) {
        const place = { source: "method", address: 0n, expected: "the address of a record" };
        throw new CodeMapError("method", `Record is at ${hexAddress(address || 0)}`, place);
      }
      method = new ManagedMethod(memory, toBigAddress(address));
      this.#size += method.size;
      if (this.#size > KEPT) {
        this.#methods.clear();
        this.#size = method.size;
      }
      this.#methods.set(address, method);
    }
    return method;
  }
}
