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
 * A register in the form the library takes it, in memory of its own, which native code points at:
 * it must not leave this folder.
 */
export class RegisterCell {
  readonly #native: NativeEngine;
  readonly #value: BigUint64Array<ArrayBuffer>;
  readonly #pointer: Deno.PointerValue;

  /** For a register of an engine. */
  constructor(native: NativeEngine, encoding: SystemRegisterEncoding) {
    const { op0, op1, crn, crm, op2 } = encoding;
    this.#native = native;
    // `uc_arm64_cp_reg`: CRn, CRm, op0, op1, op2 (u32 each), padding, the value (u64).
    const buffer = new ArrayBuffer(32);
    new Uint32Array(buffer).set([crn, crm, op0, op1, op2]);
    this.#value = new BigUint64Array(buffer, 24);
    this.#pointer = Deno.UnsafePointer.of(new Uint8Array(buffer));
  }

  /** Where it is. */
  get address(): bigint {
    return Deno.UnsafePointer.value(this.#pointer);
  }

  /** The value that was read last, or is to be written. */
  get value(): bigint {
    return this.#value[0] ?? 0n;
  }
  set value(value: bigint) {
    this.#value[0] = value;
  }

  /** Reads the register into {@linkcode value}. */
  read(): void {
    const { symbols, handle } = this.#native;
    this.#native.check(
      symbols.uc_reg_read_at(handle, AArch64Register.CP_REG, this.#pointer),
      "read a system register",
    );
  }

  /** Writes {@linkcode value} to the register. */
  write(): void {
    const { symbols, handle } = this.#native;
    this.#native.check(
      symbols.uc_reg_write_at(handle, AArch64Register.CP_REG, this.#pointer),
      "write a system register",
    );
  }
}

/**
 * A system register of one engine: keep it where it is used often, since an access is then one
 * native call.
 */
export class SystemRegister {
  readonly #cell: RegisterCell;
  readonly #place: RegisterPlace | undefined;

  /**
   * Used by {@linkcode Engine} only.
   *
   * @param native The engine.
   * @param encoding The register.
   * @param place Where the register lies in the CPU's state, if nothing is derived from it: it is
   *   then accessed in place.
   */
  constructor(native: NativeEngine, encoding: SystemRegisterEncoding, place?: RegisterPlace) {
    this.#cell = new RegisterCell(native, encoding);
    this.#place = place;
  }

  /** Reads the register. */
  read(): bigint {
    if (this.#place !== undefined) return this.#place.view.get64(this.#place.offset);
    this.#cell.read();
    return this.#cell.value;
  }

  /** Reads the lower 32 bits of the register. */
  readU32(): number {
    const place = this.#place;
    return place === undefined
      ? Number(this.read() & 0xffff_ffffn)
      : place.view.get32(place.offset);
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
    this.#cell.value = value;
    this.#cell.write();
  }

  /** Writes 32 bits to the register, and zeros to its upper half. */
  writeU32(value: number): void {
    const place = this.#place;
    if (place === undefined) return this.write(BigInt(value >>> 0));
    place.view.set32(place.offset, value);
    place.view.set32(place.offset + 4, 0);
  }
}
