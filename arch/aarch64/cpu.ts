/**
 * The AArch64 CPU: exception entry as the Arm ARM describes it (D1.3.2), on top of an engine that only reports exceptions.
 *
 * @module
 */

import {
  type AArch64State,
  AArch64SystemRegister,
  AArch64Vector,
  Engine,
  type Exit,
  type RegisterBatch,
  type SystemRegister,
} from "../../unicorn/mod.ts";
import type { BootParameters, CpuExit } from "../arch.ts";
import { CpuCore } from "../cpu_core.ts";
import { ArchError } from "../errors.ts";
import type { GuestImage } from "../guest_image.ts";
import type { KernelSpace } from "../kernel_space.ts";
import { hex } from "../physical_memory.ts";
import { isFpInstruction } from "./decode.ts";
import { MAIR, SCTLR, TCR } from "./mmu.ts";
import { ExceptionClass, isAbort } from "./syndrome.ts";

const MODE_MASK = 0xf;
const MODE_EL1H = 0x5;
const DAIF = 0x3c0;
const IRQ_MASK = 0x80;
/** PSTATE bits an exception entry keeps: the condition flags. */
const NZCV = 0xf000_0000;
const VECTOR_IRQ = 1;
const VECTOR_SYNCHRONOUS = 0;
const VECTOR_SLOT = 0x80n;
/** IL: the instruction was 32 bits long. */
const IL = 1 << 25;
const ESR_FP_ACCESS = (ExceptionClass.FP_ACCESS << 26) | IL | (0x1e << 20);
const ESR_UNDEFINED = IL;
const UPPER_HALF = 1n << 63n;
const USER_LAST = (1n << 48n) - 1n;
/** CPACR_EL1.FPEN: both levels may use floating point, or EL0 traps. */
const FPEN_ALL = 3n << 20n;
const FPEN_KERNEL = 1n << 20n;

/** System registers by the names {@linkcode AArch64Cpu.register} takes. */
const SYSTEM_REGISTERS = {
  elr_el1: AArch64SystemRegister.ELR_EL1,
  spsr_el1: AArch64SystemRegister.SPSR_EL1,
  esr_el1: AArch64SystemRegister.ESR_EL1,
  far_el1: AArch64SystemRegister.FAR_EL1,
  sp_el0: AArch64SystemRegister.SP_EL0,
  sp_el1: AArch64SystemRegister.SP_EL1,
  vbar_el1: AArch64SystemRegister.VBAR_EL1,
  tpidr_el0: AArch64SystemRegister.TPIDR_EL0,
  tpidr_el1: AArch64SystemRegister.TPIDR_EL1,
  ttbr0_el1: AArch64SystemRegister.TTBR0_EL1,
  ttbr1_el1: AArch64SystemRegister.TTBR1_EL1,
  sctlr_el1: AArch64SystemRegister.SCTLR_EL1,
  tcr_el1: AArch64SystemRegister.TCR_EL1,
  mair_el1: AArch64SystemRegister.MAIR_EL1,
  cpacr_el1: AArch64SystemRegister.CPACR_EL1,
  mdscr_el1: AArch64SystemRegister.MDSCR_EL1,
} as const;

/** The AArch64 CPU. */
export class AArch64Cpu extends CpuCore {
  /** Interrupt line delivered last. */
  interruptLine = 0;
  readonly #state: AArch64State;
  readonly #entry: RegisterBatch;
  readonly #vbar: SystemRegister;
  readonly #ttbr0: SystemRegister;
  readonly #sctlr: SystemRegister;
  readonly #entryBegin: bigint;
  readonly #entryEnd: bigint;
  #userFp = false;
  #fpHook: Disposable | null = null;
  #fetchPage = -1n;
  #fetchOffset = 0;

