/**
 * The engine: one CPU that executes real machine code.
 *
 * @module
 */
import { type CpuImage, CpuImageStore } from "./image/cpu_image.ts";
import type { AArch64State } from "./aarch64/state.ts";
import type { BlockWatcher } from "./block_watch.ts";
import type { CodeHookCallback } from "./code_hooks.ts";
import { type EngineParts, openParts } from "./engine_parts.ts";
import { EngineRegisters } from "./engine_registers.ts";
import { type EngineArch, EngineUsageError } from "./errors.ts";
import type { Exit } from "./exit.ts";
import { GuestRun } from "./guest_run.ts";
import { InstructionWatch, type InstructionWatcher } from "./instruction_watch.ts";
import { loadUnicorn, type UnicornLibrary } from "./library.ts";
import type { AccessRecord, FindRest, WatchWindow } from "./memory_watch.ts";
import type { ModelName } from "./models.ts";
import type { NativeEngine } from "./native_engine.ts";
import { checkRegister, debugRegisterIndex } from "./register_check.ts";
import { checkU64 } from "./state_view.ts";
import { Watches } from "./watches.ts";
import { type InstructionFinder, InstructionStops } from "./x86_64/instruction_stops.ts";
import type { X86State } from "./x86_64/state.ts";

/** Options of {@linkcode Engine.open}. */
export interface EngineOptions {
  /** The library; by default what {@linkcode loadUnicorn} finds. */
  library?: UnicornLibrary;
  /**
   * CPU model: `opteron-g5` by default, or `epyc-rome`; of AArch64 `cortex-a72` by default, or
   * `cortex-a53`, `cortex-a57`, `max`. `max` has a register of host random numbers, which breaks
   * determinism if a guest reads it.
   */
  model?: ModelName;
  /**
   * Ends each run behind an instruction that writes a debug register: MOV to DR of x86-64, MSR to
   * MDSCR_EL1, DBGBVR, DBGBCR, DBGWVR or DBGWCR and MRS of MDSCR_EL1 of AArch64. By default runs go
   * on.
   */
  debugWrites?: boolean;
}

/**
 * {@linkcode Engine.watchMemory} in all page frames, so that {@linkcode Engine.undoAccess} is
 * possible. `findRest` is called in the midst of an access, which nothing can keep from RAM that is
 * no more; so this is for CPUs, who only read, and not offered to all the world.
 */
export let watchUndoably: (
  engine: Engine,
  windows: readonly WatchWindow[],
  findRest: FindRest,
) => void;

/**
 * One CPU over RAM that JavaScript owns.
 *
 * Work is done in an exit loop: {@linkcode run} executes guest code until something happens and
 * says what; the caller deals with it in ordinary TypeScript and runs on. An engine is not freed by
 * the garbage collector: dispose of it, best by `using`.
 *
 * x86-64 starts in 64-bit mode at CPL 0 with paging off, AArch64 at EL1h with the MMU off and
 * interrupts masked. Every run counts instructions, so the clock is exact. Nothing is done to code
 * that the host overwrites: see {@linkcode invalidateCode}.
 */
export class Engine extends EngineRegisters implements Disposable {
  static {
    watchUndoably = (engine, windows, findRest) => {
      engine.#run.checkIdle("watch memory");
      engine.#watches.accesses.watch(windows, "all", findRest);
    };
  }

  readonly #parts: EngineParts;
  readonly #native: NativeEngine;
  readonly #x86: X86State | undefined;
  readonly #aarch64: AArch64State | undefined;
  readonly #watches: Watches;
  readonly #run: GuestRun;
  #imageStore: CpuImageStore | undefined;

  /**
   * Opens an engine.
   *
   * @throws {UnicornNotFoundError} When no library serves.
   * @throws {EngineError} When it does not open.
   */
  static open(arch: EngineArch, options: EngineOptions = {}): Engine {
    if (arch !== "x86_64" && arch !== "aarch64") {
      throw new EngineUsageError("arch", `Cannot open an engine for ${arch}: unknown architecture`);
    }
    return new Engine(arch, options);
  }

  private constructor(arch: EngineArch, options: EngineOptions) {
    const { library = loadUnicorn(), model, debugWrites = false } = options;
    const parts = openParts(arch, { library, model });
    super(parts.native, parts);
    this.#parts = parts;
    this.#native = parts.native;
    this.#x86 = parts.x86?.state;
    this.#aarch64 = parts.aarch64?.state;
    this.#watches = new Watches(parts, { debugWrites });
    this.#run = new GuestRun(parts, this.#watches);
  }

  /**
   * Instructions executed since the engine was opened, in a code hook those before the watched one.
   * Exact up to 2^53.
   */
  get instructions(): number {
    return this.#run.instructions;
  }

  /** Whether the engine is disposed. */
  get disposed(): boolean {
    return this.#native.closed;
  }

