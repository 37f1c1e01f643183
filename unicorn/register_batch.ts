/**
 * Several registers in one native call.
 *
 * @module
 */
import { AArch64Register, type SystemRegisterEncoding } from "./aarch64/constants.ts";
import { EngineUsageError } from "./errors.ts";
import type { NativeEngine } from "./native_engine.ts";
import { checkRegister, debugRegisterIndex } from "./register_check.ts";
import { checkSystemRegister, RegisterCell } from "./aarch64/system_register.ts";

/**
 * Registers of up to 64 bits that are read or written together. `values` and `words` are the same
 * memory; `words` spares the allocation of bigints where 32 bits are enough (little-endian: the low
 * word of register `i` is `words[2 * i]`).
 */
export class RegisterBatch {
  /** One element a register. */
  readonly values: BigUint64Array<ArrayBuffer>;
  /** The same memory, low and high word of each register. */
  readonly words: Uint32Array<ArrayBuffer>;
  readonly #native: NativeEngine;
  readonly #ids: Int32Array<ArrayBuffer>;
  readonly #pointers: BigUint64Array<ArrayBuffer>;
  /** What native code reads and writes: `values` could be detached while it does. */
  readonly #own: BigUint64Array<ArrayBuffer>;
  /** System registers travel in structures of their own: their values are copied to and fro. */
  readonly #systems: { index: number; cell: RegisterCell }[] = [];

  /**
   * Used by {@linkcode Engine} only.
   *
   * @throws {EngineUsageError} When a system register is not in {@linkcode AArch64SystemRegister},
   * and for DR0 … DR3 and DR7, which are not to be written this way.
   */
  constructor(native: NativeEngine, members: readonly (number | SystemRegisterEncoding)[]) {
    this.#native = native;
    this.values = new BigUint64Array(members.length);
    this.words = new Uint32Array(this.values.buffer);
    this.#own = new BigUint64Array(new ArrayBuffer(8 * members.length));
    this.#ids = new Int32Array(members.length);
    this.#pointers = new BigUint64Array(members.length);
    const own = Deno.UnsafePointer.value(Deno.UnsafePointer.of(this.#own));
    members.forEach((member, index) => {
      if (typeof member === "number") {
        this.#ids[index] = checkRegister(native.arch, member);
        if (debugRegisterIndex(native.arch, member) !== undefined) {
          throw new EngineUsageError("register", `Cannot access register ${member} in a batch`);
        }
        this.#pointers[index] = own + BigInt(index * 8);
      } else {
        const cell = new RegisterCell(native, checkSystemRegister(member));
        this.#systems.push({ index, cell });
        this.#ids[index] = AArch64Register.CP_REG;
        this.#pointers[index] = cell.address;
      }
    });
  }

  /**
   * Reads every register into `values`.
   *
   * @throws {EngineUsageError} When `values` was detached.
   */
  read(): void {
    this.#checkAttached("read");
    const { symbols, handle } = this.#native;
    this.#native.check(
      symbols.uc_reg_read_batch(handle, this.#ids, this.#pointers, this.#ids.length),
      "read registers",
    );
    for (const { index, cell } of this.#systems) this.#own[index] = cell.value;
    this.values.set(this.#own);
  }

  /**
   * Writes every register from `values`, in order.
   *
   * @throws {EngineUsageError} When `values` was detached.
   */
  write(): void {
    this.#checkAttached("write");
    this.#own.set(this.values);
    for (const { index, cell } of this.#systems) cell.value = this.#own[index] ?? 0n;
    const { symbols, handle } = this.#native;
    this.#native.check(
      symbols.uc_reg_write_batch(handle, this.#ids, this.#pointers, this.#ids.length),
      "write registers",
    );
  }

  #checkAttached(action: string): void {
    if (this.values.length === this.#own.length) return;
    throw new EngineUsageError("memory", `Cannot ${action} registers: their values were detached`);
  }
}
