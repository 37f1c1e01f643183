/**
 * Verifies switches between stacks against execution, instruction by instruction.
 *
 * A switch begins where the program enters one of the routines named and ends where it leaves them
 * all. Where it was entered by a call, it is known what the caller's frames and registers are, from
 * the caller's own unwind table and before the switch has done anything; that is what must be there
 * again when a later switch arrives at the caller, and what walks from inside of the switch must
 * lead to until it is on the other stack.
 *
 * @module
 */

import { hex } from "../../arch/physical_memory.ts";
import type { ElfFile } from "../../elf/mod.ts";
import type { Machine, RunResult } from "../../kernel/machine.ts";
import type { RegisterSet } from "../../unwind/walk/mod.ts";
import { beforeEnd, type Chain, chainDiffers, chainOf } from "./frames.ts";
import type { Observation } from "./observation.ts";
import { tryInterrupts } from "./interrupts.ts";
import { type Kept, lostBetween } from "./kept.ts";
import { changedWords, findRoutines, type Routine, SwitchProgram } from "./program.ts";
import { Problems, type SwitchReport, type SwitchWrite } from "./report.ts";
import { step } from "./step.ts";

/** How to verify. */
export interface SwitchOptions {
  /** The program's file, for its symbols. */
  readonly program: ElfFile;
  /**
   * Names of the functions that are switches, or parts of them: trampolines too. Each is entered at
   * its first instruction, or by what returns to it.
   */
  readonly routines: readonly string[];
  /** Most instructions to run; default 10,000,000. */
  readonly instructions?: number;
  /** Most switches to follow; by default all until the program has ended. */
  readonly switches?: number;
  /** Of how many switches by each routine interrupts are tried, at each instruction; default 1. */
  readonly interrupts?: number;
  /**
   * Whether walks lead on from a stack that was entered to the one it was entered from; default
   * true. Otherwise a stack's frames are its own.
   */
  readonly linked?: boolean;
  /**
   * Whether a word that a switch has written is its own. It need not say so of the stack below the
   * stack pointers at which the switch was entered and left.
   */
  readonly owns?: (write: SwitchWrite) => boolean;
}

/** Bytes below a stack pointer that are the frame of a switch. */
const FRAME_SIZE = 1024n;

/** Most instructions of one switch. */
const SWITCH_LIMIT = 10_000;

/** A place that a switch was called from, and what must be there when it is arrived at. */
interface Saved extends Kept {
  /** Its frames, up to where the stack was entered from. */
  readonly own: Chain;
  /** Those from there on. */
  readonly rest: Chain;
}

const NOTHING: Chain = { frames: [], error: null };

/**
 * Runs a machine and verifies the switches of its program, which must have one thread. Of each it
 * says whether walks find the frames of one stack or the other at every instruction, whether
 * registers and floating-point control that calls keep are there again when a stack goes on, what
 * was written beside the switch's own frame, and whether interrupts change anything.
 *
 * @throws {KernelError} of kind `misuse` if a routine is not in the program, else as `Machine.run`
 */
export function verifySwitches(machine: Machine, options: SwitchOptions): SwitchReport {
  return new SwitchVerifier(machine, options).run();
}

class SwitchVerifier {
  readonly #machine: Machine;
  readonly #options: SwitchOptions;
  readonly #program: SwitchProgram;
  readonly #problems = new Problems();
  readonly #breakpoints = new Map<bigint, Disposable>();
  readonly #saved = new Map<string, Saved>();
  readonly #seen = new Set<string>();
  /** By routine, switches of which interrupts were tried. */
  readonly #tried = new Map<string, number>();
  /** Frames from where the current stack was entered. */
  #rest: Chain = NOTHING;
  #counts = { switches: 0, resumed: 0, instructions: 0, frames: 0, interrupts: 0 };

