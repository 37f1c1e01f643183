/**
 * The x86-64 registers that point at tables.
 *
 * @module
 */
import { X86Register } from "./constants.ts";
import { EngineUsageError } from "../errors.ts";
import type { NativeEngine } from "../native_engine.ts";
import { checkU64 } from "../state_view.ts";

/** Names of the registers. */
export type TableRegister = "GDTR" | "IDTR" | "LDTR" | "TR";

/** A register that points at a table or segment. */
export interface DescriptorTable {
  /** Selector, 16 bits: LDTR and TR only. */
  selector?: number;
  /** Linear address, 64 bits. */
  base: bigint;
  /** Offset of the last byte, 32 bits. */
  limit: number;
  /** Bits 8–23 of the descriptor's second word: LDTR and TR only. */
  flags?: number;
}

/** Reads a table register. */
export function readTable(
  native: NativeEngine,
  register: TableRegister,
): Required<DescriptorTable> {
  const cell = new DataView(new ArrayBuffer(24));
  native.check(
    native.symbols.uc_reg_read(native.handle, number(register), new Uint8Array(cell.buffer)),
    `read ${register}`,
  );
  return {
    selector: cell.getUint16(0, true),
    base: cell.getBigUint64(8, true),
    limit: cell.getUint32(16, true),
    flags: cell.getUint32(20, true),
  };
}

/** Writes a table register. @throws {EngineUsageError} For values out of range. */
export function writeTable(
  native: NativeEngine,
  register: TableRegister,
  { selector = 0, base, limit, flags = 0 }: DescriptorTable,
): void {
  checkU64(base);
  if (selector >>> 0 !== selector || selector > 0xffff || limit >>> 0 !== limit) {
    throw new EngineUsageError(
      "value",
      `Cannot write ${register}: selector ${selector} or limit ${limit} out of range`,
    );
  }
  const cell = new DataView(new ArrayBuffer(24));
  cell.setUint16(0, selector, true);
  cell.setBigUint64(8, base, true);
  cell.setUint32(16, limit, true);
  cell.setUint32(20, flags, true);
  native.check(
    native.symbols.uc_reg_write(native.handle, number(register), new Uint8Array(cell.buffer)),
    `write ${register}`,
  );
}

function number(register: TableRegister): number {
  const id = X86Register[register];
  if (register !== "GDTR" && register !== "IDTR" && register !== "LDTR" && register !== "TR") {
    throw new EngineUsageError("register", `Cannot access ${register}: not a table register`);
  }
  return id;
}
