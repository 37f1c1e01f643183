/**
 * Keeps shadow call stacks of a machine that is stepped: of each thread's program, and of each
 * thread's kernel stack.
 *
 * What is known without unwind tables: calls push, returns pop, an exception suspends everything,
 * the instruction that leaves the exception takes it up again. A few labels of the kernel image
 * begin anew on an empty stack, or leave the stack they are on. A landing ends all calls below the
 * landing's stack pointer.
 *
 * @module
 */

import type { ExceptionEntry } from "../arch/arch.ts";
import { hex } from "../arch/physical_memory.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Machine } from "../kernel/machine.ts";
import type { PerCpu } from "../kernel/per_cpu.ts";
import type { Task } from "../kernel/thread/task.ts";
import type { Thread } from "../kernel/thread/thread.ts";
import { registersOf } from "../kernel/unwind/unwind_stack.ts";
import type { RegisterSet } from "../unwind/walk/mod.ts";
import { machineRegisters } from "../unwind/cfi/mod.ts";
import {
  type CallCounts,
  type ExpectedFrame,
  type Place,
  ShadowError,
  type StepState,
} from "./call_types.ts";
import { type Activation, ShadowStack } from "./shadow_stack.ts";

/** The program of a thread in user mode. */
interface UserContext {
  readonly stack: ShadowStack;
  readonly task: Task;
  /** Where it was suspended, while it is. */
  trap: Activation | null;
}

/** What runs on a kernel stack. */
interface KernelContext {
  readonly stack: ShadowStack;
  readonly task: Task;
  /** The program that the outermost activation suspended, if it is a trap from user mode. */
  readonly user: UserContext | null;
}

/** First address of some code and the one behind it. */
type Range = readonly [begin: bigint, end: bigint];

/** Keeps the stacks. */
export class CallTracker {
  /** Numbers of what has been seen. */
  readonly counts: CallCounts = { calls: 0, returns: 0, traps: 0, landings: 0, switches: 0 };
  readonly #k: Kernel;
  readonly #on: PerCpu;
  readonly #users = new Map<Thread, UserContext>();
  readonly #switchedOut = new Map<Thread, KernelContext>();
  /** What entering the kernel's code at a label means. */
  readonly #labels: ReadonlyMap<bigint, () => void>;
  readonly #switches: readonly Range[];
  readonly #enterProgram: Range;
  readonly #trapCall: number;
  /** Bytes a call pushes. */
  readonly #pushed: bigint;
  /** Register in which a call leaves its return address, if it does not push it. */
  readonly #link: string | undefined;
  #kernel: KernelContext;
  /** The thread whose stack the CPU is on. */
  #thread: Thread;

