/**
 * The x86-64 CPU: interrupt and exception entry through the IDT as the SDM describes it (vol. 3, 6.12 to 6.15), on top of an
 * engine that only reports exceptions.
 *
 * @module
 */

import {
  Engine,
  type Exit,
  X86Msr,
  X86Register,
  X86SegmentIndex,
  type X86State,
} from "../../unicorn/mod.ts";
import type { BootParameters, CpuExit } from "../arch.ts";
import { CpuCore } from "../cpu_core.ts";
import { ArchError } from "../errors.ts";
import type { GuestImage } from "../guest_image.ts";
import type { KernelSpace } from "../kernel_space.ts";
import { hex } from "../physical_memory.ts";
import {
  describeVector,
  FIRST_INTERRUPT_VECTOR,
  hasErrorCode,
  isContributory,
  Vector,
} from "./exceptions.ts";
import { buildTables } from "./tables.ts";

/** Numbers the engine and instructions give the general registers. */
const GENERAL = [
  "rax",
  "rcx",
  "rdx",
  "rbx",
  "rsp",
  "rbp",
  "rsi",
  "rdi",
  "r8",
  "r9",
  "r10",
  "r11",
  "r12",
  "r13",
  "r14",
  "r15",
];
const RAX = 0;
const RCX = 1;
const R11 = 11;
/** Registers of hypercall words and answers: rdi, rsi, rdx, rcx, r8, r9. */
const WORDS = [7, 6, 2, 1, 8, 9];

const RFLAGS_TF = 1n << 8n;
const RFLAGS_IF = 1n << 9n;
const RFLAGS_NT = 1n << 14n;
const RFLAGS_RF = 1n << 16n;
const RFLAGS_VM = 1n << 17n;
const CR0_BOOT = 0x8001_0023n; // PG, WP, NE, MP, PE
const CR0_TS = 1n << 3n;
const CR0_PG = 1n << 31n;
const CR3_ROOT = 0x000f_ffff_ffff_f000n;

/** Present bit in the second word of a descriptor. */
const SEGMENT_PRESENT = 1 << 15;

/** Other registers by the names {@linkcode X86Cpu.register} takes. */
const REGISTERS: Readonly<Record<string, number>> = {
  rflags: X86Register.RFLAGS,
  cs: X86Register.CS,
  ss: X86Register.SS,
  ds: X86Register.DS,
  es: X86Register.ES,
  fs: X86Register.FS,
  gs: X86Register.GS,
  cr0: X86Register.CR0,
  cr2: X86Register.CR2,
  cr3: X86Register.CR3,
  cr4: X86Register.CR4,
  dr0: X86Register.DR0,
  dr6: X86Register.DR6,
  dr7: X86Register.DR7,
  mxcsr: X86Register.MXCSR,
  fs_base: X86Register.FS_BASE,
  gs_base: X86Register.GS_BASE,
};

/** Model-specific registers by the names {@linkcode X86Cpu.register} takes. */
const MSRS: Readonly<Record<string, number>> = {
  efer: X86Msr.EFER,
  star: X86Msr.STAR,
  lstar: X86Msr.LSTAR,
  fmask: X86Msr.FMASK,
  kernel_gs_base: X86Msr.KERNEL_GS_BASE,
};

/** An event to be delivered through the IDT. */
interface Delivery {
  readonly vector: number;
  /** Error code, for the vectors that push one. */
  readonly error: number;
  /** `int n`, `int3` or `into`: the gate's privilege is checked, and the saved RIP is the next instruction. */
  readonly software: boolean;
  /** Raised by a device. */
  readonly external: boolean;
}

/** Delivering an event raised this exception. */
class DeliveryFault {
  constructor(readonly vector: number, readonly error: number, readonly address?: bigint) {}
}

/** The x86-64 CPU. */
export class X86Cpu extends CpuCore {
  readonly #state: X86State;
  #userFp = true;

