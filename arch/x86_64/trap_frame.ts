/**
 * The x86-64 trap frame that `vectors.S` saves.
 *
 * @module
 */

import type { TrapCause, TrapFrame, TrapReport, UserTrap } from "../arch.ts";
import { ArchError } from "../errors.ts";
import { TrapFrameMemory } from "../trap_frame_memory.ts";
import type { GuestImage } from "../guest_image.ts";
import type { KernelSpace } from "../kernel_space.ts";
import {
  describeVector,
  FIRST_INTERRUPT_VECTOR,
  INTERRUPT_LINES,
  PageFaultBit,
  Vector,
  vectorName,
} from "./exceptions.ts";

/** General registers of x86-64 in the order of a register dump. */
export const REGISTER_NAMES: readonly string[] = [
  "rax",
  "rbx",
  "rcx",
  "rdx",
  "rsi",
  "rdi",
  "rbp",
  "rsp",
  "r8",
  "r9",
  "r10",
  "r11",
  "r12",
  "r13",
  "r14",
  "r15",
  "rip",
  "rflags",
];

/** Offsets in the frame, read from the image. */
export interface FrameLayout {
  /** Offset of each register by name. */
  readonly registers: ReadonlyMap<string, number>;
  /** Vector number. */
  readonly vector: number;
  /** Error code. */
  readonly error: number;
  /** RIP. */
  readonly pc: number;
  /** CS. */
  readonly cs: number;
  /** RSP. */
  readonly sp: number;
  /** RAX. */
  readonly rax: number;
  /** RCX. */
  readonly rcx: number;
  /** R11. */
  readonly r11: number;
  /** RFLAGS. */
  readonly rflags: number;
  /** Offsets of the system call arguments. */
  readonly arguments: readonly number[];
  /** Pseudo vector of system calls. */
  readonly syscall: number;
  /** User code and data selectors with their privilege bits. */
  readonly userCs: bigint;
  /** User data selector with its privilege bits. */
  readonly userSs: bigint;
  /** Bytes of the frame. */
  readonly size: number;
}

/** Reads the frame layout from an image. */
export function frameLayout(image: GuestImage): FrameLayout {
  const registers = new Map<string, number>();
  for (const name of REGISTER_NAMES) {
    const label = name === "rip" ? "PC" : name === "rsp" ? "SP" : name.toUpperCase();
    registers.set(name, image.constant(`FRAME_${label}`));
  }
  for (const name of ["vector", "error", "cs", "ss"]) {
    registers.set(name, image.constant(`FRAME_${name.toUpperCase()}`));
  }
  const at = (name: string) => image.constant(`FRAME_${name}`);
  return {
    registers,
    vector: at("VECTOR"),
    error: at("ERROR"),
    pc: at("PC"),
    cs: at("CS"),
    sp: at("SP"),
    rax: at("RAX"),
    rcx: at("RCX"),
    r11: at("R11"),
    rflags: at("RFLAGS"),
    arguments: ["RDI", "RSI", "RDX", "R10", "R8", "R9"].map(at),
    syscall: image.constant("VECTOR_SYSCALL"),
    userCs: image.symbol("USER_CS") | 3n,
    userSs: image.symbol("USER_DS") | 3n,
    size: at("SIZE"),
  };
}

/** Vector of the software interrupt by which kernel-mode tasks call the kernel. */
const KERNEL_SYSCALL = 0x80;

const RFLAGS_FIXED = 1n << 1n;
const RFLAGS_IF = 1n << 9n;

/** The x86-64 trap frame. */
export class X86TrapFrame implements TrapFrame {
  /** Guest address of the frame. */
  readonly address: bigint;
  readonly #layout: FrameLayout;
  readonly #memory: TrapFrameMemory;
  readonly #faultAddress: () => bigint;

  /** A view of the frame at a kernel address; `faultAddress` reads CR2. */
  constructor(
    space: KernelSpace,
    address: bigint,
    options: { layout: FrameLayout; faultAddress: () => bigint },
  ) {
    this.address = address;
    this.#layout = options.layout;
    this.#faultAddress = options.faultAddress;
    this.#memory = new TrapFrameMemory(space, address, options.layout.size);
  }