  /** A tracker for one CPU of a machine that has not run yet. */
  constructor(machine: Machine, on: PerCpu) {
    const k = this.#k = machine.kernel;
    this.#on = on;
    this.#thread = on.current;
    this.#kernel = { stack: new ShadowStack(), task: k.kernelTask, user: null };
    const begin = () => this.#kernel = this.#bare();
    this.#labels = new Map([
      ["call_continuation", begin],
      ["stack_handoff", () => {
        this.#thread = on.current;
        begin();
      }],
      ["enter_program", begin],
      ["exit_to_user", () => this.#leaveToUser()],
      ["exit_to_user_sysret", () => this.#leaveToUser()],
      ["exit_to_kernel", () => this.#leaveToKernel()],
      ["land", () => this.#landInKernel()],
    ].flatMap(([name, action]) => {
      const symbol = k.arch.image.elf.symbolNamed(name as string);
      return symbol === undefined ? [] : [[symbol.value, action as () => void]];
    }));
    this.#switches = [this.#range("switch_context"), this.#range("load_context")];
    this.#enterProgram = this.#range("enter_program");
    this.#trapCall = k.arch.image.constant("HC_TRAP");
    const { link, names } = machineRegisters(k.arch.elfMachine);
    this.#pushed = link === undefined ? 8n : 0n;
    this.#link = names[link ?? -1];
  }

  /** The task whose memory and code the stack frames are in. */
  get task(): Task {
    return this.#on.cpu.userMode ? this.#on.current.task : this.#kernel.task;
  }

  /** How many stack frames there are now. */
  get depth(): number {
    return this.#stacks().reduce((sum, { activations }) => sum + activations.length, 1);
  }

  /** The stack frames now, innermost first, at most `limit` of them; the innermost is at `pc`. */
  frames(pc: bigint, limit: number): ExpectedFrame[] {
    const frames: ExpectedFrame[] = [];
    let inner: Omit<ExpectedFrame, "cfa"> = {
      pc,
      interrupted: true,
      registers: undefined,
      allRegisters: false,
    };
    const stacks = this.#stacks();
    for (const { activations } of stacks) {
      for (let i = activations.length - 1; i >= 0; i--) {
        if (frames.length === limit) return frames;
        const { how, pc, sp, registers } = activations[i] as Activation;
        frames.push({ ...inner, cfa: sp });
        const isTrap = how === "trap";
        inner = { pc, interrupted: isTrap, registers, allRegisters: isTrap };
      }
    }
    if (frames.length < limit) frames.push({ ...inner, cfa: stacks.at(-1)?.rootCfa });
    return frames;
  }

  /** The stacks that the stack frames are on, innermost first. */
  #stacks(): ShadowStack[] {
    if (this.#on.cpu.userMode) return [this.#user(this.#on.current).stack];
    const { stack, user } = this.#kernel;
    return user === null ? [stack] : [stack, user.stack];
  }

  /**
   * An exception or interrupt was entered; nothing of its handler has run. `before` is the state it
   * interrupted.
   */
  enterException(entry: ExceptionEntry, before: { sp: bigint; registers: RegisterSet }): void {
    this.counts.traps++;
    const { pc } = entry;
    const { sp } = before;
    const activation: Activation = { how: "trap", pc, sp, registers: before.registers };
    activation.registers.set(activation.registers.numbers.programCounter, pc);
    activation.registers.set(activation.registers.numbers.stackPointer, sp);
    if (!entry.fromUser) {
      this.#kernel.stack.push(activation);
      return;
    }
    const thread = this.#on.current;
    const user = this.#user(thread);
    user.trap = activation;
    this.#thread = thread;
    this.#kernel = this.#trapped(user, activation);
  }

  /** An instruction is about to let the host act. */
  beforeHypercall(): void {
    const { cpu } = this.#on;
    const { top } = this.#kernel.stack;
    if (cpu.hypercall() !== this.#trapCall || top?.how !== "trap") return;
    top.trapFrame = cpu.hypercallWord(0);
    top.seen = this.#saved(top.trapFrame);
  }

  /** An instruction has run; `now` is what it has led to. */
  after(state: StepState, now: Place): void {
    const { pc, sp, userMode } = now;
    const stack = state.userMode ? this.#user(this.#on.current).stack : this.#kernel.stack;
    switch (state.flow) {
      case "call":
        this.counts.calls++;
        stack.push({
          how: "call",
          pc: this.#returnAddress(sp),
          sp: state.sp,
          registers: state.registers,
        });
        break;
      case "return":
        this.counts.returns++;
        expect(stack.pop(), { how: "call", pc, sp });
        break;
      case "trap-return":
        if (!state.userMode) expect(this.#kernel.stack.pop(), { how: "trap", pc, sp });
        if (userMode) this.#user(this.#on.current).trap = null;
        break;
      case "hypercall":
        this.#afterHypercall();
        break;
      case "other":
        this.#checkStack(state, sp);
    }
    if (userMode || state.userMode) return;
    if (within(this.#enterProgram, state.pc) && !within(this.#enterProgram, pc)) {
      this.#kernel = { ...this.#bare(sp + this.#pushed), task: this.#on.current.task };
    }
    this.#labels.get(pc)?.();
  }

  /** Whether the guest has moved to another thread's kernel stack, in the routines that do so. */
  #checkStack(state: StepState, sp: bigint): void {
    if (!this.#switches.some((range) => within(range, state.pc))) return;
    const { layout, kernelSpace, stackPool } = this.#k;
    const { current } = this.#on;
    if (current === this.#thread || current.stack === null) return;
    if (kernelSpace.readU64(current.address + BigInt(layout.ksp)) !== sp) return;
    this.counts.switches++;
    if (within(this.#switches[0] as Range, state.pc)) {
      this.#switchedOut.set(this.#thread, this.#kernel);
    }
    this.#thread = current;
    this.#kernel = this.#switchedOut.get(current) ??
      this.#fresh(stackPool.top(current.stack), state);
    this.#switchedOut.delete(current);
  }

  /**
   * A stack that has never run: its switch frame leads to `thread_start`, with cleared registers.
   */
  #fresh(top: bigint, { registers }: StepState): KernelContext {
    const context = this.#bare();
    const cleared = registers.clone();
    for (const [register] of registers.entries()) cleared.set(register, 0n);
    const pc = this.#k.label("thread_start");
    cleared.set(cleared.numbers.stackPointer, top);
    context.stack.push({ how: "call", pc, sp: top, registers: cleared });
    return context;
  }

  /** The host has acted: it may have changed trap frames of the current thread. */
  #afterHypercall(): void {
    const trap = this.#users.get(this.#thread)?.trap;
    for (const activation of this.#kernel.stack.activations) {
      if (activation !== trap) this.#sync(activation);
    }
    if (trap === undefined || trap === null) return;
    const { pc, sp } = trap;
    this.#sync(trap);
    if (trap.pc === pc && trap.sp === sp) return;
    this.counts.landings++;
    this.#user(this.#thread).stack.landAt(trap.sp);
  }

  /** Takes over what has changed in a trap frame. */
  #sync(activation: Activation): void {
    const { trapFrame, seen, registers } = activation;
    if (trapFrame === undefined || seen === undefined) return;
    const now = this.#saved(trapFrame);
    for (const [register, value] of now.entries()) {
      if (seen.get(register) !== value) registers.set(register, value);
    }
    activation.seen = now;
    activation.pc = registers.pc ?? 0n;
    activation.sp = registers.sp ?? 0n;
  }

  /** The kernel leaves its stack for the program of the current thread. */
  #leaveToUser(): void {
    const thread = this.#on.current;
    const user = this.#user(thread);
    user.trap ??= this.#activationOf(this.#k.userFrame(thread).address);
    user.stack.rootCfa ??= user.trap.sp + this.#pushed;
    this.#kernel = this.#trapped(user, user.trap);
  }

  /** The kernel leaves its innermost trap. */
  #leaveToKernel(): void {
    const { stack } = this.#kernel;
    while (stack.top?.how === "call") stack.pop();
  }

  /** A kernel-mode task lands: its registers are in the thread object. */
  #landInKernel(): void {
    this.counts.landings++;
    const activation = this.#activationOf(this.#k.userFrame(this.#on.current).address);
    this.#kernel.stack.landAt(activation.sp);
    this.#kernel.stack.push(activation);
  }

  /** Where the call just made comes back to: what it has put into the link register, or pushed. */
  #returnAddress(sp: bigint): bigint {
    const { cpu } = this.#on;
    const { memory } = this.#k;
    if (this.#link !== undefined) return cpu.register(this.#link);
    const physical = cpu.translate(sp);
    if (physical === undefined) throw new ShadowError(`No stack at ${hex(sp)} after a call`);
    return memory.readU64(physical);
  }

  /** What a trap frame suspends. */
  #activationOf(trapFrame: bigint): Activation {
    const registers = this.#saved(trapFrame);
    const { pc = 0n, sp = 0n } = registers;
    return { how: "trap", pc, sp, registers, trapFrame, seen: registers.clone() };
  }

