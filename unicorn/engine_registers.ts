/**
 * The registers of an engine by their numbers, through the library.
 *
 * @module
 */
import type { SystemRegisterEncoding } from "./aarch64/constants.ts";
import { checkSystemRegister, encodingNumber, SystemRegister } from "./aarch64/system_register.ts";
import { type EngineArch, EngineUsageError } from "./errors.ts";
import type { ModelName } from "./models.ts";
import type { NativeEngine } from "./native_engine.ts";
import { RegisterBatch } from "./register_batch.ts";
import { checkRegister, checkVector } from "./register_check.ts";
import { checkIndex, checkU64, type StateView } from "./state_view.ts";
import { X86Register } from "./x86_64/constants.ts";
import { readMsr, writeMsr } from "./x86_64/msr.ts";
import {
  type DescriptorTable,
  readTable,
  type TableRegister,
  writeTable,
} from "./x86_64/tables.ts";

/** Registers of one CPU, which an {@linkcode Engine} is. */
export abstract class EngineRegisters {
  /** Architecture of the guest. */
  readonly arch: EngineArch;
  /** Name of its CPU model. */
  readonly model: ModelName;
  readonly #native: NativeEngine;
  readonly #view: StateView;
  /** AArch64: the system registers that may be accessed in place. */
  readonly #places: ReadonlyMap<number, number> | undefined;

  /** Used by {@linkcode Engine} only. */
  protected constructor(
    native: NativeEngine,
    state: { view: StateView; places: ReadonlyMap<number, number> | undefined },
  ) {
    this.arch = native.arch;
    this.model = native.model;
    this.#native = native;
    this.#view = state.view;
    this.#places = state.places;
  }

  /** Reads a register of up to 64 bits. @throws {EngineUsageError} When it is not one. */
  readRegister(id: number): bigint {
    return this.#native.readRegister(checkRegister(this.arch, id));
  }

