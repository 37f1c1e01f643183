/**
 * What callbacks do while the guest runs.
 *
 * @module
 */
import * as uc from "./constants.ts";
import { DEBUG_WRITE_HOOK } from "./debug_writes.ts";
import type { EngineParts } from "./engine_parts.ts";
import type { MemoryExit } from "./exit.ts";
import type { HookTarget } from "./hooks.ts";
import { TranslationWatch } from "./translation_watch.ts";
import type { Watches } from "./watches.ts";

/**
 * Where the callbacks of one engine go. They record why the run is to end and have it end; what
 * follows from that is for {@linkcode GuestRun} to say, behind the run.
 */
export class RunRecord implements HookTarget {
  /** Instructions that the library is to execute in this run. */
  limit = 0;
  /** Whether a code hook, or an error, stopped the run before the instruction counted last. */
  stoppedByHook = false;
  /** Whether no instruction has been counted since the one before: the next block has not begun. */
  atBlock = false;
  /** Whether the run ends behind a store into its own block. */
  restarted = false;
  /** Whether the instruction counted last is refused. */
  refused = false;
  /** Number in its run of the instruction that writes a debug register; 0 if there was none. */
  debugWrite = 0;
  /** The access to an address without memory. */
  memory: Omit<MemoryExit, "instructions"> | undefined;
  readonly #parts: EngineParts;
  readonly #watches: Watches;
  readonly #translated: TranslationWatch;
  /** Instructions executed before this run. */
  readonly #clock: () => number;
  #error: { readonly error: unknown } | undefined;

  /** For one engine; `clock` says how many instructions were executed before this run. */
  constructor(parts: EngineParts, watches: Watches, clock: () => number) {
    this.#parts = parts;
    this.#watches = watches;
    this.#clock = clock;
    this.#translated = new TranslationWatch(parts, watches);
  }

  /** A run begins, of up to `limit` instructions. */
  clear(limit: number): void {
    this.limit = limit;
    this.stoppedByHook = false;
    this.atBlock = false;
    this.restarted = false;
    this.refused = false;
    this.debugWrite = 0;
    this.memory = undefined;
  }

  /** Takes the first error of a callback. */
  takeError(): { readonly error: unknown } | undefined {
    const error = this.#error;
    this.#error = undefined;
    return error;
  }

  /** See {@linkcode HookTarget.onCode}. */
  onCode(id: number, address: bigint): void {
    if (this.stoppedByHook || this.restarted) return;
    if (this.#watches.accesses.counted > 0 || this.debugWrite > 0) return;
    if (id === DEBUG_WRITE_HOOK) {
      this.debugWrite = this.#parts.structure.counter;
      this.#parts.structure.cutBudget(0);
      return;
    }
    this.#guard(() => {
      if (this.#watches.code.stopsAt(id, address)) this.#stopByHook();
      // The callback may have done anything, and the guest must not go on without memory.
      this.#parts.ram.map.checkAlive();
    });
  }

  /** See {@linkcode HookTarget.onBlock}. */
  onBlock(): void {
    if (this.stoppedByHook) return;
    this.atBlock = true;
    try {
      this.#watches.blocks.onBlock();
      // The watcher may have done anything, and the guest must not go on without memory.
      this.#parts.ram.map.checkAlive();
      this.atBlock = false;
    } catch (error) {
      this.#error ??= { error };
      this.#stopByHook();
    }
  }

  /** See {@linkcode HookTarget.onInstruction}. */
  onInstruction(address: bigint): void {
    // The run has ended before this instruction already.
    if (this.stoppedByHook || this.refused || this.restarted) return;
    if (this.#watches.accesses.counted > 0) return;
    if (this.#parts.structure.counter > this.limit) return;
    this.#guard(() => {
      if (this.#watches.instructions?.refuses(address) !== true) return;
      this.refused = true;
      this.#stop();
    });
  }

  /** See {@linkcode HookTarget.onMemory}. */
  onMemory(access: MemoryExit["access"], address: bigint, size: number): void {
    this.memory = { kind: "memory", access, address, size };
  }

  /** See {@linkcode HookTarget.onAccess}. */
  onAccess(write: boolean, address: bigint, size: number): void {
    this.#guard(() => this.#watches.accesses.onAccess(write, address, size));
  }

  /** See {@linkcode HookTarget.onTranslation}. */
  onTranslation(address: bigint, size: number, count: number): void {
    this.#guard(() => {
      this.#translated.onTranslation(address, size);
      if (count === 1 && this.#parts.x86?.restarts.isOne(address)) this.#onRestart(address);
    });
  }

  /** See {@linkcode HookTarget.onSystem}. */
  onSystem(operation: { crn: number; crm: number; op1: number; value: bigint }): void {
    this.#guard(() => this.#parts.aarch64?.maintenance.onSystem(operation));
  }

  /** See {@linkcode HookTarget.onTimestamp}. */
  onTimestamp(withProcessor: boolean): boolean {
    const { x86, structure } = this.#parts;
    const now = this.#clock() + structure.counter;
    return x86?.instructions.onTimestamp(now, withProcessor) ?? false;
  }

  /** See {@linkcode HookTarget.onPort}. */
  onPort(): void {
    this.#parts.x86?.instructions.onPort(this.#parts.structure.counter);
  }

  /**
   * A store that changes the block it is in begins anew: its first attempt does not count. The run
   * ends behind it and the block made for it is dropped, as the library would use it again for the
   * next such attempt without telling.
   */
  #onRestart(address: bigint): void {
    const { structure, native, code } = this.#parts;
    const counter = structure.counter - 1;
    structure.counter = counter;
    structure.cutBudget(1);
    this.limit = counter + 1;
    this.restarted = true;
    this.#watches.accesses.clear();
    const physical = native.translate(address, uc.UC_PROT_EXEC);
    if (physical !== undefined) code.drop(physical, 1n);
  }

  /** Keeps what is thrown on the way through native code, and stops the run. */
  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#error ??= { error };
      this.#stopByHook();
    }
  }

  #stopByHook(): void {
    this.stoppedByHook = true;
    this.#stop();
  }

  #stop(): void {
    const { native } = this.#parts;
    native.symbols.uc_emu_stop(native.handle);
  }
}