  #get(offset: number): bigint {
    return this.#memory.u64(offset);
  }

  #set(offset: number, value: bigint): void {
    this.#memory.setU64(offset, value);
  }

  /** Whether the frame was saved from CPL 3. */
  get fromUser(): boolean {
    return (this.#memory.u8(this.#layout.cs) & 3) === 3;
  }

  /** RIP. */
  get pc(): bigint {
    return this.#get(this.#layout.pc);
  }
  set pc(value: bigint) {
    this.#set(this.#layout.pc, value);
  }

  /** RSP. */
  get sp(): bigint {
    return this.#get(this.#layout.sp);
  }
  set sp(value: bigint) {
    this.#set(this.#layout.sp, value);
  }

  /** Vector, or the pseudo vector of system calls. */
  get vector(): number {
    return this.#memory.u32(this.#layout.vector);
  }

  /** Error code, 0 if the vector has none. */
  get error(): number {
    return this.#memory.u32(this.#layout.error);
  }

  /** Why the frame was saved. */
  cause(): TrapCause {
    const vector = this.vector;
    if (this.#isSyscall(vector)) return { kind: "syscall" };
    if (vector === Vector.PF) {
      const error = this.error;
      if (error & PageFaultBit.RESERVED) return { kind: "error" };
      return {
        kind: "page-fault",
        address: this.#faultAddress(),
        access: error & PageFaultBit.FETCH
          ? "execute"
          : error & PageFaultBit.WRITE
          ? "write"
          : "read",
        present: (error & PageFaultBit.PRESENT) !== 0,
      };
    }
    if (vector === Vector.NM) return { kind: "fp-disabled" };
    const line = vector - FIRST_INTERRUPT_VECTOR;
    if (line >= 0 && line < INTERRUPT_LINES) return { kind: "interrupt", line };
    return { kind: "error" };
  }

  /** SYSCALL from user mode, the software interrupt of kernel-mode tasks from kernel mode. */
  #isSyscall(vector: number): boolean {
    return vector === this.#layout.syscall || (vector === KERNEL_SYSCALL && !this.fromUser);
  }

  /** The trap in words. */
  report(): TrapReport {
    const vector = this.vector;
    const origin = this.fromUser ? "CPL 3" : "CPL 0";
    if (this.#isSyscall(vector)) {
      return {
        origin,
        name: "syscall",
        words: [{ label: "SYSCALL", value: this.syscallNumber() }],
        meaning: "system call",
      };
    }
    const error = this.error;
    const words = [
      { label: "VEC", value: BigInt(vector) },
      { label: "ERR", value: BigInt(error) },
      { label: "CR2", value: this.#faultAddress() },
    ];
    if (!this.fromUser) words.push({ label: "PC", value: this.pc });
    return { origin, name: vectorName(vector), words, meaning: describeVector(vector, error) };
  }

  /** Vector, error code and, of a page fault, CR2. */
  userTrap(): UserTrap {
    const vector = this.vector;
    return {
      code: BigInt(vector),
      syndrome: BigInt(this.error),
      address: vector === Vector.PF ? this.#faultAddress() : 0n,
    };
  }

  /** RAX. */
  syscallNumber(): bigint {
    return this.#get(this.#layout.rax);
  }

  /** RDI, RSI, RDX, R10, R8, R9. */
  syscallArgument(index: number): bigint {
    const offset = this.#layout.arguments[index];
    if (offset === undefined) {
      throw new ArchError("misuse", `Cannot read system call argument ${index}: there are six`);
    }
    return this.#get(offset);
  }

  /** RAX. */
  setSyscallResult(value: bigint): void {
    this.#set(this.#layout.rax, value);
  }

  /** Value of a general register, `rip`, `rflags`, `cs`, `ss`, `vector` or `error`. */
  register(name: string): bigint {
    return this.#get(this.#registerOffset(name));
  }

  /** Sets a register of the frame. */
  setRegister(name: string, value: bigint): void {
    this.#set(this.#registerOffset(name), BigInt.asUintN(64, value));
  }

  #registerOffset(name: string): number {
    const offset = this.#layout.registers.get(name);
    if (offset === undefined) {
      throw new ArchError("misuse", `Cannot access register "${name}" of an x86-64 trap frame`);
    }
    return offset;
  }

  /** Clears the frame for a first entry to CPL 3 with interrupts on. */
  initializeUser(start: { pc: bigint; sp: bigint; argument: bigint }): void {
    for (let i = 0; i < this.#layout.size; i += 8) this.#set(i, 0n);
    this.setRegister("rdi", start.argument);
    this.setRegister("cs", this.#layout.userCs);
    this.setRegister("ss", this.#layout.userSs);
    this.setRegister("rflags", RFLAGS_FIXED | RFLAGS_IF);
    this.pc = start.pc;
    this.sp = start.sp;
  }

  /** RDI and RSI; the flags as the System V ABI has them at entry to a function. */
  enterFunction(
    call: { pc: bigint; sp: bigint; framePointer: bigint; arguments: readonly [bigint, bigint] },
  ): void {
    this.pc = call.pc;
    this.sp = call.sp;
    this.setRegister("rbp", call.framePointer);
    this.setRegister("rdi", call.arguments[0]);
    this.setRegister("rsi", call.arguments[1]);
    this.setRegister("rflags", RFLAGS_FIXED | RFLAGS_IF);
  }

  /**
   * System calls return with SYSRET unless the kernel changed what SYSRET cannot restore;
   * everything else with IRET.
   */
  exitRoutine(): "exit_to_user" | "exit_to_user_sysret" | "exit_to_kernel" {
    if (!this.fromUser) return "exit_to_kernel";
    if (this.vector !== this.#layout.syscall) return "exit_to_user";
    const { rcx, pc, r11, rflags } = this.#layout;
    return this.#memory.isSame(rcx, pc) && this.#memory.isSame(r11, rflags)
      ? "exit_to_user_sysret"
      : "exit_to_user";
  }
}
