/**
 * Register numbers of `unicorn/arm64.h` (2.1 series) and the engine's exception numbers. Only what
 * Trapline uses.
 *
 * @module
 */

/** Unicorn's numbers of the instructions that may be hooked. */
export const AArch64Instruction = { SYS: 3 } as const;

/**
 * Unicorn's register numbers. The number of `Xn` is `X0 + n` up to X28 (`FP` and `LR` follow
 * another order), of `Vn` it is `V0 + n`. `SP` is the stack pointer in use; the banked ones are
 * system registers.
 */
export const AArch64Register = {
  X0: 199,
  X29: 1,
  X30: 2,
  NZCV: 3,
  SP: 4,
  V0: 228,
  PC: 260,
  CPACR_EL1: 261,
  TPIDR_EL0: 262,
  TPIDRRO_EL0: 263,
  TPIDR_EL1: 264,
  PSTATE: 265,
  TTBR0_EL1: 274,
  TTBR1_EL1: 275,
  MAIR_EL1: 285,
  CP_REG: 290,
  FPCR: 291,
  FPSR: 292,
} as const;

/** The engine's exception numbers, as found in {@linkcode TrapExit.vector}. */
export const AArch64Vector = {
  /**
   * Undefined instruction, trapped system register or floating point, software step; the syndrome
   * says which.
   */
  UNDEFINED: 1,
  /** `svc`. */
  SUPERVISOR_CALL: 2,
  /** Instruction abort. */
  PREFETCH_ABORT: 3,
  /** Data abort, unaligned SP or data. */
  DATA_ABORT: 4,
  /** `brk`. */
  BREAKPOINT: 7,
  /** `hvc`, on a model with EL2. */
  HYPERVISOR_CALL: 11,
  /** `smc`. */
  SECURE_MONITOR_CALL: 13,
  /**
   * PC is not a multiple of 4; there is no syndrome. The number is ours: the library does not
   * check.
   */
  PC_ALIGNMENT: 0x22,
} as const;

/** How `mrs` and `msr` name a system register: Arm ARM, section C5.1.2. */
export interface SystemRegisterEncoding {
  /** 2 or 3. */
  readonly op0: number;
  /** 0 … 7. */
  readonly op1: number;
  /** 0 … 15. */
  readonly crn: number;
  /** 0 … 15. */
  readonly crm: number;
  /** 0 … 7. */
  readonly op2: number;
}

/** Names of the system registers in {@linkcode AArch64SystemRegister}. */
export type AArch64SystemRegisterName =
  | "MIDR_EL1"
  | "MPIDR_EL1"
  | "ID_AA64PFR0_EL1"
  | "ID_AA64ISAR0_EL1"
  | "ID_AA64MMFR0_EL1"
  | "SCTLR_EL1"
  | "CPACR_EL1"
  | "TTBR0_EL1"
  | "TTBR1_EL1"
  | "TCR_EL1"
  | "SPSR_EL1"
  | "ELR_EL1"
  | "SP_EL0"
  | "SP_EL1"
  | "ESR_EL1"
  | "FAR_EL1"
  | "MAIR_EL1"
  | "VBAR_EL1"
  | "CONTEXTIDR_EL1"
  | "TPIDR_EL1"
  | "TPIDR_EL0"
  | "TPIDRRO_EL0"
  | "CNTKCTL_EL1"
  | "MDSCR_EL1";

/**
 * The system registers that may be accessed: those the engine keeps as plain state. Not here, and
 * refused: registers whose reading gives the host's time (CNTPCT_EL0, CNTVCT_EL0, PMCCNTR_EL0), and
 * those for which the engine's interface gives wrong answers (CurrentEL, SPSel, NZCV, DAIF; read
 * PSTATE instead).
 */
export const AArch64SystemRegister: Readonly<
  Record<AArch64SystemRegisterName, SystemRegisterEncoding>
> = {
  MIDR_EL1: sys(3, 0, 0, 0, 0),
  MPIDR_EL1: sys(3, 0, 0, 0, 5),
  ID_AA64PFR0_EL1: sys(3, 0, 0, 4, 0),
  ID_AA64ISAR0_EL1: sys(3, 0, 0, 6, 0),
  ID_AA64MMFR0_EL1: sys(3, 0, 0, 7, 0),
  SCTLR_EL1: sys(3, 0, 1, 0, 0),
  CPACR_EL1: sys(3, 0, 1, 0, 2),
  TTBR0_EL1: sys(3, 0, 2, 0, 0),
  TTBR1_EL1: sys(3, 0, 2, 0, 1),
  TCR_EL1: sys(3, 0, 2, 0, 2),
  SPSR_EL1: sys(3, 0, 4, 0, 0),
  ELR_EL1: sys(3, 0, 4, 0, 1),
  SP_EL0: sys(3, 0, 4, 1, 0),
  SP_EL1: sys(3, 4, 4, 1, 0),
  ESR_EL1: sys(3, 0, 5, 2, 0),
  FAR_EL1: sys(3, 0, 6, 0, 0),
  MAIR_EL1: sys(3, 0, 10, 2, 0),
  VBAR_EL1: sys(3, 0, 12, 0, 0),
  CONTEXTIDR_EL1: sys(3, 0, 13, 0, 1),
  TPIDR_EL1: sys(3, 0, 13, 0, 4),
  TPIDR_EL0: sys(3, 3, 13, 0, 2),
  TPIDRRO_EL0: sys(3, 3, 13, 0, 3),
  CNTKCTL_EL1: sys(3, 0, 14, 1, 0),
  MDSCR_EL1: sys(2, 0, 0, 2, 2),
};

/** SCR_EL3, which the engine sets once and nobody else may. */
export const SCR_EL3: SystemRegisterEncoding = sys(3, 6, 1, 1, 0);

/** SCR_EL3.RW and NS: the lower levels are AArch64, so page walks follow the 64-bit rules. */
export const SCR_EL3_RW_NS = 0x401n;

function sys(
  op0: number,
  op1: number,
  crn: number,
  crm: number,
  op2: number,
): SystemRegisterEncoding {
  return { op0, op1, crn, crm, op2 };
}
