/**
 * The one contract between the kernel and an architecture. Whatever the kernel may ask of an
 * architecture is here; the rooms above name no register and do not branch on the architecture's
 * name, which `arch_test.ts` holds them to. Beside this one, three rooms know one machine from
 * another, each from its own tables: `unicorn/` (numbers of the engine), `elf/` and `unwind/` (ELF
 * machines and DWARF registers).
 *
 * @module
 */

import type { BootProfile } from "../trace/boot_profile.ts";
import type { LabelledWord } from "../trace/events.ts";
import type { BlockWatcher, CpuImage } from "../unicorn/mod.ts";
import type { ExceptionStateLayout } from "./exception_state.ts";
import type { GuestImage } from "./guest_image.ts";
import type { KernelSpace } from "./kernel_space.ts";
import type { LinuxCalls } from "./linux_calls.ts";
import type { EntryFormat } from "./page_tables.ts";
import type { CallConvention, StackUse } from "./stack_use.ts";

/** Names of the architectures. */
export type ArchName = "x86_64" | "aarch64";

/** Why a trap frame was saved, in terms every architecture has. */
export type TrapCause =
  | {
    /** A system call instruction: of user code, or of a kernel-mode task. */
    readonly kind: "syscall";
  }
  | {
    /** A memory access the translation tables did not allow. */
    readonly kind: "page-fault";
    /** Faulting virtual address. */
    readonly address: bigint;
    /** What was tried. */
    readonly access: "read" | "write" | "execute";
    /** Whether a mapping was there and its protection refused the access. */
    readonly present: boolean;
  }
  | {
    /** An external interrupt. */
    readonly kind: "interrupt";
    /** Interrupt line, 0 to 31. */
    readonly line: number;
  }
  | {
    /** A floating-point instruction while the unit is switched off for user code. */
    readonly kind: "fp-disabled";
  }
  | {
    /** Any other exception: an error of the interrupted code. */
    readonly kind: "error";
  };

/** A trap in the architecture's own words, for logs and reasons. */
export interface TrapReport {
  /** Privilege the trap came from: `EL0`, `EL1`, `CPL 3`, `CPL 0`. */
  readonly origin: string;
  /** Short architectural name, such as `#PF` or `data abort, lower EL`. */
  readonly name: string;
  /** Syndrome, fault address and, from kernel mode, PC, in the order a log prints them. */
  readonly words: readonly LabelledWord[];
  /** The syndrome or error code in words. */
  readonly meaning: string;
}

/** An exception of a program as its own handler is told of it. */
export interface UserTrap {
  /** Vector (x86-64) or exception class (AArch64). */
  readonly code: bigint;
  /** Error code, 0 if the vector has none, or ESR. */
  readonly syndrome: bigint;
  /** Fault address, 0 if the exception has none. */
  readonly address: bigint;
}

/**
 * A saved trap frame in guest memory. Reads and writes go to the frame; they take effect when the
 * guest restores it.
 */
export interface TrapFrame {
  /** Guest address of the frame. */
  readonly address: bigint;
  /** Whether the frame was saved from user mode. */
  readonly fromUser: boolean;
  /** Interrupted instruction, or the one to go on with. */
  pc: bigint;
  /** Interrupted stack pointer. */
  sp: bigint;
  /** Why the frame was saved. */
  cause(): TrapCause;
  /** The trap in words. */
  report(): TrapReport;
  /** The trap in numbers; the fault address is the CPU's last, so ask at once. */
  userTrap(): UserTrap;
  /** Number of the system call, as the guest passed it (64 bits). */
  syscallNumber(): bigint;
  /** Argument word `index` (0 to 5) of the system call. */
  syscallArgument(index: number): bigint;
  /** Sets the result word of the system call. */
  setSyscallResult(value: bigint): void;
  /** Value of a register by its architectural name, lower case. */
  register(name: string): bigint;
  /** Sets a register by name. */
  setRegister(name: string, value: bigint): void;
  /**
   * Prepares the frame of a thread that has never been in user mode: cleared registers, user mode,
   * interrupts on.
   */
  initializeUser(start: { pc: bigint; sp: bigint; argument: bigint }): void;
  /**
   * Has a frame of user mode go on at a function of two arguments as its ABI wants it: no arithmetic
   * flag, no step and no direction is left over. Other registers stay as they are.
   */
  enterFunction(
    call: { pc: bigint; sp: bigint; framePointer: bigint; arguments: readonly [bigint, bigint] },
  ): void;
  /**
   * Label of the guest routine that restores this frame. Its argument is the thread object, in
   * which user frames live, or for `exit_to_kernel` the address of the frame.
   */
  exitRoutine(): "exit_to_user" | "exit_to_user_sysret" | "exit_to_kernel";
}

