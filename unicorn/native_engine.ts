/**
 * One `uc_engine`, with nothing added: what calibration and {@linkcode Engine} have in common.
 *
 * @module
 */
import * as uc from "./constants.ts";
import { AArch64Register } from "./aarch64/constants.ts";
import { X86Instruction, X86Register } from "./x86_64/constants.ts";
import { type EngineArch, EngineError, EngineUsageError } from "./errors.ts";
import { findModel, type ModelName } from "./models.ts";
import { startGuest } from "./start_guest.ts";
import type { UnicornSymbols } from "./symbols.ts";

/**
 * Bytes of address space for translated code. The library would reserve 1 GiB, which limits how
 * many engines a process may have; when this much is full it starts afresh by itself.
 */
const CODE_BUFFER = 32 << 20;
/** After this many engines were closed the C library is asked to give freed memory back. */
const TRIM_EVERY = 16;
let closed = 0;

/** A `uc_engine`. Whoever owns it closes it, once. */
export class NativeEngine {
  readonly symbols: UnicornSymbols;
  readonly arch: EngineArch;
  /** Name of the CPU model. */
  readonly model: ModelName;
  #handle: Deno.PointerObject | undefined;
  readonly #word = new BigUint64Array(1);
  readonly #wordAddress = Deno.UnsafePointer.of(this.#word);