  constructor(machine: Machine, options: SwitchOptions) {
    this.#machine = machine;
    this.#options = options;
    const routines = findRoutines(options.program, options.routines);
    this.#program = new SwitchProgram(machine, routines);
    for (const { begin } of routines) this.#stopAt(begin);
  }

  run(): SwitchReport {
    const { cpu } = this.#machine;
    const { switches = Infinity, instructions = 10_000_000 } = this.#options;
    const end = cpu.instructions + instructions;
    let result: RunResult = { kind: "paused" };
    try {
      while (this.#counts.switches < switches && cpu.instructions < end) {
        result = this.#machine.run(end - cpu.instructions);
        if (result.kind !== "breakpoint") break;
        if (cpu.userMode && this.#program.routineAt(cpu.pc) !== undefined) {
          const ended = this.#follow();
          if (ended === null) continue;
          result = ended;
          break;
        }
      }
    } finally {
      for (const breakpoint of this.#breakpoints.values()) breakpoint[Symbol.dispose]();
    }
    const routines = [...this.#seen];
    return { result, ...this.#counts, routines, problems: this.#problems.list };
  }

  #stopAt(address: bigint): void {
    if (this.#breakpoints.has(address)) return;
    this.#breakpoints.set(address, this.#machine.addBreakpoint(address));
  }

  /** Follows a switch from its entry to where it arrives; gives how the machine ended, if it did. */
  #follow(): RunResult | null {
    const { cpu } = this.#machine;
    const program = this.#program;
    const routine = program.routineAt(cpu.pc) as Routine;
    const began = cpu.instructions;
    const entry = {
      routine,
      sp: cpu.sp,
      arguments: program.arguments(),
      pages: program.pages(),
    };
    const tries = (this.#tried.get(routine.name) ?? 0) < (this.#options.interrupts ?? 1);
    const snapshot = tries ? this.#machine.snapshot() : null;
    const old = cpu.pc === routine.begin ? this.#save() : this.#chain(program.registers());
    const observations: Observation[] = [];
    let flow = program.flow();
    for (let here: Routine | undefined = routine; here !== undefined;) {
      if (observations.length === SWITCH_LIMIT) return { kind: "paused" };
      const offset = Number(cpu.pc - here.begin);
      const executed = cpu.instructions - began;
      const chain = this.#chain(program.registers());
      observations.push({ routine: here, offset, executed, chain });
      this.#seen.add(here.name);
      flow = program.flow();
      const result = step(this.#machine);
      if (result !== null) return result;
      here = program.routineAt(cpu.pc);
    }
    // What is called from a switch comes back into it.
    if (flow === "call") this.#stopAt(program.returnPlace().pc);
    this.#counts.switches++;
    this.#counts.instructions += observations.length;
    const arrived = this.#arrive(routine, old);
    this.#checkWalks(observations, old, arrived);
    this.#checkWrites(entry);
    if (snapshot !== null) {
      this.#tried.set(routine.name, (this.#tried.get(routine.name) ?? 0) + 1);
      this.#counts.interrupts += tryInterrupts(this.#machine, {
        program,
        snapshot,
        observations,
        problems: this.#problems,
      });
    }
    return null;
  }

  #chain(registers: RegisterSet, start: "instruction" | "return-address" = "instruction"): Chain {
    const walk = this.#program.walk(registers, start);
    return chainOf(walk, (address) => this.#program.routineAt(address) !== undefined);
  }

  /** The caller of a switch that has not begun is saved; gives its frames. */
  #save(): Chain {
    const program = this.#program;
    const { pc, sp } = program.returnPlace();
    const registers = program.registers();
    registers.set(registers.numbers.programCounter, pc);
    registers.set(registers.numbers.stackPointer, sp);
    const chain = this.#chain(registers, "return-address");
    const own = beforeEnd(chain.frames, this.#rest.frames);
    if (own === undefined) {
      this.#problem("walk", `${hex(pc)} does not lead to where its stack was entered from`);
    }
    this.#saved.set(`${pc} ${sp}`, {
      registers,
      fpControl: program.fpControl(),
      own: { frames: own ?? chain.frames, error: this.#options.linked === false ? "" : null },
      rest: this.#rest,
    });
    return chain;
  }

  /**
   * The program has left the switch; gives the frames that walks from inside of it, on the stack
   * where it now is, must have found.
   */
  #arrive(routine: Routine, old: Chain): Chain {
    const { cpu } = this.#machine;
    const program = this.#program;
    const registers = program.registers();
    const chain = this.#chain(registers);
    const linked = this.#options.linked ?? true;
    const saved = this.#saved.get(`${cpu.pc} ${cpu.sp}`);
    if (saved === undefined) {
      // A function that begins: its callers are those that switched to it.
      this.#rest = linked ? old : NOTHING;
      if (linked && beforeEnd(chain.frames, old.frames) === undefined) {
        const reason = `${hex(cpu.pc)} does not lead to where it was entered from`;
        this.#problem("walk", reason, routine);
      }
      return { frames: chain.frames.slice(1), error: chain.error };
    }
    this.#counts.resumed++;
    const now = { registers, fpControl: program.fpControl() };
    for (const { kind, subject, reason } of lostBetween(saved, now)) {
      this.#problems.add({ kind, routine: routine.name, offset: 0, subject, reason });
    }
    const rests = [saved.rest, ...(linked ? [old] : [])];
    const differences = rests.map((rest) =>
      chainDiffers(chain, {
        frames: [...saved.own.frames, ...rest.frames],
        error: saved.own.error ?? rest.error,
      })
    );
    const fits = differences.indexOf(undefined);
    if (fits < 0) this.#problem("walk", `arrived at ${hex(cpu.pc)}: ${differences[0]}`, routine);
    this.#rest = rests[fits] ?? NOTHING;
    return chain;
  }

