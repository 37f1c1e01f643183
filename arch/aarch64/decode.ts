/**
 * Recognizing instruction classes by their encoding (Arm ARM, C4.1).
 *
 * @module
 */

/** Bytes of every instruction. */
export const INSTRUCTION_SIZE = 4;

/**
 * Whether an instruction word reads or writes SIMD and floating-point state: data processing (op0 =
 * x111), loads and stores with V = 1 (op0 = x1x0), and moves to and from FPCR and FPSR.
 */
export function isFpInstruction(word: number): boolean {
  const op0 = (word >>> 25) & 0xf;
  if ((op0 & 0x7) === 0x7) return true;
  if ((op0 & 0x5) === 0x4) return ((word >>> 26) & 1) === 1;
  // MRS and MSR of S3_3_C4_C4_0 (FPCR) and S3_3_C4_C4_1 (FPSR).
  return ((word & 0xffdf_ffc0) >>> 0) === 0xd51b_4400;
}
