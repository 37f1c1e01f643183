/**
 * What the CPUs of both architectures do alike: the run loop, pending interrupts, breakpoints and
 * watchpoints.
 *
 * @module
 */

import { type BlockWatcher, EngineUsageError, type Exit } from "../unicorn/mod.ts";
import type { Cpu, CpuExit, CpuState, ExceptionEntry, WatchHit, WatchRange } from "./arch.ts";
import { CpuBase } from "./cpu_base.ts";
import { checkState } from "./cpu_state.ts";
import { ArchError } from "./errors.ts";
import { hex } from "./physical_memory.ts";
import { Watchpoints } from "./watchpoints.ts";

/** Number of interrupt lines. */
export const INTERRUPT_LINES = 32;

/** Exceptions in a row with no instruction between them, after which there will never be one. */
const STALL_LIMIT = 100;

/** The part of a CPU that does not depend on the architecture. */
export abstract class CpuCore<T extends WatchRange = WatchRange> extends CpuBase<T> implements Cpu {
  #pending = 0;
  #resumeAt: bigint | null = null;
  /** Runs end behind an exception that is entered when there are more of them than this. */
  #entryLimit = Infinity;
  #enteredAt = 0;
  /** Watched memory, `null` where there is none. */
  #watchpoints: Watchpoints<T> | null = null;
  /** Whether debug registers may say something else than what is watched for them. */
  #debugChanged = false;
  #running = false;
  /** Whether no exception entry was left in the middle. */
  #sound = true;
  /** What an observer has thrown in this run. */
  #thrown: { readonly error: unknown } | null = null;

