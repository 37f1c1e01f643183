/**
 * Register and instruction numbers of `unicorn/x86.h` (2.1 series), and the exception vectors of
 * the Intel 64 manual, volume 3, section 6.3.1. Only what Trapline uses.
 *
 * @module
 */

/**
 * Unicorn's register numbers. `CS` … `SS` hold selectors: writing them does not change the
 * privilege level (see {@linkcode X86State.enterRing} for that). The number of `XMMn` is
 * `XMM0 + n`, that of the physical register `n` of the x87 unit `FP0 + n`.
 */
export const X86Register = {
  RAX: 35,
  RBP: 36,
  RBX: 37,
  RCX: 38,
  RDI: 39,
  RDX: 40,
  RIP: 41,
  RSI: 43,
  RSP: 44,
  R8: 106,
  R9: 107,
  R10: 108,
  R11: 109,
  R12: 110,
  R13: 111,
  R14: 112,
  R15: 113,
  CS: 11,
  DS: 17,
  ES: 28,
  FPSW: 31,
  FS: 32,
  GS: 33,
  SS: 49,
  CR0: 50,
  CR2: 52,
  CR3: 53,
  CR4: 54,
  CR8: 58,
  DR0: 66,
  DR1: 67,
  DR2: 68,
  DR3: 69,
  DR6: 72,
  DR7: 73,
  FP0: 82,
  XMM0: 122,
  IDTR: 242,
  GDTR: 243,
  LDTR: 244,
  TR: 245,
  FPCW: 246,
  FPTAG: 247,
  MSR: 248,
  MXCSR: 249,
  FS_BASE: 250,
  GS_BASE: 251,
  RFLAGS: 253,
  FIP: 254,
} as const;

/** `UC_X86_INS_SYSCALL` and others: the instructions that may be hooked. */
export const X86Instruction = {
  IN: 218,
  OUT: 500,
  RDTSC: 608,
  RDTSCP: 609,
  SYSCALL: 699,
} as const;

/** Exception vectors, as found in {@linkcode TrapExit.vector}. */
export const X86Vector = {
  /** #DE: divide error. */
  DIVIDE: 0,
  /** #DB: debug, such as a single step. */
  DEBUG: 1,
  /** #BP: `int3`. */
  BREAKPOINT: 3,
  /** #OF: `into`. */
  OVERFLOW: 4,
  /** #BR: `bound`. */
  BOUND: 5,
  /** #UD: invalid opcode. */
  INVALID_OPCODE: 6,
  /** #NM: device not available. */
  DEVICE_NOT_AVAILABLE: 7,
  /** #DF: double fault. */
  DOUBLE_FAULT: 8,
  /** #TS: invalid TSS. */
  INVALID_TSS: 10,
  /** #NP: segment not present. */
  SEGMENT_NOT_PRESENT: 11,
  /** #SS: stack fault. */
  STACK: 12,
  /** #GP: general protection. */
  GENERAL_PROTECTION: 13,
  /** #PF: page fault. */
  PAGE_FAULT: 14,
  /** #MF: x87 floating point. */
  X87: 16,
  /** #AC: alignment check. */
  ALIGNMENT: 17,
  /** #XM: SIMD floating point. */
  SIMD: 19,
} as const;

/**
 * Numbers of the model-specific registers that may be accessed: Intel manual, volume 4, chapter 2.
 */
export const X86Msr = {
  APIC_BASE: 0x1b,
  SYSENTER_CS: 0x174,
  SYSENTER_ESP: 0x175,
  SYSENTER_EIP: 0x176,
  PAT: 0x277,
  EFER: 0xc000_0080,
  STAR: 0xc000_0081,
  LSTAR: 0xc000_0082,
  CSTAR: 0xc000_0083,
  FMASK: 0xc000_0084,
  FS_BASE: 0xc000_0100,
  GS_BASE: 0xc000_0101,
  KERNEL_GS_BASE: 0xc000_0102,
  TSC_AUX: 0xc000_0103,
} as const;
