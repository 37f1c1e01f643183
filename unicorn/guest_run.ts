/**
 * Running the guest, and why a run ended.
 *
 * @module
 */
import * as uc from "./constants.ts";
import type { AArch64Parts } from "./aarch64/parts.ts";
import type { CodeFrames } from "./code_frames.ts";
import type { EngineParts } from "./engine_parts.ts";
import type { EngineStructure } from "./engine_structure.ts";
import { EngineError, EngineUsageError } from "./errors.ts";
import type { Exit } from "./exit.ts";
import { RUNNING } from "./hooks.ts";
import type { MemoryWatch } from "./memory_watch.ts";
import type { NativeEngine } from "./native_engine.ts";
import type { RamMap } from "./ram.ts";
import { RunRecord } from "./run_record.ts";
import type { Watches } from "./watches.ts";
import { X86Vector } from "./x86_64/constants.ts";
import type { X86Parts } from "./x86_64/parts.ts";

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

/** Runs one engine's guest and keeps its instruction clock. */
export class GuestRun {
  readonly #native: NativeEngine;
  readonly #structure: EngineStructure;
  readonly #ram: RamMap;
  readonly #code: CodeFrames;
  readonly #words: BigUint64Array;
  readonly #pcIndex: number;
  readonly #exception: Int32Array;
  readonly #x86: X86Parts | undefined;
  readonly #aarch64: AArch64Parts | undefined;
  readonly #watches: Watches;
  readonly #accesses: MemoryWatch;
  readonly #record: RunRecord;
  #total = 0;
  /** The last budget; no number at first, so that the first one is looked at. */
  #budget = NaN;
  #budgetWord = 0n;
  #state = IDLE;
  /** Whether the next instruction is executed although runs end before it. */
  #isOver = false;

  /** For an engine that has not run yet. */
  constructor(parts: EngineParts, watches: Watches) {
    this.#native = parts.native;
    this.#structure = parts.structure;
    this.#ram = parts.ram.map;
    this.#code = parts.code;
    this.#words = parts.words;
    this.#pcIndex = parts.pcIndex;
    this.#exception = parts.exception;
    this.#x86 = parts.x86;
    this.#aarch64 = parts.aarch64;
    this.#watches = watches;
    this.#accesses = watches.accesses;
    this.#record = new RunRecord(parts, watches, () => this.#total);
  }