  /** Opens an engine over RAM. */
  constructor(space: KernelSpace, image: GuestImage) {
    super(Engine.open("x86_64"), { space, image });
    this.#state = this.engine.x86;
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
    this.setRegister("r8", image.symbol("high_half"));
    this.setRegister("r9", CR0_BOOT);
    this.#state.rip = image.symbol("boot") - space.directMap;
  }

  /** rax. */
  hypercall(): number {
    return Number(this.#state.gpr(RAX));
  }

  /** rdi, rsi, rdx, rcx. */
  hypercallWord(index: number): bigint {
    return this.#state.gpr(WORDS[index] ?? RAX);
  }

  /** Routine in rax, words in rdi, rsi, rdx, rcx, r8, r9. */
  answer(routine: bigint, ...words: bigint[]): void {
    this.#state.setGpr(RAX, routine);
    for (let i = 0; i < words.length; i++) this.#state.setGpr(WORDS[i] ?? RAX, words[i] ?? 0n);
  }

  /** RFLAGS.IF is set and the last instruction does not hold interrupts off. */
  get interruptsEnabled(): boolean {
    return (this.#rflags & RFLAGS_IF) !== 0n && !this.#state.interruptShadow;
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

  get #rflags(): bigint {
    return this.engine.readRegister(X86Register.RFLAGS);
  }

  /** A general register, `rip`, `rflags`, a segment selector, a control or model-specific register by name. */
  register(name: string): bigint {
    const general = GENERAL.indexOf(name);
    if (general >= 0) return this.#state.gpr(general);
    if (name === "rip") return this.#state.rip;
    const msr = MSRS[name];
    return msr === undefined
      ? this.engine.readRegister(registerId(name))
      : this.engine.readMsr(msr);
  }

  /** Sets a register by name. A selector written this way changes neither privilege nor the hidden descriptor. */
  setRegister(name: string, value: bigint): void {
    const general = GENERAL.indexOf(name);
    const msr = MSRS[name];
    if (general >= 0) this.#state.setGpr(general, value);
    else if (name === "rip") this.#state.rip = value;
    else if (msr === undefined) this.engine.writeRegister(registerId(name), value);
    else this.engine.writeMsr(msr, value);
  }

  /** CR3. */
  protected override rootOf(_address: bigint): bigint | undefined {
    return (this.#state.cr0 & CR0_PG) === 0n ? undefined : this.#state.cr3 & CR3_ROOT;
  }

  /** Nothing to prepare. */
  protected override prepareRun(): void {}

  /** Enters the exception or system call the engine stopped at. */
  protected override enterException(exit: Exit): CpuExit | null {
    if (exit.kind === "syscall") {
      this.#enterSyscall();
      return null;
    }
    if (exit.kind !== "trap") {
      throw new ArchError("misuse", `Cannot enter an exception for exit ${exit.kind}`);
    }
    const software = this.#state.softwareInterrupt;
    const { vector } = exit;
    const error = hasErrorCode(vector) && !software ? this.#state.errorCode : 0;
    return this.#deliver({ vector, error, software, external: false });
  }

  /** Enters an external interrupt: line `n` is vector 32 + n. */
  protected override enterInterrupt(line: number): CpuExit | null {
    return this.#deliver({
      vector: FIRST_INTERRUPT_VECTOR + line,
      error: 0,
      software: false,
      external: true,
    });
  }

  /** SYSCALL (SDM vol. 2): RCX and R11 take RIP and RFLAGS; selectors come from STAR, RIP from LSTAR. */
  #enterSyscall(): void {
    const { engine } = this;
    const state = this.#state;
    const efer = engine.readMsr(X86Msr.EFER);
    const pc = state.rip;
    const fromUser = state.cpl === 3;
    if ((efer & 1n) === 0n) {
      state.rip = pc - 2n;
      this.#deliver({ vector: Vector.UD, error: 0, software: false, external: false });
      return;
    }
    const rflags = this.#rflags;
    const selector = Number((engine.readMsr(X86Msr.STAR) >> 32n) & 0xfffcn);
    state.setGpr(RCX, pc);
    state.setGpr(R11, rflags & ~RFLAGS_RF);
    engine.writeRegister(X86Register.RFLAGS, rflags & ~(engine.readMsr(X86Msr.FMASK) | RFLAGS_RF));
    state.enterRing({
      cpl: 0,
      cs: { selector, base: 0n, limit: 0xffff_ffff, flags: 0x00af_9b00 },
      ss: { selector: selector + 8, base: 0n, limit: 0xffff_ffff, flags: 0x00cf_9300 },
      rsp: state.rsp,
      rip: engine.readMsr(X86Msr.LSTAR),
    });
    this.observer?.({ vector: -1, pc, code: 0n, fromUser });
  }

