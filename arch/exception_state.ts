/**
 * The record by which a program's exception handler sees what was interrupted, `struct
 * exception_state` of `guest/include/trapline.h`. Words of 64 bits, lowest address first:
 *
 *     0    frame pointer and PC of the interrupted code: a frame record, for walks by such records
 *     16   code: vector (x86-64) or exception class (AArch64)
 *     24   syndrome: error code or ESR
 *     32   fault address, or 0
 *     40   why a page fault was not resolved, a kernel return code; 0 for other exceptions
 *     48   PC, SP, flags
 *     72   general registers, in the architecture's order
 *     ...  floating-point state, as the thread object has it, at a multiple of 16
 *
 * @module
 */

/** Offsets of the fixed part. */
export const STATE = {
  link: 0,
  code: 16,
  syndrome: 24,
  address: 32,
  status: 40,
  pc: 48,
  sp: 56,
  flags: 64,
  registers: 72,
} as const;

/** What of the record is the architecture's. */
export interface ExceptionStateFormat {
  /** General registers in the order of the record, without PC, SP and flags. */
  readonly registers: readonly string[];
  /** Name of the register of flags. */
  readonly flags: string;
  /** Name of the frame pointer. */
  readonly framePointer: string;
  /** Bytes of floating-point state. */
  readonly fpSize: number;
  /**
   * The flags a program gets that asks for these: privilege is refused, and what is not the
   * program's to say is the kernel's.
   * @returns the flags, or `undefined` if they ask for privilege
   */
  userFlags(value: bigint): bigint | undefined;
  /** Makes floating-point state that a program has written one that can be loaded. */
  cleanFp(state: Uint8Array): void;
}

/** The record of one architecture. */
export interface ExceptionStateLayout extends ExceptionStateFormat {
  /** Offset of the floating-point state. */
  readonly fp: number;
  /** Bytes of the record, a multiple of 16. */
  readonly size: number;
}

/** Lays the record out. */
export function exceptionStateLayout(format: ExceptionStateFormat): ExceptionStateLayout {
  const fp = (STATE.registers + 8 * format.registers.length + 15) & ~15;
  return { ...format, fp, size: fp + format.fpSize };
}
