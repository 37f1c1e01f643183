/**
 * ESR_EL1 in words (Arm ARM, D17.2.37).
 *
 * @module
 */

/** Exception classes, ESR_EL1.EC. */
export const ExceptionClass = {
  UNKNOWN: 0x00,
  WFX: 0x01,
  FP_ACCESS: 0x07,
  ILLEGAL_STATE: 0x0e,
  SVC64: 0x15,
  HVC64: 0x16,
  SMC64: 0x17,
  SYSTEM_REGISTER: 0x18,
  INSTRUCTION_ABORT_LOWER: 0x20,
  INSTRUCTION_ABORT_SAME: 0x21,
  PC_ALIGNMENT: 0x22,
  DATA_ABORT_LOWER: 0x24,
  DATA_ABORT_SAME: 0x25,
  SP_ALIGNMENT: 0x26,
  SERROR: 0x2f,
  BREAKPOINT_LOWER: 0x30,
  BREAKPOINT_SAME: 0x31,
  STEP_LOWER: 0x32,
  STEP_SAME: 0x33,
  WATCHPOINT_LOWER: 0x34,
  WATCHPOINT_SAME: 0x35,
  BRK64: 0x3c,
} as const;

const CLASS_NAMES: ReadonlyMap<number, string> = new Map([
  [ExceptionClass.UNKNOWN, "undefined instruction"],
  [ExceptionClass.WFX, "trapped WFI or WFE"],
  [ExceptionClass.FP_ACCESS, "trapped floating-point access"],
  [ExceptionClass.ILLEGAL_STATE, "illegal execution state"],
  [ExceptionClass.SVC64, "SVC"],
  [ExceptionClass.HVC64, "HVC"],
  [ExceptionClass.SMC64, "SMC"],
  [ExceptionClass.SYSTEM_REGISTER, "trapped system instruction"],
  [ExceptionClass.INSTRUCTION_ABORT_LOWER, "instruction abort, lower EL"],
  [ExceptionClass.INSTRUCTION_ABORT_SAME, "instruction abort, same EL"],
  [ExceptionClass.PC_ALIGNMENT, "PC alignment fault"],
  [ExceptionClass.DATA_ABORT_LOWER, "data abort, lower EL"],
  [ExceptionClass.DATA_ABORT_SAME, "data abort, same EL"],
  [ExceptionClass.SP_ALIGNMENT, "SP alignment fault"],
  [ExceptionClass.SERROR, "SError"],
  [ExceptionClass.BREAKPOINT_LOWER, "breakpoint, lower EL"],
  [ExceptionClass.BREAKPOINT_SAME, "breakpoint, same EL"],
  [ExceptionClass.STEP_LOWER, "software step, lower EL"],
  [ExceptionClass.STEP_SAME, "software step, same EL"],
  [ExceptionClass.WATCHPOINT_LOWER, "watchpoint, lower EL"],
  [ExceptionClass.WATCHPOINT_SAME, "watchpoint, same EL"],
  [ExceptionClass.BRK64, "BRK"],
]);

/** ESR_EL1.IL: the instruction is 32 bits long. */
export const IL = 1 << 25;

/**
 * Syndrome of a trapped MSR, MRS or system instruction (Arm ARM, D17.2.37, "ISS encoding for an
 * exception from MSR, MRS, or System instruction execution in AArch64 state").
 * @param word the instruction
 */
export function systemInstructionSyndrome(word: number): number {
  const field = (from: number, bits: number): number => (word >>> from) & ((1 << bits) - 1);
  return ((ExceptionClass.SYSTEM_REGISTER << 26) | IL | (field(19, 2) << 20) | (field(5, 3) << 17) |
    (field(16, 3) << 14) | (field(12, 4) << 10) | (field(0, 5) << 5) | (field(8, 4) << 1) |
    field(21, 1)) >>> 0;
}

/** Exception class of a syndrome, 0 to 63. */
export function exceptionClass(esr: bigint): number {
  return Number((esr >> 26n) & 0x3fn);
}

