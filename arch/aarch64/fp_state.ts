/**
 * The floating-point state of AArch64, as `fp.S` saves it in a thread object: v0 to v31, then FPCR
 * and FPSR in eight bytes each. A core file of Linux (`struct user_fpsimd_state`) has those two in
 * the other order, in four.
 *
 * @module
 */

import { AArch64Register, type Engine } from "../../unicorn/mod.ts";
import { checkFpState } from "../errors.ts";

/** Bytes of the state. */
export const FP_STATE_SIZE = 528;

/** Offset of FPCR in it. */
export const FPCR = 512;
/** Offset of FPSR. */
export const FPSR = 520;

/** Reads what the floating-point unit holds, as the guest kernel would store it. */
export function readFpState(engine: Engine): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(FP_STATE_SIZE);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < 32; i++) bytes.set(engine.readVector(AArch64Register.V0 + i), 16 * i);
  view.setBigUint64(FPCR, engine.readRegister(AArch64Register.FPCR), true);
  view.setBigUint64(FPSR, engine.readRegister(AArch64Register.FPSR), true);
  return bytes;
}

/**
 * Has the floating-point unit hold what the guest kernel would load.
 * @throws {ArchError} of kind `misuse` if it has another size
 */
export function writeFpState(engine: Engine, state: Uint8Array): void {
  checkFpState(state, FP_STATE_SIZE);
  const view = new DataView(state.buffer, state.byteOffset);
  for (let i = 0; i < 32; i++) {
    engine.writeVector(AArch64Register.V0 + i, state.slice(16 * i, 16 * i + 16));
  }
  engine.writeRegister(AArch64Register.FPCR, view.getBigUint64(FPCR, true));
  engine.writeRegister(AArch64Register.FPSR, view.getBigUint64(FPSR, true));
}

/** The state as a core file has it. */
export function linuxFpState(state: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(FP_STATE_SIZE);
  bytes.set(state.subarray(0, FPCR));
  bytes.set(state.subarray(FPSR, FPSR + 4), FPCR);
  bytes.set(state.subarray(FPCR, FPCR + 4), FPCR + 4);
  return bytes;
}

/** FPCR (AAPCS64, 6.1.2). */
export function fpControl(state: Uint8Array): Record<string, bigint> {
  return { fpcr: new DataView(state.buffer, state.byteOffset).getBigUint64(FPCR, true) };
}