  /** The x86-64 CPU's state. @throws {EngineUsageError} On an AArch64 engine. */
  get x86(): X86State {
    return this.#x86 ?? this.otherArch();
  }

  /** The AArch64 CPU's state. @throws {EngineUsageError} On an x86-64 engine. */
  get aarch64(): AArch64State {
    return this.#aarch64 ?? this.otherArch();
  }

  /**
   * Makes bytes of JavaScript the guest's RAM: host and guest share them from now on. The same
   * bytes may be mapped in several engines, and at several addresses.
   *
   * @param address Physical address, a multiple of 4096.
   * @param bytes The memory; its length is a multiple of 4096. The engine refuses to run once it is
   *   detached, until it is unmapped.
   * @throws {EngineUsageError} When the request is unaligned, overlaps another mapping or the
   *   memory does not serve.
   */
  mapRam(address: bigint, bytes: Uint8Array): void {
    this.#run.checkIdle("map RAM");
    this.#parts.ram.add(address, bytes);
  }

  /**
   * Takes a mapping away.
   *
   * @param address Physical address it was mapped at.
   * @param size Its whole size in bytes.
   * @throws {EngineUsageError} When this is not exactly one mapping.
   */
  unmapRam(address: bigint, size: bigint): void {
    this.#run.checkIdle("unmap RAM");
    this.#parts.ram.remove(address, size);
  }

  /**
   * Executes guest code from the current program counter until something happens.
   *
   * @param budget Most instructions to execute, 1 … 2^53 − 1. Each repetition of an x86 `rep`
   *   instruction counts as one.
   * @throws {EngineUsageError} When the budget is out of range, or the engine is disposed or
   *   already running.
   * @throws What a code hook's callback threw; the guest is stopped before that instruction.
   * @throws {RangeError} When the stack has no room for callbacks; some instructions may have been
   *   executed without. The engine can be used on.
   */
  run(budget: number): Exit {
    return this.#run.run(budget);
  }

  /**
   * The CPU as plain data, with the clock; it serves any engine of the same library, model and
   * architecture.
   */
  saveCpu(): CpuImage {
    this.#run.checkIdle("save the CPU");
    return this.#images.save(this.#run.instructions);
  }

  /**
   * Makes the CPU, and the clock, those of an image. RAM is the caller's to restore. Translated
   * code and code hooks stay, unless the image has other breakpoints in debug registers in force,
   * which costs every translation.
   *
   * @param options.keepTlb Does not empty the TLB, for checks: right only if it holds nothing that
   * the image's tables lack.
   * @throws {EngineUsageError} When the image is of another architecture, model, library version or
   * layout, or damaged.
   */
  restoreCpu(image: CpuImage, { keepTlb = false }: { keepTlb?: boolean } = {}): void {
    this.#run.checkIdle("restore the CPU");
    const cold = this.#images.restore(image);
    this.#run.instructions = image.instructions;
    if (cold || !keepTlb) this.flushTlb();
  }

