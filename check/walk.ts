/**
 * Checks unwind tables against execution: at every instruction a machine executes, the stack frames
 * that the tables lead to must be those that calls, returns and traps have made.
 *
 * @module
 */

import type { ExceptionEntry, Flow } from "../arch/arch.ts";
import { hex } from "../arch/physical_memory.ts";
import { KernelError } from "../kernel/errors.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Machine, RunResult } from "../kernel/machine.ts";
import type { PerCpu } from "../kernel/per_cpu.ts";
import type { Task } from "../kernel/thread/task.ts";
import { InputError } from "../bytes/mod.ts";
import { FrameIterator, type RegisterSet } from "../unwind/walk/mod.ts";
import { CallTracker } from "./call_tracker.ts";
import { type Place, ShadowError, type StepState } from "./call_types.ts";
import { compareFrames, type Difference } from "./compare_frames.ts";
import { LiveState } from "../kernel/unwind/live_state.ts";
import type { WalkFrame, WalkMismatch, WalkReport } from "./walk_report.ts";

/** How to check. */
export interface WalkOptions {
  /** Most instructions to execute; by default until the machine halts. */
  readonly instructions?: number;
  /** Most stack frames of a walk to compare, from the innermost; by default all. */
  readonly depth?: number;
  /**
   * Called before each instruction, with the number of those executed: may inject interrupts, for
   * example.
   */
  readonly beforeEach?: (executed: number) => void;
  /** What to check: instructions of programs in user mode, or of the kernel too, the default. */
  readonly scope?: "user" | "all";
  /**
   * Whether further turns of a loop are passed over: an instruction is not checked again as long as
   * only jumps have led back to it, and no call, return, trap or act of the host. By default every
   * execution is checked.
   */
  readonly once?: boolean;
}

/**
 * Runs a machine instruction by instruction and compares, before each, the stack frames of the
 * unwinder with a shadow call stack: program counter, canonical frame address and the registers a
 * call preserves, of all stack frames behind traps. Ends at the first difference. The CPU's
 * exception observer is used.
 * @param machine a machine that has not run yet
 * @throws {KernelError} of kind `misuse` if it has, else as `Machine.run`
 */
export function verifyWalks(machine: Machine, options: WalkOptions = {}): WalkReport {
  if (machine.cpu.instructions !== 0) {
    throw new KernelError(
      "misuse",
      `Cannot check a machine that has run: ${machine.cpu.instructions} instructions are executed`,
    );
  }
  return new WalkVerifier(machine, options).run();
}

/** What a step begins with. */
interface State extends StepState {
  /** Instructions executed before. */
  readonly time: number;
}

class WalkVerifier {
  readonly #machine: Machine;
  readonly #k: Kernel;
  /** The CPU that is followed. */
  readonly #on: PerCpu;
  readonly #options: WalkOptions;
  readonly #depth: number;
  readonly #live: LiveState;
  readonly #tracker: CallTracker;
  readonly #flows = new Map<Task, Map<bigint, Flow>>();
  /** As they were read last. */
  #registers: RegisterSet;
  #state: State;
  #mismatch: WalkMismatch | null = null;
  #userChecked = 0;
  #kernelChecked = 0;
  #unknownCode = 0;
  #passedOver = 0;
  /** With `once`, addresses checked since the call stack changed last. */
  readonly #met = new Set<bigint>();
  #frames = 0;
  #deepest = 0;
  /** Instructions executed when the frames were checked last. */
  #checkedAt = -1;

  constructor(machine: Machine, options: WalkOptions) {
    this.#machine = machine;
    this.#k = machine.kernel;
    this.#options = options;
    this.#depth = options.depth ?? Infinity;
    this.#on = machine.kernel.cpus[0] as PerCpu;
    this.#live = new LiveState(machine.kernel, this.#on.cpu);
    this.#tracker = new CallTracker(machine, this.#on);
    this.#registers = this.#live.registers();
    this.#state = this.#look();
  }

