/**
 * The floating-point state of x86-64, in the layout of FXSAVE64 (SDM vol. 1, table 10-2): what the
 * guest kernel saves in a thread object is also what a core file of Linux has.
 *
 * @module
 */

import { type Engine, X86Register } from "../../unicorn/mod.ts";
import { checkFpState } from "../errors.ts";

/** Bytes of an FXSAVE area. */
export const FP_STATE_SIZE = 512;

/** Offsets in it. */
export const FXSAVE = {
  FCW: 0,
  FSW: 2,
  FTW: 4,
  FOP: 6,
  FIP: 8,
  FDP: 16,
  MXCSR: 24,
  MXCSR_MASK: 28,
  ST: 32,
  XMM: 160,
} as const;

const { FCW, FSW, FTW, FIP, MXCSR, MXCSR_MASK, ST, XMM } = FXSAVE;

/** What the library's FXSAVE gives as the writable bits of MXCSR. */
const MXCSR_BITS = 0xffff;

/** Reads what the floating-point unit holds, as FXSAVE64 would store it. */
export function readFpState(engine: Engine): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(FP_STATE_SIZE);
  const view = new DataView(bytes.buffer);
  const narrow = (id: number) => Number(engine.readRegister(id));
  const status = narrow(X86Register.FPSW);
  view.setUint16(FCW, narrow(X86Register.FPCW), true);
  view.setUint16(FSW, status, true);
  view.setUint8(FTW, abridged(narrow(X86Register.FPTAG)));
  view.setBigUint64(FIP, engine.readRegister(X86Register.FIP), true);
  view.setUint32(MXCSR, narrow(X86Register.MXCSR), true);
  view.setUint32(MXCSR_MASK, MXCSR_BITS, true);
  const top = status >> 11;
  for (let i = 0; i < 8; i++) bytes.set(engine.readX87((top + i) & 7), ST + 16 * i);
  for (let i = 0; i < 16; i++) bytes.set(engine.readVector(X86Register.XMM0 + i), XMM + 16 * i);
  return bytes;
}

/**
 * Has the floating-point unit hold what FXRSTOR64 would load.
 * @throws {ArchError} of kind `misuse` if it is no FXSAVE area
 */
export function writeFpState(engine: Engine, state: Uint8Array): void {
  checkFpState(state, FP_STATE_SIZE);
  const view = new DataView(state.buffer, state.byteOffset);
  const status = view.getUint16(FSW, true);
  engine.writeRegister(X86Register.FPCW, BigInt(view.getUint16(FCW, true)));
  engine.writeRegister(X86Register.FPSW, BigInt(status));
  engine.writeRegister(X86Register.FPTAG, BigInt(unabridged(view.getUint8(FTW))));
  engine.writeRegister(X86Register.FIP, view.getBigUint64(FIP, true));
  engine.writeRegister(X86Register.MXCSR, BigInt(view.getUint32(MXCSR, true)));
  const top = status >> 11;
  const part = (at: number, size: number) => state.slice(at, at + size);
  for (let i = 0; i < 8; i++) engine.writeX87((top + i) & 7, part(ST + 16 * i, 10));
  for (let i = 0; i < 16; i++) engine.writeVector(X86Register.XMM0 + i, part(XMM + 16 * i, 16));
}

/** The state as a core file has it: also that of a thread which has not touched the unit yet. */
export function linuxFpState(state: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.from(state);
  new DataView(bytes.buffer).setUint32(MXCSR_MASK, MXCSR_BITS, true);
  return bytes;
}

/** Bits of MXCSR that control; the others are flags. */
const MXCSR_CONTROL = 0xffc0;

/** The control bits of MXCSR, and the x87 control word (System V psABI, 3.2.1). */
export function fpControl(state: Uint8Array): Record<string, bigint> {
  const view = new DataView(state.buffer, state.byteOffset);
  return {
    mxcsr: BigInt(view.getUint32(MXCSR, true) & MXCSR_CONTROL),
    fcw: BigInt(view.getUint16(FCW, true)),
  };
}

/** A tag word of two bits a register, 3 for empty, as one of a bit each, 0 for empty. */
export function abridged(tags: number): number {
  let word = 0;
  for (let i = 0; i < 8; i++) if ((tags >> 2 * i & 3) !== 3) word |= 1 << i;
  return word;
}

/** Such a word as one of two bits a register, 0 for whatever is not empty. */
function unabridged(word: number): number {
  let tags = 0;
  for (let i = 0; i < 8; i++) if ((word >> i & 1) === 0) tags |= 3 << 2 * i;
  return tags;
}