/** Why {@linkcode Cpu.run} came back. */
export type CpuExit =
  | {
    /** The guest kernel called: see {@linkcode Cpu.hypercall}. */
    readonly kind: "hypercall";
  }
  | {
    /** The instruction budget is used up. */
    readonly kind: "budget";
  }
  | {
    /** A stop hook asked. */
    readonly kind: "stop";
  }
  | {
    /** Watched memory was accessed; the instruction that did is complete. */
    readonly kind: "watch";
    /** What was accessed, in the order it was. */
    readonly hits: readonly WatchHit[];
  }
  | {
    /** An access went to a physical address where there is no memory. */
    readonly kind: "memory";
    /** Physical address. */
    readonly address: bigint;
    /** What was tried. */
    readonly access: "read" | "write" | "fetch";
  }
  | {
    /**
     * Delivering an exception failed for good: triple fault, or an exception inside the exception
     * entry.
     */
    readonly kind: "shutdown";
    /** What happened, one line. */
    readonly reason: string;
  }
  | {
    /** The engine failed. */
    readonly kind: "fault";
    /** Its error. */
    readonly error: Error;
  };

/** Bytes of memory to watch. */
export interface WatchRange {
  /** Virtual address of the first byte. */
  readonly address: bigint;
  /** Bytes, at least 1. */
  readonly size: number;
  /** Whether reads count. */
  readonly reads: boolean;
  /** Whether writes count. */
  readonly writes: boolean;
  /**
   * Physical addresses of the root tables in which an address of the lower half is watched; asked
   * for again whenever the CPU runs. By default that in use when a run begins.
   */
  readonly roots?: () => Iterable<bigint>;
}

/** An access to watched bytes. */
export interface WatchHit {
  /** The range it was to. */
  readonly range: WatchRange;
  /** What was done. */
  readonly access: "read" | "write";
  /** Address of the first watched byte that was accessed. */
  readonly address: bigint;
  /** The watched bytes that were accessed, as they were before. */
  readonly before: Uint8Array;
  /** The same bytes as they were read, or as they are now that they have been written. */
  readonly value: Uint8Array;
  /** Address of the instruction; of what is not the guest's the one the CPU was at. */
  readonly pc: bigint;
  /**
   * Who did it: an instruction of the guest, the processor itself when it entered an exception, or
   * the kernel's part that the host executes.
   */
  readonly by: "instruction" | "cpu" | "kernel";
}

/** What an exception has interrupted, as far as its entry has changed it. */
export interface Interrupted {
  /** Address of the interrupted instruction, or the one after it, as the architecture saves it. */
  readonly pc: bigint;
  /** Stack pointer. */
  readonly sp: bigint;
  /** Other registers the entry changes, by name, as the architecture saves them. */
  readonly changed: Readonly<Record<string, bigint>>;
}

/** What the CPU did to enter an exception, for tests and tools. */
export interface ExceptionEntry extends Interrupted {
  /** Vector number, −1 for SYSCALL (x86-64), or slot in the vector table, 0 to 15 (AArch64). */
  readonly vector: number;
  /** Error code (x86-64) or syndrome (AArch64). */
  readonly code: bigint;
  /** Whether it came from user mode. */
  readonly fromUser: boolean;
}

/**
 * The first instructions of a way into the kernel: the interrupted state is still in registers of
 * the CPU that no unwind table can name.
 */
export interface TrapEntry {
  /** Address of the first of these instructions. */
  readonly begin: bigint;
  /** Address behind the last. */
  readonly end: bigint;
  /** What was interrupted, of a CPU that is at one of them and has not yet saved it. */
  interrupted(cpu: Cpu, space: KernelSpace): Interrupted;
}

/**
 * What an instruction does to the call stack: `call` enters a function that will come back behind
 * it, `return` leaves one, `trap-return` leaves an exception handler, `hypercall` lets the host
 * act, anything else leaves the call stack as it is.
 */
export type Flow = "call" | "return" | "trap-return" | "hypercall" | "other";