  /**
   * Opens an engine: x86-64 in 64-bit mode with paging off, or AArch64 at EL1h with the MMU off.
   *
   * No interrupt hook is ever installed: an exception without one ends the run at once with
   * `UC_ERR_EXCEPTION` and leaves its number in the CPU's structure, which is both faster than any
   * callback and precise. Exit addresses are switched off (an empty list of them replaces `until`),
   * so that no guest address ends a run.
   */
  constructor(symbols: UnicornSymbols, arch: EngineArch, model?: ModelName) {
    this.symbols = symbols;
    this.arch = arch;
    const x86 = arch === "x86_64";
    const { name, model: { number } } = findModel(arch, model);
    this.model = name;
    const status = symbols.uc_open(
      x86 ? uc.UC_ARCH_X86 : uc.UC_ARCH_ARM64,
      x86 ? uc.UC_MODE_64 : uc.UC_MODE_ARM,
      this.#word,
    );
    const handle = Deno.UnsafePointer.create(this.#word[0] ?? 0n);
    if (status !== uc.UC_ERR_OK || handle === null) {
      throw new EngineError("open an engine", { status, arch });
    }
    this.#handle = handle;
    try {
      this.check(
        symbols.uc_ctl_int(handle, uc.UC_CTL_CPU_MODEL, number),
        `choose CPU model ${name}`,
      );
      this.check(
        symbols.uc_ctl_int(handle, uc.UC_CTL_TCG_BUFFER_SIZE, CODE_BUFFER),
        "size the code buffer",
      );
      this.check(
        symbols.uc_ctl_int(handle, uc.UC_CTL_UC_USE_EXITS, 1),
        "switch exit addresses off",
      );
      if (x86) {
        this.addHook(uc.UC_HOOK_INSN, symbols.stop_address, {
          instruction: X86Instruction.SYSCALL,
        });
      }
      // The library builds its CPU at the first use that needs one, and has no view to offer
      // before.
      this.readRegister(x86 ? X86Register.RIP : AArch64Register.PC);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** The `uc_engine`. @throws {EngineUsageError} When it is closed. */
  get handle(): Deno.PointerObject {
    if (this.#handle === undefined) {
      throw new EngineUsageError("disposed", "Cannot use the engine: it is disposed");
    }
    return this.#handle;
  }

  /** Whether it is closed. */
  get closed(): boolean {
    return this.#handle === undefined;
  }

  /** Throws the typed error of a status other than `UC_ERR_OK`. */
  check(status: number, action: string): void {
    if (status !== uc.UC_ERR_OK) throw new EngineError(action, { status, arch: this.arch });
  }

  /**
   * Adds a hook and returns its number, for {@linkcode removeHook}. A range whose end is below its
   * begin is every address.
   */
  addHook(
    type: number,
    callback: Deno.PointerValue,
    { begin = 1n, end = 0n, data = 0n, instruction = 0 } = {},
  ): bigint {
    this.check(
      this.symbols.uc_hook_add(
        this.handle,
        this.#word,
        type,
        callback,
        Deno.UnsafePointer.create(data),
        begin,
        end,
        instruction,
      ),
      "add a hook",
    );
    return this.#word[0] ?? 0n;
  }

  /** Removes a hook. */
  removeHook(hook: bigint): void {
    this.check(this.symbols.uc_hook_del(this.handle, hook), "remove a hook");
  }

  /**
   * Maps memory of JavaScript. The caller keeps a reference to the bytes for as long as the engine
   * is open.
   */
  map(address: bigint, bytes: Uint8Array): number {
    return this.symbols.uc_mem_map_ptr(
      this.handle,
      address,
      BigInt(bytes.length),
      uc.UC_PROT_ALL,
      // Deno wants the non-shared kind; the library cannot tell the difference.
      bytes as Uint8Array<ArrayBuffer>,
    );
  }

  /**
   * Physical address of a virtual one, as the CPU translates it now, or `undefined` where there is
   * no memory.
   * @param access `UC_PROT_READ` or `UC_PROT_EXEC`
   */
  translate(address: bigint, access: number): bigint | undefined {
    const status = this.symbols.uc_vmem_translate(this.handle, address, access, this.#word);
    return status === uc.UC_ERR_OK ? this.#word[0] : undefined;
  }

  /** Empties the TLB. */
  flushTlb(): void {
    this.check(this.symbols.uc_ctl_none(this.handle, uc.UC_CTL_TLB_FLUSH), "flush the TLB");
  }

  /** Drops every translation. Not while one of them runs. */
  flushCode(): void {
    this.check(this.symbols.uc_ctl_none(this.handle, uc.UC_CTL_TB_FLUSH), "flush code");
  }

  /**
   * Has code that has just been translated, `size` bytes at a virtual address, translated again
   * before any of it runs: the run goes on there, as after the host has written PC.
   */
  translateAgain(address: bigint, size: number): void {
    const end = address + BigInt(size);
    this.check(
      this.symbols.uc_ctl_range(this.handle, uc.UC_CTL_TB_REMOVE_CACHE, address, end),
      "drop translations",
    );
    this.writeRegister(this.arch === "x86_64" ? X86Register.RIP : AArch64Register.PC, address);
  }

  /** Runs up to `budget` instructions from `pc`; returns Unicorn's status. */
  start(pc: bigint, budget: bigint): number {
    return startGuest(this.symbols.uc_emu_start, this.handle, pc, budget);
  }

  /** Reads a register of up to 64 bits. */
  readRegister(id: number): bigint {
    this.#word[0] = 0n;
    const status = this.symbols.uc_reg_read_at(this.handle, id, this.#wordAddress);
    if (status !== uc.UC_ERR_OK) this.check(status, `read register ${id}`);
    return this.#word[0];
  }

  /** Writes a register of up to 64 bits. */
  writeRegister(id: number, value: bigint): void {
    this.#word[0] = value;
    const status = this.symbols.uc_reg_write_at(this.handle, id, this.#wordAddress);
    if (status !== uc.UC_ERR_OK) this.check(status, `write register ${id}`);
  }

  /** Frees the engine; a second time does nothing. */
  close(): void {
    const handle = this.#handle;
    this.#handle = undefined;
    if (handle === undefined) return;
    this.symbols.uc_close(handle);
    // An engine is many blocks between which small ones of others come to lie: the heap would grow
    // by 100 MB otherwise.
    if (++closed % TRIM_EVERY === 0) this.symbols.malloc_trim?.(0n);
  }
}
