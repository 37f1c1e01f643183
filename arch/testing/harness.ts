/**
 * A bare machine for conformance tests: one CPU, RAM, the guest kernel image and one thread, with
 * no kernel behind it. Test code runs in user or kernel mode; what the CPU delivers goes through
 * the image's own vectors, is looked at here, and goes back through the image's own exit routines.
 *
 *     using machine = new BareMachine({ arch, code, kernelState });
 *     machine.start({ mode: "user", pc: machine.userLabel("divide") });
 *     const trap = machine.runToTrap();
 *     machine.leave(trap, { pc: machine.userLabel("divide_next") });
 *
 * @module
 */

import { type ElfFile, loadSegments, parseElf } from "../../elf/mod.ts";
import type { Arch, Cpu, CpuExit, ExceptionEntry, TrapFrame } from "../arch.ts";
import type { GuestLabel } from "../guest_labels.ts";
import { KernelSpace } from "../kernel_space.ts";
import type { PageFrameSource, Protection } from "../page_tables.ts";
import { hex, PAGE_SIZE, PhysicalMemory } from "../physical_memory.ts";

const PAGE = BigInt(PAGE_SIZE);
const STACK_SIZE = 4n * PAGE;

/** Privilege a piece of test code runs at. */
export type Mode = "user" | "kernel";

/** Values of registers by name. */
export type Registers = Readonly<Record<string, bigint>>;

/** Bytes of RAM, but for tests that need another size. */
export const RAM_SIZE = 4 * 1024 * 1024;

/** Options of {@linkcode BareMachine}. */
export interface BareMachineOptions {
  /** Architecture. */
  readonly arch: Arch;
  /**
   * ELF file with the test code. It is position independent: it runs at its own address and in the
   * kernel half.
   */
  readonly code: Uint8Array;
  /** CPU model, by default the architecture's first. */
  readonly model?: string;
  /**
   * Registers of a trap frame, by name, that make it one of kernel mode: selectors and flags, or
   * PSTATE.
   */
  readonly kernelState: Registers;
  /** Further registers that {@linkcode Delivered} is to show. */
  readonly watch?: readonly string[];
}

/** What the CPU delivered, and its registers before the first instruction of the vector. */
export interface Delivered extends ExceptionEntry {
  /** General registers, stack pointer, program counter and flags. */
  readonly registers: Registers;
  /** Whether the CPU would take an interrupt now. */
  readonly interruptsEnabled: boolean;
  /** Whether the vector would run in user mode. */
  readonly userMode: boolean;
}

/** A trap that the image's vectors have saved. */
export interface Trap {
  /**
   * What the CPU delivered to get here, oldest first; more than one entry if entering an exception
   * raised another.
   */
  readonly delivered: readonly Delivered[];
  /** The last of them, or `undefined` for a trap that is not an exception. */
  readonly entry: Delivered | undefined;
  /** The frame the vectors saved. */
  readonly frame: TrapFrame;
  /** Kernel stack pointer when the vectors had saved it. */
  readonly sp: bigint;
}

/** Where a thread starts. */
export interface Start {
  /** Privilege. */
  readonly mode: Mode;
  /** First instruction. */
  readonly pc: bigint;
  /** Stack pointer; by default the user stack, or a place in the kernel stack. */
  readonly sp?: bigint;
  /** Registers that are not to start with their distinct values. */
  readonly registers?: Registers;
  /** Where the frame of a kernel mode start lies; by default just below its stack pointer. */
  readonly frame?: bigint;
}

/** Hands out frames from one address upward. */
class BumpFrames implements PageFrameSource {
  readonly #free: bigint[] = [];
  #next: bigint;

  constructor(begin: bigint) {
    this.#next = begin;
  }

  allocate(): bigint {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    const frame = this.#next;
    this.#next += PAGE;
    return frame;
  }

  free(frame: bigint): void {
    this.#free.push(frame);
  }
}

/** One CPU with the guest kernel image and one thread. */
export class BareMachine implements Disposable {
  /** Architecture. */
  readonly arch: Arch;
  /** RAM. */
  readonly memory: PhysicalMemory;
  /** Kernel half. */
  readonly space: KernelSpace;
  /** The CPU; after construction it waits in a hypercall for an {@linkcode Cpu.answer}. */
  readonly cpu: Cpu;
  /** Source of frames. */
  readonly frames: PageFrameSource;
  /** The thread object. */
  readonly thread: bigint;
  /** The thread's kernel stack: one past its highest address. There is a guard page below it. */
  readonly stackTop: bigint;
  /** Stack of double faults, where the architecture has one: one past its highest address. */
  readonly emergencyStackTop: bigint;
  /** Root of the thread's address space. */
  readonly root: bigint;
  /** User stack: one past its highest address. Two pages, writable. */
  readonly userStackTop = 0x80_0000n;
  /** Added to a label's address, gives where kernel mode runs that code. */
  readonly kernelOffset: bigint;
  readonly #elf: ElfFile;
  readonly #kernelState: Registers;
  readonly #watch: readonly string[];
  #delivered: Delivered[] = [];
  #nextStack: bigint;