/** Addresses and values the boot code needs. */
export interface BootParameters {
  /** First thread object: its continuation, kernel stack and root are set. */
  readonly thread: bigint;
  /** Top of a stack for emergencies (double fault), where the architecture can have one. */
  readonly emergencyStackTop: bigint;
}

/** A CPU as plain data: what it holds is all that its further execution depends on, but for RAM. */
export interface CpuState {
  /** Registers and clock. */
  readonly image: CpuImage;
  /** Raised interrupt lines that have not been delivered: line `n` is bit `n`. */
  readonly pending: number;
  /** Address of the breakpoint the CPU has just stopped at, to be passed over once. */
  readonly resumeAt: bigint | null;
  /** See {@linkcode Cpu.entries}. */
  readonly entries: number;
  /** See {@linkcode Cpu.enteredAt}. */
  readonly enteredAt: number;
  /** What only this architecture has, by name. */
  readonly own: Readonly<Record<string, bigint | number | boolean>>;
}

/**
 * One CPU: an engine plus what the engine leaves to others, the delivery of exceptions and
 * interrupts.
 */
export interface Cpu extends Disposable {
  /** Guest instructions executed since the CPU was opened; exact. */
  readonly instructions: number;
  /** Sets the registers so that the next run starts at the image's first instruction. */
  boot(parameters: BootParameters): void;
  /**
   * Runs guest code, delivering exceptions and interrupts as the architecture says.
   * @param budget instructions to run at most, a positive integer
   * @throws {ArchError} of kind `misuse` in a callback of a run of this CPU, and for a budget that
   *   is none; of kind `state` if it is not {@linkcode usable}
   * @throws What an observer has thrown, with the exception entered: the next run goes on from
   *   there
   */
  run(budget: number): CpuExit;
  /**
   * Runs one instruction, or less: enters an interrupt that is due, or the exception that the next
   * instruction raises in place of being executed.
   * @throws {ArchError} as {@linkcode run}
   */
  step(): CpuExit;
  /**
   * Exceptions and interrupts that were entered since the last instruction was executed: an
   * instruction that traps counts before its exception. With {@linkcode instructions} it is exact
   * to each change of the CPU's state.
   */
  readonly entries: number;
  /**
   * Whether the next run passes over a breakpoint at the instruction it begins with. After a stop
   * at one it does by itself.
   */
  passBreakpoint(pass: boolean): void;
  /**
   * Whether it can run on. What is thrown out of a run leaves it so, except in the middle of
   * entering an exception (a `RangeError` at the end of the stack, say); {@linkcode restore} helps.
   */
  readonly usable: boolean;
  /** Number of the hypercall the last run ended with. */
  hypercall(): number;
  /** Word `index` (0 to 3) of that hypercall. */
  hypercallWord(index: number): bigint;
  /** Answers the hypercall: the guest will call `routine` with these words. At most six. */
  answer(routine: bigint, ...words: bigint[]): void;
  /** Asserts an interrupt line; it is delivered as soon as interrupts are unmasked. */
  raiseInterrupt(line: number): void;
  /** Whether a raised interrupt has not been delivered yet. */
  readonly interruptPending: boolean;
  /** What {@linkcode instructions} was when the last exception or interrupt was entered. */
  readonly enteredAt: number;
  /** Whether the CPU would take an interrupt before the next instruction. */
  readonly interruptsEnabled: boolean;
  /** Whether user code may use the floating-point unit without trapping. */
  userFp: boolean;
  /**
   * Saves what programs can change and no trap frame holds, thread pointers and the selectors of
   * data segments, in a thread object. Like the three below it, while the guest kernel runs.
   */
  saveThread(thread: bigint): void;
  /** Loads that of a thread object. */
  loadThread(thread: bigint): void;
  /** Thread pointer `index`, below {@linkcode Arch.threadPointers}, that programs see now. */
  threadPointer(index: number): bigint;
  /** Sets it. */
  setThreadPointer(index: number, value: bigint): void;
  /**
   * What {@linkcode saveThread} saves, by the names that {@linkcode CoreLayout} uses: a program's
   * that the CPU holds now, in whatever mode it is, or that of a thread object.
   */
  threadRegisters(thread?: bigint): Readonly<Record<string, bigint>>;
  /** What the floating-point unit holds, in the layout of a thread object's TH_FP. */
  fpState(): Uint8Array<ArrayBuffer>;
  /**
   * Has the floating-point unit hold a state of that layout.
   * @throws {ArchError} of kind `misuse` if it has another size
   */
  setFpState(state: Uint8Array): void;
  /** Whether the CPU is in user mode. */
  readonly userMode: boolean;
  /** Address of the next instruction. */
  pc: bigint;
  /** Current stack pointer. */
  sp: bigint;
  /** Value of a general or control register by its architectural name, lower case. */
  register(name: string): bigint;
  /** Sets a general or control register by name. */
  setRegister(name: string, value: bigint): void;
  /** Physical address a virtual address translates to now, or `undefined`. */
  translate(address: bigint): bigint | undefined;
  /** Drops cached translations after the host has edited tables. */
  flushTranslations(): void;
  /**
   * Drops cached code of `size` bytes at a physical address: when the host has written to code, and
   * when a page frame is code no more. Costs next to nothing where there is none.
   */
  flushCode(physical: bigint, size: number): void;
  /**
   * Calls `observer` for each exception and interrupt entered, before the guest's vector runs.
   * `null` stops it.
   */
  onException(observer: ((entry: ExceptionEntry) => void) | null): void;
  /**
   * The CPU as a value. Breakpoints and observers are not part of it.
   *
   * @throws {ArchError} of kind `misuse` in a callback of a run of this CPU; so do `restore` and
   *   disposing of it
   */
  save(): CpuState;
  /**
   * Makes the CPU what it was when it was saved, by this CPU or by another over the same kind of
   * space. RAM is the caller's to restore, and to drop the cached code of what differs.
   *
   * @param options.keepTlb does not empty the TLB, for checks: right only if it holds nothing that
   * the tables lack
   * @throws {ArchError} of kind `state` if it is of another architecture, model or library, or
   * damaged; the CPU is unchanged then
   */
  restore(state: CpuState, options?: { readonly keepTlb?: boolean }): void;
  /**
   * Stops the run just before the instruction at a virtual address executes, each time. Dispose the
   * result to remove it.
   */
  addBreakpoint(address: bigint): Disposable;
  /**
   * Follows the guest from block to block: calls `watcher` before the first instruction of each
   * block that begins in a range of virtual addresses, with that address and the stack pointer. A
   * block ends at an instruction that jumps, calls, returns or traps; one that was interrupted is
   * followed by a block that begins where it goes on. A block may be told twice, if the run ended
   * before it began. There is one watcher at most. Dispose the result to end it.
   *
   * @param end last address of the range, inclusive
   */
  watchBlocks(begin: bigint, end: bigint, watcher: BlockWatcher): Disposable;
  /**
   * Stops the run just behind each instruction that accesses watched bytes, and behind the entry
   * of an exception that does. Fetches and the walks of translation tables do not count. Dispose
   * the result to end it.
   */
  addWatch(range: WatchRange): Disposable;
  /** What the host itself has written to watched bytes since the last run. */
  takeWatchHits(): readonly WatchHit[];
}

