/**
 * A program as the bytes that the guest's VM reads: `guest/runtimes/vm/program.h` has the same
 * records in C.
 *
 * @module
 */
import { BytecodeError } from "../errors.ts";
import { type Method, type ResultType, type VmProgram, WANTED_KINDS } from "./program.ts";

/** How the VM is changed, most of it so that a check can be seen to fail. Bits of `flags`. */
export const VM_FLAGS = {
  /** The anchor's program counter is stored before its stack pointer. */
  swapAnchorStores: 1,
  /** The anchor's program counter is not cleared at return. */
  noClearPc: 2,
  /**
   * One bit of a method's map is changed whenever it is compiled: reserved words are the number of
   * the bit in the compiled data of its body, and that of the method.
   */
  flipMapBit: 4,
  /** No mutation: a collection at every `poll`. */
  collectAtPoll: 8,
} as const;

/** How a program is run. */
export interface VmSettings {
  /** Seed of the instants of collections. */
  readonly seed?: bigint;
  /** Mean instructions between two collections; 0, the default, for none but those asked for. */
  readonly collectInterval?: number;
  /** Bytes of each half of the heap; 0, the default, for 256 KiB. */
  readonly heapSize?: number;
  /** Calls before a method of kind `auto` is compiled; default 8, 0 for never. */
  readonly jitAt?: number;
  /** Calls before it is compiled by the optimizing compiler; default 32, 0 for never. */
  readonly optimizeAt?: number;
  /** Ends after so many collections; 0, the default, for no limit. */
  readonly collections?: number;
  /** Threads that run `main`, whose parameter, if it has one, is their number; default 1. */
  readonly threads?: number;
  /** Bits of {@linkcode VM_FLAGS}. */
  readonly flags?: number;
  /** The reserved words. */
  readonly reserved?: readonly bigint[];
}

/** Sizes of records. */
const RECORD_SIZES = {
  program: 104,
  method: 88,
  position: 12,
  handler: 8,
  class: 8,
} as const;

const RESULTS: readonly ResultType[] = ["void", "int", "ref"];

/**
 * The bytes of a program.
 *
 * @throws {BytecodeError} of kind `limit`, if a setting does not fit
 */
export function encodeProgram(program: VmProgram, settings: VmSettings = {}): Uint8Array {
  return new Encoder().encode(program, settings);
}

class Encoder {
  #bytes = new Uint8Array(4096);
  #view = new DataView(this.#bytes.buffer);
  #size = 0;
  readonly #names = new Map<string, number>();

