/**
 * Where in memory the operand of a load or store is (Arm ARM, C4.1.94, "Loads and Stores").
 *
 * @module
 */

/** Block of `DC ZVA` that the models have, in bytes. */
const ZERO_BLOCK = 64n;
const STACK_POINTER = 31;

/** What the address of an operand depends on. */
export interface OperandOptions {
  /** Address of the instruction. */
  readonly pc: bigint;
  /** X0 to X30 by number, and the stack pointer as 31, before the instruction. */
  readonly register: (index: number) => bigint;
}

/**
 * The first address that a load, store, atomic operation or `DC ZVA` accesses; `undefined` for
 * other instructions. Some accesses of one instruction may come before others at lower addresses.
 *
 * @param word the instruction
 */
export function memoryOperand(word: number, options: OperandOptions): bigint | undefined {
  const address = operand(word, options);
  return address === undefined ? undefined : BigInt.asUintN(64, address);
}

function operand(word: number, { pc, register }: OperandOptions): bigint | undefined {
  const field = (from: number, bits: number): number => (word >>> from) & (2 ** bits - 1);
  const signed = (from: number, bits: number): bigint =>
    BigInt.asIntN(bits, BigInt(field(from, bits)));
  // DC ZVA.
  if (((word & ~0x1f) >>> 0) === 0xd50b7420) return general(field(0, 5)) & ~(ZERO_BLOCK - 1n);
  // Loads and stores have bit 27 set and bit 25 clear.
  if (field(27, 1) !== 1 || field(25, 1) !== 0) return undefined;
  const base = register(field(5, 5));
  const vector = field(26, 1) === 1;
  switch (field(28, 2)) {
    case 0: // exclusive and ordered; structures of vectors
      return base;
    case 1: // literal
      return field(24, 1) === 0 ? pc + 4n * signed(5, 19) : undefined;
    case 2: { // pair
      if (field(23, 2) === 1) return base; // post-indexed
      const opc = field(30, 2);
      const shift = vector ? 2 + opc : opc === 2 ? 3 : 2;
      return base + (signed(15, 7) << BigInt(shift));
    }
  }
  const shift = BigInt(vector && field(23, 1) === 1 ? 4 : field(30, 2));
  if (field(24, 1) === 1) return base + (BigInt(field(10, 12)) << shift);
  const form = field(10, 2);
  if (field(21, 1) === 0) return form === 1 ? base : base + signed(12, 9);
  if (form !== 2) return base; // atomic
  const index = general(field(16, 5));
  const scale = field(12, 1) === 1 ? shift : 0n;
  return base + (extend(index, field(13, 3)) << scale);

  /** X0 to X30, or zero. */
  function general(index: number): bigint {
    return index === STACK_POINTER ? 0n : register(index);
  }
}

/** UXTW, LSL, SXTW or SXTX of an index register, by option. */
function extend(value: bigint, option: number): bigint {
  if (option === 2) return BigInt.asUintN(32, value);
  if (option === 6) return BigInt.asIntN(32, value);
  return value;
}

/**
 * Whether an instruction is a store-exclusive: it reads nothing, while the engine compares memory
 * with what the load-exclusive has read.
 */
export function isStoreExclusive(word: number): boolean {
  return (word & 0x3fc0_0000) >>> 0 === 0x0800_0000;
}

/** Whether an instruction accesses memory with the rights of EL0: LDTR, STTR and their like. */
export function isUnprivileged(word: number): boolean {
  return (word & 0x3b20_0c00) >>> 0 === 0x3800_0800;
}