  /** Opens an engine over RAM. */
  constructor(space: KernelSpace, image: GuestImage) {
    super(Engine.open("aarch64"), { space, image });
    const { engine } = this;
    this.#state = engine.aarch64;
    this.#entry = engine.registerBatch([
      AArch64SystemRegister.ELR_EL1,
      AArch64SystemRegister.SPSR_EL1,
      AArch64SystemRegister.ESR_EL1,
      AArch64SystemRegister.FAR_EL1,
    ]);
    this.#vbar = engine.systemRegister(AArch64SystemRegister.VBAR_EL1);
    this.#ttbr0 = engine.systemRegister(AArch64SystemRegister.TTBR0_EL1);
    this.#sctlr = engine.systemRegister(AArch64SystemRegister.SCTLR_EL1);
    this.#entryBegin = image.symbol("vectors");
    this.#entryEnd = image.symbol("exit_to_user");
  }

  /** Prepares the first instruction; see `boot.S` for what each register is. */
  boot(parameters: BootParameters): void {
    const { space, image } = this;
    const physical = image.symbol("boot") - space.directMap;
    const words = [
      space.root,
      space.createBootRoot(),
      parameters.thread,
      image.symbol("high_half"),
      TCR,
      MAIR,
      SCTLR,
      image.symbol("vectors"),
    ];
    words.forEach((word, i) => this.#state.setX(i, word));
    this.engine.writeSystemRegister(AArch64SystemRegister.CPACR_EL1, FPEN_KERNEL);
    this.#state.pstate = DAIF | MODE_EL1H;
    this.#state.pc = physical;
  }

  /** x8. */
  hypercall(): number {
    return Number(this.#state.x(8));
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
    return this.#userFp;
  }
  set userFp(value: boolean) {
    if (value === this.#userFp) return;
    this.#userFp = value;
    this.engine.writeSystemRegister(
      AArch64SystemRegister.CPACR_EL1,
      value ? FPEN_ALL : FPEN_KERNEL,
    );
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
    return this.engine.readSystemRegister(systemRegister(name));
  }

  /** Sets a register by name. Setting `pstate` changes the exception level as hardware would. */
  setRegister(name: string, value: bigint): void {
    const general = generalIndex(name);
    if (general !== undefined) this.#state.setX(general, value);
    else if (name === "sp") this.#state.sp = value;
    else if (name === "pc") this.#state.pc = value;
    else if (name === "pstate") this.#state.pstate = Number(value);
    else this.engine.writeSystemRegister(systemRegister(name), value);
  }

  /** TTBR1 for the upper half, TTBR0 for the lower. */
  protected override rootOf(address: bigint): bigint | undefined {
    if ((this.#sctlr.read() & 1n) === 0n) return undefined;
    if ((address & UPPER_HALF) !== 0n) return this.space.root;
    return this.#ttbr0.read() & USER_LAST & ~1n;
  }

  /** Puts the floating-point watch in the state CPACR_EL1 asks for. */
  protected override prepareRun(): void {
    this.#fetchPage = -1n;
    if (this.#userFp === (this.#fpHook === null)) return;
    if (this.#userFp) {
      this.#fpHook?.[Symbol.dispose]();
      this.#fpHook = null;
    } else {
      this.#fpHook = this.engine.addCodeHook(0n, USER_LAST, (address) => this.#watchFp(address));
    }
  }

  /**
   * Stops before a floating-point instruction of EL0. The engine has floating-point traps compiled out, so the instruction is
   * recognized by its encoding.
   */
  #watchFp(address: bigint): "stop" | undefined {
    const page = address >> 12n;
    if (page !== this.#fetchPage) {
      const physical = this.translate(address & ~0xfffn);
      if (physical === undefined) return undefined;
      this.#fetchPage = page;
      this.#fetchOffset = this.space.memory.offset(physical);
    }
    const word = this.space.memory.view.getUint32(
      this.#fetchOffset + Number(address & 0xfffn),
      true,
    );
    return isFpInstruction(word) && this.userMode ? "stop" : undefined;
  }

  /** A breakpoint, or a floating-point instruction while that is off. */
  protected override onStop(): CpuExit | null {
    if (!this.#userFp && this.#watchFp(this.#state.pc) === "stop") {
      return this.#enter(VECTOR_SYNCHRONOUS, { esr: ESR_FP_ACCESS, pc: this.#state.pc });
    }
    return super.onStop();
  }

  /** Enters the synchronous exception the engine stopped at. */
  protected override enterException(exit: Exit): CpuExit | null {
    if (exit.kind !== "trap") {
      throw new ArchError("misuse", `Cannot enter an exception for exit ${exit.kind}`);
    }
    const state = this.#state;
    if (exit.vector === AArch64Vector.SECURE_MONITOR_CALL) {
      // There is no EL3 software: SMC is undefined (Arm ARM, D1.4.5). The engine has stepped over it.
      return this.#enter(VECTOR_SYNCHRONOUS, { esr: ESR_UNDEFINED, pc: state.pc - 4n });
    }
    const esr = state.syndrome;
    const aborts = isAbort(BigInt(esr >>> 0));
    return this.#enter(
      VECTOR_SYNCHRONOUS,
      aborts ? { esr, pc: state.pc, far: state.faultAddress } : { esr, pc: state.pc },
    );
  }

  /** Enters an IRQ. */
  protected override enterInterrupt(line: number): CpuExit | null {
    this.interruptLine = line;
    return this.#enter(VECTOR_IRQ, { pc: this.#state.pc });
  }

  /** Exception entry: banks the return state, masks everything, selects SP_EL1 and jumps to the vector's slot. */
  #enter(
    kind: number,
    exception: { esr?: number; far?: bigint; pc: bigint },
  ): CpuExit | null {
    const state = this.#state;
    const pstate = state.pstate;
    const mode = pstate & MODE_MASK;
    const { esr, far, pc } = exception;
    if (mode === MODE_EL1H && pc >= this.#entryBegin && pc < this.#entryEnd) {
      return {
        kind: "shutdown",
        reason: `Exception at ${hex(pc)}, inside the exception entry: syndrome ${
          hex((esr ?? 0) >>> 0)
        }, address ${hex(far ?? 0n)}, SP ${hex(state.sp)}`,
      };
    }
    const slot = (mode === 0 ? 8 : mode === MODE_EL1H ? 4 : 0) + kind;
    const batch = this.#entry;
    batch.read();
    batch.values[0] = pc;
    batch.values[1] = BigInt(pstate >>> 0);
    if (esr !== undefined) batch.values[2] = BigInt(esr >>> 0);
    if (far !== undefined) batch.values[3] = far;
    batch.write();
    state.pstate = ((pstate & NZCV) | DAIF | MODE_EL1H) >>> 0;
    state.pc = this.#vbar.read() + BigInt(slot) * VECTOR_SLOT;
    this.observer?.({ vector: slot, pc, code: BigInt((esr ?? 0) >>> 0), fromUser: mode === 0 });
    return null;
  }
}

function generalIndex(name: string): number | undefined {
  const match = /^x(\d|[12]\d|30)$/.exec(name);
  return match ? Number(match[1]) : undefined;
}

function systemRegister(name: string): (typeof SYSTEM_REGISTERS)[keyof typeof SYSTEM_REGISTERS] {
  if (!Object.hasOwn(SYSTEM_REGISTERS, name)) {
    throw new ArchError("misuse", `Cannot access AArch64 register "${name}": unknown name`);
  }
  return SYSTEM_REGISTERS[name as keyof typeof SYSTEM_REGISTERS];
}