  /** See {@linkcode Cpu.usable}. */
  get usable(): boolean {
    return (this.#sound || this.#running) && !this.engine.disposed;
  }

  /** See {@linkcode Cpu.run}. */
  run(budget: number): CpuExit {
    if (!Number.isSafeInteger(budget) || budget <= 0) {
      throw new ArchError("misuse", `Cannot run ${budget} instructions: not a positive integer`);
    }
    this.#checkStill("run");
    if (!this.#sound) {
      throw new ArchError("state", "Cannot run the CPU: entering an exception has failed before");
    }
    this.#running = true;
    try {
      this.#watchpoints?.begin();
      return this.#run(budget);
    } finally {
      this.#running = false;
      this.#watchpoints?.end();
    }
  }

  /** See {@linkcode Cpu.step}. */
  step(): CpuExit {
    this.#checkStill("step");
    this.#entryLimit = this.entered;
    try {
      return this.run(1);
    } finally {
      this.#entryLimit = Infinity;
    }
  }

  #run(budget: number): CpuExit {
    let left = budget;
    while (left > 0 && this.entered <= this.#entryLimit) {
      if (this.#debugChanged) this.#watchDebugRegisters();
      const watchpoints = this.#watchpoints;
      if (this.#pending !== 0 && this.interruptsEnabled) {
        const line = 31 - Math.clz32(this.#pending & -this.#pending);
        this.#pending &= ~(1 << line);
        this.#sound = false;
        this.#enteredAt = this.engine.instructions;
        const end = this.#entered(this.enterInterrupt(line));
        if (end !== null) return end;
        if (watchpoints?.hasHits) return { kind: "watch", hits: watchpoints.take() };
        if (this.entered > this.#entryLimit) break;
      }
      const { watching } = this;
      if (watching) {
        this.#sound = false;
        const end = this.#entered(this.enterWatched());
        if (end === null) continue;
        if (end !== undefined) return end;
      }
      // An interrupt that waits for the guest to unmask it must be seen between any two
      // instructions.
      const stepping = this.prepareRun() || this.#pending !== 0 || this.#resumeAt !== null ||
        watching;
      if (watchpoints !== null) watchpoints.arm();
      const exit = this.runEngine(stepping ? 1 : left);
      if (watchpoints !== null) watchpoints.settle(this.#faulted(exit));
      left -= exit.instructions;
      if (exit.instructions > 0) {
        this.#resumeAt = null;
        this.entered = 0;
      }
      if (watchpoints !== null && watchpoints.hasDebugHits) {
        this.#sound = false;
        const end = this.#entered(this.enterWatchpoint(exit, watchpoints.takeDebugHits()));
        if (end !== undefined) {
          if (end !== null) return end;
          if (watchpoints.hasHits) return { kind: "watch", hits: watchpoints.take() };
          continue;
        }
      }
      // The next instruction cannot be fetched: it will fault again when the run goes on.
      if (watchpoints?.hasHits && this.isFetchFault(exit)) {
        return { kind: "watch", hits: watchpoints.take() };
      }
      switch (exit.kind) {
        case "budget":
        case "access":
          break;
        case "debug":
          this.onDebugRegister();
          this.#debugChanged = true;
          break;
        case "halt":
          return HYPERCALL;
        case "trap":
        case "syscall":
        case "refused": {
          this.#sound = false;
          this.#enteredAt = this.engine.instructions;
          const end = this.#entered(this.enterException(exit) ?? this.#checkProgress());
          if (end !== null) return end;
          break;
        }
        case "before": {
          this.#sound = false;
          const end = this.#entered(this.enterRefused());
          if (end === undefined) break;
          this.engine.countRefused();
          this.#enteredAt = this.engine.instructions;
          left--;
          this.#resumeAt = null;
          this.entered = 1;
          if (end !== null) return end;
          break;
        }
        case "stop": {
          const end = this.onStop();
          if (end !== null) return end;
          break;
        }
        case "memory":
          return { kind: "memory", address: exit.address, access: exit.access };
        case "fault":
          return { kind: "fault", error: exit.error };
      }
      const end = this.afterRun();
      if (this.#thrown !== null) this.#rethrow(this.#thrown);
      if (end !== null) return end;
      if (watchpoints?.hasHits) return { kind: "watch", hits: watchpoints.take() };
    }
    return BUDGET;
  }

  /** Watches what the debug registers say now. */
  #watchDebugRegisters(): void {
    this.#debugChanged = false;
    const ranges = this.debugRanges();
    if (ranges.length === 0 && this.#watchpoints === null) return;
    const watchpoints = this.#watch();
    watchpoints.setDebug(ranges);
    this.#dropWatch(watchpoints);
  }

  /** The instruction that accessed watched memory has been undone. */
  protected undoAccess(): void {
    this.engine.undoAccess();
    this.#watchpoints?.discard();
  }

  /** Has the debug registers looked at before the next run. */
  protected debugRegistersChanged(): void {
    this.#debugChanged = true;
  }

  #watch(): Watchpoints<T> {
    if (this.#watchpoints !== null) return this.#watchpoints;
    const { engine, space } = this;
    const watchpoints = new Watchpoints<T>({
      engine,
      space,
      rootOf: (address) => this.rootOf(address),
      operandsOf: (instruction) => this.operandsOf(instruction),
      undoes: this.watchpointsUndo,
      pc: () => this.pc,
    });
    this.#watchpoints = watchpoints;
    return watchpoints;
  }

  #dropWatch(watchpoints: Watchpoints<T>): void {
    if (watchpoints.isEmpty && this.#watchpoints === watchpoints) this.#watchpoints = null;
  }

  /** Whether the instruction that has accessed watched memory is to be restarted. */
  #faulted(exit: Exit): boolean {
    if (exit.kind === "memory" || exit.kind === "fault") return true;
    return exit.kind === "trap" && this.engine.accessed?.pc === this.pc;
  }

  /** An exception has been entered in full, or there was none. */
  #entered<E>(end: E): E {
    this.#sound = true;
    if (this.#thrown !== null) this.#rethrow(this.#thrown);
    return end;
  }

  /** Throws what an observer has thrown, once the exception has been entered. */
  #rethrow({ error }: { readonly error: unknown }): never {
    this.#thrown = null;
    throw error;
  }

  #checkStill(action: string): void {
    if (!this.#running) return;
    throw new ArchError("misuse", `Cannot ${action} the CPU: it is running`);
  }

  /**
   * A handler whose first instruction cannot be fetched is entered for ever, without executing
   * anything that uses up a budget.
   */
  #checkProgress(): CpuExit | null {
    if (this.entered <= STALL_LIMIT) return null;
    return {
      kind: "shutdown",
      reason: `Exceptions without end: the handler at ${hex(this.pc)} cannot be fetched`,
    };
  }

  /** A code hook stopped the run. */
  protected onStop(): CpuExit | null {
    this.#resumeAt = this.pc;
    return STOP;
  }

  /** See {@linkcode Cpu.raiseInterrupt}. */
  raiseInterrupt(line: number): void {
    if (!Number.isInteger(line) || line < 0 || line >= INTERRUPT_LINES) {
      throw new ArchError(
        "misuse",
        `Cannot raise interrupt line ${line}: lines are 0 to ${INTERRUPT_LINES - 1}`,
      );
    }
    this.#pending |= 1 << line;
  }

  /** See {@linkcode Cpu.interruptPending}. */
  get interruptPending(): boolean {
    return this.#pending !== 0;
  }

  /** See {@linkcode Cpu.entries}. */
  get entries(): number {
    return this.entered;
  }

  /** See {@linkcode Cpu.passBreakpoint}. */
  passBreakpoint(pass: boolean): void {
    this.#resumeAt = pass ? this.pc : null;
  }

  /** See {@linkcode Cpu.enteredAt}. */
  get enteredAt(): number {
    return this.#enteredAt;
  }

  /** See {@linkcode Cpu.onException}. */
  onException(observer: ((entry: ExceptionEntry) => void) | null): void {
    if (observer === null) {
      this.observer = null;
      return;
    }
    this.observer = (entry) => {
      try {
        observer(entry);
      } catch (error) {
        this.#thrown ??= { error };
      }
    };
  }

  /** See {@linkcode Cpu.save}. */
  save(): CpuState {
    this.#checkStill("save");
    return {
      image: this.engine.saveCpu(),
      pending: this.#pending,
      resumeAt: this.#resumeAt,
      entries: this.entered,
      enteredAt: this.#enteredAt,
      own: this.ownState(),
    };
  }

  /** See {@linkcode Cpu.restore}. */
  restore(state: CpuState, options: { readonly keepTlb?: boolean } = {}): void {
    this.#checkStill("restore");
    checkState(state, this.ownState());
    try {
      this.engine.restoreCpu(state.image, options);
    } catch (error) {
      if (!(error instanceof EngineUsageError && error.kind === "image")) throw error;
      throw new ArchError("state", error.message, undefined, error);
    }
    this.#debugChanged = true;
    this.#pending = state.pending;
    this.#resumeAt = state.resumeAt;
    this.entered = state.entries;
    this.#enteredAt = state.enteredAt;
    this.setOwnState(state.own);
    this.#sound = true;
  }

  /** See {@linkcode Cpu.addBreakpoint}. */
  addBreakpoint(address: bigint): Disposable {
    return this.engine.addCodeHook(
      address,
      address,
      (at) => at === this.#resumeAt ? undefined : "stop",
    );
  }

  /** See {@linkcode Cpu.watchBlocks}. */
  watchBlocks(begin: bigint, end: bigint, watcher: BlockWatcher): Disposable {
    return this.engine.watchBlocks(begin, end, watcher);
  }

  /** See {@linkcode Cpu.addWatch}. */
  addWatch(range: WatchRange): Disposable {
    const watchpoints = this.#watch();
    watchpoints.add(range);
    return {
      [Symbol.dispose]: () => {
        if (this.engine.disposed) return;
        watchpoints.delete(range);
        this.#dropWatch(watchpoints);
      },
    };
  }

  /** See {@linkcode Cpu.takeWatchHits}. */
  takeWatchHits(): readonly WatchHit[] {
    return this.#watchpoints?.take() ?? NO_HITS;
  }

  /** Frees the engine. */
  [Symbol.dispose](): void {
    if (this.engine.disposed) return;
    this.#checkStill("dispose of");
    this.engine[Symbol.dispose]();
  }
}

const NO_HITS: readonly WatchHit[] = [];
const HYPERCALL: CpuExit = { kind: "hypercall" };
const BUDGET: CpuExit = { kind: "budget" };
const STOP: CpuExit = { kind: "stop" };
