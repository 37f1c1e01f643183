/**
 * A few instructions to try, and what has to be known to do so.
 *
 * @module
 */

/** Status flags of RFLAGS. */
export const Status = { CF: 0x1, PF: 0x4, AF: 0x10, ZF: 0x40, SF: 0x80, OF: 0x800 } as const;

/** All status flags. */
export const ALL_STATUS = 0x8d5;

/**
 * Features by their names in `/proc/cpuinfo`: leaf of CPUID, number of the register with the answer
 * (1 ECX, 2 EDX, 3 EBX), and bit.
 */
export const FEATURES = {
  ssse3: [1, 1, 9],
  pclmulqdq: [1, 1, 1],
  cx16: [1, 1, 13],
  sse4_1: [1, 1, 19],
  sse4_2: [1, 1, 20],
  movbe: [1, 1, 22],
  popcnt: [1, 1, 23],
  aes: [1, 1, 25],
  bmi1: [7, 3, 3],
  bmi2: [7, 3, 8],
  adx: [7, 3, 19],
  clflushopt: [7, 3, 23],
  rdtscp: [0x8000_0001, 2, 27],
  abm: [0x8000_0001, 1, 5],
} as const;

/** Name of a feature. */
export type Feature = keyof typeof FEATURES;

/** How an instruction uses memory. */
export interface Operand {
  /**
   * `data`: RDI holds its address; `push`: it ends at RSP; `pop`: it begins at RSP; `source` and
   * `copy`: a string at RSI, at RDI, or at both, of `count` elements.
   */
  readonly kind: "data" | "push" | "pop" | "load-string" | "store-string" | "two-strings";
  /** Bytes of it, or of one element. */
  readonly size: number;
}

/** One snippet. */
export interface Snippet {
  /** Assembly as GNU as and clang read it; lines are separated by `;`. */
  readonly asm: string;
  /** Its chapter of the listing. */
  readonly group: string;
  /** Its memory operand. */
  readonly operand?: Operand;
  /** Status flags the manuals leave undefined once it has been executed. */
  readonly undefined?: number;
  /** Registers that do not get a value of the case's set, by number. */
  readonly registers?: Readonly<Record<number, bigint>>;
  /** Further flags to begin with. */
  readonly flags?: number;
  /** Registers that hold a result that no two machines share, with the bits that count. */
  readonly mask?: Readonly<Record<number, bigint>>;
  /** Feature without which a processor has no such instruction, or another one in its place. */
  readonly requires?: Feature;
  /** The host's system gives an answer of its own where a processor has this feature. */
  readonly forgedWith?: "umip";
  /** States of floating point to try it in, by name; by default one that it does not touch. */
  readonly fp?: readonly string[];
}

/** What a chapter says of several snippets at once. */
export type Common = Omit<Snippet, "asm" | "group">;

/** Collects a chapter. */
export class Chapter {
  /** The snippets. */
  readonly snippets: Snippet[] = [];

  /** A chapter of a name, and what holds for all of it. */
  constructor(readonly group: string, readonly common: Common = {}) {}

  /** Adds a snippet. */
  add(asm: string, options: Common = {}): void {
    this.snippets.push({ asm, group: this.group, ...this.common, ...options });
  }

  /** Adds several. */
  all(asms: readonly string[], options: Common = {}): void {
    for (const asm of asms) this.add(asm, options);
  }
}

/** A memory operand at RDI. */
export function data(size: number): Operand {
  return { kind: "data", size };
}

/** Operand sizes: the suffix of mnemonics, bytes, and names of registers 0, 1, 2 and 3. */
export const SIZES = [
  { suffix: "b", size: 1, a: "%al", c: "%cl", d: "%dl", b: "%bl" },
  { suffix: "w", size: 2, a: "%ax", c: "%cx", d: "%dx", b: "%bx" },
  { suffix: "l", size: 4, a: "%eax", c: "%ecx", d: "%edx", b: "%ebx" },
  { suffix: "q", size: 8, a: "%rax", c: "%rcx", d: "%rdx", b: "%rbx" },
] as const;

/** Those of 16 bits and more. */
export const WIDE = SIZES.slice(1);
