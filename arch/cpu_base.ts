/**
 * What the run loop of {@linkcode CpuCore} asks of an architecture, and what is the engine's and
 * the tables' alone.
 *
 * @module
 */

import {
  type AccessRecord,
  Engine,
  type EngineArch,
  type Exit,
  type ModelName,
} from "../unicorn/mod.ts";
import type { BootParameters, CpuExit, CpuState, ExceptionEntry, WatchRange } from "./arch.ts";
import type { GuestImage } from "./guest_image.ts";
import type { KernelSpace } from "./kernel_space.ts";
import type { DebugHit, Operands } from "./watchpoints.ts";

/** A CPU without its run loop. */
export abstract class CpuBase<T extends WatchRange> {
  /** The engine that executes. */
  protected readonly engine: Engine;
  /** Kernel half and tables. */
  protected readonly space: KernelSpace;
  /** Guest kernel image. */
  protected readonly image: GuestImage;
  /** See {@linkcode Cpu.entries}. */
  protected entered = 0;
  /** Called for each exception entered. */
  protected observer: ((entry: ExceptionEntry) => void) | null = null;
  /** Takes over an engine; it is disposed of with the CPU. */
  protected constructor(engine: Engine, options: { space: KernelSpace; image: GuestImage }) {
    this.engine = engine;
    this.space = options.space;
    this.image = options.image;
    engine.mapRam(options.space.memory.base, options.space.memory.bytes);
  }

  /** Opens the engine of a CPU. */
  protected static open(arch: EngineArch, { model }: { readonly model?: string }): Engine {
    // What is no name of a model the engine refuses.
    const chosen = model === undefined ? {} : { model: model as ModelName };
    return Engine.open(arch, { debugWrites: true, ...chosen });
  }

  /** See {@linkcode Cpu.boot}. */
  abstract boot(parameters: BootParameters): void;
  /** See {@linkcode Cpu.hypercall}. */
  abstract hypercall(): number;
  /** See {@linkcode Cpu.hypercallWord}. */
  abstract hypercallWord(index: number): bigint;
  /** See {@linkcode Cpu.answer}. */
  abstract answer(routine: bigint, ...words: bigint[]): void;
  /** See {@linkcode Cpu.interruptsEnabled}. */
  abstract readonly interruptsEnabled: boolean;
  /** See {@linkcode Cpu.userFp}. */
  abstract userFp: boolean;
  /** See {@linkcode Cpu.userMode}. */
  abstract readonly userMode: boolean;
  /** See {@linkcode Cpu.pc}. */
  abstract pc: bigint;
  /** See {@linkcode Cpu.sp}. */
  abstract sp: bigint;
  /** See {@linkcode Cpu.saveThread}. */
  abstract saveThread(thread: bigint): void;
  /** See {@linkcode Cpu.loadThread}. */
  abstract loadThread(thread: bigint): void;
  /** See {@linkcode Cpu.threadPointer}. */
  abstract threadPointer(index: number): bigint;
  /** See {@linkcode Cpu.setThreadPointer}. */
  abstract setThreadPointer(index: number, value: bigint): void;
  /** See {@linkcode Cpu.threadRegisters}. */
  abstract threadRegisters(thread?: bigint): Readonly<Record<string, bigint>>;
  /** See {@linkcode Cpu.fpState}. */
  abstract fpState(): Uint8Array<ArrayBuffer>;

  /** See {@linkcode Cpu.setFpState}. */
  abstract setFpState(state: Uint8Array): void;
  /** See {@linkcode Cpu.register}. */
  abstract register(name: string): bigint;
  /** See {@linkcode Cpu.setRegister}. */
  abstract setRegister(name: string, value: bigint): void;
  /** Root of the tables that translate an address now, or `undefined` while translation is off. */
  protected abstract rootOf(address: bigint): bigint | undefined;
  /** See {@linkcode Watchpoints}: addresses of the operands in memory of an instruction. */
  protected abstract operandsOf(
    instruction: Pick<AccessRecord, "pc" | "state">,
  ): Operands | undefined;
  /** Whether a watchpoint of the debug registers comes before the access, and undoes it. */
  protected abstract readonly watchpointsUndo: boolean;
  /** What the debug registers watch. */
  protected abstract debugRanges(): readonly T[];
  /**
   * Enters the exception for accesses that the debug registers watch. `undefined` if there is none
   * yet, and the exit is to be dealt with; otherwise as {@linkcode enterException}.
   */
  protected abstract enterWatchpoint(
    exit: Exit,
    hits: readonly DebugHit<T>[],
  ): CpuExit | null | undefined;
  /** The guest has written, or is reading, a debug register: the instruction is before PC. */
  protected abstract onDebugRegister(): void;
  /** Enters the exception of an engine exit; returns an exit of the CPU if that ends the run. */
  protected abstract enterException(exit: Exit): CpuExit | null;
  /** Enters an external interrupt. Returns an exit of the CPU if that ends the run. */
  protected abstract enterInterrupt(line: number): CpuExit | null;
  /** Whether an exit is a fault of the fetch of the next instruction. */
  protected abstract isFetchFault(exit: Exit): boolean;
  /** What only this architecture's CPUs have beside the engine, by name. */
  protected abstract ownState(): CpuState["own"];
  /** Sets it, once it is known to have the same names and types. */
  protected abstract setOwnState(own: CpuState["own"]): void;

  /** See {@linkcode Cpu.instructions}. */
  get instructions(): number {
    return this.engine.instructions;
  }

  /** See {@linkcode Cpu.translate}. */
  translate(address: bigint): bigint | undefined {
    const root = this.rootOf(address);
    if (root === undefined) return address;
    const walk = this.space.tables.walk(root, address);
    return walk.kind === "mapped" ? walk.physical : undefined;
  }

  /** See {@linkcode Cpu.flushTranslations}. */
  flushTranslations(): void {
    this.engine.flushTlb();
  }

  /** See {@linkcode Cpu.flushCode}. */
  flushCode(physical: bigint, size: number): void {
    this.engine.invalidateCode(physical, BigInt(size));
  }

  /** Whether each instruction is to be looked at before it is executed. */
  protected get watching(): boolean {
    return false;
  }

  /** Called when the engine has run, and its exit has been dealt with. */
  protected afterRun(): CpuExit | null {
    return null;
  }

  /** Called right before the engine runs; returns whether it is to execute one instruction only. */
  protected prepareRun(): boolean {
    return false;
  }

  /** Has the engine run. */
  protected runEngine(budget: number): Exit {
    return this.engine.run(budget);
  }

  /**
   * Looks at the instruction the engine has stopped before. `undefined` if it is to be executed,
   * otherwise as {@linkcode enterException}.
   */
  protected enterRefused(): CpuExit | null | undefined {
    return undefined;
  }

  /**
   * Enters the exception that the next instruction of a watched CPU raises without the engine's
   * knowing. `undefined` if it raises none, otherwise as {@linkcode enterException}.
   */
  protected enterWatched(): CpuExit | null | undefined {
    return undefined;
  }
}