  /** Builds the machine and boots it through the image's boot code. */
  constructor(options: BareMachineOptions) {
    const { arch } = options;
    const { image } = arch;
    this.arch = arch;
    this.#kernelState = options.kernelState;
    this.#watch = options.watch ?? [];
    this.memory = new PhysicalMemory(arch.ramBase, RAM_SIZE);
    this.frames = new BumpFrames(image.end - arch.directMap);
    image.load(this.memory, arch.directMap);
    this.space = new KernelSpace(this.memory, {
      frames: this.frames,
      format: arch.entryFormat,
      image,
      directMap: arch.directMap,
      stackRegion: arch.stackRegion,
    });
    this.#nextStack = arch.stackRegion;
    this.kernelOffset = arch.stackRegion + 0x1_0000_0000n;
    this.root = this.createRoot();
    this.#elf = parseElf(options.code, { name: "the conformance code" });
    this.#loadCode();
    this.mapUser(this.userStackTop - PAGE, { write: true, execute: false });
    this.mapUser(this.userStackTop - 2n * PAGE, { write: true, execute: false });
    const first = this.createThread();
    this.thread = first.address;
    this.stackTop = first.stackTop;
    this.emergencyStackTop = this.createStack();
    this.cpu = arch.openCpu(
      this.space,
      options.model === undefined ? {} : { model: options.model },
    );
    try {
      this.#boot();
    } catch (error) {
      this.cpu[Symbol.dispose]();
      throw error;
    }
  }

  /** Frees the engine. */
  [Symbol.dispose](): void {
    this.cpu[Symbol.dispose]();
  }

  /** Where user mode runs the code at a label. */
  userLabel(label: string): bigint {
    const symbol = this.#elf.symbols.all.find(({ name }) => name === label);
    if (symbol === undefined) throw new Error(`Cannot find test code ${label}: no such label`);
    return symbol.value;
  }

  /** Where kernel mode runs the code at a label. */
  kernelLabel(label: string): bigint {
    return this.userLabel(label) + this.kernelOffset;
  }

  /** Where a mode runs the code at a label. */
  label(mode: Mode, label: string): bigint {
    return mode === "user" ? this.userLabel(label) : this.kernelLabel(label);
  }

  /** Whether the test code has a label. */
  hasLabel(label: string): boolean {
    return this.#elf.symbols.all.some(({ name }) => name === label);
  }

  /** Address of a label of the guest kernel image. */
  routine(label: GuestLabel): bigint {
    return this.arch.image.label(label);
  }

  /** Makes an empty user address space. */
  createRoot(): bigint {
    const root = this.space.tables.createTable();
    if (this.arch.sharedRoot) this.space.tables.shareUpperHalf(this.space.root, root);
    return root;
  }

  /** Makes a kernel stack with a guard page below it; returns one past its highest address. */
  createStack(): bigint {
    const base = this.#nextStack + PAGE;
    const top = base + STACK_SIZE;
    for (let page = base; page < top; page += PAGE) {
      this.space.mapStackPage(page, this.frame());
    }
    this.#nextStack = top;
    return top;
  }

  /** Makes a thread object with a kernel stack and the machine's address space. */
  createThread(): { address: bigint; stackTop: bigint } {
    const address = this.space.virtual(this.frame());
    const stackTop = this.createStack();
    this.setThreadWord(address, "TH_STACK_BASE", stackTop - STACK_SIZE);
    this.setThreadWord(address, "TH_STACK_TOP", stackTop);
    this.setThreadWord(address, "TH_ROOT", this.root);
    this.arch.initializeFp(this.space, address);
    return { address, stackTop };
  }

  /** Writes a word of a thread object by the name of its offset in the image. */
  setThreadWord(thread: bigint, name: string, value: bigint): void {
    this.space.writeU64(thread + this.arch.image.symbol(name), value);
  }

  /** Reads a word of a thread object by the name of its offset in the image. */
  threadWord(thread: bigint, name: string): bigint {
    return this.space.readU64(thread + this.arch.image.symbol(name));
  }

  /** A zeroed frame. */
  frame(): bigint {
    const frame = this.frames.allocate();
    this.memory.slice(frame, PAGE_SIZE).fill(0);
    return frame;
  }

  /** Maps a page for user mode, by default a fresh one; returns its physical address. */
  mapUser(
    address: bigint,
    protection: { write: boolean; execute: boolean },
    physical: bigint = this.frame(),
  ): bigint {
    this.tables(address, { physical, protection: { user: true, ...protection } });
    return physical;
  }

