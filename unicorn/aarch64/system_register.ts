/**
 * AArch64 system registers, by their encoding.
 *
 * @module
 */
import {
  AArch64Register,
  AArch64SystemRegister,
  type SystemRegisterEncoding,
} from "./constants.ts";
import { EngineUsageError } from "../errors.ts";
import type { NativeEngine } from "../native_engine.ts";
import { checkU64, type StateView } from "../state_view.ts";

/** One number for an encoding: op0, op1, CRn, CRm and op2 side by side, as in `mrs` and `msr`. */
export function encodingNumber({ op0, op1, crn, crm, op2 }: SystemRegisterEncoding): number {
  return (op0 << 14) | (op1 << 11) | (crn << 7) | (crm << 3) | op2;
}

const KNOWN: ReadonlyMap<number, SystemRegisterEncoding> = new Map(
  Object.values(AArch64SystemRegister).map((encoding) => [encodingNumber(encoding), encoding]),
);

/**
 * Returns a register that may be accessed.
 *
 * @throws {EngineUsageError} When it is not in {@linkcode AArch64SystemRegister}.
 */
export function checkSystemRegister(encoding: SystemRegisterEncoding): SystemRegisterEncoding {
  // The table's own copy: fields out of range may add up to the number of a known register.
  const known = KNOWN.get(encodingNumber(encoding));
  if (known !== undefined) return known;
  const { op0, op1, crn, crm, op2 } = encoding;
  throw new EngineUsageError(
    "register",
    `Cannot access system register S${op0}_${op1}_C${crn}_C${crm}_${op2}: not one the engine keeps as state`,
  );
}

/** A register in the CPU's state. */
export interface RegisterPlace {
  /** The state. */
  view: StateView;
  /** Offset in bytes. */
  offset: number;
}

/**
 * A system register of one engine: keep it where it is used often, since an access is then one
 * native call.
 */
export class SystemRegister {
  readonly #native: NativeEngine;
  readonly #value: BigUint64Array<ArrayBuffer>;
  readonly #place: RegisterPlace | undefined;
  readonly #address: Deno.PointerValue;
  /** The structure `uc_arm64_cp_reg`: CRn, CRm, op0, op1, op2 (u32 each), padding, value (u64). */
  readonly cell: Uint8Array<ArrayBuffer>;

  /**
   * Used by {@linkcode Engine} only.
   *
   * @param native The engine.
   * @param encoding The register.
   * @param place Where the register lies in the CPU's state, if nothing is derived from it: it is
   *   then accessed in place.
   */
  constructor(native: NativeEngine, encoding: SystemRegisterEncoding, place?: RegisterPlace) {
    const { op0, op1, crn, crm, op2 } = encoding;
    this.#native = native;
    this.#place = place;
    const buffer = new ArrayBuffer(32);
    new Uint32Array(buffer).set([crn, crm, op0, op1, op2]);
    this.#value = new BigUint64Array(buffer, 24);
    this.cell = new Uint8Array(buffer);
    this.#address = Deno.UnsafePointer.of(this.cell);
  }

  /** The value in {@linkcode cell}. */
  get cellValue(): bigint {
    return this.#value[0] ?? 0n;
  }
  set cellValue(value: bigint) {
    this.#value[0] = value;
  }

  /** Reads the register. */
  read(): bigint {
    if (this.#place !== undefined) return this.#place.view.get64(this.#place.offset);
    const { symbols, handle } = this.#native;
    this.#native.check(
      symbols.uc_reg_read_at(handle, AArch64Register.CP_REG, this.#address),
      "read a system register",
    );
    return this.cellValue;
  }

  /**
   * Writes the register. Where translation or another mode follows from it, the engine takes that
   * anew.
   *
   * @throws {EngineUsageError} When the value is not an unsigned one of 64 bits.
   */
  write(value: bigint): void {
    checkU64(value);
    if (this.#place !== undefined) return this.#place.view.set64(this.#place.offset, value);
    this.cellValue = value;
    this.writeCell();
  }

  /** Writes 32 bits to the register, and zeros to its upper half. */
  writeU32(value: number): void {
    const place = this.#place;
    if (place === undefined) return this.write(BigInt(value >>> 0));
    place.view.set32(place.offset, value);
    place.view.set32(place.offset + 4, 0);
  }

  /** Writes the value in {@linkcode cell}, through the library in any case. */
  writeCell(): void {
    const { symbols, handle } = this.#native;
    this.#native.check(
      symbols.uc_reg_write_at(handle, AArch64Register.CP_REG, this.#address),
      "write a system register",
    );
  }
}
