/**
 * The x86-64 CPU: interrupt and exception entry through the IDT as the SDM describes it (vol. 3,
 * 6.12 to 6.15), on top of an engine that only reports exceptions.
 *
 * @module
 */

import { type AccessRecord, type Exit, X86Register, type X86State } from "../../unicorn/mod.ts";
import type { BootParameters, CpuExit, CpuState } from "../arch.ts";
import { CpuCore } from "../cpu_core.ts";
import { ArchError } from "../errors.ts";
import type { GuestImage } from "../guest_image.ts";
import type { KernelSpace } from "../kernel_space.ts";
import {
  faultsOnStack,
  interruptLength,
  isInt1,
  isMoveOfAbsent,
  isRdpmc,
  isXsetbv,
  MAX_INSTRUCTION,
  modifiesMemory,
} from "./decode.ts";
import { CodeReader } from "./code_reader.ts";
import { Breakpoints, type DataBreakpoint } from "./debug.ts";
import { Delivery, type InterruptEvent } from "./delivery.ts";
import { FIRST_INTERRUPT_VECTOR, hasErrorCode, PageFaultBit, Vector } from "./exceptions.ts";
import { readFpState, writeFpState } from "./fp_state.ts";
import { memoryOperands } from "./operands.ts";
import { instructionLength } from "./instruction_length.ts";
import { LoneInstruction } from "./lone_instruction.ts";
import { modelOf, type X86Model } from "./models.ts";
import { DR7_GD, findDoubtful, isRotationOfMemory, refusalOf } from "./refusals.ts";
import {
  engineRegister,
  generalRegister,
  Gpr,
  modelSpecificRegister,
  Rflags,
  tableRegister,
} from "./registers.ts";
import { enterSyscall, SYSCALL_LENGTH } from "./syscall_entry.ts";
import { buildTables } from "./tables.ts";
import { ThreadSegments } from "./thread_segments.ts";
import type { DebugHit, Operands } from "../watchpoints.ts";

/** Registers of hypercall words and answers. */
const WORDS = [Gpr.rdi, Gpr.rsi, Gpr.rdx, Gpr.rcx, Gpr.r8, Gpr.r9];

const CR0_BOOT = 0x8001_0023n; // PG, WP, NE, MP, PE
const CR0_TS = 1n << 3n;
const CR0_PG = 1n << 31n;
const CR3_ROOT = 0x000f_ffff_ffff_f000n;
const CR4_OSXSAVE = 1n << 18n;
const IOPL_SHIFT = 12;
const DR6_BD = 1n << 13n;

/** The x86-64 CPU. */
export class X86Cpu extends CpuCore<DataBreakpoint> {
  readonly #state: X86State;
  readonly #delivery: Delivery;
  readonly #model: X86Model;
  readonly #code: CodeReader;
  readonly #segments: ThreadSegments;
  readonly #breakpoints: Breakpoints;
  readonly #lone: LoneInstruction;
  #userFp = true;
  /** The rotation through carry that was executed last, and the flags before it. */
  #rotation: { readonly rip: bigint; readonly rflags: number } | undefined;

