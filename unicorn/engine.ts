/**
 * The engine: one CPU that executes real machine code.
 *
 * @module
 */
import * as uc from "./constants.ts";
import { SCR_EL3 } from "./aarch64/constants.ts";
import { X86Register, X86Vector } from "./x86_64/constants.ts";
import { type CpuImage, CpuImageStore } from "./image/cpu_image.ts";
import { EngineRegisters } from "./engine_registers.ts";
import { type EngineArch, EngineError, EngineUsageError } from "./errors.ts";
import { DEBUG_WRITE_HOOK, DebugWrites } from "./debug_writes.ts";
import type { Exit, MemoryExit } from "./exit.ts";
import { CacheMaintenance } from "./aarch64/cache_maintenance.ts";
import { CodeFrames } from "./code_frames.ts";
import { type CodeHookCallback, CodeHooks } from "./code_hooks.ts";
import { type HookTarget, memoryCallback, RUNNING, translationCallback } from "./hooks.ts";
import { InstructionWatch, type InstructionWatcher } from "./instruction_watch.ts";
import { locateCpu } from "./layout/layout.ts";
import { internalsOf, loadUnicorn, type UnicornLibrary } from "./library.ts";
import { type AccessRecord, type FindRest, MemoryWatch, type WatchWindow } from "./memory_watch.ts";
import { type AArch64ModelName, NativeEngine } from "./native_engine.ts";
import { addressOf, addressOfBytes, viewMemory } from "./native_memory.ts";
import { PcAlignment } from "./aarch64/pc_alignment.ts";
import { RamMap } from "./ram.ts";
import { checkRegister, debugRegisterIndex } from "./register_check.ts";
import { AArch64State } from "./aarch64/state.ts";
import { checkU64, StateView } from "./state_view.ts";
import { TranslationSwitch } from "./translation_switch.ts";
import { TranslationWatch } from "./translation_watch.ts";
import { X86State } from "./x86_64/state.ts";
import { RegisterCell } from "./aarch64/system_register.ts";
import { type InstructionFinder, InstructionStops } from "./x86_64/instruction_stops.ts";
import { X86Instructions } from "./x86_64/instructions.ts";
import { BLOCK_SLOTS, RestartedStores } from "./x86_64/restarted_stores.ts";

/** Stands for the block that ran last where none has; the library reads its first fields. */
const NO_BLOCK = new Uint8Array(256);

/** Options of {@linkcode Engine.open}. */
export interface EngineOptions {
  /** The library; by default what {@linkcode loadUnicorn} finds. */
  library?: UnicornLibrary;
  /**
   * AArch64 model, `cortex-a72` by default. `max` has more (pointer authentication, large atomics,
   * scalable vectors), among it a register of host random numbers that breaks determinism if a
   * guest reads it.
   */
  model?: AArch64ModelName;
  /**
   * Ends each run behind an instruction that writes a debug register: MOV to DR of x86-64, MSR to
   * MDSCR_EL1, DBGBVR, DBGBCR, DBGWVR or DBGWCR and MRS of MDSCR_EL1 of AArch64. By default runs go
   * on.
   */
  debugWrites?: boolean;
}

const HIGH = 2 ** 32;
/** What an engine is doing: nothing, running, or it has still to count what a run has executed. */
const IDLE = 0;
const RUNNING_GUEST = 1;
const UNSETTLED = 2;
/**
 * Most instructions in one go while there are code hooks or memory is watched. What is thrown at
 * the end of the stack is thrown inside of native code, where no callback has room to run and
 * nothing can stop the guest.
 */
const LONGEST_WATCHED = 10_000;
const budgetWord = new BigUint64Array(1);
const budgetHalves = new Uint32Array(budgetWord.buffer);
const CR0_PG = 1n << 31n;
const SCTLR_M = 1n;
/**
 * SCR_EL3.RW: the lower levels are AArch64, so page walks follow the 64-bit rules. NS stays clear:
 * models with EL2 would ask HCR_EL2.RW too.
 */
