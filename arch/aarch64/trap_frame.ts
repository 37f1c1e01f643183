/**
 * The AArch64 trap frame that `vectors.S` saves.
 *
 * @module
 */

import type { TrapCause, TrapFrame, TrapReport, UserTrap } from "../arch.ts";
import { ArchError } from "../errors.ts";
import { TrapFrameMemory } from "../trap_frame_memory.ts";
import type { GuestImage } from "../guest_image.ts";
import type { KernelSpace } from "../kernel_space.ts";
import {
  className,
  describeSyndrome,
  ExceptionClass,
  exceptionClass,
  hasFaultAddress,
  isAbort,
  isInstructionAbort,
  isRefused,
  isTableFault,
  isWrite,
} from "./syndrome.ts";

/** Offsets in the frame, read from the image. */
export interface FrameLayout {
  /** x0; x1 to x30 follow. */
  readonly x0: number;
  /** Interrupted SP. */
  readonly sp: number;
  /** ELR_EL1. */
  readonly pc: number;
  /** SPSR_EL1. */
  readonly pstate: number;
  /** ESR_EL1. */
  readonly esr: number;
  /** FAR_EL1. */
  readonly far: number;
  /** Slot in the vector table. */
  readonly vector: number;
  /** Bytes of the frame. */
  readonly size: number;
}

/** Reads the frame layout from an image. */
export function frameLayout(image: GuestImage): FrameLayout {
  return {
    x0: image.constant("FRAME_X0"),
    sp: image.constant("FRAME_SP"),
    pc: image.constant("FRAME_PC"),
    pstate: image.constant("FRAME_PSTATE"),
    esr: image.constant("FRAME_ESR"),
    far: image.constant("FRAME_FAR"),
    vector: image.constant("FRAME_VECTOR"),
    size: image.constant("FRAME_SIZE"),
  };
}

/** General registers of AArch64 in the order of a register dump. */
export const REGISTER_NAMES: readonly string[] = [
  ...Array.from({ length: 31 }, (_, i) => `x${i}`),
  "sp",
  "pc",
  "pstate",
];

/** Numbers of x0 to x30. */
const GENERAL: ReadonlyMap<string, number> = new Map(
  REGISTER_NAMES.slice(0, 31).map((name, number) => [name, number]),
);

/** SPSR_EL1 of EL0, with everything unmasked. */
const MODE_EL0 = 0n;

/** The AArch64 trap frame. */
export class AArch64TrapFrame implements TrapFrame {
  /** Guest address of the frame. */
  readonly address: bigint;
  readonly #layout: FrameLayout;
  readonly #memory: TrapFrameMemory;
  readonly #cpu: { readonly interruptLine: number };

  /** A view of the frame at a kernel address; `cpu` knows the interrupt line it delivered last. */
  constructor(
    space: KernelSpace,
    address: bigint,
    options: { layout: FrameLayout; cpu: { readonly interruptLine: number } },
  ) {
    this.address = address;
    this.#layout = options.layout;
    this.#cpu = options.cpu;
    this.#memory = new TrapFrameMemory(space, address, options.layout.size);
  }