  /** Opens an engine over RAM. */
  constructor(space: KernelSpace, image: GuestImage, options: { readonly model?: string } = {}) {
    super(CpuCore.open("x86_64", options), { space, image });
    this.#state = this.engine.x86;
    this.#code = new CodeReader(this.#state, space.memory);
    this.#breakpoints = new Breakpoints(this.engine);
    this.#lone = new LoneInstruction(this.#state);
    this.#model = modelOf(this.engine.model);
    this.engine.stopBefore((block, from) => findDoubtful(block, { from, model: this.#model }));
    this.#segments = new ThreadSegments(this.#state, { space, image });
    const restart = (vector: number): bigint => {
      const { rip } = this.#state;
      return rip - interruptLength(this.#code.read(rip - 2n, 2), vector);
    };
    this.#delivery = new Delivery(this.engine, { space, image, restart });
  }

  /** Prepares the first instruction; see `boot.S` for what each register is. */
  boot(parameters: BootParameters): void {
    const { space, image } = this;
    const { emergencyStackTop } = parameters;
    const tables = buildTables(space, { image, emergencyStackTop });
    this.setRegister("rdi", space.createBootRoot());
    this.setRegister("rsi", parameters.thread);
    this.setRegister("rdx", tables.perCpu);
    this.setRegister("rcx", tables.pseudoDescriptors);
    this.setRegister("r8", image.label("high_half"));
    this.setRegister("r9", CR0_BOOT);
    this.#state.rip = image.label("boot") - space.directMap;
  }

  /** rax. */
  hypercall(): number {
    return this.#state.gprNumber(Gpr.rax);
  }

  /** rdi, rsi, rdx, rcx. */
  hypercallWord(index: number): bigint {
    return this.#state.gpr(WORDS[index] ?? Gpr.rax);
  }

  /** Routine in rax, words in rdi, rsi, rdx, rcx, r8, r9. */
  answer(routine: bigint, ...words: bigint[]): void {
    this.#state.setGpr(Gpr.rax, routine);
    for (let i = 0; i < words.length; i++) this.#state.setGpr(WORDS[i] ?? Gpr.rax, words[i] ?? 0n);
  }

  /** RFLAGS.IF is set and the last instruction does not hold interrupts off. */
  get interruptsEnabled(): boolean {
    return (this.#state.rflags & Number(Rflags.IF)) !== 0 && !this.#state.interruptShadow;
  }

  /** CR0.TS is clear. */
  get userFp(): boolean {
    return this.#userFp;
  }
  set userFp(value: boolean) {
    if (value === this.#userFp) return;
    this.#userFp = value;
    const cr0 = this.#state.cr0;
    this.engine.writeRegister(X86Register.CR0, value ? cr0 & ~CR0_TS : cr0 | CR0_TS);
  }

  /** DS, ES, FS and GS, and the bases of the last two. */
  saveThread(thread: bigint): void {
    this.#segments.save(thread);
  }

  /** DS, ES, FS and GS, and the bases of the last two. */
  loadThread(thread: bigint): void {
    this.#segments.load(thread);
  }

  /** The base of FS, and that of the user's GS. */
  threadPointer(index: number): bigint {
    return index === 0 ? this.#segments.fsBase : this.#state.kernelGsBase;
  }

  /** The base of FS, and that of the user's GS. */
  setThreadPointer(index: number, value: bigint): void {
    if (index === 0) this.#segments.fsBase = value;
    else this.#state.kernelGsBase = value;
  }

  /** DS, ES, FS and GS, and the bases of the last two. */
  threadRegisters(thread?: bigint): Readonly<Record<string, bigint>> {
    return thread === undefined ? this.#segments.held(this.userMode) : this.#segments.saved(thread);
  }

  /** An FXSAVE area. */
  fpState(): Uint8Array<ArrayBuffer> {
    return readFpState(this.engine);
  }

  /** From an FXSAVE area. */
  setFpState(state: Uint8Array): void {
    writeFpState(this.engine, state);
  }

  /** The CPU is at CPL 3. */
  get userMode(): boolean {
    return this.#state.cpl === 3;
  }

  /** RIP. */
  get pc(): bigint {
    return this.#state.rip;
  }
  set pc(value: bigint) {
    this.#state.rip = value;
  }

  /** RSP. */
  get sp(): bigint {
    return this.#state.rsp;
  }
  set sp(value: bigint) {
    this.#state.rsp = value;
  }

  /**
   * A general register, `rip`, `rflags`, a segment selector, a control or model-specific register
   * by name; `idtr_base`, `gdtr_base` and `tr_base`, which only the guest can set, for where the
   * tables are.
   */
  register(name: string): bigint {
    const general = generalRegister(name);
    if (general !== undefined) return this.#state.gpr(general);
    if (name === "rip") return this.#state.rip;
    const table = tableRegister(name);
    if (table !== undefined) return this.engine.readDescriptorTable(table).base;
    const msr = modelSpecificRegister(name);
    return msr === undefined
      ? this.engine.readRegister(engineRegister(name))
      : this.engine.readMsr(msr);
  }

  /**
   * Sets a register by name. A selector written this way changes neither privilege nor the hidden
   * descriptor.
   */
  setRegister(name: string, value: bigint): void {
    const general = generalRegister(name);
    const msr = modelSpecificRegister(name);
    if (general !== undefined) this.#state.setGpr(general, value);
    else if (name === "rip") this.#state.rip = value;
    else if (msr === undefined) {
      this.engine.writeRegister(engineRegister(name), value);
      if (name.startsWith("dr")) this.debugRegistersChanged();
    } else this.engine.writeMsr(msr, value);
  }

  /** CR3. */
  protected override rootOf(_address: bigint): bigint | undefined {
    return (this.#state.cr0 & CR0_PG) === 0n ? undefined : this.#state.cr3 & CR3_ROOT;
  }

  /** The operands an instruction's bytes name. */
  protected override operandsOf(
    { pc, state }: Pick<AccessRecord, "pc" | "state">,
  ): Operands | undefined {
    const addresses = memoryOperands(this.#code.read(pc, MAX_INSTRUCTION), {
      pc,
      register: (index) => state[index] ?? 0n,
      segmentBase: (segment) => this.register(`${segment}_base`),
    });
    return addresses === undefined ? undefined : { addresses, reads: true };
  }

  /** #PF with I/D set. */
  protected override isFetchFault(exit: Exit): boolean {
    return exit.kind === "trap" && exit.vector === Vector.PF &&
      (this.#state.errorCode & PageFaultBit.FETCH) !== 0;
  }

  /** Breakpoints of data are traps behind the instruction. */
  protected override readonly watchpointsUndo = false;

  /** The breakpoints of data in DR0 to DR3. */
  protected override debugRanges(): readonly DataBreakpoint[] {
    return this.#breakpoints.ranges();
  }

  /** The engine has taken the value already. */
  protected override onDebugRegister(): void {}

  /**
   * A breakpoint of data: #DB behind the instruction, together with a single step's (SDM vol. 3,
   * 17.3.1.2).
   */
  protected override enterWatchpoint(
    exit: Exit,
    hits: readonly DebugHit<DataBreakpoint>[],
  ): CpuExit | null | undefined {
    const bits = hits.reduce((all, { range }) => all | (1 << range.index), 0);
    if (exit.kind !== "access") {
      this.#breakpoints.report(bits, { more: true });
      return undefined;
    }
    if (this.#breakpoints.hold(bits)) return undefined;
    this.#breakpoints.report(bits);
    return this.#deliver({ vector: Vector.DB, error: 0, kind: "trap" });
  }

  /** Delivers the #DB that had to wait for an instruction. */
  protected override afterRun(): CpuExit | null {
    if (!this.#breakpoints.takeDue()) return null;
    return this.#deliver({ vector: Vector.DB, error: 0, kind: "trap" });
  }

  /** What the host has said of user code's floating point. */
  protected override ownState(): CpuState["own"] {
    return { userFp: this.#userFp, heldBreakpoints: this.#breakpoints.held };
  }

  /** CR0.TS has its value already. */
  protected override setOwnState(own: CpuState["own"]): void {
    this.#userFp = own["userFp"] === true;
    this.#breakpoints.held = Number(own["heldBreakpoints"]);
  }

  /** Enters the exception or system call the engine stopped at. */
  protected override enterException(exit: Exit): CpuExit | null {
    if (exit.kind === "syscall") return this.#enterSyscall();
    if (exit.kind !== "trap") {
      throw new ArchError("misuse", `Cannot enter an exception for exit ${exit.kind}`);
    }
    const state = this.#state;
    const { vector } = exit;
    if (state.softwareInterrupt) {
      // The engine takes `int 6` for an invalid instruction, and stays at it.
      if (vector === Vector.UD) {
        state.rip += BigInt(instructionLength(this.#code.read(state.rip, MAX_INSTRUCTION)) ?? 2);
      }
      return this.#deliver({ vector, error: 0, kind: "software" });
    }
    if (vector === Vector.DB) {
      if (this.#breakpoints.isPortOnly()) return null;
      return this.#deliver({
        vector,
        error: 0,
        kind: this.#breakpoints.atInstruction() ? "fault" : "trap",
      });
    }
    if (vector === Vector.UD) return this.#enterInvalid();
    const error = hasErrorCode(vector) ? state.errorCode : 0;
    if (vector === Vector.GP && error === 0) return this.#enterProtection();
    if (vector === Vector.PF) {
      if ((error & PageFaultBit.FETCH) !== 0 && this.#lone.retry()) return null;
      // Not the flags the engine has computed before it came to the store.
      if (this.#rotation?.rip === state.rip) state.rflags = this.#rotation.rflags;
    }
    if (vector === Vector.PF && (error & (PageFaultBit.WRITE | PageFaultBit.FETCH)) === 0) {
      const write = modifiesMemory(this.#code.read(state.rip, MAX_INSTRUCTION))
        ? PageFaultBit.WRITE
        : 0;
      return this.#deliver({ vector, error: error | write, kind: "fault" });
    }
    return this.#deliver({ vector, error, kind: "fault" });
  }

  /** Executes one instruction where a breakpoint waits for it, or where it is to be alone. */
  protected override prepareRun(): boolean {
    const waits = this.#breakpoints.prepareRun();
    return this.#lone.prepare() || waits;
  }

  /**
   * Enters #GP(0), or the exception it should be: the engine has one for all non-canonical
   * addresses.
   */
  #enterProtection(): CpuExit | null {
    const state = this.#state;
    const code = this.#code.read(state.rip, MAX_INSTRUCTION);
    const register = (index: number): bigint => state.gpr(index);
    const invalid = isXsetbv(code) && (state.cr4 & CR4_OSXSAVE) === 0n || isMoveOfAbsent(code);
    const vector = invalid
      ? Vector.UD
      : faultsOnStack(code, { register, cpl: state.cpl })
      ? Vector.SS
      : Vector.GP;
    return this.#deliver({ vector, error: 0, kind: "fault" });
  }

  /** Enters what a processor raises at the next instruction, or has it executed alone. */
  protected override enterRefused(): CpuExit | null | undefined {
    const state = this.#state;
    const { rip, rflags } = state;
    const code = this.#code.read(rip, MAX_INSTRUCTION);
    const refusal = refusalOf(code, {
      cpl: state.cpl,
      iopl: rflags >> IOPL_SHIFT & 3,
      register: (index) => state.gpr(index),
      model: this.#model,
      cr0: state.cr0,
      cr4: state.cr4,
      efer: state.efer,
      dr7: () => this.engine.readRegister(X86Register.DR7),
    });
    if (refusal?.vector === Vector.DB) {
      const dr6 = this.engine.readRegister(X86Register.DR6);
      this.engine.writeRegister(X86Register.DR6, dr6 | DR6_BD);
    }
    if (refusal !== undefined) return this.#deliver({ ...refusal, kind: "fault" });
    this.#rotation = isRotationOfMemory(code) ? { rip, rflags } : undefined;
    this.#lone.allow();
    return undefined;
  }

  /** Executes an instruction that has been looked at. */
  protected override runEngine(budget: number): Exit {
    return this.#lone.isAllowed ? this.engine.runOver() : this.engine.run(budget);
  }

  /** Enters #UD, or what the instruction does that the engine does not know. */
  #enterInvalid(): CpuExit | null {
    const state = this.#state;
    const code = this.#code.read(state.rip, 2);
    if (isInt1(code)) {
      state.rip += 1n;
      return this.#deliver({ vector: Vector.DB, error: 0, kind: "trap" });
    }
    const vector = isRdpmc(code) && state.cpl !== 0 ? Vector.GP : Vector.UD;
    return this.#deliver({ vector, error: 0, kind: "fault" });
  }

  /** Enters an external interrupt: line `n` is vector 32 + n. */
  protected override enterInterrupt(line: number): CpuExit | null {
    return this.#deliver({ vector: FIRST_INTERRUPT_VECTOR + line, error: 0, kind: "external" });
  }

  /** Enters the kernel by SYSCALL, if it is enabled. */
  #enterSyscall(): CpuExit | null {
    const state = this.#state;
    if (!state.syscallEnabled) {
      state.rip -= SYSCALL_LENGTH;
      return this.#deliver({ vector: Vector.UD, error: 0, kind: "fault" });
    }
    this.entered++;
    const isStep = enterSyscall(state, this.observer);
    // Where FMASK leaves TF, the step is over when the call has been made.
    return isStep ? this.#deliver({ vector: Vector.DB, error: 0, kind: "trap" }) : null;
  }

  /** Whatever has raised #DB, its handler may use the debug registers (SDM vol. 3, 17.2.4). */
  #unprotectDebugRegisters(): void {
    const dr7 = this.engine.readRegister(X86Register.DR7);
    if ((dr7 & DR7_GD) !== 0n) this.engine.writeRegister(X86Register.DR7, dr7 & ~DR7_GD);
  }

  #deliver(event: InterruptEvent): CpuExit | null {
    if (event.vector === Vector.DB && event.kind !== "software") this.#unprotectDebugRegisters();
    this.entered++;
    const entry = this.#delivery.deliver(event);
    if (typeof entry === "string") return { kind: "shutdown", reason: entry };
    this.observer?.(entry);
    return null;
  }
}