/** Name of an exception class. */
export function className(esr: bigint): string {
  const ec = exceptionClass(esr);
  return CLASS_NAMES.get(ec) ?? `exception class 0x${ec.toString(16)}`;
}

/** Whether the syndrome is an instruction or data abort. */
export function isAbort(esr: bigint): boolean {
  return isInstructionAbort(esr) || isDataAbort(esr);
}

/** Whether the syndrome is an instruction abort. */
export function isInstructionAbort(esr: bigint): boolean {
  return (exceptionClass(esr) & ~1) === ExceptionClass.INSTRUCTION_ABORT_LOWER;
}

/** Whether the syndrome is a data abort. */
export function isDataAbort(esr: bigint): boolean {
  return (exceptionClass(esr) & ~1) === ExceptionClass.DATA_ABORT_LOWER;
}

/** Whether an exception with the syndrome writes FAR_EL1 (Arm ARM, D17.2.40). */
export function hasFaultAddress(esr: bigint): boolean {
  const ec = exceptionClass(esr);
  return isAbort(esr) || ec === ExceptionClass.PC_ALIGNMENT ||
    (ec & ~1) === ExceptionClass.WATCHPOINT_LOWER;
}

/** Whether the syndrome is a breakpoint's of the debug registers. */
export function isBreakpoint(esr: number): boolean {
  return (esr >>> 26 & ~1) === ExceptionClass.BREAKPOINT_LOWER;
}

/** Fault status code of an abort (IFSC, DFSC), 0 to 63. */
export function faultStatus(esr: bigint): number {
  return Number(esr & 0x3fn);
}

/**
 * Whether an abort's status is a translation, access flag or permission fault: one that new tables
 * can resolve.
 */
export function isTableFault(esr: bigint): boolean {
  const status = faultStatus(esr);
  return status >= 0x04 && status <= 0x0f;
}

/** Whether an abort found a mapping and was refused: an access flag or permission fault. */
export function isRefused(esr: bigint): boolean {
  const status = faultStatus(esr);
  return status >= 0x08 && status <= 0x0f;
}

/** Whether a data abort was caused by a write (WnR). */
export function isWrite(esr: bigint): boolean {
  return isDataAbort(esr) && (esr & 0x40n) !== 0n;
}

const STATUS_KINDS = ["address size", "translation", "access flag", "permission"];

/** A fault status code in words. */
export function statusName(status: number): string {
  if (status < 0x10) return `${STATUS_KINDS[status >> 2]} fault, level ${status & 3}`;
  if (status === 0x10) return "synchronous external abort";
  if (status >= 0x14 && status < 0x18) {
    return `synchronous external abort on table walk, level ${status & 3}`;
  }
  if (status === 0x18) return "parity error";
  if (status >= 0x1c && status < 0x20) return `parity error on table walk, level ${status & 3}`;
  if (status === 0x21) return "alignment fault";
  if (status === 0x22) return "debug exception";
  if (status === 0x30) return "TLB conflict";
  if (status === 0x31) return "unsupported atomic update of a table";
  return `fault status 0x${status.toString(16)}`;
}

/** A whole syndrome in words: `data abort, lower EL: write, translation fault, level 3`. */
export function describeSyndrome(esr: bigint): string {
  const name = className(esr);
  if (isDataAbort(esr)) {
    return `${name}: ${isWrite(esr) ? "write" : "read"}, ${statusName(faultStatus(esr))}`;
  }
  if (isInstructionAbort(esr)) return `${name}: ${statusName(faultStatus(esr))}`;
  switch (exceptionClass(esr)) {
    case ExceptionClass.SVC64:
    case ExceptionClass.HVC64:
    case ExceptionClass.SMC64:
    case ExceptionClass.BRK64:
      return `${name} #${Number(esr & 0xffffn)}`;
    case ExceptionClass.WFX:
      return `${name}: ${(esr & 1n) === 0n ? "WFI" : "WFE"}`;
  }
  return name;
}