  run(): WalkReport {
    const { cpu } = this.#on;
    const limit = this.#options.instructions ?? Number.MAX_SAFE_INTEGER;
    let result: RunResult = { kind: "paused" };
    cpu.onException((entry) => this.#enter(entry));
    try {
      while (this.#mismatch === null && cpu.instructions < limit) {
        this.#prepare();
        if (this.#mismatch !== null) break;
        this.#options.beforeEach?.(cpu.instructions);
        result = this.#machine.run(1);
        if (result.kind !== "paused") break;
        if (cpu.instructions > this.#state.time) this.#after(cpu);
      }
    } finally {
      cpu.onException(null);
    }
    return {
      result,
      instructions: cpu.instructions,
      userChecked: this.#userChecked,
      kernelChecked: this.#kernelChecked,
      unknownCode: this.#unknownCode,
      passedOver: this.#passedOver,
      frames: this.#frames,
      deepest: this.#deepest,
      counts: this.#tracker.counts,
      mismatch: this.#mismatch,
    };
  }

  /** The CPU before the next instruction. */
  #look(): State {
    const { pc, sp, userMode, instructions: time } = this.#on.cpu;
    const flow = this.#flowAt(pc);
    // Nobody looks at the registers of an instruction that is not checked, unless it is a call.
    const isChecked = this.#isInScope(userMode) && !this.#met.has(pc);
    const isRead = isChecked || flow !== "other";
    if (isRead) this.#registers = this.#live.registers();
    return { pc, sp, userMode, time, flow, registers: this.#registers };
  }

  #isInScope(userMode: boolean): boolean {
    return userMode || this.#options.scope !== "user";
  }

  /** Looks at the next instruction and checks the frames it is in. */
  #prepare(): void {
    this.#state = this.#look();
    const { flow, userMode } = this.#state;
    if (flow === "hypercall" && !userMode) this.#tracker.beforeHypercall();
    this.#check();
  }

  /**
   * An exception has been entered; its handler's first instruction may run before the machine comes
   * back.
   */
  #enter(entry: ExceptionEntry): void {
    if (this.#mismatch !== null) return;
    const { time, pc } = this.#state;
    let { sp } = this.#state;
    if (this.#on.cpu.instructions > time && entry.pc !== pc) {
      // The exception followed the instruction: it made it, or the next one could not be fetched.
      sp = entry.sp;
      this.#after({ pc: entry.pc, sp, userMode: entry.fromUser });
    }
    const registers = this.#live.registers(entry.changed);
    this.#tracker.enterException(entry, { sp, registers });
    this.#met.clear();
    this.#prepare();
  }

  /** The instruction has been executed. */
  #after(now: Place): void {
    const { flow } = this.#state;
    if (flow === "hypercall") this.#live.forget();
    if (flow !== "other") this.#met.clear();
    try {
      this.#tracker.after(this.#state, now);
    } catch (error) {
      if (!(error instanceof ShadowError)) throw error;
      this.#report({ frame: 0, reason: error.message });
    }
  }

  #check(): void {
    const { userMode, time, pc } = this.#state;
    if (time === this.#checkedAt) return;
    this.#checkedAt = time;
    if (!this.#isInScope(userMode)) return;
    if (this.#met.has(pc)) {
      this.#passedOver++;
      return;
    }
    if (this.#options.once === true) this.#met.add(pc);
    const { task } = this.#tracker;
    // A call of an address where nothing is executes no code, and must lead back all the same.
    if (this.#live.modules(task).at(pc) === undefined && this.#code(pc, 1).length > 0) {
      this.#unknownCode++;
      return;
    }
    const expected = this.#tracker.frames(pc, this.#depth);
    const { depth } = this.#tracker;
    const difference = compareFrames(this.#walk(task), expected, depth === expected.length);
    if (difference !== undefined) {
      this.#report(difference);
      return;
    }
    this.#frames += expected.length;
    this.#deepest = Math.max(this.#deepest, depth);
    if (userMode) this.#userChecked++;
    else this.#kernelChecked++;
  }

  #walk(task: Task): FrameIterator {
    const registers = this.#live.walkRegisters(this.#state.registers);
    const memory = this.#live.memory(task);
    const modules = this.#live.modules(task);
    // Nothing but tables may lead on, and nothing below a stack pointer is believed: the kernel's
    // stacks take interrupts.
    const options = { framePointer: false, maxFrames: Infinity, redZone: 0 };
    return new FrameIterator({ registers, memory, modules }, options);
  }

  #report({ frame, reason }: Difference): void {
    const { time, pc } = this.#state;
    const { task } = this.#tracker;
    const located = (each: { pc: bigint; cfa: bigint | undefined; interrupted: boolean }) => ({
      pc: each.pc,
      cfa: each.cfa,
      location: this.#locate(task, each.pc, each.interrupted),
    });
    const expected = this.#tracker.frames(pc, this.#depth).map(located);
    const found: WalkFrame[] = [];
    try {
      for (const each of this.#walk(task)) {
        found.push(located(each));
        if (found.length > expected.length + 1) break;
      }
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
    }
    this.#mismatch = {
      time,
      address: pc,
      location: this.#locate(task, pc, true),
      thread: this.#on.current.ref,
      frame,
      reason,
      expected,
      found,
    };
  }

  #locate(task: Task, pc: bigint, interrupted: boolean): string {
    const lookup = pc - (interrupted ? 0n : 1n);
    const found = this.#live.modules(task).at(lookup)?.nameOf(lookup);
    return found === undefined ? hex(pc) : `${found.name}+${hex(found.offset + pc - lookup)}`;
  }

  #flowAt(pc: bigint): Flow {
    const { task } = this.#tracker;
    let flows = this.#flows.get(task);
    if (flows === undefined) this.#flows.set(task, flows = new Map());
    let flow = flows.get(pc);
    if (flow === undefined) {
      const { arch } = this.#k;
      const code = this.#code(pc, arch.maxInstructionSize);
      flow = arch.flow(code);
      // What is not all in memory yet may fault, and be something else afterwards.
      if (code.length === arch.maxInstructionSize) flows.set(pc, flow);
    }
    return flow;
  }

  /** The bytes at an address, as many of `size` as are in memory. */
  #code(pc: bigint, size: number): Uint8Array {
    const { cpu } = this.#on;
    const { memory } = this.#k;
    const bytes: number[] = [];
    for (let i = 0n; i < size; i++) {
      const physical = cpu.translate(pc + i);
      if (physical === undefined || !memory.contains(physical)) break;
      bytes.push(memory.bytes[memory.offset(physical)] ?? 0);
    }
    return new Uint8Array(bytes);
  }
}
