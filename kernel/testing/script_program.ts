/**
 * User programs made of system calls and single memory accesses, for behavior that no C compiler
 * would produce in this order.
 *
 * @module
 */
import type { ArchName } from "../../arch/arch.ts";
import { ENCODERS } from "../../arch/testing/assembler.ts";
import type { Encoder } from "../../arch/testing/encoder.ts";
import { elfProgram } from "./elf_program.ts";

/** Numbers of the system calls, as in `guest/include/trapline.h`. */
export const SYS = {
  NULL: 0,
  PUTC: 1,
  PRINT: 2,
  YIELD: 3,
  SLEEP: 4,
  EXIT: 5,
  THREAD_CREATE: 6,
  THREAD_EXIT: 7,
  TASK_SELF: 8,
  TASK_TERMINATE: 9,
  VM_ALLOCATE: 10,
  VM_DEALLOCATE: 11,
  VM_PROTECT: 12,
  REBOOT: 13,
  THREAD_SELF: 14,
  TASK_WAIT: 15,
  CLOCK: 16,
  TASK_INFO: 17,
  MAP_FILE: 18,
  SET_POINTER: 20,
  GET_POINTER: 21,
  CACHE_FLUSH: 22,
  SET_HANDLER: 23,
  EXCEPTION_RETURN: 24,
  SET_PARAMETERS: 25,
  GET_PARAMETERS: 26,
  NEXT_PERIOD: 27,
  JOB_INFO: 28,
  SLEEP_UNTIL: 29,
  THREAD_SWITCH: 30,
  FUTEX_WAIT: 36,
  FUTEX_WAKE: 37,
  FUTEX_REQUEUE: 38,
  MUTEX_CREATE: 40,
  MUTEX_DESTROY: 41,
  MUTEX_LOCK: 42,
  MUTEX_UNLOCK: 43,
  SEMAPHORE_CREATE: 44,
  SEMAPHORE_DESTROY: 45,
  SEMAPHORE_WAIT: 46,
  SEMAPHORE_SIGNAL: 47,
  CONDITION_CREATE: 48,
  CONDITION_DESTROY: 49,
  CONDITION_WAIT: 50,
  CONDITION_SIGNAL: 51,
  CONDITION_BROADCAST: 52,
  SEMAPHORE_WAIT_SIGNAL: 53,
} as const;

/** Where the code is. */
export const TEXT = 0x400000n;
/** Two writable pages. */
export const DATA = 0x500000n;
/** End of the second of them: a stack for a further thread that needs next to none. */
export const DATA_END = DATA + 0x2000n;

/** A constant, the address of a label, or the result of the last system call. */
export type Value = bigint | number | string | typeof RESULT;

/** The result of the last system call. */
export const RESULT: unique symbol = Symbol("result");

/** Builds a program step by step; every method appends. */
export class ScriptProgram {
  readonly #arch: ArchName;
  readonly #text: bigint;
  readonly #interrupts: boolean;
  readonly #encoder: Encoder;
  readonly #pieces: { readonly size: number; readonly bytes: () => number[] }[] = [];
  readonly #labels = new Map<string, number>();
  #size = 0;

  /**
   * An empty program. Elsewhere than at `TEXT`, its data lies as far behind its code as always; at
   * the kernel's privilege it asks x86-64's kernel by an interrupt.
   */
  constructor(arch: ArchName, { text = TEXT }: { readonly text?: bigint } = {}) {
    this.#arch = arch;
    this.#text = text;
    this.#interrupts = arch === "x86_64" && text >> 63n !== 0n;
    this.#encoder = ENCODERS[arch];
  }