  /** The registers in a trap frame. */
  #saved(trapFrame: bigint): RegisterSet {
    const k = this.#k;
    return registersOf(k, k.trapFrame(this.#on.current, trapFrame));
  }

  #trapped(user: UserContext, activation: Activation): KernelContext {
    const stack = new ShadowStack();
    stack.push(activation);
    return { stack, task: user.task, user };
  }

  #bare(rootCfa?: bigint): KernelContext {
    return { stack: new ShadowStack(rootCfa), task: this.#k.kernelTask, user: null };
  }

  #user(thread: Thread): UserContext {
    let user = this.#users.get(thread);
    if (user === undefined) {
      user = { stack: new ShadowStack(), task: thread.task, trap: null };
      this.#users.set(thread, user);
    }
    return user;
  }

  #range(name: string): Range {
    const symbol = this.#k.arch.image.elf.symbolNamed(name);
    return symbol === undefined ? [0n, 0n] : [symbol.value, symbol.value + symbol.size];
  }
}

function within([begin, end]: Range, address: bigint): boolean {
  return address >= begin && address < end;
}

/** What a return or the end of a trap takes up again must be what was suspended. */
function expect(
  suspended: Activation | undefined,
  now: { how: Activation["how"]; pc: bigint; sp: bigint },
): void {
  const { how, pc, sp } = now;
  if (suspended?.how === how && suspended.pc === pc && suspended.sp === sp) return;
  const was = suspended === undefined
    ? "nothing"
    : `a ${suspended.how} at ${hex(suspended.pc)} with SP ${hex(suspended.sp)}`;
  throw new ShadowError(
    `End of a ${how} leads to ${hex(pc)} with SP ${hex(sp)}, but suspended was ${was}`,
  );
}
