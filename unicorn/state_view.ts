/**
 * A window on the CPU's own structure that closes with the engine.
 *
 * @module
 */
import { EngineUsageError } from "./errors.ts";

/** Reads and writes fields in place, little-endian, at the cost of a typed-array access. */
export class StateView {
  #view: DataView;

  /** @param buffer The structure, in native memory. */
  constructor(buffer: ArrayBuffer) {
    this.#view = new DataView(buffer);
  }

  /** Reads an unsigned field of 32 bits. */
  get32(offset: number): number {
    return this.#alive().getUint32(offset, true);
  }

  /** Writes a field of 32 bits. */
  set32(offset: number, value: number): void {
    this.#alive().setUint32(offset, value, true);
  }

  /** Reads an unsigned field of 64 bits. */
  get64(offset: number): bigint {
    return this.#alive().getBigUint64(offset, true);
  }

  /** Reads a field of 64 bits as a number, exact up to 2^53. */
  getNumber(offset: number): number {
    const fields = this.#alive();
    return fields.getUint32(offset + 4, true) * 2 ** 32 + fields.getUint32(offset, true);
  }

  /**
   * Writes a field of 64 bits; the value is taken modulo 2^64, as checking it would cost more than
   * writing it.
   */
  set64(offset: number, value: bigint): void {
    this.#alive().setBigUint64(offset, value, true);
  }

  /** Lets go of the native memory: every later access is refused. */
  close(): void {
    this.#view = new DataView(new ArrayBuffer(0));
  }

  /** The fields themselves, for several accesses in a row: not to be kept. */
  get fields(): DataView {
    return this.#alive();
  }

  #alive(): DataView {
    const view = this.#view;
    if (view.byteLength === 0) {
      throw new EngineUsageError("disposed", "Cannot access the CPU state: the engine is disposed");
    }
    return view;
  }
}

/** Refuses what is not an unsigned value of 64 bits. @throws {EngineUsageError} */
export function checkU64(value: bigint): void {
  if (typeof value !== "bigint" || value < 0n || value > 0xffff_ffff_ffff_ffffn) {
    throw new EngineUsageError("value", `Cannot write ${value}: not an unsigned 64-bit value`);
  }
}

/** Refuses an index that is not an integer from 0 below `count`. @throws {EngineUsageError} */
export function checkIndex(what: string, index: number, count: number): void {
  if (!(Number.isInteger(index) && index >= 0 && index < count)) {
    throw new EngineUsageError(
      "register",
      `Cannot access ${what} ${index}: not in 0 … ${count - 1}`,
    );
  }
}
