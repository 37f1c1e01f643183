/**
 * Model-specific registers of x86-64.
 *
 * @module
 */
import { X86Msr, X86Register } from "./constants.ts";
import { EngineUsageError } from "../errors.ts";
import type { NativeEngine } from "../native_engine.ts";

const KNOWN: ReadonlySet<number> = new Set(Object.values(X86Msr));

/**
 * Reads a model-specific register.
 *
 * @throws {EngineUsageError} When it is not in {@linkcode X86Msr}.
 */
export function readMsr(native: NativeEngine, id: number): bigint {
  const cell = makeCell(id);
  native.check(
    native.symbols.uc_reg_read(native.handle, X86Register.MSR, new Uint8Array(cell.buffer)),
    `read MSR 0x${id.toString(16)}`,
  );
  return cell.getBigUint64(8, true);
}

/**
 * Writes a model-specific register.
 *
 * @throws {EngineUsageError} When it is not in {@linkcode X86Msr}.
 */
export function writeMsr(native: NativeEngine, id: number, value: bigint): void {
  const cell = makeCell(id);
  cell.setBigUint64(8, value, true);
  native.check(
    native.symbols.uc_reg_write(native.handle, X86Register.MSR, new Uint8Array(cell.buffer)),
    `write MSR 0x${id.toString(16)}`,
  );
}

/** The structure `uc_x86_msr`: number (u32), padding, value (u64). */
function makeCell(id: number): DataView<ArrayBuffer> {
  if (!KNOWN.has(id)) {
    throw new EngineUsageError("register", `Cannot access MSR ${id}: not one of X86Msr`);
  }
  const cell = new DataView(new ArrayBuffer(16));
  cell.setUint32(0, id, true);
  return cell;
}
