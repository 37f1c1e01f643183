/**
 * The AArch64 CPU: exception entry as the Arm ARM describes it (D1.3.2), on top of an engine that
 * only reports exceptions.
 *
 * @module
 */

import {
  type AArch64State,
  AArch64SystemRegister,
  AArch64Vector,
  type AccessRecord,
  type Exit,
  type SystemRegister,
} from "../../unicorn/mod.ts";
import type { BootParameters, CpuExit, CpuState } from "../arch.ts";
import { CpuCore } from "../cpu_core.ts";
import { ArchError } from "../errors.ts";
import type { GuestImage } from "../guest_image.ts";
import type { KernelSpace } from "../kernel_space.ts";
import { UPPER_HALF } from "../page_tables.ts";
import type { DebugHit, Operands } from "../watchpoints.ts";
import { type DebugWatchpoint, debugWatchpoints, isTaken, watchpointSyndrome } from "./debug.ts";
import { Corrections } from "./corrections.ts";
import { isFpInstruction } from "./decode.ts";
import {
  DAIF,
  Delivery,
  MODE_EL1H,
  MODE_MASK,
  type RaisedException,
  VECTOR_IRQ,
  VECTOR_SYNCHRONOUS,
} from "./delivery.ts";
import { readFpState, writeFpState } from "./fp_state.ts";
import { FpTrap } from "./fp_trap.ts";
import { MAIR, SCTLR, TCR } from "./mmu.ts";
import { isStoreExclusive, isUnprivileged, memoryOperand } from "./operands.ts";
import { Pstate } from "./refusals.ts";
import { generalIndex, systemRegister } from "./registers.ts";
import { ExceptionClass, IL, isBreakpoint, systemInstructionSyndrome } from "./syndrome.ts";

const IRQ_MASK = 0x80;
/** PSTATE.SS: the guest's step has not been taken yet. */
const PSTATE_SS = 1 << 21;
const ESR_FP_ACCESS = (ExceptionClass.FP_ACCESS << 26) | IL | (0x1e << 20);
const ESR_UNDEFINED = IL;
/**
 * Software step from EL0, not known to follow an instruction: IFSC is that of debug exceptions, ISV
 * is clear.
 */
const ESR_STEP_PENDING = (ExceptionClass.STEP_LOWER << 26) | IL | 0x22;
/** The bit in which the classes of an exception from EL0 and of one from EL1 differ. */
const SAME_LEVEL = 1 << 26;
const ESR_PC_ALIGNMENT = (ExceptionClass.PC_ALIGNMENT << 26) | IL;
const ESR_ILLEGAL_STATE = (ExceptionClass.ILLEGAL_STATE << 26) | IL;
/** `msr mdscr_el1, x0` and `mrs x0, mdscr_el1`. */
const MSR_MDSCR = 0xd5100240;
const MRS_MDSCR = 0xd5300240;
/** Number of the zero register. */
const ZERO = 31;
/**
 * Where TTBR0_EL1 has the address of the root table: below the address space identifier, above the
 * CnP bit.
 */
const TTBR_ADDRESS = 0xffff_ffff_fffen;

/** The AArch64 CPU. */
export class AArch64Cpu extends CpuCore<DebugWatchpoint> {
  /** Interrupt line delivered last. */
  interruptLine = 0;
  readonly #state: AArch64State;
  readonly #ttbr0: SystemRegister;
  readonly #sctlr: SystemRegister;
  readonly #tpidr: SystemRegister;
  readonly #threadPointer: number;
  readonly #fp: FpTrap;
  readonly #corrections: Corrections;
  readonly #delivery: Delivery;

