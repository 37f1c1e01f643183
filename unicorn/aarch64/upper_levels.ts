/**
 * What the library's models have of EL2 and EL3, which guests are not to notice.
 *
 * @module
 */
import { findModel } from "../models.ts";
import type { NativeEngine } from "../native_engine.ts";
import { SCR_EL3, type SystemRegisterEncoding } from "./constants.ts";
import { RegisterCell } from "./system_register.ts";

const HCR_EL2: SystemRegisterEncoding = { op0: 3, op1: 4, crn: 1, crm: 1, op2: 0 };
const CPTR_EL3: SystemRegisterEncoding = { op0: 3, op1: 6, crn: 1, crm: 1, op2: 2 };

/** SCR_EL3.RW: the lower levels are AArch64, so page walks follow the 64-bit rules. */
const SCR_RW = 0x400n;
/** SCR_EL3.NS, APK and API: the levels are not secure, and may use pointer authentication. */
const SCR_OPEN = 0x3_0001n;
/** HCR_EL2.RW, APK and API: the same for EL2, which there is where NS is set. */
const HCR_OPEN = 1n << 31n | 1n << 40n | 1n << 41n;
/** CPTR_EL3.EZ: scalable vectors are EL1's to switch on. */
const CPTR_EZ = 0x100n;

/**
 * Has EL1 and EL0 be as if they were all there is.
 * @returns what makes the engine look at PSTATE again
 */
export function settleUpperLevels(native: NativeEngine): () => void {
  const write = (encoding: SystemRegisterEncoding, value: bigint): RegisterCell => {
    const cell = new RegisterCell(native, encoding);
    cell.value = value;
    cell.write();
    return cell;
  };
  const { guarded = false } = findModel("aarch64", native.model).model;
  if (guarded) {
    write(HCR_EL2, HCR_OPEN);
    write(CPTR_EL3, CPTR_EZ);
  }
  // Writing any system register makes the engine look at PSTATE again; this one never changes.
  const scr = write(SCR_EL3, guarded ? SCR_RW | SCR_OPEN : SCR_RW);
  return () => scr.write();
}