  /** See {@linkcode Engine.instructions}. */
  get instructions(): number {
    if (this.#state === RUNNING_GUEST) {
      return this.#total + this.#structure.counter - (this.#record.atBlock ? 0 : 1);
    }
    if (this.#state === UNSETTLED) this.#settle();
    return this.#total;
  }
  /** Sets the clock of an engine that is idle. */
  set instructions(value: number) {
    this.#total = value;
  }

  /** Refuses what cannot be done while the guest is running, or to an engine that is closed. */
  checkIdle(action: string): void {
    if (this.#state === RUNNING_GUEST) {
      throw new EngineUsageError("running", `Cannot ${action}: the guest is running`);
    }
    if (this.#native.closed) {
      throw new EngineUsageError("disposed", `Cannot ${action}: the engine is disposed`);
    }
    if (this.#state === UNSETTLED) this.#settle();
  }

  /** See {@linkcode Engine.run}. */
  run(budget: number): Exit {
    this.checkIdle("run");
    if (budget > LONGEST_WATCHED && this.#watches.isSlow) {
      return this.#runInParts(budget);
    }
    const exit = this.#runOnce(budget);
    return this.#record.restarted ? this.#runBehindStores(exit, budget) : exit;
  }

  /** See {@linkcode Engine.runOver}. */
  runOver(): Exit {
    const { stops } = this.#watches;
    const state = this.#x86?.state;
    if (stops === undefined || state === undefined) return this.run(1);
    const before = state.rip;
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
      state.interruptShadow = true;
      return this.run(1);
    } finally {
      stops.over = undefined;
      this.#isOver = false;
    }
  }

  #runOnce(budget: number): Exit {
    if (budget !== this.#budget) this.#setBudget(budget);
    this.#ram.checkAlive();
    if (this.#code.hasStale) this.#code.sweep();
    this.#x86?.state.clearDoubleFaultLatch();
    this.#accesses.clear();
    this.#record.clear(budget);
    const misaligned = this.#aarch64?.alignment.beforeRun();
    if (misaligned !== undefined) return misaligned;
    const outer = RUNNING.target;
    this.#structure.counter = 0;
    let status: number | undefined;
    try {
      this.#state = RUNNING_GUEST;
      RUNNING.target = this.#record;
      status = this.#native.start(this.#pc, this.#budgetWord);
    } finally {
      RUNNING.target = outer;
      this.#state = UNSETTLED;
      this.#watches.stops?.restore();
      // Something was thrown through native code, such as a RangeError where the stack ends.
      if (status === undefined) this.#settle();
    }
    return this.#finish(status);
  }

  #finish(status: number): Exit {
    if (this.#accesses.counted > 0) return this.#finishAccess(status);
    const { counter: counted, stopped } = this.#structure;
    // Budget, hooks and checks ask for a stop: without one the guest has ended the run itself.
    if (!stopped && (status === uc.UC_ERR_EXCEPTION || status === uc.UC_ERR_OK)) {
      this.#account(counted);
      if (status === uc.UC_ERR_OK) return { kind: "halt", instructions: counted };
      return this.#trapped(counted);
    }
    return this.#finishStopped(status, { counted, stopped });
  }

  /** Something asked for a stop, or the library failed. */
  #finishStopped(
    status: number,
    { counted, stopped }: { counted: number; stopped: boolean },
  ): Exit {
    const { stoppedByHook, atBlock, debugWrite, limit } = this.#record;
    if (debugWrite > 0 && status === uc.UC_ERR_OK && counted > debugWrite && !stoppedByHook) {
      this.#account(debugWrite);
      return { kind: "debug", instructions: debugWrite };
    }
    const spent = counted > limit;
    // What the count hook or a code hook stopped has been counted, but not begun.
    const refused = this.#x86?.instructions.takeRefused();
    const instructions = refused ?? (this.#record.refused ? counted : undefined) ??
      (spent ? limit : stoppedByHook && !atBlock ? counted - 1 : counted);
    this.#account(instructions);
    this.#throwError();
    if (refused !== undefined) {
      return { kind: "trap", instructions, vector: X86Vector.GENERAL_PROTECTION };
    }
    if (this.#record.refused) return { kind: "refused", instructions };
    const misaligned = this.#aarch64?.alignment.afterRun(instructions);
    if (misaligned !== undefined) return misaligned;
    switch (status) {
      case uc.UC_ERR_OK:
        if (spent) return { kind: "budget", instructions };
        if (stoppedByHook) return { kind: "stop", instructions };
        return { kind: "syscall", instructions };
      case uc.UC_ERR_EXCEPTION:
      case uc.UC_ERR_INSN_INVALID: {
        const vector = this.#vector;
        // A single step over `syscall`: the hook stopped the run first. Whether there is a step to
        // report is for FMASK to say.
        const step = stopped && this.#x86 !== undefined && vector === X86Vector.DEBUG;
        if (step) return { kind: "syscall", instructions };
        if (vector === X86Vector.INVALID_OPCODE && this.#x86 !== undefined) {
          return this.#finishInvalid(instructions);
        }
        return this.#trapped(instructions);
      }
      default:
        return this.#fault(status, instructions);
    }
  }

  /** The guest has raised an exception. */
  #trapped(instructions: number): Exit {
    const vector = this.#vector;
    this.#x86?.state.settleFault(vector);
    return { kind: "trap", instructions, vector };
  }

  /** An invalid instruction, or one in whose place there was one. */
  #finishInvalid(instructions: number): Exit {
    if (this.#isOver || this.#watches.stops?.has(this.#pc) !== true) {
      return { kind: "trap", instructions, vector: X86Vector.INVALID_OPCODE };
    }
    this.#total--;
    return { kind: "before", instructions: instructions - 1 };
  }

  /**
   * Nothing has begun since the instruction that accessed watched memory, whatever ended the run.
   */
  #finishAccess(status: number): Exit {
    const instructions = this.#accesses.counted;
    this.#account(instructions);
    const refused = this.#x86?.instructions.takeRefused();
    this.#throwError();
    if (refused !== undefined) {
      return { kind: "trap", instructions, vector: X86Vector.GENERAL_PROTECTION };
    }
    if (status === uc.UC_ERR_OK) return { kind: "access", instructions };
    if (status === uc.UC_ERR_EXCEPTION || status === uc.UC_ERR_INSN_INVALID) {
      return this.#trapped(instructions);
    }
    return this.#fault(status, instructions);
  }

  #fault(status: number, instructions: number): Exit {
    const { memory } = this.#record;
    if (memory !== undefined) return { ...memory, instructions };
    const error = new EngineError("run", { status, arch: this.#native.arch, pc: this.#pc });
    return { kind: "fault", instructions, error };
  }

  /** Goes on after a run that ended behind a store into its own block, as if it had not. */
  #runBehindStores(first: Exit, budget: number): Exit {
    let exit = first;
    let done = exit.instructions;
    while (this.#record.restarted && exit.kind === "budget" && done < budget) {
      exit = this.#runOnce(budget - done);
      done += exit.instructions;
    }
    return { ...exit, instructions: done };
  }

  #runInParts(budget: number): Exit {
    this.#setBudget(budget);
    for (let left = budget;;) {
      const exit = this.run(Math.min(left, LONGEST_WATCHED));
      left -= exit.instructions;
      if (exit.kind !== "budget" || left === 0) return { ...exit, instructions: budget - left };
    }
  }

  get #pc(): bigint {
    return this.#words[this.#pcIndex] ?? 0n;
  }

  get #vector(): number {
    return this.#exception[0] ?? -1;
  }

  /** Counts what a run has executed, which ends it. */
  #account(instructions: number): void {
    this.#total += instructions;
    this.#state = IDLE;
  }

  /** Ends a run that something was thrown out of. */
  #settle(): void {
    const refused = this.#x86?.instructions.takeRefused();
    this.#account(refused ?? Math.min(this.#structure.counter, this.#budget));
    this.#record.takeError();
    this.#aarch64?.alignment.afterRun(0);
    this.#dropTranslated();
  }

  /** Throws what a callback has thrown. */
  #throwError(): void {
    const failed = this.#record.takeError();
    if (failed === undefined) return;
    this.#dropTranslated();
    throw failed.error;
  }

  /** Drops what was translated while a callback failed that should have looked at it. */
  #dropTranslated(): void {
    this.#native.flushCode();
    this.#native.flushTlb();
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
}