  /** Delivers an event, and the exceptions its delivery raises: double fault, then shutdown (SDM vol. 3, 6.15). */
  #deliver(event: Delivery): CpuExit | null {
    let current = event;
    for (;;) {
      const fault = this.#tryDeliver(current);
      if (fault === null) return null;
      if (current.vector === Vector.DF) {
        return {
          kind: "shutdown",
          reason: `Triple fault: ${
            describeVector(fault.vector, fault.error)
          } while entering #DF at ${hex(this.#state.rip)}, RSP ${hex(this.#state.rsp)}`,
        };
      }
      if (fault.address !== undefined) this.engine.writeRegister(X86Register.CR2, fault.address);
      const first = current.vector;
      const second = fault.vector;
      const exception = !current.external && !current.software;
      const double = exception &&
        (isContributory(second)
          ? isContributory(first) || first === Vector.PF
          : second === Vector.PF && first === Vector.PF);
      current = double
        ? { vector: Vector.DF, error: 0, software: false, external: false }
        : { vector: second, error: fault.error, software: false, external: false };
    }
  }

  /** Tries to enter one event. Nothing has changed if it returns a fault. */
  #tryDeliver(event: Delivery): DeliveryFault | null {
    const state = this.#state;
    const { vector } = event;
    const ext = event.software ? 0 : 1;
    const gateError = vector * 8 + 2 + ext;
    const idtr = this.engine.readDescriptorTable("IDTR");
    if (vector * 16 + 15 > idtr.limit) return new DeliveryFault(Vector.GP, gateError);
    const gate = this.#readSystem(idtr.base + BigInt(vector * 16));
    const gateHigh = this.#readSystem(idtr.base + BigInt(vector * 16 + 8));
    if (gate instanceof DeliveryFault) return gate;
    if (gateHigh instanceof DeliveryFault) return gateHigh;
    const type = Number((gate >> 40n) & 0x1fn);
    if (type !== 0x0e && type !== 0x0f) return new DeliveryFault(Vector.GP, gateError);
    const cpl = state.cpl;
    if (event.software && Number((gate >> 45n) & 3n) < cpl) {
      return new DeliveryFault(Vector.GP, gateError);
    }
    if ((gate >> 47n & 1n) === 0n) return new DeliveryFault(Vector.NP, gateError);
    const selector = Number((gate >> 16n) & 0xfffcn);
    const gdtr = this.engine.readDescriptorTable("GDTR");
    if (selector === 0 || selector + 7 > gdtr.limit) {
      return new DeliveryFault(Vector.GP, selector + ext);
    }
    const code = this.#readSystem(gdtr.base + BigInt(selector));
    if (code instanceof DeliveryFault) return code;
    const codeFlags = Number(code >> 32n);
    const dpl = (codeFlags >>> 13) & 3;
    if ((codeFlags & 0x1800) !== 0x1800 || dpl > cpl || (codeFlags & (1 << 21)) === 0) {
      return new DeliveryFault(Vector.GP, selector + ext);
    }
    if ((codeFlags & SEGMENT_PRESENT) === 0) return new DeliveryFault(Vector.NP, selector + ext);
    const ist = Number((gate >> 32n) & 7n);
    let rsp = state.rsp;
    if (ist !== 0 || dpl < cpl) {
      const tss = this.engine.readDescriptorTable("TR");
      const stack = this.#readSystem(
        tss.base + BigInt(ist !== 0 ? 36 + 8 * (ist - 1) : 4 + 8 * dpl),
      );
      if (stack instanceof DeliveryFault) return stack;
      rsp = stack;
    }
    rsp &= ~0xfn;
    const pushesError = hasErrorCode(vector) && !event.external && !event.software;
    const rflags = this.#rflags;
    const fault = !event.external && !event.software && vector !== Vector.DB;
    const words = [
      this.engine.readRegister(X86Register.SS),
      state.rsp,
      fault ? rflags | RFLAGS_RF : rflags,
      this.engine.readRegister(X86Register.CS),
      state.rip,
    ];
    if (pushesError) words.push(BigInt(event.error));
    const pushed = this.#push(rsp, words);
    if (pushed !== null) return pushed;
    const clear = RFLAGS_TF | RFLAGS_NT | RFLAGS_RF | RFLAGS_VM | (type === 0x0e ? RFLAGS_IF : 0n);
    const pc = state.rip;
    this.engine.writeRegister(X86Register.RFLAGS, rflags & ~clear);
    state.interruptShadow = false;
    state.enterRing({
      cpl: dpl as 0 | 3,
      cs: { selector: selector | dpl, base: 0n, limit: 0xffff_ffff, flags: codeFlags & 0xff_ff00 },
      ss: dpl < cpl
        ? { selector: dpl, base: 0n, limit: 0, flags: dpl << 13 }
        : state.segment(X86SegmentIndex.SS),
      rsp: rsp - BigInt(8 * words.length),
      rip: (gate & 0xffffn) | ((gate >> 32n) & 0xffff_0000n) | ((gateHigh & 0xffff_ffffn) << 32n),
    });
    this.observer?.({ vector, pc, code: BigInt(event.error), fromUser: cpl === 3 });
    return null;
  }

  /** Reads a word of a system table with supervisor rights. */
  #readSystem(address: bigint): bigint | DeliveryFault {
    const physical = this.translate(address);
    if (physical === undefined || !this.space.memory.contains(physical, 8)) {
      return new DeliveryFault(Vector.PF, 0, address);
    }
    return this.space.memory.readU64(physical);
  }

  /** Pushes words on a kernel stack; all of them or none. */
  #push(rsp: bigint, words: readonly bigint[]): DeliveryFault | null {
    const offsets: number[] = [];
    let at = rsp;
    for (let i = 0; i < words.length; i++) {
      at = BigInt.asUintN(64, at - 8n);
      if (BigInt.asUintN(64, BigInt.asIntN(48, at)) !== at) return new DeliveryFault(Vector.SS, 0);
      const walk = this.space.tables.walk(this.rootOf(at) ?? this.space.root, at);
      if (walk.kind === "missing" || !this.space.memory.contains(walk.physical, 8)) {
        return new DeliveryFault(Vector.PF, 2, at);
      }
      if (!walk.protection.write) return new DeliveryFault(Vector.PF, 3, at);
      offsets.push(this.space.memory.offset(walk.physical, 8));
    }
    words.forEach((word, i) => this.space.memory.view.setBigUint64(offsets[i] ?? 0, word, true));
    return null;
  }
}

function registerId(name: string): number {
  const id = Object.hasOwn(REGISTERS, name) ? REGISTERS[name] : undefined;
  if (id === undefined) {
    throw new ArchError("misuse", `Cannot access x86-64 register "${name}": unknown name`);
  }
  return id;
}