  /** At each instruction the frames are the old ones, and from one on those arrived at. */
  #checkWalks(observations: readonly Observation[], old: Chain, arrived: Chain): void {
    let isOld = true;
    for (const { routine, offset, chain } of observations) {
      this.#counts.frames += chain.frames.length;
      if (isOld && chainDiffers(chain, old) === undefined) continue;
      const reason = chainDiffers(chain, arrived);
      if (reason === undefined) isOld = false;
      else this.#problems.add({ kind: "walk", routine: routine.name, offset, subject: "", reason });
    }
  }

  #checkWrites(
    entry: {
      readonly routine: Routine;
      readonly sp: bigint;
      readonly arguments: readonly bigint[];
      readonly pages: ReadonlyMap<bigint, Uint8Array>;
    },
  ): void {
    const { sp } = this.#machine.cpu;
    const pushed = BigInt(this.#program.arch.calling.pushed);
    const isFrame = (address: bigint) =>
      [entry.sp, sp].some((top) => address >= top - FRAME_SIZE && address < top + pushed);
    for (const word of changedWords(entry.pages, this.#program.pages())) {
      if (isFrame(word.address)) continue;
      const { name } = entry.routine;
      const write = { ...word, routine: name, arguments: entry.arguments };
      if (this.#options.owns?.(write) === true) continue;
      const from = word.address - entry.sp;
      this.#problems.add({
        kind: "write",
        routine: name,
        offset: 0,
        subject: "",
        reason: `${hex(word.address)} (stack pointer ${from < 0n ? "-" : "+"} ` +
          `${hex(from < 0n ? -from : from)}) was ${hex(word.before)}, is ${hex(word.after)}`,
      });
    }
  }

  #problem(kind: "walk", reason: string, routine?: Routine): void {
    const { pc } = this.#machine.cpu;
    const at = routine ?? this.#program.routineAt(pc);
    this.#problems.add({
      kind,
      routine: at?.name ?? hex(pc),
      offset: 0,
      subject: "caller",
      reason,
    });
  }
}