  /** Opens an engine over RAM. */
  constructor(space: KernelSpace, image: GuestImage, options: { readonly model?: string } = {}) {
    super(CpuCore.open("aarch64", options), { space, image });
    const { engine } = this;
    this.#state = engine.aarch64;
    this.#ttbr0 = engine.systemRegister(AArch64SystemRegister.TTBR0_EL1);
    this.#sctlr = engine.systemRegister(AArch64SystemRegister.SCTLR_EL1);
    this.#tpidr = engine.systemRegister(AArch64SystemRegister.TPIDR_EL0);
    this.#threadPointer = image.constant("TH_POINTER");
    this.#fp = new FpTrap(engine);
    this.#corrections = new Corrections(engine, {
      fp: this.#fp,
      wordAt: (address) => this.#wordAt(address),
      trusted: { begin: image.label("vectors"), end: image.end },
    });
    this.#delivery = new Delivery(engine, { image, corrections: this.#corrections });
  }

  /** Prepares the first instruction; see `boot.S` for what each register is. */
  boot(parameters: BootParameters): void {
    const { space, image } = this;
    const physical = image.label("boot") - space.directMap;
    const words = [
      space.root,
      space.createBootRoot(),
      parameters.thread,
      image.label("high_half"),
      TCR,
      MAIR,
      SCTLR,
      image.label("vectors"),
    ];
    words.forEach((word, i) => this.#state.setX(i, word));
    this.userFp = false;
    this.#state.pstate = DAIF | MODE_EL1H;
    this.#state.pc = physical;
  }

  /** x8. */
  hypercall(): number {
    return this.#state.xNumber(8);
  }

  /** x0 to x3. */
  hypercallWord(index: number): bigint {
    return this.#state.x(index);
  }

  /** Routine in x9, words in x0 to x5. */
  answer(routine: bigint, ...words: bigint[]): void {
    this.#state.setX(9, routine);
    for (let i = 0; i < words.length; i++) this.#state.setX(i, words[i] ?? 0n);
  }

  /** PSTATE.I is clear. */
  get interruptsEnabled(): boolean {
    return (this.#state.pstate & IRQ_MASK) === 0;
  }

  /** CPACR_EL1.FPEN lets EL0 use floating point. */
  get userFp(): boolean {
    return !this.#fp.enabled;
  }
  set userFp(value: boolean) {
    this.#fp.enabled = !value;
  }

  /** TPIDR_EL0; TPIDRRO_EL0 is the kernel's to write, and stays 0. */
  saveThread(thread: bigint): void {
    const { memory } = this.space;
    const at = this.space.offset(thread, this.#threadPointer + 8) + this.#threadPointer;
    if (memory.onWrite !== null) memory.onWrite(at, 8);
    memory.view.setBigUint64(at, this.#tpidr.read(), true);
  }

  /** TPIDR_EL0. */
  loadThread(thread: bigint): void {
    const { memory } = this.space;
    const at = this.space.offset(thread, this.#threadPointer + 8) + this.#threadPointer;
    this.#tpidr.write(memory.view.getBigUint64(at, true));
  }

  /** TPIDR_EL0. */
  threadPointer(_index: number): bigint {
    return this.#tpidr.read();
  }

  /** TPIDR_EL0. */
  setThreadPointer(_index: number, value: bigint): void {
    this.#tpidr.write(value);
  }

  /** TPIDR_EL0. */
  threadRegisters(thread?: bigint): Readonly<Record<string, bigint>> {
    const saved = this.#threadPointer;
    return {
      tpidr_el0: thread === undefined
        ? this.#tpidr.read()
        : this.space.readU64(thread + BigInt(saved)),
    };
  }

  /** v0 to v31, FPCR, FPSR. */
  fpState(): Uint8Array<ArrayBuffer> {
    return readFpState(this.engine);
  }

  /** v0 to v31, FPCR and FPSR. */
  setFpState(state: Uint8Array): void {
    writeFpState(this.engine, state);
  }

  /** The CPU is at EL0. */
  get userMode(): boolean {
    return (this.#state.pstate & MODE_MASK) === 0;
  }

  /** Program counter. */
  get pc(): bigint {
    return this.#state.pc;
  }
  set pc(value: bigint) {
    this.#state.pc = value;
  }

  /** Stack pointer in use. */
  get sp(): bigint {
    return this.#state.sp;
  }
  set sp(value: bigint) {
    this.#state.sp = value;
  }

  /** `x0` to `x30`, `sp`, `pc`, `pstate`, or an EL1 system register by its name in lower case. */
  register(name: string): bigint {
    const general = generalIndex(name);
    if (general !== undefined) return this.#state.x(general);
    if (name === "sp") return this.#state.sp;
    if (name === "pc") return this.#state.pc;
    if (name === "pstate") return BigInt(this.#state.pstate);
    if (name === "mdscr_el1") return this.#fp.mdscr;
    if (name === "cpacr_el1") return this.#fp.cpacr;
    return this.engine.readSystemRegister(systemRegister(name));
  }

  /** Sets a register by name. Setting `pstate` changes the exception level as hardware would. */
  setRegister(name: string, value: bigint): void {
    const general = generalIndex(name);
    if (general !== undefined) this.#state.setX(general, value);
    else if (name === "sp") this.#state.sp = value;
    else if (name === "pc") this.#state.pc = value;
    else if (name === "pstate") {
      this.#state.pstate = Number(value);
      this.#corrections.illegal = (Number(value) & Pstate.IL) !== 0;
    } else if (name === "mdscr_el1") this.#fp.mdscr = value;
    else if (name === "cpacr_el1") this.#fp.cpacr = value;
    else this.engine.writeSystemRegister(systemRegister(name), value);
  }

  /** TTBR1 for the upper half, TTBR0 for the lower. */
  protected override rootOf(address: bigint): bigint | undefined {
    if ((this.#sctlr.read() & 1n) === 0n) return undefined;
    if ((address & UPPER_HALF) !== 0n) return this.space.root;
    return this.#ttbr0.read() & TTBR_ADDRESS;
  }

  /**
   * The instruction at an address, or `undefined` if nothing is mapped there, or nothing that EL0
   * may execute.
   */
  #wordAt(address: bigint, { fetch = false } = {}): number | undefined {
    const { memory, tables } = this.space;
    const root = this.rootOf(address);
    const walk = root === undefined ? undefined : tables.walk(root, address);
    if (walk?.kind === "missing") return undefined;
    if (fetch && walk !== undefined && !(walk.protection.user && walk.protection.execute)) {
      return undefined;
    }
    const physical = walk?.physical ?? address;
    if (!memory.contains(physical, 4)) return undefined;
    return memory.view.getUint32(memory.offset(physical, 4), true);
  }

  /** The operand an instruction names. */
  protected override operandsOf(
    { pc, state }: Pick<AccessRecord, "pc" | "state">,
  ): Operands | undefined {
    const word = this.#wordAt(pc);
    // X0 is behind sixteen 32-bit registers, the stack pointer in use behind X30.
    const register = (index: number): bigint => state[8 + index] ?? 0n;
    const operand = word === undefined ? undefined : memoryOperand(word, { pc, register });
    if (word === undefined || operand === undefined) return undefined;
    return { addresses: [operand], reads: !isStoreExclusive(word) };
  }

  /** An instruction abort; what else the engine tells so is not about PC. */
  protected override isFetchFault(exit: Exit): boolean {
    const { faultAddress, pc, syndrome } = this.#state;
    return exit.kind === "trap" && exit.vector === AArch64Vector.PREFETCH_ABORT &&
      faultAddress === pc && !isBreakpoint(syndrome);
  }

  /** A watchpoint's exception is taken instead of the access. */
  protected override readonly watchpointsUndo = true;

  /** The watchpoints of DBGWVR<n>_EL1 and DBGWCR<n>_EL1. */
  protected override debugRanges(): readonly DebugWatchpoint[] {
    return debugWatchpoints(this.engine);
  }

  /** MDSCR_EL1 is kept here as the guest has it, as the engine's serves floating point too. */
  protected override onDebugRegister(): void {
    const state = this.#state;
    const word = this.#wordAt(state.pc - 4n) ?? 0;
    const register = word & 0x1f;
    switch ((word & ~0x1f) >>> 0) {
      case MSR_MDSCR:
        this.#fp.mdscr = register === ZERO ? 0n : state.x(register);
        break;
      case MRS_MDSCR:
        if (register !== ZERO) state.setX(register, this.#fp.mdscr);
    }
  }

  /**
   * The exception of a watchpoint: the access has not been made, and PC is at its instruction (Arm
   * ARM, D2.10.5).
   */
  protected override enterWatchpoint(
    _exit: Exit,
    hits: readonly DebugHit<DebugWatchpoint>[],
  ): CpuExit | null | undefined {
    const { pstate } = this.#state;
    const { accessed } = this.engine;
    const word = accessed === undefined ? undefined : this.#wordAt(accessed.pc);
    const unprivileged = word !== undefined && isUnprivileged(word);
    const context = { pstate, mdscr: this.#fp.mdscr, unprivileged };
    const hit = hits.find(({ range }) => isTaken(this.engine, range, context));
    if (hit === undefined) return undefined;
    this.undoAccess();
    return this.#enter(VECTOR_SYNCHRONOUS, {
      esr: watchpointSyndrome(hit.write, pstate),
      far: hit.address,
      pc: this.#state.pc,
    });
  }

  /**
   * Floating point is to trap where the engine does not see to it, or the state is an illegal one.
   */
  protected override get watching(): boolean {
    return this.#fp.watching || this.#corrections.illegal;
  }

  /**
   * Enters the exception of an illegal state, or the trap of a floating-point instruction, unless a
   * step exception or the fetch comes first.
   */
  protected override enterWatched(): CpuExit | null | undefined {
    const { pc, pstate, misaligned } = this.#state;
    const user = (pstate & MODE_MASK) === 0;
    const isOver = this.#fp.stepping && (pstate & PSTATE_SS) === 0;
    if (misaligned || (user && isOver)) return undefined;
    const word = this.#wordAt(pc, { fetch: user });
    if (word === undefined) return undefined;
    if (this.#corrections.illegal) {
      return this.#enter(VECTOR_SYNCHRONOUS, { esr: ESR_ILLEGAL_STATE, pc });
    }
    if (!(user || this.#fp.kernel) || !isFpInstruction(word)) return undefined;
    return this.#enter(VECTOR_SYNCHRONOUS, { esr: ESR_FP_ACCESS, pc });
  }

  /**
   * The interrupt delivered last, and the registers the engine does not keep as the guest sees
   * them.
   */
  protected override ownState(): CpuState["own"] {
    const { cpacr, mdscr } = this.#fp;
    return { interruptLine: this.interruptLine, cpacr, mdscr, illegal: this.#corrections.illegal };
  }

  /** The engine has its own values of these registers already. */
  protected override setOwnState(own: CpuState["own"]): void {
    this.interruptLine = Number(own["interruptLine"]);
    this.#corrections.illegal = own["illegal"] === true;
    this.#fp.restore({ cpacr: BigInt(own["cpacr"] ?? 0), mdscr: BigInt(own["mdscr"] ?? 0) });
  }

  /** Enters the synchronous exception the engine stopped at. */
  protected override enterException(exit: Exit): CpuExit | null {
    if (exit.kind === "refused") {
      const raised = this.#corrections.execute();
      return raised === null ? null : this.#enter(VECTOR_SYNCHRONOUS, raised);
    }
    if (exit.kind !== "trap") {
      throw new ArchError("misuse", `Cannot enter an exception for exit ${exit.kind}`);
    }
    const state = this.#state;
    const { pc } = state;
    const esr = state.syndrome;
    switch (exit.vector) {
      case AArch64Vector.PREFETCH_ABORT: {
        const far = state.faultAddress;
        // The alignment fault has priority over the abort.
        if (state.misaligned) {
          return this.#enter(VECTOR_SYNCHRONOUS, { esr: ESR_PC_ALIGNMENT, pc, far: pc });
        }
        if (isBreakpoint(esr)) return this.#enter(VECTOR_SYNCHRONOUS, { esr, pc });
        // A step exception that comes before any instruction makes an empty translation, whose last
        // byte, one before its first, the engine looks for. A true instruction abort is about PC.
        return far === pc
          ? this.#enter(VECTOR_SYNCHRONOUS, { esr, pc, far })
          : this.#enterUndefined(ESR_STEP_PENDING | (esr & SAME_LEVEL), pc);
      }
      case AArch64Vector.DATA_ABORT:
        return this.#enter(VECTOR_SYNCHRONOUS, { esr, pc, far: state.faultAddress });
      case AArch64Vector.SECURE_MONITOR_CALL:
        // There is no EL3 software: SMC is undefined (Arm ARM, D1.4.5). The engine has stepped over
        // it.
        return this.#enter(VECTOR_SYNCHRONOUS, { esr: ESR_UNDEFINED, pc: pc - 4n });
      case AArch64Vector.PC_ALIGNMENT:
        return this.#enter(VECTOR_SYNCHRONOUS, { esr: ESR_PC_ALIGNMENT, pc, far: pc });
      case AArch64Vector.UNDEFINED:
        return this.#enterUndefined(esr, pc);
      default:
        return this.#enter(VECTOR_SYNCHRONOUS, { esr, pc });
    }
  }

  /**
   * Enters what the engine counts among undefined instructions: trapped ones too, and software
   * step.
   */
  #enterUndefined(esr: number, pc: bigint): CpuExit | null {
    const ec = esr >>> 26;
    if (ec === ExceptionClass.STEP_LOWER && this.#fp.takeStep()) return null;
    if (ec === ExceptionClass.FP_ACCESS) {
      // The engine adds what only AArch32 has.
      esr = ESR_FP_ACCESS;
    } else if (esr >>> 0 === ESR_UNDEFINED) {
      const raised = this.#corrections.executeUnknown();
      if (raised === null) return null;
      if (raised !== undefined) return this.#enter(VECTOR_SYNCHRONOUS, raised);
    } else if (esr === 0) {
      // The engine loses the syndrome of a trapped MSR (immediate): DAIFSet and DAIFClr.
      const word = this.#wordAt(pc);
      esr = word === undefined ? ESR_UNDEFINED : systemInstructionSyndrome(word);
    }
    // The engine forgets IL in the syndromes of newer traps: no instruction here has 16 bits.
    return this.#enter(VECTOR_SYNCHRONOUS, { esr: esr | IL, pc });
  }

  /** Enters an IRQ. */
  protected override enterInterrupt(line: number): CpuExit | null {
    this.interruptLine = line;
    return this.#enter(VECTOR_IRQ, { pc: this.#state.pc });
  }

  /** Enters an exception. */
  #enter(kind: number, exception: RaisedException): CpuExit | null {
    this.entered++;
    return this.#delivery.deliver(kind, exception, this.observer);
  }
}