const SCR_EL3_RW = 0x400n;

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
  readonly #native: NativeEngine;
  readonly #ram = new RamMap();
  readonly #view: StateView;
  readonly #x86: X86State | undefined;
  readonly #instructions: X86Instructions | undefined;
  readonly #aarch64: AArch64State | undefined;
  readonly #alignment: PcAlignment | undefined;
  readonly #maintenance: CacheMaintenance | undefined;
  readonly #words: BigUint64Array;
  readonly #pcIndex: number;
  readonly #translation: TranslationSwitch;
  readonly #code: CodeFrames;
  /** Hooks of the addresses without RAM. */
  #gapHooks: bigint[] = [];
  /** The engine's own structure, as words. */
  readonly #engine: Uint32Array;
  readonly #engineBytes: Uint8Array;
  readonly #counterIndex: number;
  readonly #stopIndex: number;
  readonly #exception: Int32Array;
  readonly #library: UnicornLibrary;
  #imageStore: CpuImageStore | undefined;
  readonly #hooks: CodeHooks;
  readonly #restarts: RestartedStores | undefined;
  readonly #accesses: MemoryWatch;
  /** Number in its run of the instruction that writes a debug register; 0 if there was none. */
  #debugWrite = 0;
  #total = 0;
  /** The last budget; no number at first, so that the first one is looked at. */
  #budget = NaN;
  #budgetWord = 0n;
  #state = IDLE;
  #stoppedByHook = false;
  /** Whether the run ends behind a store into its own block. */
  #restarted = false;
  #watched: InstructionWatch | undefined;
  #stops: InstructionStops | undefined;
  #isOver = false;
  #refused = false;
  /** Instructions that the library is to execute in one go. */
  #limit = 0;
  #memory: Omit<MemoryExit, "instructions"> | undefined;
  #callbackError: { error: unknown } | undefined;
  #target: HookTarget;

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
    const library = options.library ?? loadUnicorn();
    const internals = internalsOf(library);
    const layout = arch === "x86_64" ? internals.x86 : internals.aarch64;
    const native = new NativeEngine(internals.symbols, arch, options.model);
    const { object, state } = locateCpu(native, layout);
    const view = new StateView(state);
    super(native, { view, places: arch === "x86_64" ? undefined : internals.aarch64.system });
    this.#library = library;
    this.#native = native;
    this.#view = view;
    const engine = viewMemory(
      addressOf(native.handle),
      Math.max(layout.stopRequest, layout.lastBlock) + 8,
    );
    this.#engineBytes = new Uint8Array(engine);
    this.#engine = new Uint32Array(engine, 0, engine.byteLength >> 2);
    this.#counterIndex = layout.counter >> 2;
    this.#stopIndex = layout.stopRequest;
    this.#exception = new Int32Array(viewMemory(object + BigInt(layout.exception), 4));
    this.#words = new BigUint64Array(state, 0, state.byteLength >> 3);
    this.#watchGaps();
    native.addHook(uc.UC_HOOK_EDGE_GENERATED, translationCallback());
    // The library tells of a translation only if a block has run before, and shows that one too.
    new BigUint64Array(engine, layout.lastBlock, 1)[0] = addressOfBytes(NO_BLOCK);
    this.#translation = new TranslationSwitch(native, {
      words: this.#words,
      ...(arch === "x86_64"
        ? { index: internals.x86.cr0 >> 3, bit: CR0_PG }
        : { index: internals.aarch64.sctlr >> 3, bit: SCTLR_M }),
    });
    this.#hooks = new CodeHooks(native, this.#translation);
    this.#code = new CodeFrames(native, this.#translation);
    if (arch === "x86_64") {
      this.#pcIndex = internals.x86.rip >> 3;
      this.#x86 = new X86State(this.#view, internals.x86, (flags) => {
        native.writeRegister(X86Register.RFLAGS, BigInt(flags >>> 0));
      });
      this.#instructions = new X86Instructions(native, this.#x86);
      const blocks = viewMemory(object + BigInt(internals.x86.blocks), 8 * BLOCK_SLOTS);
      this.#restarts = new RestartedStores(new BigUint64Array(blocks));
    } else {
      this.#pcIndex = internals.aarch64.pc >> 3;
      const scr = new RegisterCell(native, SCR_EL3);
      scr.value = SCR_EL3_RW;
      scr.write();
      // Writing any system register makes the engine look at PSTATE again; this one never changes.
      this.#aarch64 = new AArch64State(this.#view, internals.aarch64, () => scr.write());
      this.#alignment = new PcAlignment(native, this.#aarch64);
      this.#maintenance = new CacheMaintenance(native, this.#code);
    }
    this.#accesses = new MemoryWatch(native, {
      ram: this.#ram,
      words: this.#words,
      pcIndex: this.#pcIndex,
      counter: () => this.#counter(),
      endRun: () => this.#endRun(0),
    });
    const watch = new TranslationWatch(native, this.#ram, {
      code: this.#code,
      alignment: this.#alignment,
      maintenance: this.#maintenance,
      instructions: () => this.#watched,
      stops: () => this.#stops,
      debug: options.debugWrites ? new DebugWrites(native) : undefined,
    });
    this.#target = {
      onCode: (id, address) => this.#onCode(id, address),
      onInstruction: (address) => this.#onInstruction(address),
      onMemory: (access, address, size) => {
        this.#memory = { kind: "memory", access, address, size };
      },
      onAccess: (write, address, size) =>
        this.#guard(() => this.#accesses.onAccess(write, address, size)),
      onTranslation: (address, size, count) =>
        this.#guard(() => {
          watch.onTranslation(address, size);
          if (count === 1 && this.#restarts?.isOne(address)) this.#onRestart(address);
        }),
      onSystem: (operation) => this.#guard(() => this.#maintenance?.onSystem(operation)),
      onTimestamp: (withProcessor) =>
        this.#instructions?.onTimestamp(this.#total + this.#counter(), withProcessor) ?? false,
      onPort: () => this.#instructions?.onPort(this.#counter()),
    };
  }

  /**
   * Instructions executed since the engine was opened, in a code hook those before the watched one.
   * Exact up to 2^53.
   */
  get instructions(): number {
    if (this.#state === RUNNING_GUEST) return this.#total + this.#counter() - 1;
    if (this.#state === UNSETTLED) this.#settle();
    return this.#total;
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
    this.#checkIdle("map RAM");
    // A view of our own: nobody else can make its length say what is not so.
    const own = this.#ram.check(address, bytes);
    this.#native.check(
      this.#native.map(address, own),
      `map ${own.length} bytes at 0x${address.toString(16)}`,
    );
    this.#ram.add(address, own);
    this.#watchGaps();
  }

  /**
   * Takes a mapping away.
   *
   * @param address Physical address it was mapped at.
   * @param size Its whole size in bytes.
   * @throws {EngineUsageError} When this is not exactly one mapping.
   */
  unmapRam(address: bigint, size: bigint): void {
    this.#checkIdle("unmap RAM");
    this.#ram.checkMapped(address, size);
    this.flushCode();
    // The library looks for code there, by addresses it takes for virtual ones.
    this.#translation.offKeepingState(() =>
      this.#native.check(
        this.#native.symbols.uc_mem_unmap(this.#native.handle, address, size),
        `unmap ${size} bytes at 0x${address.toString(16)}`,
      )
    );
    this.#ram.delete(address, size);
    this.#watchGaps();
    this.flushTlb();
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
    this.#checkIdle("run");
    if (budget !== this.#budget) this.#setBudget(budget);
    if (budget > LONGEST_WATCHED && (this.#hooks.any || this.#accesses.isActive)) {
      return this.#runInParts(budget);
    }
    const exit = this.#runOnce(budget);
    return this.#restarted ? this.#runBehindStores(exit, budget) : exit;
  }

  #runOnce(budget: number): Exit {
    if (budget !== this.#budget) this.#setBudget(budget);
    this.#ram.checkAlive();
    if (this.#code.hasStale) this.#code.sweep();
    this.#x86?.clearDoubleFaultLatch();
    this.#memory = undefined;
    this.#stoppedByHook = false;
    this.#restarted = false;
    this.#accesses.clear();
    this.#refused = false;
    this.#limit = budget;
    this.#debugWrite = 0;
    const misaligned = this.#alignment?.beforeRun();
    if (misaligned !== undefined) return misaligned;
    const outer = RUNNING.target;
    this.#engine[this.#counterIndex] = 0;
    this.#engine[this.#counterIndex + 1] = 0;
    let status: number | undefined;
    try {
      this.#state = RUNNING_GUEST;
      RUNNING.target = this.#target;
      status = this.#native.start(this.#words[this.#pcIndex] ?? 0n, this.#budgetWord);
    } finally {
      RUNNING.target = outer;
      this.#state = UNSETTLED;
      this.#stops?.restore();
      // Something was thrown through native code, such as a RangeError where the stack ends.
      if (status === undefined) this.#settle();
    }
    return this.#finish(status, this.#limit);
  }

  /**
   * The CPU as plain data, with the clock; it serves any engine of the same library, model and
   * architecture.
   */
  saveCpu(): CpuImage {
    this.#checkIdle("save the CPU");
    return this.#images.save(this.#total);
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
    this.#checkIdle("restore the CPU");
    const cold = this.#images.restore(image);
    this.#total = image.instructions;
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
    this.#checkIdle("write a debug register");
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
    this.#checkIdle("invalidate code");
    if (!(size > 0n && this.#ram.contains(address, size))) {
      throw new EngineUsageError(
        "mapping",
        `Cannot invalidate ${size} bytes at 0x${address.toString(16)}: not within one mapping`,
      );
    }
    this.#code.drop(address, size);
  }

  /** Empties the TLB: needed after the host has changed page tables. */
  flushTlb(): void {
    this.#checkIdle("flush the TLB");
    this.#native.flushTlb();
  }

  /** Drops every translation. */
  flushCode(): void {
    this.#checkIdle("flush code");
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
    this.#checkIdle("add a code hook");
    const id = this.#hooks.add({ begin, end }, callback);
    this.flushCode();
    return { [Symbol.dispose]: () => this.#removeHook(id) };
  }

  /**
   * Ends each run behind the first instruction that accesses watched bytes. Fetches and the walks of
   * translation tables are no accesses.
   *
   * @param windows Which bytes of a page count; none to watch nothing.
   * @param frames Numbers of the page frames (physical address / 4096) in which they do, or all.
   *   An access across two page frames is told if it begins in one of these.
   * @param findRest Makes {@linkcode undoAccess} possible. It is called in the midst of the run and
   *   must do nothing but read.
   */
  watchMemory(
    windows: readonly WatchWindow[],
    frames: ReadonlySet<number> | "all",
    findRest?: FindRest,
  ): void {
    this.#checkIdle("watch memory");
    this.#accesses.watch(windows, frames, findRest);
  }

  /**
   * What the last instruction of the last run did to watched memory, from its first access that
   * counts on. The instruction may have faulted after that, or trapped: the exit tells.
   */
  get accessed(): AccessRecord | undefined {
    return this.#accesses.record;
  }

  /**
   * Looks at some instructions each time before they are executed; see {@linkcode
   * InstructionWatcher}. Code that has been translated is not looked at: call this first.
   */
  watchInstructions(watcher: InstructionWatcher): void {
    this.#checkIdle("watch instructions");
    this.#watched = new InstructionWatch(this.#native, watcher);
  }

  /**
   * x86-64: ends runs before the instructions that `find` finds in code, so that they can be looked
   * at each time; {@linkcode runOver} executes one. Code that has been translated is not searched:
   * call this first.
   */
  stopBefore(find: InstructionFinder): void {
    this.#checkIdle("stop before instructions");
    if (this.#x86 === undefined) this.otherArch();
    this.#stops = new InstructionStops(find);
  }

  /**
   * x86-64: executes one instruction, whether or not runs end before it. The CPU must have the
   * interrupt shadow: what is executed so is translated apart.
   */
  runOver(): Exit {
    const stops = this.#stops;
    if (stops === undefined) return this.run(1);
    const before = this.x86.rip;
    stops.over = before;
    this.#isOver = true;
    try {
      const exit = this.run(1);
      if (
        !(exit.kind === "trap" && exit.vector === X86Vector.INVALID_OPCODE && stops.has(before))
      ) {
        return exit;
      }
      // It is invalid, or was translated before, when the shadow was an instruction's own.
      this.#total -= exit.instructions;
      this.#native.flushCode();
      this.x86.interruptShadow = true;
      return this.run(1);
    } finally {
      stops.over = undefined;
      this.#isOver = false;
    }
  }

  /** Counts an instruction that was refused instead of executed. */
  countRefused(): void {
    this.#checkIdle("count an instruction");
    this.#total++;
  }

  /**
   * Makes registers and memory what they were before the instruction that {@linkcode accessed} is
   * about, but for what it did before its first access that counts. It stays counted, as one that
   * has faulted does.
   */
  undoAccess(): void {
    this.#checkIdle("undo an access");
    this.#accesses.undo();
  }

  /**
   * Frees the engine. Views, batches and handles taken from it refuse to work from now on. A second
   * time does nothing.
   */
  [Symbol.dispose](): void {
    if (this.disposed) return;
    this.#checkIdle("dispose");
    this.#view.close();
    this.#native.close();
    this.#hooks.clear();
    this.#ram.clear();
  }

  #finish(status: number, budget: number): Exit {
    const counted = this.#counter();
    if (this.#accesses.counted > 0) return this.#finishAccess(status);
    const stopped = this.#engineBytes[this.#stopIndex] !== 0;
    // Budget, hooks and checks ask for a stop: without one the guest has ended the run itself.
    if (!stopped && (status === uc.UC_ERR_EXCEPTION || status === uc.UC_ERR_OK)) {
      this.#account(counted);
      if (status === uc.UC_ERR_OK) return { kind: "halt", instructions: counted };
      return { kind: "trap", instructions: counted, vector: this.#exception[0] ?? -1 };
    }
    const debug = this.#debugWrite;
    if (debug > 0 && status === uc.UC_ERR_OK && counted > debug && !this.#stoppedByHook) {
      this.#account(debug);
      return { kind: "debug", instructions: debug };
    }
    const spent = counted > budget;
    // What the count hook or a code hook stopped has been counted, but not begun.
    const refused = this.#instructions?.takeRefused();
    const instructions = refused ?? (this.#refused ? counted : undefined) ??
      (spent ? budget : this.#stoppedByHook ? counted - 1 : counted);
    this.#account(instructions);
    if (this.#callbackError !== undefined) {
      const { error } = this.#callbackError;
      this.#callbackError = undefined;
      this.#dropTranslated();
      throw error;
    }
    if (refused !== undefined) {
      return { kind: "trap", instructions, vector: X86Vector.GENERAL_PROTECTION };
    }
    if (this.#refused) return { kind: "refused", instructions };
    const misaligned = this.#alignment?.afterRun(instructions);
    if (misaligned !== undefined) return misaligned;
    switch (status) {
      case uc.UC_ERR_OK:
        if (spent) return { kind: "budget", instructions };
        if (this.#stoppedByHook) return { kind: "stop", instructions };
        return { kind: "syscall", instructions };
      case uc.UC_ERR_EXCEPTION:
      case uc.UC_ERR_INSN_INVALID: {
        const vector = this.#exception[0] ?? -1;
        // A single step over `syscall`: the hook stopped the run first. Whether there is a step to
        // report is for FMASK to say.
        const step = stopped && this.#x86 !== undefined && vector === X86Vector.DEBUG;
        if (step) return { kind: "syscall", instructions };
        if (vector === X86Vector.INVALID_OPCODE && this.#x86 !== undefined) {
          return this.#finishInvalid(instructions);
        }
        return { kind: "trap", instructions, vector };
      }
      default:
        if (this.#memory !== undefined) return { ...this.#memory, instructions };
        return { kind: "fault", instructions, error: this.#error(status) };
    }
  }

  /** An invalid instruction, or one in whose place there was one. */
  #finishInvalid(instructions: number): Exit {
    if (this.#isOver || this.#stops?.has(this.#words[this.#pcIndex] ?? 0n) !== true) {
      return { kind: "trap", instructions, vector: X86Vector.INVALID_OPCODE };
    }
    this.#total--;
    return { kind: "before", instructions: instructions - 1 };
  }

  /** Nothing has begun since the instruction that accessed watched memory, whatever ended the run. */
  #finishAccess(status: number): Exit {
    const instructions = this.#accesses.counted;
    this.#account(instructions);
    const refused = this.#instructions?.takeRefused();
    if (this.#callbackError !== undefined) {
      const { error } = this.#callbackError;
      this.#callbackError = undefined;
      this.#dropTranslated();
      throw error;
    }
    if (refused !== undefined) {
      return { kind: "trap", instructions, vector: X86Vector.GENERAL_PROTECTION };
    }
    if (status === uc.UC_ERR_OK) return { kind: "access", instructions };
    if (status === uc.UC_ERR_EXCEPTION || status === uc.UC_ERR_INSN_INVALID) {
      return { kind: "trap", instructions, vector: this.#exception[0] ?? -1 };
    }
    if (this.#memory !== undefined) return { ...this.#memory, instructions };
    return { kind: "fault", instructions, error: this.#error(status) };
  }

  /** Goes on after a run that ended behind a store into its own block, as if it had not. */
  #runBehindStores(first: Exit, budget: number): Exit {
    let exit = first;
    let done = exit.instructions;
    while (this.#restarted && exit.kind === "budget" && done < budget) {
      exit = this.#runOnce(budget - done);
      done += exit.instructions;
    }
    return { ...exit, instructions: done };
  }

  /**
   * A store that changes the block it is in begins anew: its first attempt does not count. The run
   * ends behind it and the block made for it is dropped, as the library would use it again for the
   * next such attempt without telling.
   */
  #onRestart(address: bigint): void {
    const counter = this.#counter() - 1;
    this.#engine[this.#counterIndex] = counter;
    this.#engine[this.#counterIndex + 1] = counter / HIGH;
    this.#endRun(1);
    this.#limit = counter + 1;
    this.#restarted = true;
    this.#accesses.clear();
    const physical = this.#native.translate(address, uc.UC_PROT_EXEC);
    if (physical !== undefined) this.#code.drop(physical, 1n);
  }

  #runInParts(budget: number): Exit {
    for (let left = budget;;) {
      const exit = this.run(Math.min(left, LONGEST_WATCHED));
      left -= exit.instructions;
      if (exit.kind !== "budget" || left === 0) return { ...exit, instructions: budget - left };
    }
  }

  /** Counts what a run has executed, which ends it. */
  #account(instructions: number): void {
    this.#total += instructions;
    this.#state = IDLE;
  }

  /**
   * Ends a run that something was thrown out of.
   */
  #settle(): void {
    const refused = this.#instructions?.takeRefused();
    this.#account(refused ?? Math.min(this.#counter(), this.#budget));
    this.#callbackError = undefined;
    this.#alignment?.afterRun(0);
    this.#dropTranslated();
  }

  /** Drops what was translated while a callback failed that should have looked at it. */
  #dropTranslated(): void {
    this.#native.flushCode();
    this.#native.flushTlb();
  }

  get #images(): CpuImageStore {
    return this.#imageStore ??= new CpuImageStore(this.#native, this.#library);
  }

  #error(status: number): EngineError {
    return new EngineError("run", { status, arch: this.arch, pc: this.#words[this.#pcIndex] });
  }

  #counter(): number {
    const index = this.#counterIndex;
    return (this.#engine[index] ?? 0) + (this.#engine[index + 1] ?? 0) * HIGH;
  }

  /** Cuts the budget of the run to what has been counted; the library keeps it behind its counter. */
  #endRun(more: number): void {
    const count = this.#counter() + more;
    this.#engine[this.#counterIndex + 2] = count;
    this.#engine[this.#counterIndex + 3] = count / HIGH;
  }

  #setBudget(budget: number): void {
    if (!(Number.isSafeInteger(budget) && budget > 0)) {
      throw new EngineUsageError(
        "budget",
        `Cannot run ${budget} instructions: not a positive integer`,
      );
    }
    this.#budget = budget;
    // In halves, as making a bigint of a number takes longer.
    budgetHalves[0] = budget;
    budgetHalves[1] = budget / HIGH;
    this.#budgetWord = budgetWord[0] ?? 0n;
  }

  #checkIdle(action: string): void {
    if (this.#state === RUNNING_GUEST) {
      throw new EngineUsageError("running", `Cannot ${action}: the guest is running`);
    }
    if (this.#native.closed) {
      throw new EngineUsageError("disposed", `Cannot ${action}: the engine is disposed`);
    }
    if (this.#state === UNSETTLED) this.#settle();
  }

  /** Keeps what is thrown on the way through native code, and stops the run. */
  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#callbackError ??= { error };
      this.#stopByHook();
    }
  }

  /**
   * Has accesses to addresses without RAM told, and covers no other: see {@linkcode CodeFrames}.
   */
  #watchGaps(): void {
    for (const hook of this.#gapHooks) this.#native.removeHook(hook);
    this.#gapHooks = this.#ram.gaps().map((gap) =>
      this.#native.addHook(uc.UC_HOOK_MEM_UNMAPPED, memoryCallback(), gap)
    );
  }

  #onInstruction(address: bigint): void {
    // The run has ended before this instruction already.
    if (this.#stoppedByHook || this.#refused || this.#restarted) return;
    if (this.#accesses.counted > 0) return;
    if (this.#counter() > this.#limit) return;
    this.#guard(() => {
      if (this.#watched?.refuses(address) !== true) return;
      this.#refused = true;
      this.#native.symbols.uc_emu_stop(this.#native.handle);
    });
  }

  #onCode(id: number, address: bigint): void {
    if (this.#stoppedByHook || this.#restarted) return;
    if (this.#accesses.counted > 0 || this.#debugWrite > 0) return;
    if (id === DEBUG_WRITE_HOOK) {
      this.#debugWrite = this.#counter();
      this.#endRun(0);
      return;
    }
    this.#guard(() => {
      if (this.#hooks.stopsAt(id, address)) this.#stopByHook();
      // The callback may have done anything, and the guest must not go on without memory.
      this.#ram.checkAlive();
    });
  }

  #stopByHook(): void {
    this.#stoppedByHook = true;
    this.#native.symbols.uc_emu_stop(this.#native.handle);
  }

  #removeHook(id: number): void {
    if (!this.#hooks.has(id) || this.disposed) return;
    this.#checkIdle("remove a code hook");
    this.#hooks.remove(id);
    this.flushCode();
  }
}
