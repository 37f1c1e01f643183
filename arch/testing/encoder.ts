/**
 * The few instructions hand-made test programs need. Registers are numbered as the architecture
 * does.
 *
 * @module
 */

/** Encodes instructions, and fixes branches to labels once all are known. */
export interface Encoder {
  /** Registers of system call arguments. */
  readonly argumentRegisters: readonly number[];
  /** Register of the system call's number. */
  readonly numberRegister: number;
  /** Register of its result. */
  readonly resultRegister: number;
  /** Two registers that system calls preserve. */
  readonly saved: readonly [number, number];
  /** Loads a 64-bit constant. */
  constant(register: number, value: bigint): number[];
  /** Copies a register. */
  move(to: number, from: number): number[];
  /** The system call instruction. */
  systemCall(): number[];
  /** Loads a byte: the address is in a register, which is overwritten. */
  loadByte(register: number): number[];
  /** Stores the low byte of one register at the address in another. */
  storeByte(address: number, value: number): number[];
  /** Stores a 64-bit register at the address in another. */
  storeWord(address: number, value: number): number[];
  /** Loads a 64-bit register from the address in another. */
  loadWord(to: number, address: number): number[];
  /** Counts a register down and branches while it is not 0: two instructions. */
  countDown(register: number): number[];
  /** Adds one register to another. */
  add(to: number, from: number): number[];
  /** Counts a register down and skips the jump that follows when it reaches 0. */
  countDownSkipZero(register: number): number[];
  /** Skips the jump that follows unless two registers are equal. */
  skipUnlessEqual(a: number, b: number): number[];
  /** Jumps to the address in a register. */
  jumpRegister(register: number): number[];
  /** A jump by a number of bytes from the instruction's own address. */
  jump(distance: number): number[];
  /** Bytes of a jump. */
  readonly jumpSize: number;
}

/** Bytes of 32-bit words, lowest first. */
export function u32(...words: readonly number[]): number[] {
  return words.flatMap((word) => [word, word >>> 8, word >>> 16, word >>> 24].map((b) => b & 0xff));
}
