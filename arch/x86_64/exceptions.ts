/**
 * Exception vectors and error codes of x86-64 (SDM vol. 3, table 6-1 and 4.7).
 *
 * @module
 */

/** Vectors by mnemonic. */
export const Vector = {
  DE: 0,
  DB: 1,
  NMI: 2,
  BP: 3,
  OF: 4,
  BR: 5,
  UD: 6,
  NM: 7,
  DF: 8,
  TS: 10,
  NP: 11,
  SS: 12,
  GP: 13,
  PF: 14,
  MF: 16,
  AC: 17,
  MC: 18,
  XM: 19,
} as const;

/** First vector of external interrupts; line `n` is vector 32 + n. */
export const FIRST_INTERRUPT_VECTOR = 32;

/** What stands for a vector where SYSCALL, which has none, is reported as an entry. */
export const SYSCALL_VECTOR = -1;

/** Number of interrupt lines. */
export const INTERRUPT_LINES = 32;

const NAMES: Readonly<Record<number, readonly [string, string]>> = {
  0: ["#DE", "divide error"],
  1: ["#DB", "debug exception"],
  2: ["NMI", "non-maskable interrupt"],
  3: ["#BP", "breakpoint"],
  4: ["#OF", "overflow"],
  5: ["#BR", "bound range exceeded"],
  6: ["#UD", "invalid opcode"],
  7: ["#NM", "device not available"],
  8: ["#DF", "double fault"],
  10: ["#TS", "invalid TSS"],
  11: ["#NP", "segment not present"],
  12: ["#SS", "stack-segment fault"],
  13: ["#GP", "general protection"],
  14: ["#PF", "page fault"],
  16: ["#MF", "x87 floating-point error"],
  17: ["#AC", "alignment check"],
  18: ["#MC", "machine check"],
  19: ["#XM", "SIMD floating-point exception"],
};

/** Mnemonic of a vector: `#PF`, `IRQ 0`, `int 0x80`. */
export function vectorName(vector: number): string {
  const name = NAMES[vector];
  if (name) return name[0];
  const line = vector - FIRST_INTERRUPT_VECTOR;
  if (line >= 0 && line < INTERRUPT_LINES) return `IRQ ${line}`;
  return `int 0x${vector.toString(16)}`;
}

/** Whether the CPU pushes an error code for this vector. */
export function hasErrorCode(vector: number): boolean {
  return vector === 8 || (vector >= 10 && vector <= 14) || vector === 17 || vector === 21 ||
    vector === 29 || vector === 30;
}

/** Bits of a page-fault error code. */
export const PageFaultBit = { PRESENT: 1, WRITE: 2, USER: 4, RESERVED: 8, FETCH: 16 } as const;

/**
 * Exceptions of the contributory class, which make a double fault of another (SDM vol. 3, table
 * 6-5).
 */
export function isContributory(vector: number): boolean {
  return vector === Vector.DE || (vector >= Vector.TS && vector <= Vector.GP);
}

/**
 * A vector with its error code in words:
 * `page fault: write to a page that is not present, from user mode`.
 */
export function describeVector(vector: number, error: number): string {
  const name = NAMES[vector]?.[1] ?? vectorName(vector);
  if (vector === Vector.PF) {
    const access = error & PageFaultBit.FETCH
      ? "instruction fetch"
      : error & PageFaultBit.WRITE
      ? "write"
      : "read";
    const why = error & PageFaultBit.RESERVED
      ? "reserved bit set in an entry"
      : error & PageFaultBit.PRESENT
      ? "not allowed by the mapping"
      : "page not present";
    return `${name}: ${access}, ${why}, from ${error & PageFaultBit.USER ? "user" : "kernel"} mode`;
  }
  if (!hasErrorCode(vector) || error === 0) return name;
  const table = error & 2 ? "IDT" : error & 4 ? "LDT" : "GDT";
  return `${name}: ${table} entry ${error >> 3}${error & 1 ? ", external" : ""}`;
}