  /**
   * Registers that are read or written together, in one native call.
   *
   * @throws {EngineUsageError} For an unknown one.
   */
  registerBatch(members: readonly (number | SystemRegisterEncoding)[]): RegisterBatch {
    if (this.arch !== "aarch64" && members.some((member) => typeof member !== "number")) {
      this.otherArch();
    }
    return new RegisterBatch(this.#native, members);
  }

  /** Reads a register of 128 bits, little-endian. @throws {EngineUsageError} When it is not one. */
  readVector(id: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(16);
    const { symbols, handle } = this.#native;
    const register = checkVector(this.arch, id);
    this.#native.check(symbols.uc_reg_read(handle, register, bytes), `read register ${id}`);
    return bytes;
  }

  /**
   * Writes a register of 128 bits.
   *
   * @throws {EngineUsageError} When it is not one, or `bytes` are not sixteen.
   */
  writeVector(id: number, bytes: Uint8Array<ArrayBuffer>): void {
    const own = registerBytes(bytes, 16);
    const { symbols, handle } = this.#native;
    const register = checkVector(this.arch, id);
    this.#native.check(symbols.uc_reg_write(handle, register, own), `write register ${id}`);
  }

  /**
   * Reads a physical register of the x87 unit: ten bytes, significand first.
   *
   * @param index 0 … 7
   * @throws {EngineUsageError} When it is none, or on an AArch64 engine.
   */
  readX87(index: number): Uint8Array<ArrayBuffer> {
    if (this.arch !== "x86_64") this.otherArch();
    checkIndex("x87 register", index, 8);
    const bytes = new Uint8Array(10);
    const { symbols, handle } = this.#native;
    const register = X86Register.FP0 + index;
    this.#native.check(symbols.uc_reg_read(handle, register, bytes), `read register ${register}`);
    return bytes;
  }

  /**
   * Writes a physical register of the x87 unit: ten bytes, significand first.
   *
   * @param index 0 … 7
   * @throws {EngineUsageError} When it is none, `bytes` are not ten, or on an AArch64 engine.
   */
  writeX87(index: number, bytes: Uint8Array<ArrayBuffer>): void {
    if (this.arch !== "x86_64") this.otherArch();
    checkIndex("x87 register", index, 8);
    const own = registerBytes(bytes, 10);
    const { symbols, handle } = this.#native;
    const register = X86Register.FP0 + index;
    this.#native.check(symbols.uc_reg_write(handle, register, own), `write register ${register}`);
  }

  /**
   * A system register of AArch64, to be kept where it is used often.
   *
   * @throws {EngineUsageError} When it is not in {@linkcode AArch64SystemRegister}, or on an x86-64
   *   engine.
   */
  systemRegister(encoding: SystemRegisterEncoding): SystemRegister {
    if (this.arch !== "aarch64") this.otherArch();
    const known = checkSystemRegister(encoding);
    const offset = this.#places?.get(encodingNumber(known));
    const place = offset === undefined ? undefined : { view: this.#view, offset };
    return new SystemRegister(this.#native, known, place);
  }

  /**
   * Reads a system register of AArch64.
   *
   * @throws {EngineUsageError} As {@linkcode systemRegister}.
   */
  readSystemRegister(encoding: SystemRegisterEncoding): bigint {
    return this.systemRegister(encoding).read();
  }

  /**
   * Writes a system register of AArch64.
   *
   * @throws {EngineUsageError} As {@linkcode systemRegister}, or for a non-u64 value.
   */
  writeSystemRegister(encoding: SystemRegisterEncoding, value: bigint): void {
    this.systemRegister(encoding).write(value);
  }

  /**
   * Reads a debug register of AArch64: DBGBVR, DBGBCR, DBGWVR or DBGWCR.
   *
   * @param index 0 … 15; what the model lacks is an error of the library
   */
  readDebugRegister(kind: "bvr" | "bcr" | "wvr" | "wcr", index: number): bigint {
    if (this.arch !== "aarch64") this.otherArch();
    const op2 = { bvr: 4, bcr: 5, wvr: 6, wcr: 7 }[kind];
    const encoding = { op0: 2, op1: 0, crn: 0, crm: index, op2 };
    return new SystemRegister(this.#native, encoding).read();
  }

  /**
   * Reads a model-specific register of x86-64.
   *
   * @throws {EngineUsageError} When it is not in {@linkcode X86Msr}.
   */
  readMsr(id: number): bigint {
    if (this.arch !== "x86_64") this.otherArch();
    return readMsr(this.#native, id);
  }

  /**
   * Writes a model-specific register of x86-64.
   *
   * @throws {EngineUsageError} When it is not in {@linkcode X86Msr}.
   */
  writeMsr(id: number, value: bigint): void {
    if (this.arch !== "x86_64") this.otherArch();
    checkU64(value);
    writeMsr(this.#native, id, value);
  }

  /** Reads GDTR, IDTR, LDTR or TR. @throws {EngineUsageError} On an AArch64 engine. */
  readDescriptorTable(register: TableRegister): DescriptorTable {
    if (this.arch !== "x86_64") this.otherArch();
    return readTable(this.#native, register);
  }

  /**
   * Writes GDTR, IDTR, LDTR or TR with its hidden part.
   *
   * @throws {EngineUsageError} For values out of range.
   */
  writeDescriptorTable(register: TableRegister, table: DescriptorTable): void {
    if (this.arch !== "x86_64") this.otherArch();
    writeTable(this.#native, register, table);
  }

  /** Refuses what the other architecture has. */
  protected otherArch(): never {
    throw new EngineUsageError("arch", `Cannot do this on an engine for ${this.arch}`);
  }
}

/** A copy of what is to be written: the length may be a property that says what is not so. */
function registerBytes(bytes: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  if (bytes.length !== size) {
    throw new EngineUsageError(
      "value",
      `Cannot write ${bytes.length} bytes to a register of ${size}`,
    );
  }
  const own = new Uint8Array(size);
  own.set(bytes);
  return own;
}