  /**
   * Maps a page for the kernel, in either half, by default a fresh one; returns its physical
   * address.
   */
  mapKernel(
    address: bigint,
    protection: { write: boolean; execute: boolean },
    physical: bigint = this.frame(),
  ): bigint {
    this.tables(address, { physical, protection: { user: false, ...protection } });
    return physical;
  }

  /** Maps a page in the tables its half belongs to. */
  tables(address: bigint, leaf: { physical: bigint; protection: Protection }): void {
    const { tables, root } = this.space;
    tables.map(address < this.arch.userEnd ? this.root : root, address, leaf);
  }

  /**
   * An unused kernel address, page-aligned, that nothing is mapped at; `index` from 0 upward names
   * different ones.
   */
  kernelPage(index: number): bigint {
    return this.arch.stackRegion + 0x2_0000_0000n + BigInt(index) * PAGE;
  }

  /**
   * Registers with a distinct value each, but for the program counter, the stack pointer and the
   * flags.
   */
  distinctRegisters(): Record<string, bigint> {
    const special = new Set(["rsp", "rip", "rflags", "sp", "pc", "pstate", "cpsr", "spsr"]);
    const registers: Record<string, bigint> = {};
    this.arch.registerNames.forEach((name, i) => {
      if (!special.has(name)) registers[name] = 0xa5f0_0f5a_0000_0000n + BigInt(i) * 0x1357_9bdfn;
    });
    return registers;
  }

  /**
   * Leaves for test code through the image's exit routine; the CPU must be waiting in a hypercall.
   * The next run starts in that routine.
   */
  start(options: Start): void {
    const { cpu, arch, space } = this;
    const { mode, pc, registers = {} } = options;
    const user = mode === "user";
    const sp = options.sp ?? (user ? this.userStackTop - 64n : this.stackTop - 0x2000n);
    const size = arch.image.symbol("FRAME_SIZE");
    const address = user ? this.thread + arch.image.symbol("TH_FRAME") : options.frame ?? sp - size;
    const frame = arch.trapFrame(space, address, { cpu });
    frame.initializeUser({ pc, sp, argument: 0n });
    const all = {
      ...this.distinctRegisters(),
      ...(user ? {} : this.#kernelState),
      ...registers,
    };
    for (const [name, value] of Object.entries(all)) frame.setRegister(name, value);
    cpu.answer(
      this.routine(user ? "exit_to_user" : "exit_to_kernel"),
      user ? this.thread : address,
    );
  }

  /** Runs one instruction at a time until the one at `address` is next. */
  runTo(address: bigint, limit = 500): void {
    for (let i = 0; i < limit; i++) {
      if (this.cpu.pc === address) return;
      const exit = this.cpu.run(1);
      if (exit.kind !== "budget") {
        throw new Error(`Cannot run to ${hex(address)}: ${describeExit(exit)} at ${this.#where()}`);
      }
    }
    throw new Error(`Cannot run to ${hex(address)}: not there in ${limit} steps, ${this.#where()}`);
  }

  /** Runs until the vectors have saved a trap frame and called for the kernel. */
  runToTrap(budget = 10_000): Trap {
    const exit = this.run(budget);
    const trap = this.arch.image.constant("HC_TRAP");
    if (exit.kind !== "hypercall" || this.cpu.hypercall() !== trap) {
      throw new Error(`Cannot run to a trap: ${describeExit(exit)} at ${this.#where()}`);
    }
    return this.#trap();
  }

  /** Runs until something happens. */
  run(budget = 10_000): CpuExit {
    this.#delivered = [];
    return this.cpu.run(budget);
  }

  /** What the last {@linkcode run} has delivered so far. */
  get delivered(): readonly Delivered[] {
    return this.#delivered;
  }

  /**
   * Calls a routine of the image on the current kernel stack and returns its result; the CPU is
   * waiting in a hypercall before and after.
   */
  call(routine: GuestLabel, ...words: bigint[]): bigint {
    this.cpu.answer(this.routine(routine), ...words);
    const exit = this.run(100_000);
    if (
      exit.kind !== "hypercall" || this.cpu.hypercall() !== this.arch.image.constant("HC_RESULT")
    ) {
      throw new Error(`Cannot call ${routine}: ${describeExit(exit)} at ${this.#where()}`);
    }
    return this.cpu.hypercallWord(0);
  }

  /**
   * Goes back from a trap through the exit routine its frame asks for, and stops before the first
   * instruction there. The frame may have been edited.
   */
  leave(trap: Trap, options: { pc?: bigint; routine?: GuestLabel } = {}): void {
    const frame = this.#inThread(trap.frame);
    if (options.pc !== undefined) frame.pc = options.pc;
    this.answerExit(frame, options.routine);
    const { pc, fromUser } = frame;
    do this.#step(); while (!(this.cpu.pc === pc && this.cpu.userMode === fromUser));
  }

  /** Answers the hypercall of a trap with the exit routine its frame asks for. */
  answerExit(frame: TrapFrame, routine: GuestLabel = frame.exitRoutine()): void {
    const word = routine === "exit_to_kernel" ? frame.address : this.thread;
    this.cpu.answer(this.routine(routine), word);
  }

  /** General registers, stack pointer, program counter and flags, now, and any others asked for. */
  registers(others: readonly string[] = []): Record<string, bigint> {
    const names = [...this.arch.registerNames, ...others];
    return Object.fromEntries(names.map((name) => [name, this.cpu.register(name)]));
  }

  /** Loads the whole floating-point state; the CPU is waiting in a hypercall before and after. */
  loadFp(bytes: Uint8Array): void {
    this.#fpArea().set(bytes);
    this.call("fp_load", this.thread);
  }

  /** Saves the whole floating-point state; the CPU is waiting in a hypercall before and after. */
  saveFp(): Uint8Array {
    this.call("fp_save", this.thread);
    return this.#fpArea().slice();
  }

  /** Bytes of the floating-point state in a thread object. */
  get fpSize(): number {
    return this.arch.image.constant("TH_POINTER") - this.arch.image.constant("TH_FP");
  }

  /**
   * The exit routine takes a user frame from the thread object; one on a stack of its own is moved
   * there.
   */
  #inThread(frame: TrapFrame): TrapFrame {
    const address = this.thread + this.arch.image.symbol("TH_FRAME");
    if (!frame.fromUser || frame.address === address) return frame;
    for (let at = 0n; at < this.arch.image.symbol("FRAME_SIZE"); at += 8n) {
      this.space.writeU64(address + at, this.space.readU64(frame.address + at));
    }
    return this.arch.trapFrame(this.space, address, { cpu: this.cpu });
  }