  encode({ classes, methods, main }: VmProgram, settings: VmSettings): Uint8Array {
    this.#take(RECORD_SIZES.program);
    this.#bytes.set(new TextEncoder().encode("VMP1"));
    const classTable = this.#take(RECORD_SIZES.class * classes.length);
    const methodTable = this.#take(4 * methods.length);
    const words = [0, methods.length, methodTable, classes.length, classTable, main];
    words.forEach((word, i) => this.#u32(4 + 4 * i, word));
    this.#settings(settings);
    classes.forEach(({ name, refs, ints }, i) => {
      const at = classTable + RECORD_SIZES.class * i;
      this.#u8(at, refs);
      this.#u8(at + 1, ints);
      this.#u32(at + 4, this.#name(name));
    });
    for (const method of methods) this.#u32(methodTable + 4 * method.id, this.#method(method));
    this.#take(0);
    this.#u32(4, this.#size);
    return this.#bytes.slice(0, this.#size);
  }

  #settings(settings: VmSettings): void {
    const { seed = 0n, collectInterval = 0, heapSize = 0, collections = 0 } = settings;
    const { jitAt = 8, optimizeAt = 32, threads = 1, flags = 0, reserved = [] } = settings;
    const word = (name: string, value: number): number => {
      if (Number.isInteger(value) && value >= 0 && value < 2 ** 32) return value;
      throw new BytecodeError("limit", `Cannot use ${name} ${value}`, { source: "settings" });
    };
    this.#u32(28, word("threads", threads));
    this.#u64(32, seed);
    this.#u64(40, BigInt(word("collectInterval", collectInterval)));
    this.#u64(48, BigInt(word("heapSize", heapSize)));
    this.#u32(56, word("jitAt", jitAt));
    this.#u32(60, word("optimizeAt", optimizeAt));
    this.#u32(64, word("collections", collections));
    this.#u32(68, word("flags", flags));
    if (reserved.length > 4) {
      throw new BytecodeError("limit", "There are four reserved words", { source: "settings" });
    }
    reserved.forEach((value, i) => this.#u64(72 + 8 * i, value));
  }

  #method(method: Method): number {
    const at = this.#take(RECORD_SIZES.method);
    const { positions, handlers, locals, params, native, code } = method;
    this.#u32(at, RECORD_SIZES.method);
    this.#u32(at + 4, method.id);
    this.#u32(at + 8, this.#name(method.name) - at);
    this.#u16(at + 12, params.length);
    this.#u16(at + 14, locals.length);
    this.#u16(at + 16, method.maxStack);
    this.#u8(at + 18, RESULTS.indexOf(method.result));
    this.#u8(at + 19, (native === undefined ? 0 : 1) | WANTED_KINDS.indexOf(method.wanted) << 1);
    this.#u32(at + 20, native ?? 0);
    const codeAt = this.#take(code.length);
    this.#bytes.set(code, codeAt);
    this.#u32(at + 24, codeAt - at);
    this.#u32(at + 28, code.length);
    const positionsAt = this.#take(RECORD_SIZES.position * positions.length);
    positions.forEach((position, i) => {
      const to = positionsAt + RECORD_SIZES.position * i;
      const { bci, depth, pops, refs, ints, live, stackRefs } = position;
      this.#u16(to, bci);
      this.#u8(to + 2, depth);
      this.#u8(to + 3, pops);
      [refs, ints, live, stackRefs].forEach((mask, j) => this.#u16(to + 4 + 2 * j, mask));
    });
    this.#u32(at + 32, positionsAt - at);
    this.#u32(at + 36, positions.length);
    const handlersAt = this.#take(RECORD_SIZES.handler * handlers.length);
    handlers.forEach((handler, i) => {
      const { from, to, target, class: type } = handler;
      [from, to, target, type].forEach((value, j) => this.#u16(handlersAt + 8 * i + 2 * j, value));
    });
    this.#u32(at + 40, handlersAt - at);
    this.#u32(at + 44, handlers.length);
    const namesAt = this.#take(4 * locals.length);
    locals.forEach((name, i) => this.#u32(namesAt + 4 * i, this.#name(name) - at));
    this.#u32(at + 48, namesAt - at);
    this.#u16(
      at + 52,
      params.reduce((bits, { type }, i) => type === "ref" ? bits | 1 << i : bits, 0),
    );
    return at;
  }

  /** Where a name's text is, which ends in a zero. */
  #name(name: string): number {
    let at = this.#names.get(name);
    if (at === undefined) {
      const text = new TextEncoder().encode(name);
      at = this.#take(text.length + 1);
      this.#bytes.set(text, at);
      this.#names.set(name, at);
    }
    return at;
  }

  /** Room for so many bytes; it begins at a multiple of 8. */
  #take(count: number): number {
    const at = Math.ceil(this.#size / 8) * 8;
    this.#size = at + count;
    if (this.#size > this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#size);
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return at;
  }

  #u8(at: number, value: number): void {
    this.#view.setUint8(at, value);
  }

  #u16(at: number, value: number): void {
    this.#view.setUint16(at, value, true);
  }

  #u32(at: number, value: number): void {
    this.#view.setUint32(at, value, true);
  }

  #u64(at: number, value: bigint): void {
    this.#view.setBigUint64(at, value, true);
  }
}