  /**
   * Writes a register of up to 64 bits.
   *
   * @throws {EngineUsageError} When it is not one, or the value not a u64.
   */
  writeRegister(id: number, value: bigint): void {
    checkU64(value);
    checkRegister(this.arch, id);
    const index = debugRegisterIndex(this.arch, id);
    if (index === undefined) return this.#native.writeRegister(id, value);
    this.#run.checkIdle("write a debug register");
    if (this.#images.setDebugRegister(index, value)) this.flushTlb();
  }

  /**
   * Drops the translations of code that the host has overwritten, or another engine over the same
   * RAM; without it the guest may go on executing the old code. Stores by this engine's guest need
   * nothing, through whatever mapping. The next run pays for all that was dropped before it, and
   * nothing where no code had been translated: a range may be named whenever it might be code.
   *
   * @param address Physical address of the first byte.
   * @param size Bytes, at least 1, within one mapping.
   * @throws {EngineUsageError} When the range is not within one mapping.
   */
  invalidateCode(address: bigint, size: bigint): void {
    this.#run.checkIdle("invalidate code");
    if (!(size > 0n && this.#parts.ram.map.contains(address, size))) {
      throw new EngineUsageError(
        "mapping",
        `Cannot invalidate ${size} bytes at 0x${address.toString(16)}: not within one mapping`,
      );
    }
    this.#parts.code.drop(address, size);
  }

  /** Empties the TLB: needed after the host has changed page tables. */
  flushTlb(): void {
    this.#run.checkIdle("flush the TLB");
    this.#native.flushTlb();
  }

  /** Drops every translation. */
  flushCode(): void {
    this.#run.checkIdle("flush code");
    this.#native.flushCode();
  }

  /**
   * Watches instructions: before each one in a range of virtual addresses, `callback` is called;
   * when it answers "stop" (or throws) the run ends there, precisely. Without a callback every run
   * ends at the first such instruction, at no cost to the others.
   *
   * @param begin First address.
   * @param end Last address, inclusive.
   * @param callback May read registers and RAM; what would run, change or dispose of this engine is
   *   refused in it.
   * @returns Dispose of it to remove the hook.
   */
  addCodeHook(begin: bigint, end: bigint, callback?: CodeHookCallback): Disposable {
    this.#run.checkIdle("add a code hook");
    const id = this.#watches.code.add({ begin, end }, callback);
    this.flushCode();
    return { [Symbol.dispose]: () => this.#removeHook(id) };
  }

  /**
   * Follows the guest from block to block: `watcher` is called before the first instruction of each
   * block that begins in a range of virtual addresses. A block is what runs from its first
   * instruction to its last, which jumps, calls, returns, traps or is the last in its page; code in
   * the midst of which a run began, or an exception returned to, makes a block of its own. A block
   * that is told may be told again, when its run ended before it began.
   *
   * @param begin First address.
   * @param end Last address, inclusive.
   * @param watcher May read registers and RAM; what would run, change or dispose of this engine is
   *   refused in it. What it throws ends the run before the block.
   * @returns Dispose of it to end this.
   * @throws {EngineUsageError} When the range is none, or blocks are watched already.
   */
  watchBlocks(begin: bigint, end: bigint, watcher: BlockWatcher): Disposable {
    this.#run.checkIdle("watch blocks");
    const { blocks } = this.#watches;
    blocks.watch({ begin, end }, watcher);
    this.flushCode();
    let isOver = false;
    return {
      [Symbol.dispose]: () => {
        if (isOver || this.disposed) return;
        this.#run.checkIdle("watch no more blocks");
        isOver = true;
        blocks.end();
        this.flushCode();
      },
    };
  }

  /**
   * Ends each run behind the first instruction that accesses watched bytes. Fetches and the walks
   * of translation tables are no accesses.
   *
   * @param windows Which bytes of a page count; none to watch nothing.
   * @param frames Numbers of the page frames (physical address / 4096) in which they do, or all.
   *   An access across two page frames is told if it begins in one of these.
   */
  watchMemory(windows: readonly WatchWindow[], frames: ReadonlySet<number> | "all"): void {
    this.#run.checkIdle("watch memory");
    this.#watches.accesses.watch(windows, frames);
  }

  /**
   * What the last instruction of the last run did to watched memory, from its first access that
   * counts on. The instruction may have faulted after that, or trapped: the exit tells.
   */
  get accessed(): AccessRecord | undefined {
    return this.#watches.accesses.record;
  }

  /**
   * Looks at some instructions each time before they are executed; see {@linkcode
   * InstructionWatcher}. Code that has been translated is not looked at: call this first.
   */
  watchInstructions(watcher: InstructionWatcher): void {
    this.#run.checkIdle("watch instructions");
    this.#watches.instructions = new InstructionWatch(this.#native, {
      find: (code, address) => this.#withRam(watcher.find(code, address)),
      refuses: (address) => this.#withRam(watcher.refuses(address)),
    });
  }

  /**
   * x86-64: ends runs before the instructions that `find` finds in code, so that they can be looked
   * at each time; {@linkcode runOver} executes one. Code that has been translated is not searched:
   * call this first.
   */
  stopBefore(find: InstructionFinder): void {
    this.#run.checkIdle("stop before instructions");
    if (this.arch !== "x86_64") this.otherArch();
    this.#watches.stops = new InstructionStops((code, from) => this.#withRam(find(code, from)));
  }

  /**
   * x86-64: executes one instruction, whether or not runs end before it. The CPU must have the
   * interrupt shadow: what is executed so is translated apart.
   */
  runOver(): Exit {
    return this.#run.runOver();
  }

  /** Counts an instruction that was refused instead of executed. */
  countRefused(): void {
    this.#run.checkIdle("count an instruction");
    this.#run.instructions++;
  }

  /**
   * Makes registers and memory what they were before the instruction that {@linkcode accessed} is
   * about, but for what it did before its first access that counts. It stays counted, as one that
   * has faulted does.
   */
  undoAccess(): void {
    this.#run.checkIdle("undo an access");
    this.#watches.accesses.undo();
  }

  /**
   * Frees the engine. Views, batches and handles taken from it refuse to work from now on. A second
   * time does nothing.
   */
  [Symbol.dispose](): void {
    if (this.disposed) return;
    this.#run.checkIdle("dispose");
    this.#parts.view.close();
    this.#native.close();
    this.#watches.code.clear();
    this.#parts.ram.map.clear();
  }

  /** What a callback has answered. It may have done anything, but the guest needs its memory. */
  #withRam<T>(answer: T): T {
    this.#parts.ram.map.checkAlive();
    return answer;
  }

  get #images(): CpuImageStore {
    return this.#imageStore ??= new CpuImageStore(this.#native, this.#parts.library);
  }

  #removeHook(id: number): void {
    if (!this.#watches.code.has(id) || this.disposed) return;
    this.#run.checkIdle("remove a code hook");
    this.#watches.code.remove(id);
    this.flushCode();
  }
}