  #fpArea(): Uint8Array {
    const physical = this.space.physical(this.thread + this.arch.image.symbol("TH_FP"));
    return this.memory.slice(physical, this.fpSize);
  }

  #step(): void {
    const exit = this.cpu.run(1);
    if (exit.kind !== "budget") {
      throw new Error(`Cannot leave the kernel: ${describeExit(exit)} at ${this.#where()}`);
    }
  }

  #trap(): Trap {
    const frame = this.arch.trapFrame(this.space, this.cpu.hypercallWord(0), { cpu: this.cpu });
    const delivered = this.#delivered;
    return { delivered, entry: delivered.at(-1), frame, sp: this.cpu.sp };
  }

  #where(): string {
    const { cpu } = this;
    const entered = this.#delivered.map((e) => `${e.vector} (${hex(e.code)}) at ${hex(e.pc)}`);
    return `${hex(cpu.pc)}, delivered: ${entered.join(", ") || "nothing"}`;
  }

  #loadCode(): void {
    for (const segment of loadSegments(this.#elf)) {
      const begin = segment.vaddr & ~(PAGE - 1n);
      const bytes = this.#elf.segmentData(segment);
      const protection = { write: false, execute: true };
      for (let page = begin; page < segment.vaddr + segment.memSize; page += PAGE) {
        const physical = this.mapUser(page, protection);
        this.mapKernel(page + this.kernelOffset, protection, physical);
        const from = Number(page > segment.vaddr ? page - segment.vaddr : 0n);
        const at = Number(page > segment.vaddr ? 0n : segment.vaddr - page);
        this.memory.slice(physical + BigInt(at), PAGE_SIZE - at)
          .set(bytes.subarray(from, from + PAGE_SIZE - at));
      }
    }
  }

  #boot(): void {
    const { cpu } = this;
    this.setThreadWord(this.thread, "TH_CONTINUATION", this.routine("startup_thread"));
    cpu.onException((entry) => {
      this.#delivered.push({
        ...entry,
        registers: this.registers(this.#watch),
        interruptsEnabled: cpu.interruptsEnabled,
        userMode: cpu.userMode,
      });
    });
    cpu.boot({ thread: this.thread, emergencyStackTop: this.emergencyStackTop });
    const exit = cpu.run(1000);
    if (
      exit.kind !== "hypercall" || cpu.hypercall() !== this.arch.image.constant("HC_CONTINUATION")
    ) {
      throw new Error(`Cannot boot the bare machine: ${describeExit(exit)} at ${this.#where()}`);
    }
  }
}

/** One line about an exit. */
export function describeExit(exit: CpuExit): string {
  switch (exit.kind) {
    case "shutdown":
      return `shutdown (${exit.reason})`;
    case "fault":
      return `engine error (${exit.error.message})`;
    case "memory":
      return `${exit.access} of absent memory at ${hex(exit.address)}`;
    default:
      return exit.kind;
  }
}