  #add(size: number, bytes: () => number[]): this {
    this.#pieces.push({ size, bytes });
    this.#size += size;
    return this;
  }

  #emit(bytes: number[]): this {
    return this.#add(bytes.length, () => bytes);
  }

  #load(register: number, value: Value): this {
    const encoder = this.#encoder;
    if (value === RESULT) return this.#emit(encoder.move(register, encoder.saved[0]));
    const bits = () =>
      encoder.constant(
        register,
        typeof value === "string" ? this.#address(value) : BigInt.asUintN(64, BigInt(value)),
      );
    return this.#add(encoder.constant(register, 0n).length, bits);
  }

  #address(label: string): bigint {
    const offset = this.#labels.get(label);
    if (offset === undefined) throw new Error(`No label ${label}`);
    return this.#text + BigInt(offset);
  }

  /** Names this place. */
  label(name: string): this {
    this.#labels.set(name, this.#size);
    return this;
  }

  /**
   * Makes a system call; its result is kept as {@linkcode RESULT}. Argument registers that are not
   * named stay as they are.
   */
  call(number: number, ...args: readonly Value[]): this {
    const encoder = this.#encoder;
    args.forEach((value, i) => this.#load(encoder.argumentRegisters[i] ?? 0, value));
    this.#load(encoder.numberRegister, number);
    this.#emit(this.#interrupts ? [0xcd, 0x80] : encoder.systemCall()); // int 0x80
    return this.#emit(encoder.move(encoder.saved[0], encoder.resultRegister));
  }

  /** Jumps to a label if the last result is `value`. */
  jumpIf(value: bigint | number, label: string): this {
    const encoder = this.#encoder;
    const [result, other] = encoder.saved;
    return this.#load(other, value).#emit(encoder.skipUnlessEqual(result, other)).jump(label);
  }

  /** Ends the task with `code` unless the last result is `value`. */
  expect(value: bigint | number, code: number): this {
    const good = `expected at ${this.#size}`;
    return this.jumpIf(value, good).exit(code).label(good);
  }

  /** Reads a byte of memory. */
  read(address: Value): this {
    const register = this.#encoder.saved[1];
    return this.#load(register, address).#emit(this.#encoder.loadByte(register));
  }

  /** Writes a byte of memory. */
  write(address: Value, value = 1): this {
    const [address_, other] = [this.#encoder.argumentRegisters[0] ?? 0, this.#encoder.saved[1]];
    this.#load(address_, address).#load(other, value);
    return this.#emit(this.#encoder.storeByte(address_, other));
  }

  /** Reads or writes the first byte of each of a number of pages, from the lowest. */
  sweep(access: "read" | "write", pages: { begin: bigint; count: number }): this {
    const encoder = this.#encoder;
    const [address = 0, step = 0, byte = 0] = encoder.argumentRegisters;
    const counter = encoder.saved[1];
    const loop = `sweep at ${this.#size}`;
    this.#load(address, pages.begin).#load(step, 4096).#load(counter, pages.count).label(loop);
    if (access === "write") this.#emit(encoder.storeByte(address, counter));
    else this.#emit(encoder.move(byte, address)).#emit(encoder.loadByte(byte));
    return this.#emit(encoder.add(address, step)).#emit(encoder.countDownSkipZero(counter)).jump(
      loop,
    );
  }

  /** Writes the last result, a word, to memory. */
  keep(address: bigint): this {
    const register = this.#encoder.argumentRegisters[0] ?? 0;
    this.#load(register, address);
    return this.#emit(this.#encoder.storeWord(register, this.#encoder.saved[0]));
  }

  /** Writes code to memory that makes `value` the last result and jumps to a label. */
  writeCode(address: bigint, code: { value: number; next: string }): this {
    const encoder = this.#encoder;
    const [at = 0, target = 0] = encoder.argumentRegisters;
    const bytes = () => [
      ...encoder.constant(encoder.saved[0], BigInt(code.value)),
      ...encoder.constant(target, this.#labels.has(code.next) ? this.#address(code.next) : 0n),
      ...encoder.jumpRegister(target),
    ];
    const size = bytes().length;
    for (let offset = 0; offset < size; offset += 8) {
      this.#load(at, address + BigInt(offset));
      this.#add(encoder.constant(encoder.saved[1], 0n).length, () => {
        const word = new DataView(new ArrayBuffer(8));
        bytes().slice(offset, offset + 8).forEach((byte, i) => word.setUint8(i, byte));
        return encoder.constant(encoder.saved[1], word.getBigUint64(0, true));
      });
      this.#emit(encoder.storeWord(at, encoder.saved[1]));
    }
    return this;
  }

  /** Jumps to an address. */
  branch(address: bigint): this {
    const [register = 0] = this.#encoder.argumentRegisters;
    return this.#load(register, address).#emit(this.#encoder.jumpRegister(register));
  }

  /** Makes a word of memory the last result. */
  recall(address: bigint): this {
    const [result] = this.#encoder.saved;
    this.#load(result, address);
    return this.#emit(this.#encoder.loadWord(result, result));
  }

  /** Counts down from `turns`: twice as many instructions. */
  spin(turns: number): this {
    const register = this.#encoder.saved[1];
    return this.#load(register, turns).#emit(this.#encoder.countDown(register));
  }

  /** Jumps to a label. */
  jump(label: string): this {
    const at = this.#size;
    const target = () => (this.#labels.get(label) ?? Number(this.#address(label))) - at;
    return this.#add(this.#encoder.jumpSize, () => this.#encoder.jump(target()));
  }

  /** Ends the task. */
  exit(code: Value): this {
    return this.call(SYS.EXIT, code);
  }

  /** Address of a label, once the program is complete. */
  addressOf(label: string): bigint {
    return this.#address(label);
  }

  /** The ELF file; `sections` are names of empty ones. */
  build(options: { sections?: readonly string[] } = {}): Uint8Array<ArrayBuffer> {
    const code = this.#pieces.flatMap((piece) => piece.bytes());
    const address = this.#text - TEXT + DATA;
    const data = { address, bytes: new Uint8Array(0), memorySize: 0x2000n, flags: "rw" };
    return elfProgram({
      machine: this.#arch,
      segments: [{ address: this.#text, bytes: new Uint8Array(code) }, data],
      ...options,
    });
  }
}