/** A range of guest addresses. */
export interface CodeRange {
  /** Address of the first instruction. */
  readonly begin: bigint;
  /** Address behind the last. */
  readonly end: bigint;
}

/** How a core file of Linux has the registers of a thread. */
export interface CoreLayout {
  /**
   * Names of the general registers in the order of `elf_gregset_t`, 64 bits each: of a register
   * dump, of {@linkcode Cpu.threadRegisters} or of the trap frame; `null` for what is not there.
   */
  readonly general: readonly (string | null)[];
  /** Bytes of the state at TH_FP. */
  readonly fpSize: number;
  /** That state as `elf_fpregset_t` has it. */
  fpState(state: Uint8Array): Uint8Array;
  /** Name of the ABI's thread pointer in {@linkcode Cpu.threadRegisters}. */
  readonly threadPointer: string;
  /** Notes of Linux's own beside these: type, and names of the 64-bit registers it has. */
  readonly extra: readonly { readonly type: number; readonly registers: readonly string[] }[];
}

/** An architecture. */
export interface Arch {
  /** Its name. */
  readonly name: ArchName;
  /** Name of its lowest system privilege in the boot log: `EL1`, `CPL 0`. */
  readonly kernelMode: string;
  /** Guest kernel image. */
  readonly image: GuestImage;
  /** Physical address of the first byte of RAM. */
  readonly ramBase: bigint;
  /** Virtual address of physical address 0 in the kernel half. */
  readonly directMap: bigint;
  /** Where kernel stacks are mapped, in the same slot of the root table as the direct map. */
  readonly stackRegion: bigint;
  /**
   * Where the programs of kernel-mode tasks are linked: a gibibyte in the same slot of the root
   * table as the direct map.
   */
  readonly programRegion: bigint;
  /** One past the highest user address; a multiple of the page size. */
  readonly userEnd: bigint;
  /**
   * How many thread pointers a program has. The first is that of its ABI for thread-local storage:
   * TPIDR_EL0, or the base of FS, beside which there is that of GS.
   */
  readonly threadPointers: number;
  /** Linux's system calls on it. */
  readonly linuxCalls: LinuxCalls;
  /** ELF machine name of its programs. */
  readonly elfMachine: ArchName;
  /** Encoding of translation tables. */
  readonly entryFormat: EntryFormat;
  /**
   * Whether each address space's root carries the kernel half, or the CPU has a root of its own for
   * it.
   */
  readonly sharedRoot: boolean;
  /** General registers by name, in the order of a register dump. */
  readonly registerNames: readonly string[];
  /**
   * Registers in which the CPU banks what an exception interrupts and for which DWARF has a number:
   * the name there, and the one {@linkcode Cpu.register} takes.
   */
  readonly bankedRegisters: Readonly<Record<string, string>>;
  /**
   * Registers of a dump that the CPU banks like that, and for which DWARF has no number: the name
   * in the dump, and the one {@linkcode Cpu.register} takes.
   */
  readonly bankedFlags: Readonly<Record<string, string>>;
  /** Where traps enter the kernel. */
  readonly trapEntries: readonly TrapEntry[];
  /** Code that saves a program's registers: while the CPU is in it, the trap frame is not whole. */
  readonly frameSavers: readonly CodeRange[];
  /** What core files have of a thread. */
  readonly core: CoreLayout;
  /** What the exceptions of a boot look like in the log. */
  readonly bootProfile: BootProfile;
  /** Bytes below the stack pointer that are a function's own in user mode, by its ABI. */
  readonly redZone: number;
  /** Bytes of its longest instruction. */
  readonly maxInstructionSize: number;
  /**
   * What an instruction does to the call stack.
   * @param code the instruction; {@linkcode Arch.maxInstructionSize} bytes are always enough
   */
  flow(code: Uint8Array): Flow;
  /**
   * What an instruction does with the stack pointer; `undefined` if the bytes do not hold it all,
   * or it is of a kind that is not known.
   * @param code the instruction; {@linkcode Arch.maxInstructionSize} bytes are always enough
   */
  stackUse(code: Uint8Array): StackUse | undefined;
  /** What calls of its programs agree on. */
  readonly calling: CallConvention;
  /** Names of the CPU models there are, the default one first. */
  readonly cpuModels: readonly string[];
  /**
   * Opens a CPU over RAM and the kernel half.
   * @param options.model one of {@linkcode cpuModels}, by default the first
   */
  openCpu(space: KernelSpace, options?: { readonly model?: string }): Cpu;
  /**
   * Bytes of the kernel stack a fresh switch frame takes, and how to write it at `address` (the
   * frame's lowest byte).
   */
  readonly switchFrameSize: number;
  /** Writes a switch frame that resumes at `resume` with cleared registers. */
  writeSwitchFrame(space: KernelSpace, address: bigint, options: { resume: bigint }): void;
  /**
   * What a thread that was switched away from will go on with, from its switch frame: the registers
   * of a dump that a call preserves, as they are when its call of the switch returns.
   */
  readSwitchFrame(space: KernelSpace, address: bigint): Readonly<Record<string, bigint>>;
  /**
   * A view of the trap frame at a kernel address.
   * @param cpu the CPU that took the trap, which knows what the frame does not hold
   */
  trapFrame(space: KernelSpace, address: bigint, options: { cpu: Cpu }): TrapFrame;
  /**
   * Offset in the floating-point state at TH_FP of a DWARF register that it holds, or `undefined`.
   */
  fpStateOffset(register: number): number | undefined;
  /**
   * The control words in the floating-point state at TH_FP, by name and less the flags in them: what
   * a call leaves as it was.
   */
  fpControl(state: Uint8Array): Readonly<Record<string, bigint>>;
  /** What a program's exception handler gets: see `arch/exception_state.ts`. */
  readonly exceptionState: ExceptionStateLayout;
  /** Writes the floating-point state a new thread starts with, at TH_FP of the thread object. */
  initializeFp(space: KernelSpace, thread: bigint): void;
}