  #get(offset: number): bigint {
    return this.#memory.u64(offset);
  }

  #set(offset: number, value: bigint): void {
    this.#memory.setU64(offset, value);
  }

  /** Whether the frame was saved from EL0. */
  get fromUser(): boolean {
    return (this.#memory.u8(this.#layout.pstate) & 0xf) === 0;
  }

  /** ELR_EL1. */
  get pc(): bigint {
    return this.#get(this.#layout.pc);
  }
  set pc(value: bigint) {
    this.#set(this.#layout.pc, value);
  }

  /** Interrupted SP. */
  get sp(): bigint {
    return this.#get(this.#layout.sp);
  }
  set sp(value: bigint) {
    this.#set(this.#layout.sp, value);
  }

  /** Syndrome. */
  get esr(): bigint {
    return this.#get(this.#layout.esr);
  }

  /** Fault address register. */
  get far(): bigint {
    return this.#get(this.#layout.far);
  }

  /** Slot in the vector table, 0 to 15. */
  get vector(): number {
    return this.#memory.u8(this.#layout.vector);
  }

  /** Why the frame was saved. */
  cause(): TrapCause {
    const kind = this.vector & 3;
    if (kind === 1 || kind === 2) return { kind: "interrupt", line: this.#cpu.interruptLine };
    if (kind === 3) return { kind: "error" };
    const ec = this.#memory.u32(this.#layout.esr) >>> 26;
    if (ec === ExceptionClass.SVC64) return { kind: "syscall" };
    if (ec === ExceptionClass.FP_ACCESS) return { kind: "fp-disabled" };
    const esr = this.esr;
    if (isAbort(esr) && isTableFault(esr)) {
      const access = isInstructionAbort(esr) ? "execute" : isWrite(esr) ? "write" : "read";
      return { kind: "page-fault", address: this.far, access, present: isRefused(esr) };
    }
    return { kind: "error" };
  }

  /** The trap in words. */
  report(): TrapReport {
    const esr = this.esr;
    const words = [{ label: "ESR", value: esr }, { label: "FAR", value: this.far }];
    if (!this.fromUser) words.push({ label: "PC", value: this.pc });
    const interrupt = (this.vector & 3) === 1 || (this.vector & 3) === 2;
    return {
      origin: this.fromUser ? "EL0" : "EL1",
      name: interrupt ? "IRQ" : className(esr),
      words,
      meaning: interrupt ? `IRQ line ${this.#cpu.interruptLine}` : describeSyndrome(esr),
    };
  }

  /** Exception class, ESR and, where the exception has one, FAR. */
  userTrap(): UserTrap {
    const syndrome = this.esr;
    return {
      code: BigInt(exceptionClass(syndrome)),
      syndrome,
      address: hasFaultAddress(syndrome) ? this.far : 0n,
    };
  }

  /** x8. */
  syscallNumber(): bigint {
    return this.#get(this.#layout.x0 + 8 * 8);
  }

  /** x0 to x5. */
  syscallArgument(index: number): bigint {
    return this.#get(this.#layout.x0 + 8 * index);
  }

  /** x0. */
  setSyscallResult(value: bigint): void {
    this.#set(this.#layout.x0, value);
  }

  /** Value of `x0` to `x30`, `sp`, `pc`, `pstate`, `esr` or `far`. */
  register(name: string): bigint {
    return this.#get(this.#registerOffset(name));
  }

  /** Sets a register of the frame. */
  setRegister(name: string, value: bigint): void {
    this.#set(this.#registerOffset(name), BigInt.asUintN(64, value));
  }

  #registerOffset(name: string): number {
    const general = GENERAL.get(name);
    if (general !== undefined) return this.#layout.x0 + 8 * general;
    switch (name) {
      case "sp":
      case "pc":
      case "pstate":
      case "esr":
      case "far":
        return this.#layout[name];
    }
    throw new ArchError("misuse", `Cannot access register "${name}" of an AArch64 trap frame`);
  }

  /** Clears the frame for a first entry to EL0 with everything unmasked. */
  initializeUser(start: { pc: bigint; sp: bigint; argument: bigint }): void {
    for (let i = 0; i < this.#layout.size; i += 8) this.#set(i, 0n);
    this.#set(this.#layout.x0, start.argument);
    this.#set(this.#layout.pc, start.pc);
    this.#set(this.#layout.sp, start.sp);
    this.#set(this.#layout.pstate, MODE_EL0);
  }

  /** x0 and x1; PSTATE is that of a fresh thread. */
  enterFunction(
    call: { pc: bigint; sp: bigint; framePointer: bigint; arguments: readonly [bigint, bigint] },
  ): void {
    this.pc = call.pc;
    this.sp = call.sp;
    this.setRegister("x29", call.framePointer);
    this.setRegister("x0", call.arguments[0]);
    this.setRegister("x1", call.arguments[1]);
    this.setRegister("pstate", MODE_EL0);
  }

  /** User frames live in the thread object, kernel frames on the stack. */
  exitRoutine(): "exit_to_user" | "exit_to_kernel" {
    return this.fromUser ? "exit_to_user" : "exit_to_kernel";
  }
}
